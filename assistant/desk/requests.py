"""Requests and incidents raised in a conversation: opened, attached to, closed by confirmation, or filed for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from assistant.domain.configuration import Queue, queue_for
from assistant.domain.ticket import ASSISTANT, Ticket, TicketBody, TicketDraft, TicketStatus
from assistant.ports.ticketing import DeskTicket, Tickets

SUBJECT_LENGTH = 90
REPORTED = "webhook"
"""The origin of tickets that other systems send."""
UNSORTED = "general"
"""The category of what nobody has sorted yet."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What somebody raised, as far as the desk is concerned. ``key`` is fixed for an episode."""

    key: str
    origin: str
    requester: str
    question: str
    category: str
    queue: str
    body: TicketBody
    vector: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket for an issue, and whether it was there before."""

    ticket: Ticket
    attached: bool


def subject_of(question: str) -> str:
    """Return a one-line subject in the person's own words."""
    line = " ".join(question.split())
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 1].rstrip()}…"


def open_or_attach(desk: Tickets, issue: Issue, known: str, at: datetime, same_issue: timedelta) -> Opened:
    """Return the ticket of an issue.

    In order: the ticket this episode already has (reopened if it was closed), the requester's open ticket about the
    same thing, a new one. A repeated call returns the same ticket.
    """
    if known and (ticket := desk.ticket(known)) is not None:
        if not ticket.status.is_open:
            ticket = desk.change_status(known, TicketStatus.OPEN, issue.requester, "the problem came back", at)
        return Opened(ticket, attached=False)
    like = desk.find_open_like(issue.requester, subject_of(issue.question), issue.vector, at - same_issue)
    if like is not None:
        desk.comment(like.id, issue.requester, f"Asked again in a conversation: {issue.question}", at)
        return Opened(like, attached=True)
    draft = TicketDraft(
        key=issue.key,
        requester=issue.requester,
        subject=subject_of(issue.question),
        queue=issue.queue,
        category=issue.category,
        body=issue.body,
        origin=issue.origin,
        vector=issue.vector,
    )
    return Opened(desk.create(draft, at), attached=False)


def file(desk: Tickets, issue: Issue, known: str, at: datetime, same_issue: timedelta) -> Opened:
    """Give the issue to its queue with its full body.

    A ticket that people already work on keeps its queue and its body; what is new goes to it as a note.
    """
    opened = open_or_attach(desk, issue, known, at, same_issue)
    if opened.ticket.assignee == ASSISTANT:
        return Opened(desk.file(opened.ticket.id, issue.body, issue.queue, at), opened.attached)
    if not opened.attached:
        desk.comment(opened.ticket.id, issue.requester, issue.body.summary, at)
    return opened


def file_reported(
    desk: Tickets, key: str, requester: str, subject: str, text: str, category: str, queues: tuple[Queue, ...], at: datetime, *, again: bool
) -> Ticket:
    """File a ticket that another system sent for somebody; with ``again`` the ticket of this key is returned as it is."""
    known = category if any(category in queue.categories for queue in queues) else UNSORTED
    queue, body = queue_for(known, queues), TicketBody(text)
    draft = TicketDraft(key, requester, subject_of(subject), queue, known, body, REPORTED, assignee="")
    made = desk.create(draft, at)
    return made if again else desk.file(made.id, body, queue, at)


def related(ticket: Ticket, others: Sequence[DeskTicket], embed: Callable[[str], Sequence[float]], least: float) -> list[DeskTicket]:
    """Return those of a desk's tickets whose subject is that of ours, in the order given: from a cosine of ``least`` up, of unit vectors.

    Where nothing embeds, equal words are needed.
    """
    mine, words = np.asarray(embed(ticket.subject), dtype=np.float32), ticket.subject.casefold().split()

    def likeness(subject: str) -> float:
        theirs = np.asarray(embed(subject), dtype=np.float32)
        return float(mine @ theirs) if len(mine) and len(mine) == len(theirs) else float(words == subject.casefold().split())

    return [one for one in others if likeness(one.subject) >= least]


def close(desk: Tickets, ticket_id: str, actor: str, why: str, at: datetime) -> Ticket | None:
    """Close a ticket if there is one and it is open; return it as it is now."""
    ticket = desk.ticket(ticket_id) if ticket_id else None
    if ticket is None or not ticket.status.is_open:
        return ticket
    return desk.change_status(ticket_id, TicketStatus.CLOSED, actor, why, at)


def close_confirmed(desk: Tickets, issue: Issue, ticket_id: str, at: datetime) -> Ticket | None:
    """Close a ticket because its requester says that it is solved; one that only the assistant worked on gets its full body first."""
    ticket = desk.ticket(ticket_id) if ticket_id else None
    if ticket is not None and ticket.assignee == ASSISTANT:
        desk.describe(ticket_id, issue.body, at)
    return close(desk, ticket_id, issue.requester, "confirmed as solved by the requester", at)


def let_go(desk: Tickets, ticket_id: str, actor: str, why: str, at: datetime) -> None:
    """Close a ticket that nobody followed up, unless people work on it: then they read why the conversation ended, and decide."""
    ticket = desk.ticket(ticket_id) if ticket_id else None
    if ticket is not None and ticket.status.is_open and ticket.assignee != ASSISTANT:
        desk.comment(ticket_id, actor, f"The conversation ended: {why}.", at, public=False)
    else:
        close(desk, ticket_id, actor, why, at)
