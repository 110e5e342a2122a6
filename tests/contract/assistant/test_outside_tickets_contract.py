"""What every store promises of tickets in other systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.ticket import TicketBody, TicketDraft
from assistant.ports.store import LinkedOtherwise, OutsideTicket, Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DESK, OTHER = "Request Tracker", "Zendesk"


@pytest.fixture
def tickets(store: Store) -> list[str]:
    """The ids of three tickets of ours."""
    with store.write() as unit:
        return [unit.tickets.create(TicketDraft(f"k{i}", "ana", "s", "q", "c", TicketBody("b")), NOON).id for i in range(3)]


def link(ticket: str, outside: str = "17", **changes: object) -> OutsideTicket:
    plain = OutsideTicket(ticket, DESK, outside, f"https://rt.test/{outside}", f"file:{ticket}", NOON)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_link_is_found_from_both_sides(store: Store, tickets: list[str]) -> None:
    with store.write() as unit:
        unit.outside.add(link(tickets[0]))
    with store.read() as unit:
        assert unit.outside.of_ticket(DESK, tickets[0]) == link(tickets[0])
        assert unit.outside.of_outside(DESK, "17") == link(tickets[0])
        assert unit.outside.of_ticket(OTHER, tickets[0]) is None
        assert unit.outside.of_outside(OTHER, "17") is None
        assert unit.outside.of_outside(DESK, tickets[0]) is None


def test_the_same_link_again_changes_nothing(store: Store, tickets: list[str]) -> None:
    with store.write() as unit:
        unit.outside.add(link(tickets[0]))
        unit.outside.looked_at(DESK, "17", NOON)
        unit.outside.add(link(tickets[0], created_at=NOON + MINUTE, url="https://elsewhere.test"))
        assert unit.outside.of_ticket(DESK, tickets[0]) == link(tickets[0])
        assert unit.outside.to_look_at(DESK, NOON + MINUTE) == []


def test_a_ticket_has_one_partner_in_a_system_and_one_in_each(store: Store, tickets: list[str]) -> None:
    first, second, _ = tickets
    with store.write() as unit:
        unit.outside.add(link(first))
        unit.outside.add(link(first, "9", system=OTHER))
    for wrong in (link(first, "18"), link(second, "17")):
        with pytest.raises(LinkedOtherwise), store.write() as unit:
            unit.outside.add(wrong)
    with store.read() as unit:
        assert unit.outside.of_ticket(DESK, first) == link(first)
        assert unit.outside.of_ticket(DESK, second) is None
        assert unit.outside.of_ticket(OTHER, first) == link(first, "9", system=OTHER)


def test_two_linked_pairs_cannot_be_crossed(store: Store, tickets: list[str]) -> None:
    with store.write() as unit:
        unit.outside.add(link(tickets[0], "1"))
        unit.outside.add(link(tickets[1], "2"))
    with pytest.raises(LinkedOtherwise), store.write() as unit:
        unit.outside.add(link(tickets[0], "2"))


def test_a_delivery_is_the_first_only_once_and_per_system(store: Store) -> None:
    with store.write() as unit:
        assert [unit.outside.deliver(DESK, "d1", NOON), unit.outside.deliver(DESK, "d1", NOON + MINUTE)] == [True, False]
        assert unit.outside.deliver(OTHER, "d1", NOON)
    with store.write() as unit:
        assert not unit.outside.deliver(DESK, "d1", NOON)


def test_a_delivery_whose_block_fails_was_never_there(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as unit:
        unit.outside.deliver(DESK, "d1", NOON)
        unit.outside.take_over(DESK, "17", "c1", NOON)
        unit.outside.look_at(DESK, "17", NOON)
        unit.outside.move_cursor(DESK, "9")
        raise ZeroDivisionError
    with store.write() as unit:
        assert unit.outside.to_look_at(DESK, NOON) == []
        assert unit.outside.cursor(DESK) == ""
        assert unit.outside.deliver(DESK, "d1", NOON)
        assert unit.outside.take_over(DESK, "17", "c1", NOON)


def test_a_new_link_is_to_be_looked_at(store: Store, tickets: list[str]) -> None:
    with store.write() as unit:
        unit.outside.add(link(tickets[0]))
        assert unit.outside.to_look_at(DESK, NOON) == [("17", NOON)]
        assert unit.outside.to_look_at(DESK, NOON - MINUTE) == []


def test_those_that_wait_longest_are_looked_at_first(store: Store) -> None:
    with store.write() as unit:
        for minutes, outside in ((2, "a"), (0, "b"), (1, "c")):
            unit.outside.look_at(DESK, outside, NOON + minutes * MINUTE)
        unit.outside.look_at(OTHER, "d", NOON)
    with store.read() as unit:
        assert [outside for outside, _ in unit.outside.to_look_at(DESK, NOON + MINUTE)] == ["b", "c"]
        assert [outside for outside, _ in unit.outside.to_look_at(DESK, NOON + 2 * MINUTE)] == ["b", "c", "a"]


def test_a_ticket_noted_again_meanwhile_stays_on_the_list(store: Store) -> None:
    with store.write() as unit:
        unit.outside.look_at(DESK, "17", NOON)
        unit.outside.look_at(DESK, "17", NOON + MINUTE)
        unit.outside.looked_at(DESK, "17", NOON)
        assert unit.outside.to_look_at(DESK, NOON + MINUTE) == [("17", NOON + MINUTE)]
        unit.outside.looked_at(DESK, "17", NOON + MINUTE)
        assert unit.outside.to_look_at(DESK, NOON + MINUTE) == []
        unit.outside.looked_at(DESK, "17", NOON)


def test_a_change_is_taken_over_once_and_known_from_then_on(store: Store) -> None:
    with store.write() as unit:
        assert unit.outside.take_over(DESK, "17", "c1", NOON)
        assert unit.outside.take_over(DESK, "17", "c2", NOON)
        assert not unit.outside.take_over(DESK, "17", "c1", NOON + MINUTE)
        assert unit.outside.take_over(DESK, "18", "c3", NOON)
        assert unit.outside.take_over(OTHER, "17", "c1", NOON)
    with store.read() as unit:
        assert unit.outside.known(DESK, "17") == {"c1", "c2"}
        assert unit.outside.known(DESK, "18") == {"c3"}
        assert unit.outside.known(DESK, "19") == frozenset()


def test_each_system_has_its_cursor(store: Store) -> None:
    with store.write() as unit:
        assert unit.outside.cursor(DESK) == ""
        unit.outside.move_cursor(DESK, "1")
        unit.outside.move_cursor(DESK, "2")
        unit.outside.move_cursor(OTHER, "x")
    with store.read() as unit:
        assert (unit.outside.cursor(DESK), unit.outside.cursor(OTHER)) == ("2", "x")
