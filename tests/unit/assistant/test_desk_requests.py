"""Requests at the desk: opened once, attached to what is open, filed whole, closed by confirmation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.memory.desk import MemoryDesk
from assistant.desk.requests import SUBJECT_LENGTH, Issue, close, file, open_or_attach, related, subject_of
from assistant.domain.ticket import ASSISTANT, Ticket, TicketBody, TicketDraft, TicketStatus
from assistant.ports.ticketing import DeskTicket

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)
ISSUE = Issue("c_1:1", "c_1", "ana", "The scanner is jammed", "printing", "endpoint", TicketBody("Asked: jam"), EAST)


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk(0.7)


def now(desk: MemoryDesk, ticket: Ticket) -> Ticket:
    found = desk.ticket(ticket.id)
    assert found is not None
    return found


def worked_on(desk: MemoryDesk) -> Ticket:
    """Return an open ticket that a person of the desk works on."""
    return desk.create(TicketDraft("old", "ana", "Scanner", "network", "printing", TicketBody("by phone"), assignee="tom", vector=EAST), NOON)


def test_an_issue_opens_a_ticket_that_the_assistant_works_on(desk: MemoryDesk) -> None:
    opened = open_or_attach(desk, ISSUE, "", NOON, WEEK)
    assert not opened.attached
    ticket = opened.ticket
    assert (ticket.requester, ticket.subject, ticket.queue, ticket.category) == ("ana", "The scanner is jammed", "endpoint", "printing")
    assert (ticket.assignee, ticket.origin, ticket.status) == (ASSISTANT, "c_1", TicketStatus.OPEN)


def test_doing_it_twice_gives_the_same_ticket(desk: MemoryDesk) -> None:
    first = open_or_attach(desk, ISSUE, "", NOON, WEEK)
    again = open_or_attach(desk, ISSUE, first.ticket.id, NOON, WEEK)
    retried = open_or_attach(desk, replace(ISSUE, vector=()), "", NOON, WEEK)
    assert first.ticket.id == again.ticket.id == retried.ticket.id
    assert len(desk.all()) == 1


def test_the_same_persons_same_issue_goes_to_the_open_ticket(desk: MemoryDesk) -> None:
    first = open_or_attach(desk, ISSUE, "", NOON, WEEK)
    second = open_or_attach(desk, replace(ISSUE, key="c_2:1", origin="c_2", question="scanner stuck again"), "", NOON + DAY, WEEK)
    assert second.attached
    assert second.ticket.id == first.ticket.id
    assert "scanner stuck again" in now(desk, first.ticket).notes[-1].text


@pytest.mark.parametrize("changes", [{"requester": "bo"}, {"vector": NORTH, "question": "other"}], ids=["somebody else", "another issue"])
def test_others_get_a_ticket_of_their_own(desk: MemoryDesk, changes: dict[str, object]) -> None:
    first = open_or_attach(desk, ISSUE, "", NOON, WEEK)
    second = open_or_attach(desk, replace(ISSUE, key="c_2:1", **changes), "", NOON, WEEK)  # type: ignore[arg-type]
    assert not second.attached
    assert second.ticket.id != first.ticket.id


def test_after_the_window_the_same_issue_is_a_new_ticket(desk: MemoryDesk) -> None:
    first = open_or_attach(desk, ISSUE, "", NOON, WEEK)
    assert open_or_attach(desk, replace(ISSUE, key="c_2:1"), "", NOON + WEEK, WEEK).attached
    late = open_or_attach(desk, replace(ISSUE, key="c_3:1"), "", NOON + WEEK + timedelta(seconds=1), WEEK)
    assert not late.attached
    assert late.ticket.id != first.ticket.id


def test_a_closed_ticket_of_the_episode_is_reopened(desk: MemoryDesk) -> None:
    first = open_or_attach(desk, ISSUE, "", NOON, WEEK).ticket
    close(desk, first.id, "ana", "solved", NOON)
    again = open_or_attach(desk, replace(ISSUE, key="c_1:2"), first.id, NOON + DAY, WEEK)
    assert (again.ticket.id, again.attached, again.ticket.status) == (first.id, False, TicketStatus.OPEN)
    assert again.ticket.notes[-1].author == "ana"


def test_filing_gives_the_whole_body_to_the_queue(desk: MemoryDesk) -> None:
    first = open_or_attach(desk, ISSUE, "", NOON, WEEK).ticket
    filed = file(desk, replace(ISSUE, body=TicketBody("The whole story"), queue="network"), first.id, NOON + DAY, WEEK)
    assert (filed.ticket.id, filed.ticket.queue, filed.ticket.assignee, filed.ticket.body.summary) == (first.id, "network", "", "The whole story")


def test_filing_without_a_ticket_opens_and_files_one(desk: MemoryDesk) -> None:
    filed = file(desk, ISSUE, "", NOON, WEEK)
    assert (filed.ticket.assignee, filed.ticket.queue, filed.attached) == ("", "endpoint", False)
    assert len(desk.all()) == 1


def test_filing_to_a_ticket_that_people_work_on_leaves_it_theirs(desk: MemoryDesk) -> None:
    theirs = worked_on(desk)
    attached = file(desk, replace(ISSUE, body=TicketBody("Asked: jam\nTried: x")), "", NOON + DAY, WEEK)
    assert (attached.ticket.id, attached.attached) == (theirs.id, True)
    after = now(desk, theirs)
    assert (after.queue, after.assignee, after.body.summary) == ("network", "tom", "by phone")
    assert any("scanner is jammed" in note.text for note in after.notes)


def test_what_is_tried_again_after_filing_goes_to_the_ticket_as_a_note(desk: MemoryDesk) -> None:
    first = file(desk, ISSUE, "", NOON, WEEK).ticket
    again = file(desk, replace(ISSUE, key="c_1:2", body=TicketBody("Asked: jam\nTried: the glass")), first.id, NOON + DAY, WEEK)
    assert again.ticket.id == first.id
    after = now(desk, first)
    assert after.body.summary == "Asked: jam"
    assert "Tried: the glass" in after.notes[-1].text


def test_closing_is_noted_once_and_is_nothing_without_a_ticket(desk: MemoryDesk) -> None:
    first = open_or_attach(desk, ISSUE, "", NOON, WEEK).ticket
    closed = close(desk, first.id, "ana", "confirmed", NOON)
    assert closed is not None
    assert closed.status is TicketStatus.CLOSED
    again = close(desk, first.id, "ana", "confirmed", NOON + DAY)
    assert again == closed
    assert close(desk, "", "ana", "x", NOON) is None
    assert close(desk, "T-999", "ana", "x", NOON) is None


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("short", "short"),
        ("  two\n\nlines\tand  spaces ", "two lines and spaces"),
        ("x" * SUBJECT_LENGTH, "x" * SUBJECT_LENGTH),
        ("x" * (SUBJECT_LENGTH + 1), "x" * (SUBJECT_LENGTH - 1) + "…"),
        ("", ""),
    ],
)
def test_a_subject_is_one_line_of_the_persons_words(question: str, subject: str) -> None:
    assert subject_of(question) == subject
    assert len(subject_of(question)) <= SUBJECT_LENGTH


def elsewhere(subject: str) -> DeskTicket:
    return DeskTicket("7", TicketStatus.OPEN, subject, "IT", "", NOON)


def test_what_another_desk_has_is_related_when_its_subject_means_the_same(desk: MemoryDesk) -> None:
    mine, vectors = worked_on(desk), {"Scanner": EAST, "Copier jams": (0.8, 0.6), "VPN": NORTH}
    others = [elsewhere(subject) for subject in ("VPN", "Copier jams")]
    assert related(mine, others, vectors.__getitem__, 0.78) == [others[1]]
    assert related(mine, others, vectors.__getitem__, 0.81) == []


def test_without_an_embedding_model_a_related_ticket_has_the_same_words(desk: MemoryDesk) -> None:
    others = [elsewhere("Scanner  is"), elsewhere(" SCANNER "), elsewhere("")]
    assert related(worked_on(desk), others, lambda _text: (), 0.78) == [others[1]]
