"""What the weekly review says of joiners and leavers: true sentences with their denominators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.domain.review import Finding, Severity
from assistant.domain.week import Week
from assistant.workflows.joiners_section import JoinersSection
from tests.support.joiner_bench import LEAVES, JoinerBench

MADE_AT = datetime(2026, 12, 7, 7, tzinfo=UTC)


def said(bench: JoinerBench, week: str = "2026-W49", at: datetime = MADE_AT) -> dict[str, Finding]:
    found = Found()
    with bench.store.read() as unit:
        JoinersSection()(unit, Period(Week.parse(week), "Europe/Stockholm", at, 1, "test", ""), [], found)
    return {one.subject: one for one in found.findings}


@pytest.fixture
def bench() -> JoinerBench:
    return JoinerBench()


def test_a_week_in_which_nobody_came_or_went_says_nothing(bench: JoinerBench) -> None:
    assert said(bench) == {}


def test_who_was_ready_is_counted_of_those_who_began(bench: JoinerBench) -> None:
    first, second = bench.begun(), bench.begun(employee="E-8", name="Ben Ny")
    bench.begun(employee="E-9", name="Never Comes")
    bench.says({"event": "withdrawn", "employee": "E-9"})
    bench.until(datetime(2026, 11, 24, 12, tzinfo=UTC))
    bench.decide(first, "groups")
    bench.until(datetime(2026, 11, 27, 12, tzinfo=UTC))
    for case in (first, second):
        bench.joiners.acknowledge(case.id, "rules", bench.joiners.around.code(case, "rules"))
        bench.close_ticket(case, "desk")
    bench.until(datetime(2026, 12, 1, 12, tzinfo=UTC))
    ready = said(bench)["joiners.ready"]
    assert ready.text == "Of 2 colleagues who began, 1 had everything at the look on the first day."
    assert ready.severity is Severity.WEEK
    assert bench.state(second, "day-one").result["missing"] == ["the group ledger", "the group sales"]


def test_access_that_ended_late_is_said_to_be_looked_at_now(bench: JoinerBench) -> None:
    case = bench.begun(LEAVES)
    bench.until(datetime(2026, 11, 13, 15, 59, tzinfo=UTC))
    bench.clock.advance(timedelta(minutes=40))
    bench.carry()
    left = said(bench, "2026-W46", datetime(2026, 11, 16, 7, tzinfo=UTC))["leavers.access"]
    assert left.text == "Of 1 colleague who left, the access of 0 ended on time."
    assert left.severity is Severity.NOW
    assert bench.case(case).late(bench.clock.now())


def test_access_that_ended_at_the_minute_is_on_time(bench: JoinerBench) -> None:
    bench.begun(LEAVES)
    bench.until(datetime(2026, 11, 13, 16, 1, tzinfo=UTC), timedelta(minutes=30))
    assert said(bench, "2026-W46", datetime(2026, 11, 16, 7, tzinfo=UTC))["leavers.access"].text.endswith("the access of 1 ended on time.")


def test_late_steps_are_counted_by_who_owns_them(bench: JoinerBench) -> None:
    bench.begun()
    bench.until(datetime(2026, 11, 27, 12, tzinfo=UTC))
    late = said(bench, "2026-W48", datetime(2026, 11, 30, 7, tzinfo=UTC))["joiners.late"]
    assert late.text == "Of 2 steps of checklists whose time ran out in the week, 1 was late (1 of managers), 1 of them not done yet."
