"""Problems in a weekly review: true sentences with their denominators, and nothing where there was nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assistant.adapters.memory.store import MemoryStore
from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.domain.problem import How, Kind, Link, Problem, ProblemState, Said
from assistant.domain.review import Finding, Severity
from assistant.domain.week import Week
from assistant.workflows.problem_section import ProblemSection

TUESDAY = datetime(2026, 11, 17, 9, tzinfo=UTC)
PERIOD = Period(Week.of(TUESDAY, "UTC"), "UTC", TUESDAY + timedelta(days=6))


def problem(state: ProblemState, **changes: object) -> Problem:
    made = Problem("", state, "ERP: HTTP 503", "ERP", "", ("HTTP 503",), (), 0.9, TUESDAY, TUESDAY, TUESDAY)
    return replace(made, **changes)  # type: ignore[arg-type]


def link(person: str, how: How = How.FOUND, **changes: object) -> Link:
    return replace(Link("P-1001", f"T-{person}", person, TUESDAY, how), **changes)  # type: ignore[arg-type]


def findings(store: MemoryStore) -> dict[str, Finding]:
    found = Found()
    with store.read() as unit:
        assert ProblemSection()(unit, PERIOD, [], found) == 0
    return {one.subject: one for one in found.findings}


def test_a_week_without_problems_says_nothing() -> None:
    assert findings(MemoryStore(0.8)) == {}


def test_what_waits_is_to_be_decided_and_what_was_opened_is_counted() -> None:
    store = MemoryStore(0.8)
    with store.write() as unit:
        for state in (ProblemState.CANDIDATE, ProblemState.DISMISSED):
            unit.problems.add(problem(state))
        unit.problems.add(problem(ProblemState.OPEN, opened_at=TUESDAY))
        unit.problems.add(problem(ProblemState.OPEN, made_at=TUESDAY - timedelta(days=9), opened_at=TUESDAY - timedelta(days=9)))
    found = findings(store)
    assert found["waiting"].severity is Severity.WEEK
    assert found["waiting"].text == "1 problem candidate waits for a decision."
    assert found["opened"].text == "3 candidates were found among tickets, 1 of 3 dismissed so far; 1 problem was opened."


def test_who_was_told_at_once_is_counted_by_message_and_by_person() -> None:
    store = MemoryStore(0.8)
    with store.write() as unit:
        unit.problems.say(Said("a", "P-1001", TUESDAY, "sam", Kind.STATUS, "x", 12))
        unit.problems.say(Said("b", "P-1001", TUESDAY, "sam", Kind.RESOLUTION, "x", 13))
        unit.problems.say(Said("c", "P-1001", TUESDAY - timedelta(days=8), "sam", Kind.STATUS, "x", 99))
    assert findings(store)["told"].text == "25 people were told at once by 2 messages, 12.5 by each on average."


def test_who_did_not_have_to_file_is_a_share_and_many_wrong_ones_ask_for_action() -> None:
    store = MemoryStore(0.8)
    with store.write() as unit:
        for number in range(12):
            unit.problems.link(link(f"p{number}", How.CHAT, removed=number < 3))
        unit.problems.link(link("filed"))
    one = findings(store)["saved"]
    assert one.text == (
        "9 of 12 people who asked about a known problem in a conversation did not have to file it; 3 of 12 said that theirs was something else."
    )
    assert one.severity is Severity.WEEK
    assert one.figures[0].as_rate is not None
    assert (one.figures[0].hits, one.figures[0].total) == (9, 12)


def test_what_people_said_of_the_end_is_counted_with_those_who_said_nothing() -> None:
    store = MemoryStore(0.8)
    with store.write() as unit:
        unit.problems.add(problem(ProblemState.RESOLVED, resolved_at=TUESDAY))
        for person, answer in (("a", "yes"), ("b", "no"), ("c", "no"), ("d", "")):
            unit.problems.link(link(person, asked_at=TUESDAY, answer=answer))
        unit.problems.link(link("gone", asked_at=TUESDAY, removed=True))
    one = findings(store)["asked"]
    assert one.text == "1 problem was closed for all. Of 4 tickets asked about, 1 were solved and 2 were not, by their people; 1 gave no answer."
    assert one.severity is Severity.WEEK
