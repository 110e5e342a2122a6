"""What every service desk promises: the built-in one on each database, and the one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.ticket import ASSISTANT, TicketBody, TicketDraft, TicketStatus, Tried
from assistant.ports.store import Store
from assistant.ports.ticketing import Tickets, UnknownTicket

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)
NEARLY_EAST = (0.8, 0.6)


@pytest.fixture
def desk(store: Store) -> Iterator[Tickets]:
    with store.write() as unit:
        yield unit.tickets


def draft(key: str, requester: str = "ana", subject: str = "Scanner is jammed", **changes: object) -> TicketDraft:
    plain = TicketDraft(key, requester, subject, "endpoint", "printing", TicketBody("It is jammed."), origin="c_1", vector=EAST)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_ticket_holds_what_its_draft_says(desk: Tickets) -> None:
    made = desk.create(draft("k1"), NOON)
    assert (made.requester, made.subject, made.queue, made.category, made.origin) == ("ana", "Scanner is jammed", "endpoint", "printing", "c_1")
    assert (made.status, made.assignee, made.opened_at, made.updated_at) == (TicketStatus.OPEN, ASSISTANT, NOON, NOON)
    assert made.body == TicketBody("It is jammed.")
    assert desk.ticket(made.id) == made


def test_a_full_body_comes_back_as_it_was_given(desk: Tickets) -> None:
    body = TicketBody(
        "Asked: jam",
        (("Ana Silva", "es klemmt – 紙詰まり 🙂", "2026-03-02T12:00:00+00:00"), ("Firstline", "Try this.", "2026-03-02T12:00:01+00:00")),
        (Tried("printing-jam", "Clear a jam", 3, "did not solve it"),),
        "LT-1, Windows 11",
        (("Category", "printing"), ("Requester", "Ana Silva")),
        0.625,
    )
    made = desk.create(draft("k1", body=body), NOON)
    found = desk.ticket(made.id)
    assert found is not None
    assert found.body == body


def test_creating_twice_with_one_key_gives_one_ticket(desk: Tickets) -> None:
    first = desk.create(draft("k1"), NOON)
    again = desk.create(draft("k1", subject="Something else", requester="bo"), NOON + HOUR)
    assert again == first
    assert [ticket.id for ticket in desk.all()] == [first.id]


def test_ids_differ_and_are_readable(desk: Tickets) -> None:
    ids = [desk.create(draft(f"k{i}"), NOON).id for i in range(12)]
    assert len(set(ids)) == 12
    assert all(ticket_id.startswith("T-") and ticket_id[2:].isdigit() for ticket_id in ids)


def test_an_unknown_ticket_is_none_and_cannot_be_changed(desk: Tickets) -> None:
    assert desk.ticket("T-9") is None
    with pytest.raises(UnknownTicket):
        desk.comment("T-9", "ana", "hello", NOON)
    with pytest.raises(UnknownTicket):
        desk.file("T-9", TicketBody("x"), "network", NOON)
    with pytest.raises(UnknownTicket):
        desk.describe("T-9", TicketBody("x"), NOON)
    with pytest.raises(UnknownTicket):
        desk.change_status("T-9", TicketStatus.CLOSED, "ana", "done", NOON)


def test_a_comment_is_kept_in_order_and_moves_the_clock(desk: Tickets) -> None:
    made = desk.create(draft("k1"), NOON)
    desk.comment(made.id, "ana", "still jammed", NOON + HOUR)
    desk.comment(made.id, "tom", "looks like the roller", NOON + 2 * HOUR, public=False)
    found = desk.ticket(made.id)
    assert found is not None
    assert [(note.author, note.text, note.public, note.at) for note in found.notes[-2:]] == [
        ("ana", "still jammed", True, NOON + HOUR),
        ("tom", "looks like the roller", False, NOON + 2 * HOUR),
    ]
    assert (found.opened_at, found.updated_at) == (NOON, NOON + 2 * HOUR)


def test_filing_gives_the_ticket_with_its_body_to_people(desk: Tickets) -> None:
    made = desk.create(draft("k1"), NOON)
    filed = desk.file(made.id, TicketBody("The whole story"), "network", NOON + HOUR)
    assert (filed.queue, filed.assignee, filed.body.summary, filed.status) == ("network", "", "The whole story", TicketStatus.OPEN)
    assert filed.updated_at == NOON + HOUR
    assert len(filed.notes) == len(made.notes) + 1
    assert desk.ticket(made.id) == filed


def test_describing_replaces_the_body_and_nothing_else(desk: Tickets) -> None:
    made = desk.create(draft("k1"), NOON)
    desk.describe(made.id, TicketBody("The whole story", confidence=0.8), NOON + HOUR)
    found = desk.ticket(made.id)
    assert found is not None
    assert (found.body.summary, found.body.confidence, found.updated_at) == ("The whole story", 0.8, NOON + HOUR)
    assert (found.queue, found.assignee, found.status, found.notes) == (made.queue, made.assignee, made.status, made.notes)


@pytest.mark.parametrize("status", list(TicketStatus))
def test_a_change_of_status_says_who_and_why(desk: Tickets, status: TicketStatus) -> None:
    made = desk.create(draft("k1"), NOON)
    changed = desk.change_status(made.id, status, "tom", "because of the roller", NOON + HOUR)
    assert changed.status is status
    assert (changed.notes[-1].author, changed.notes[-1].at) == ("tom", NOON + HOUR)
    assert "because of the roller" in changed.notes[-1].text
    assert desk.ticket(made.id) == changed


class TestFindOpenLike:
    def test_the_same_issue_is_found(self, desk: Tickets) -> None:
        made = desk.create(draft("k1"), NOON)
        found = desk.find_open_like("ana", "the scanner does not work", NEARLY_EAST, NOON - HOUR)
        assert found is not None
        assert found.id == made.id

    def test_another_issue_is_not(self, desk: Tickets) -> None:
        desk.create(draft("k1"), NOON)
        assert desk.find_open_like("ana", "mailbox full", NORTH, NOON - HOUR) is None
        assert desk.find_open_like("ana", "almost", (0.6, 0.8), NOON - HOUR) is None

    def test_somebody_elses_is_not(self, desk: Tickets) -> None:
        desk.create(draft("k1"), NOON)
        assert desk.find_open_like("bo", "Scanner is jammed", EAST, NOON - HOUR) is None

    def test_the_window_begins_at_its_edge(self, desk: Tickets) -> None:
        desk.create(draft("k1"), NOON)
        assert desk.find_open_like("ana", "x", EAST, NOON) is not None
        assert desk.find_open_like("ana", "x", EAST, NOON + timedelta(seconds=1)) is None

    @pytest.mark.parametrize(("status", "open_"), [(status, status.is_open) for status in TicketStatus])
    def test_only_open_ones_count(self, desk: Tickets, status: TicketStatus, open_: bool) -> None:
        made = desk.create(draft("k1"), NOON)
        desk.change_status(made.id, status, "tom", "x", NOON)
        assert (desk.find_open_like("ana", "x", EAST, NOON - HOUR) is not None) is open_

    def test_the_nearest_of_several_is_found(self, desk: Tickets) -> None:
        near = desk.create(draft("k1", vector=EAST), NOON)
        desk.create(draft("k2", vector=NEARLY_EAST), NOON + HOUR)
        found = desk.find_open_like("ana", "x", EAST, NOON - HOUR)
        assert found is not None
        assert found.id == near.id

    def test_without_vectors_equal_words_are_needed(self, desk: Tickets) -> None:
        desk.create(draft("k1", vector=()), NOON)
        assert desk.find_open_like("ana", "  scanner IS jammed ", (), NOON - HOUR) is not None
        assert desk.find_open_like("ana", "scanner jammed", (), NOON - HOUR) is None
        assert desk.find_open_like("ana", "scanner is jammed", EAST, NOON - HOUR) is not None


def test_a_persons_tickets_are_the_newest_first_and_open_unless_all_are_wanted(desk: Tickets) -> None:
    first, second, third = (desk.create(draft(f"k{i}", subject=f"issue {i}"), NOON + i * HOUR) for i in range(3))
    desk.create(draft("other", requester="bo"), NOON)
    desk.change_status(second.id, TicketStatus.CLOSED, "ana", "solved", NOON + 5 * HOUR)
    assert [ticket.id for ticket in desk.of_requester("ana")] == [third.id, first.id]
    assert [ticket.id for ticket in desk.of_requester("ana", open_only=False)] == [third.id, second.id, first.id]
    assert desk.of_requester("nobody") == []


def test_the_desk_sees_those_that_wait_longest_first_by_status_and_queue(desk: Tickets) -> None:
    late = desk.create(draft("k1", queue="network"), NOON + HOUR)
    early = desk.create(draft("k2", requester="bo"), NOON)
    closed = desk.create(draft("k3", requester="cy"), NOON + 2 * HOUR)
    desk.change_status(closed.id, TicketStatus.CLOSED, "cy", "solved", NOON + 3 * HOUR)
    assert [ticket.id for ticket in desk.all()] == [early.id, late.id, closed.id]
    assert [ticket.id for ticket in desk.all(status=TicketStatus.OPEN)] == [early.id, late.id]
    assert [ticket.id for ticket in desk.all(queue="network")] == [late.id]
    assert desk.all(status=TicketStatus.CLOSED, queue="network") == []
    assert all(ticket.notes == () for ticket in desk.all())


def test_a_list_is_read_page_by_page_and_every_ticket_stands_in_it_once(desk: Tickets) -> None:
    queues = ["endpoint", "network", "network"] * 3
    made = [desk.create(draft(f"k{n}", assignee="", queue=queues[n]), NOON + (n // 2) * HOUR) for n in range(7)]
    pages, after = [], ""
    while page := desk.listed("open", "", 3, after):
        pages.append([ticket.id for ticket in page])
        after = page[-1].id
    assert pages == [[one.id for one in made[start : start + 3]] for start in (0, 3, 6)]
    assert [one.id for one in desk.listed("", "endpoint", 10)] == [made[0].id, made[3].id, made[6].id]
    assert desk.listed("closed", "", 10) == []
    assert desk.listed("open", "nowhere", 10) == []
    assert [one.id for one in desk.listed("open", "", 2, "T-gone")] == [one.id for one in made[:2]], "after a ticket that is gone it begins anew"


def test_a_ticket_that_only_the_assistant_works_on_stands_apart_from_those_that_people_have_to_take(desk: Tickets) -> None:
    mine, taken, filed = desk.create(draft("k1"), NOON), desk.create(draft("k2"), NOON), desk.create(draft("k3", assignee=""), NOON)
    desk.change_status(taken.id, TicketStatus.RESOLVED, "ana", "It works.", NOON)
    assert desk.standings() == {"with_firstline": 1, "resolved": 1, "open": 1}
    assert [one.id for one in desk.listed("with_firstline", "", 9)] == [mine.id]
    assert [one.id for one in desk.listed("open", "", 9)] == [filed.id] and [one.id for one in desk.listed("resolved", "", 9)] == [taken.id]
    assert sum(desk.standings().values()) == len(desk.all()) == len(desk.listed("", "", 9))
