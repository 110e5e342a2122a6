"""What triage says of tickets is kept alike in memory and in tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.triage import Field, Route, Suggested, Triage
from assistant.ports.store import Store
from assistant.ports.triage import Routed, TriageChanged

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
DAY = timedelta(days=1)
READ = {Field.CATEGORY: Suggested("vpn", 0.91, "m-0001"), Field.QUEUE: Suggested("network", 0.88, "m-0001")}
ROUTED = Triage("T-1001", NOON, Route.AUTO, "steps.triage_queue", READ, "m-0001", "p1", ("unsorted", "service-desk"))


def waiting(ticket: str, at: datetime) -> Triage:
    return replace(ROUTED, ticket=ticket, at=at, route=Route.REVIEW)


def test_what_was_said_of_a_ticket_comes_back_as_it_was(store: Store) -> None:
    with store.write() as unit:
        assert unit.triage.add(ROUTED)
    with store.read() as unit:
        assert unit.triage.load("T-1001") == ROUTED
        assert unit.triage.load("T-9") is None


def test_what_is_said_a_second_time_changes_nothing(store: Store) -> None:
    with store.write() as unit:
        unit.triage.add(ROUTED)
        assert not unit.triage.add(replace(ROUTED, route=Route.ESCALATE))
    with store.read() as unit:
        assert unit.triage.load("T-1001") == ROUTED


def test_of_two_who_settle_a_ticket_at_once_the_second_is_refused(store: Store) -> None:
    settled = replace(ROUTED, settled=("mfa", "identity"), settled_at=NOON + DAY, settled_by="sam")
    with store.write() as unit:
        unit.triage.add(ROUTED)
        unit.triage.save(settled)
    with pytest.raises(TriageChanged), store.write() as unit:
        unit.triage.save(replace(settled, settled_by="omar"))
    with store.read() as unit:
        found = unit.triage.load("T-1001")
    assert found == replace(settled, version=1)


def test_what_waits_is_listed_from_the_oldest_on_page_by_page_until_it_is_settled(store: Store) -> None:
    with store.write() as unit:
        for one in (waiting("T-3", NOON + DAY), waiting("T-1", NOON), waiting("T-2", NOON), ROUTED):
            unit.triage.add(one)
    with store.read() as unit:
        first = unit.triage.waiting(2)
        assert [one.ticket for one in first] == ["T-1", "T-2"]
        assert [one.ticket for one in unit.triage.waiting(2, "T-2")] == ["T-3"]
        assert (unit.triage.waiting_count(), unit.triage.waited_since()) == (3, NOON)
    with store.write() as unit:
        for one in first:
            unit.triage.save(replace(one, settled=one.suggested, settled_at=NOON + DAY, settled_by="sam"))
    with store.read() as unit:
        assert [one.ticket for one in unit.triage.waiting(9)] == ["T-3"]
        assert (unit.triage.waiting_count(), unit.triage.waited_since()) == (1, NOON + DAY)


def test_what_was_routed_is_listed_from_the_newest_on_page_by_page(store: Store) -> None:
    with store.write() as unit:
        for number in (1, 2, 3):
            unit.triage.add(replace(ROUTED, ticket=f"T-{number}", at=NOON + number * DAY))
        unit.triage.add(waiting("T-4", NOON + 4 * DAY))
    with store.read() as unit:
        assert [one.ticket for one in unit.triage.routed(2)] == ["T-3", "T-2"]
        assert [one.ticket for one in unit.triage.routed(2, "T-2")] == ["T-1"]


def test_a_misroute_counts_when_it_was_corrected_in_time_and_not_when_it_was_confirmed(store: Store) -> None:
    rows = [replace(ROUTED, ticket=f"T-{number}") for number in range(5)]
    with store.write() as unit:
        for one in (
            *rows,
            waiting("T-8", NOON),
            replace(ROUTED, ticket="T-9", route=Route.ESCALATE),
            replace(ROUTED, ticket="T-10", at=NOON + 7 * DAY),
        ):
            unit.triage.add(one)
        unit.triage.save(replace(rows[0], settled=("mfa", "identity"), settled_at=NOON + 14 * DAY, settled_by="sam"))
        unit.triage.save(replace(rows[1], settled=("mfa", "identity"), settled_at=NOON + 15 * DAY, settled_by="sam"))
        unit.triage.save(replace(rows[2], settled=rows[2].suggested, settled_at=NOON + DAY, settled_by="sam"))
    with store.read() as unit:
        assert unit.triage.between(NOON, NOON + 7 * DAY, 14) == Routed(5, 1, 1, 1)
        assert [one.ticket for one in unit.triage.corrected(2)] == ["T-1", "T-0"]
