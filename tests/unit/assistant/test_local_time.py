"""Moments as people of an organisation read them: the time of its zone, and the zone's name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from assistant.domain.local_time import NUMBERS, day_of, local, zone_name

WINTER, SUMMER = datetime(2026, 11, 23, 13, 0, tzinfo=UTC), datetime(2026, 7, 1, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Stockholm", "CET", "CEST"),
        ("Europe/London", "GMT", "BST"),
        ("America/New_York", "EST", "EDT"),
        ("UTC", "UTC", "UTC"),
        ("Asia/Dubai", "UTC+4", "UTC+4"),
        ("America/Sao_Paulo", "UTC-3", "UTC-3"),
        ("Asia/Kathmandu", "UTC+5:45", "UTC+5:45"),
        ("Pacific/Marquesas", "UTC-9:30", "UTC-9:30"),
    ],
)
def test_a_zone_has_its_own_name_or_that_of_its_offset(zone: str, winter: str, summer: str) -> None:
    assert [zone_name(at.astimezone(ZoneInfo(zone))) for at in (WINTER, SUMMER)] == [winter, summer]


def test_a_moment_is_told_as_the_clocks_of_the_zone_show_it() -> None:
    assert local(WINTER, "Europe/Stockholm") == "23 November 2026 14:00 CET"
    assert local(SUMMER, "Europe/Stockholm", NUMBERS) == "2026-07-01 15:00 CEST"


def test_late_in_the_evening_it_may_be_another_day_already() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert day_of(late, "Europe/Stockholm") == date(2026, 11, 24)
    assert day_of(late, "America/New_York") == date(2026, 11, 23)
