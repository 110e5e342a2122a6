"""Which week a moment belongs to, also across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.domain.week import Week

STOCKHOLM = "Europe/Stockholm"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        pytest.param(utc(2026, 11, 18, 12), utc(2026, 11, 15, 23), utc(2026, 11, 22, 23), id="winter"),
        pytest.param(utc(2026, 7, 1, 12), utc(2026, 6, 28, 22), utc(2026, 7, 5, 22), id="summer"),
        pytest.param(utc(2026, 3, 25, 12), utc(2026, 3, 22, 23), utc(2026, 3, 29, 22), id="the week that loses an hour"),
        pytest.param(utc(2026, 3, 29, 1, 30), utc(2026, 3, 22, 23), utc(2026, 3, 29, 22), id="just after the spring change"),
        pytest.param(utc(2026, 10, 21, 12), utc(2026, 10, 18, 22), utc(2026, 10, 25, 23), id="the week that gains an hour"),
        pytest.param(utc(2026, 10, 25, 0, 30), utc(2026, 10, 18, 22), utc(2026, 10, 25, 23), id="in the doubled hour"),
        pytest.param(utc(2026, 10, 25, 22, 59), utc(2026, 10, 18, 22), utc(2026, 10, 25, 23), id="the last minute"),
        pytest.param(utc(2026, 10, 25, 23), utc(2026, 10, 25, 23), utc(2026, 11, 1, 23), id="the first minute of the next"),
        pytest.param(utc(2026, 12, 31, 23, 30), utc(2026, 12, 27, 23), utc(2027, 1, 3, 23), id="over the new year"),
    ],
)
def test_a_week_begins_on_monday_midnight_in_stockholm(moment: datetime, start: datetime, end: datetime) -> None:
    assert tuple(edge.astimezone(UTC) for edge in Week.of(moment, STOCKHOLM).bounds(STOCKHOLM)) == (start, end)


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([STOCKHOLM, "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC", "Africa/Casablanca"]),
)
def test_weeks_follow_one_another_without_gap_or_overlap(moment: datetime, zone: str) -> None:
    start, end = Week.of(moment, zone).bounds(zone)
    assert start.astimezone(UTC) <= moment < end.astimezone(UTC)
    for edge in (start, end):
        local = edge.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (0, 0, 0)
    assert Week.of(end, zone).bounds(zone)[0] == end
    assert timedelta(days=6, hours=22) <= end.astimezone(UTC) - start.astimezone(UTC) <= timedelta(days=7, hours=2)
