"""The weekly review: which week a moment belongs to, also across clock changes, and what could not be resolved in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.desk.review import gap_report, week_of
from kb.model import FailureClass, UnresolvedIntent

STOCKHOLM = "Europe/Stockholm"
START = datetime(2026, 11, 16, tzinfo=ZoneInfo(STOCKHOLM))
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)


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
    assert tuple(edge.astimezone(UTC) for edge in week_of(moment, STOCKHOLM)) == (start, end)


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([STOCKHOLM, "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC", "Africa/Casablanca"]),
)
def test_weeks_follow_one_another_without_gap_or_overlap(moment: datetime, zone: str) -> None:
    start, end = week_of(moment, zone)
    assert start.astimezone(UTC) <= moment < end.astimezone(UTC)
    for edge in (start, end):
        local = edge.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (0, 0, 0)
    assert week_of(end, zone)[0] == end
    assert timedelta(days=6, hours=22) <= end.astimezone(UTC) - start.astimezone(UTC) <= timedelta(days=7, hours=2)


def intent(number: int, question: str, vector: tuple[float, ...], failure: FailureClass = FailureClass.NO_ARTICLE, **more: str) -> UnresolvedIntent:
    facts = {"category": "", "platform": "", "origin": f"c_{number}", "asker": f"p{number}", "ticket": ""} | more
    at = START + timedelta(hours=number)
    return UnresolvedIntent(f"u_{number}", question, failure, ("near",), asked_at=at, vector=vector, **facts)


def refused(text: str) -> tuple[float, ...]:
    raise AssertionError(f"{text} had a vector already")


def test_an_empty_week_has_no_gaps() -> None:
    report = gap_report([], START, refused)
    assert (report.total, report.people, report.gaps) == (0, 0, ())
    assert (report.week_start, report.week_end) == (date(2026, 11, 16), date(2026, 11, 22))


def test_the_week_that_gains_an_hour_still_ends_on_its_sunday() -> None:
    start, _ = week_of(utc(2026, 10, 21, 12), STOCKHOLM)
    report = gap_report([], start, refused)
    assert (report.week_start, report.week_end) == (date(2026, 10, 19), date(2026, 10, 25))


def test_questions_that_mean_the_same_are_one_gap_and_the_costliest_comes_first() -> None:
    rows = [
        intent(1, "book a pool car", EAST, ticket="T-1"),
        intent(2, "reserve a pool car", (0.98, 0.2), asker="p1"),
        intent(3, "loan a projector", NORTH),
    ]
    report = gap_report(rows, START, refused)
    assert (report.total, report.people) == (3, 2)
    assert [(gap.demand, gap.people, gap.tickets) for gap in report.gaps] == [(2, 1, 1), (1, 1, 0)]
    assert report.gaps[0].cost > report.gaps[1].cost
    assert set(report.gaps[0].examples) == {"book a pool car", "reserve a pool car"}


def test_failure_classes_are_counted_apart() -> None:
    rows = [
        intent(1, "pay slips", EAST, FailureClass.NOT_PERMITTED),
        intent(2, "pay slips of last year", EAST, FailureClass.REJECTED),
        intent(3, "pay slips please", EAST, FailureClass.NOT_PERMITTED),
        intent(4, "the weather", EAST, FailureClass.OUT_OF_SCOPE),
    ]
    first, second = gap_report(rows, START, refused).gaps
    assert first.failures == {FailureClass.NOT_PERMITTED: 2, FailureClass.REJECTED: 1}
    assert first.failure is FailureClass.NOT_PERMITTED
    assert second.failures == {FailureClass.OUT_OF_SCOPE: 1}


def test_a_question_stored_without_a_vector_is_embedded_then() -> None:
    rows = [intent(1, "pool car", EAST), intent(2, "pool cars", ())]
    report = gap_report(rows, START, lambda text: EAST if text == "pool cars" else refused(text))
    assert [gap.demand for gap in report.gaps] == [2]


@pytest.mark.parametrize("stored", [(), EAST], ids=["none has a vector", "one has"])
def test_without_a_model_the_report_is_made_all_the_same(stored: tuple[float, ...]) -> None:
    rows = [intent(1, "pool car", stored), intent(2, "projector", ()), intent(3, "coffee machine", ())]
    report = gap_report(rows, START, lambda text: ())
    assert sum(gap.demand for gap in report.gaps) == report.total == 3


def test_vectors_of_another_model_do_not_stop_the_report() -> None:
    rows = [intent(1, "pool car", EAST), intent(2, "projector", (0.0, 0.0, 1.0))]
    assert gap_report(rows, START, refused).total == 2
