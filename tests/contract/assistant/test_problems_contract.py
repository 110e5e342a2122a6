"""Problems keep their promises in memory and in tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.problem import FAULT, How, Kind, KnownError, LastChange, Link, Problem, ProblemState, Said, Trace
from assistant.domain.ticket import ASSISTANT, TicketBody, TicketDraft
from assistant.ports.problems import ProblemChanged
from assistant.ports.store import Store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def problem(state: ProblemState = ProblemState.CANDIDATE, **changes: object) -> Problem:
    made = Problem("", state, "ERP: HTTP 503", "ERP", "software", ("HTTP 503",), ("All 3 are about ERP.",), 0.9, NOON, NOON, NOON, (0.5, -0.25))
    return replace(made, **changes)  # type: ignore[arg-type]


def link(problem_id: str, ticket: str = "T-1", person: str = "maria", **changes: object) -> Link:
    return replace(Link(problem_id, ticket, person, NOON, How.FOUND, "firstline", 0.75), **changes)  # type: ignore[arg-type]


def trace(ticket: str = "T-1", **changes: object) -> Trace:
    made = Trace(ticket, "maria", NOON, "ERP", "software", ("HTTP 503", "0x1"), "Leeds", FAULT, (0.5, 0.25))
    return replace(made, **changes)  # type: ignore[arg-type]


def filed(store: Store, key: str, at: datetime, assignee: str = "") -> str:
    with store.write() as unit:
        draft = TicketDraft(key, "maria", f"subject {key}", "desk", "general", TicketBody("words"), assignee=assignee, vector=(1.0, 0.0))
        return unit.tickets.create(draft, at).id


def test_a_problem_gets_the_next_number_and_comes_back_as_it_was(store: Store) -> None:
    change = LastChange("C-1", "New database", NOON - timedelta(hours=3), "sam")
    whole = problem(known=KnownError("a disk", "wait"), concerns=("site:Leeds",), change=change, next_update=NOON, opened_at=NOON, opened_by="sam")
    with store.write() as unit:
        one, two = unit.problems.add(whole), unit.problems.add(problem())
    assert (one.id, two.id) == ("P-1001", "P-1002")
    with store.read() as unit:
        assert unit.problems.load("P-1001") == replace(whole, id="P-1001")
        assert unit.problems.load("P-9") is None


def test_of_two_who_change_a_problem_the_second_is_refused(store: Store) -> None:
    with store.write() as unit:
        made = unit.problems.add(problem())
        unit.problems.save(replace(made, title="first"))
    with pytest.raises(ProblemChanged), store.write() as unit:
        unit.problems.save(replace(made, title="second"))
    with store.read() as unit:
        found = unit.problems.load(made.id)
    assert found is not None
    assert (found.title, found.version) == ("first", 1)


def test_problems_are_listed_by_state_page_by_page_and_counted(store: Store) -> None:
    states = [ProblemState.OPEN, ProblemState.CANDIDATE, ProblemState.KNOWN_ERROR, ProblemState.DISMISSED, ProblemState.OPEN]
    with store.write() as unit:
        ids = [unit.problems.add(problem(state)).id for state in states]
    with store.read() as unit:
        assert [one.id for one in unit.problems.active()] == [ids[4], ids[2], ids[0]]
        assert [one.id for one in unit.problems.active(1)] == [ids[4]]
        assert [one.id for one in unit.problems.listed(set(ProblemState), 2, after=ids[3])] == [ids[2], ids[1]]
        assert unit.problems.counts() == {
            ProblemState.OPEN: 2,
            ProblemState.CANDIDATE: 1,
            ProblemState.KNOWN_ERROR: 1,
            ProblemState.DISMISSED: 1,
        }


def test_a_problem_belongs_to_the_time_in_which_it_was_made_opened_or_resolved(store: Store) -> None:
    hour = timedelta(hours=1)
    with store.write() as unit:
        made = unit.problems.add(problem(opened_at=NOON + 5 * hour, resolved_at=NOON + 9 * hour))
    with store.read() as unit:
        found = {n: [one.id for one in unit.problems.changed_between(NOON + n * hour, NOON + (n + 1) * hour)] for n in range(11)}
    assert {n for n, ids in found.items() if ids == [made.id]} == {0, 5, 9}


def test_a_ticket_belongs_to_one_problem_until_it_is_removed(store: Store) -> None:
    with store.write() as unit:
        unit.problems.link(link("P-1001"))
        unit.problems.link(link("P-1001", "T-2", "", at=NOON - timedelta(hours=1)))
        unit.problems.link(link("P-1001", "T-3", "maria", at=NOON + timedelta(hours=1)))
    with store.read() as unit:
        assert unit.problems.link_of("T-1") == link("P-1001")
        assert [one.ticket for one in unit.problems.links("P-1001")] == ["T-2", "T-1", "T-3"]
        assert unit.problems.sizes(["P-1001", "P-1002"]) == {"P-1001": (3, 1), "P-1002": (0, 0)}
    with store.write() as unit:
        unit.problems.link(link("P-1001", removed=True))
        unit.problems.link(link("P-1002", at=NOON + timedelta(hours=2)))
    with store.read() as unit:
        assert unit.problems.link_of("T-1") == link("P-1002", at=NOON + timedelta(hours=2))
        assert unit.problems.sizes(["P-1001"]) == {"P-1001": (2, 1)}
        assert [one.ticket for one in unit.problems.linked_between(NOON, NOON + timedelta(minutes=1))] == ["T-1"]


def test_what_a_link_knows_of_the_end_comes_back(store: Store) -> None:
    whole = link("P-1001", how=How.CHAT, asked_at=NOON, closed=True, answer="no")
    with store.write() as unit:
        unit.problems.link(whole)
    with store.read() as unit:
        assert unit.problems.links("P-1001") == [whole]


def test_a_message_is_stored_once_for_its_key(store: Store) -> None:
    said = Said("k1", "P-1001", NOON, "sam", Kind.STATUS, "first", 4)
    with store.write() as unit:
        assert unit.problems.say(said)
    with store.write() as unit:
        assert not unit.problems.say(replace(said, text="second"))
        assert unit.problems.say(replace(said, key="k2", kind=Kind.RESOLUTION, at=NOON + timedelta(hours=1)))
    with store.read() as unit:
        assert [one.text for one in unit.problems.said("P-1001")] == ["first", "first"]
        assert [one.key for one in unit.problems.said_between(NOON, NOON + timedelta(hours=1))] == ["k1"]


def test_traces_come_back_latest_first_and_by_problem(store: Store) -> None:
    with store.write() as unit:
        for number in range(4):
            unit.problems.trace(trace(f"T-{number}", at=NOON + timedelta(minutes=number)))
        unit.problems.link(link("P-1001", "T-1"))
        unit.problems.link(link("P-1001", "T-2", removed=True))
    with store.read() as unit:
        assert unit.problems.trace_of("T-1") == trace("T-1", at=NOON + timedelta(minutes=1))
        assert unit.problems.trace_of("T-9") is None
        assert [one.ticket for one in unit.problems.traces(NOON + timedelta(minutes=1), 2)] == ["T-3", "T-2"]
        assert [one.ticket for one in unit.problems.traces_of("P-1001")] == ["T-1"]


def test_tickets_that_people_work_on_and_that_have_no_trace_are_found_oldest_first(store: Store) -> None:
    old, later, early = (filed(store, key, NOON + timedelta(hours=hours)) for key, hours in (("old", -80), ("later", 1), ("early", 0)))
    filed(store, "assistant", NOON, ASSISTANT)
    with store.read() as unit:
        found = unit.problems.untraced(NOON - timedelta(hours=72), 10)
        assert [one.ticket.id for one in found] == [early, later]
        assert found[0].vector == (1.0, 0.0)
        assert [one.ticket.id for one in unit.problems.untraced(NOON - timedelta(hours=90), 1)] == [old]
    with store.write() as unit:
        unit.problems.trace(trace(early))
    with store.read() as unit:
        assert [one.ticket.id for one in unit.problems.untraced(NOON - timedelta(hours=72), 10)] == [later]


def test_nothing_of_a_transaction_that_fails_stays(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as unit:
        unit.problems.add(problem())
        unit.problems.link(link("P-1001"))
        raise RuntimeError
    with store.read() as unit:
        assert unit.problems.counts() == {}
        assert unit.problems.link_of("T-1") is None
