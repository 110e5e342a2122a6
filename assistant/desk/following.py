"""What people do in the other system comes back: to our ticket, and in the words of the conversation to the person who asked.

It comes on two ways, which end at the same list of tickets to look at: the system reports a change (a webhook), or we ask it
what changed (a poll). Nobody trusts a report for more than the name of a ticket: what happened is then read from the system,
and each change is taken over once, in the transaction that remembers its id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.domain.audit import AuditEntry
from assistant.domain.conversation import Conversation
from assistant.domain.reply import Reply, ReplyKind, TicketView
from assistant.domain.ticket import Ticket, TicketStatus
from assistant.governance.rendering import render_plain
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import Event, OutsideTicket, Store, UnitOfWork
from assistant.ports.ticketing import DeskChange, DeskTicket, TicketDesk, UnknownTicket

log = logging.getLogger("firstline.desk")
STEP = "follow_desk"
SERVICE = "firstline"
SETTLE = timedelta(seconds=2)
"""A report may come before the change that it reports can be read."""
WORDS_KEPT, WORDS_SHOWN = 100_000, 10_000
AUTHOR_KEPT = 80
GONE = "gone"
SAID = {
    TicketStatus.OPEN: "Ticket {ticket} was opened again.",
    TicketStatus.IN_PROGRESS: "Somebody works on ticket {ticket} now.",
    TicketStatus.WAITING: "Ticket {ticket} waits for something. If there was a question to you, answer it here.",
    TicketStatus.RESOLVED: "Ticket {ticket} was resolved. If it is not solved, write it here.",
    TicketStatus.CLOSED: "Ticket {ticket} was closed. If it is not solved, write it here.",
}


HearsOfMoves = Callable[[UnitOfWork, Ticket, str, datetime], None]
"""Hears, in the same transaction, of a ticket that people there put elsewhere: as it stands now, in which system, and when."""


def nobody(_unit: UnitOfWork, _ticket: Ticket, _system: str, _at: datetime) -> None:
    """Hear of a move and do nothing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a ticket there: its state, and those changes that were not known."""

    link: OutsideTicket
    ticket: DeskTicket
    changes: Sequence[DeskChange]
    since: datetime


def follow_desk(store: Store, desk: TicketDesk, now: datetime, hears: HearsOfMoves = nobody) -> list[Event]:
    """Ask the desk which tickets changed, and take over what happened in them; return the events to push.

    When the desk cannot be asked, nothing is lost: the same is asked the next time.
    """
    try:
        note_changed(store, desk, now)
    except (Refused, Unavailable) as error:
        log.warning("%s could not be asked for changes: %s", desk.name, error)
    return take_over(store, desk, now, hears)


def note_changed(store: Store, desk: TicketDesk, now: datetime) -> None:
    """Ask the desk which tickets changed since the last time, and put ours on the list of tickets to look at.

    Raises:
        Refused, Unavailable: the desk did not say.
    """
    with store.read() as unit:
        cursor = unit.outside.cursor(desk.name)
    changed = desk.changed_since(cursor)
    with store.write() as unit:
        for outside in changed.tickets:
            if unit.outside.of_outside(desk.name, outside) is not None:
                unit.outside.look_at(desk.name, outside, now - SETTLE)
        unit.outside.move_cursor(desk.name, changed.cursor)


def note_reported(unit: UnitOfWork, system: str, outside: str, delivery: str, now: datetime) -> bool:
    """Put a ticket that the desk reported on the list, in the transaction that remembers the delivery.

    Returns whether it was news: not when the delivery was seen before, or the ticket is none of ours.
    """
    if not unit.outside.deliver(system, delivery, now) or unit.outside.of_outside(system, outside) is None:
        return False
    unit.outside.look_at(system, outside, now)
    return True


def take_over(store: Store, desk: TicketDesk, now: datetime, hears: HearsOfMoves = nobody) -> list[Event]:
    """Look at the tickets on the list and take over what happened there; return the events to push.

    Each ticket is its own transaction. One that cannot be read stays on the list.
    """
    with store.read() as unit:
        waiting = unit.outside.to_look_at(desk.name, now - SETTLE)
    events: list[Event] = []
    for outside, since in waiting:
        try:
            events += _look(store, desk, outside, since, now, hears)
        except Unavailable as error:
            log.warning("%s gives no answer now; %d tickets are looked at later: %s", desk.name, len(waiting), error)
            break
        except Refused as error:
            log.warning("ticket %s of %s cannot be read; it is looked at later: %s", outside, desk.name, error)
    return events


def _look(store: Store, desk: TicketDesk, outside: str, since: datetime, now: datetime, hears: HearsOfMoves) -> list[Event]:
    with store.read() as unit:
        link, known = unit.outside.of_outside(desk.name, outside), unit.outside.known(desk.name, outside)
    if link is None:
        return []
    try:
        changes = desk.changes_of(outside, known)
        ticket = desk.ticket(outside)
    except UnknownTicket:
        ticket = None
    with store.write() as unit:
        unit.outside.looked_at(desk.name, outside, since)
        if ticket is None:
            return _gone(unit, link, now)
        return _apply(unit, Seen(link, ticket, changes, since), now, hears)


def _gone(unit: UnitOfWork, link: OutsideTicket, now: datetime) -> list[Event]:
    """Say in our ticket that its partner is not there any more."""
    if unit.outside.take_over(link.system, link.outside, f"{GONE}:{link.outside}", now):
        unit.own_tickets.comment(link.ticket, SERVICE, f"Ticket {link.outside} of {link.system} does not exist any more.", now, public=False)
    return []


def _apply(unit: UnitOfWork, seen: Seen, now: datetime, hears: HearsOfMoves) -> list[Event]:
    link = seen.link
    fresh = [change for change in seen.changes if unit.outside.take_over(link.system, link.outside, change.id, now)]
    ticket = unit.own_tickets.ticket(link.ticket)
    if ticket is None or not fresh:
        return []
    conversations, events = _conversations(unit, ticket), list[Event]()
    for change in fresh:
        if change.note.strip():
            author = _author(change, link)
            unit.own_tickets.comment(ticket.id, author, change.note[:WORDS_KEPT], change.at, change.public)
            events += [_words(unit, conversation, change, author, now) for conversation in conversations if change.public]
    _place(unit, ticket, seen, [change for change in fresh if change.requeued or change.recategorised], now, hears)
    told = [change for change in fresh if change.status is not None]
    if told and ticket.status is not seen.ticket.status:
        events += _move_on(unit, ticket, seen, told[-1], conversations, now)
    return events


def _place(unit: UnitOfWork, ticket: Ticket, seen: Seen, changes: Sequence[DeskChange], now: datetime, hears: HearsOfMoves) -> None:
    """Put our ticket where its partner stands now, whatever came between; only in what people changed there, for names may not match one to one."""
    requeued, recategorised = any(change.requeued for change in changes), any(change.recategorised for change in changes)
    queue = (requeued and seen.ticket.queue) or ticket.queue
    category = (recategorised and seen.ticket.category) or ticket.category
    if (category, queue) == (ticket.category, ticket.queue):
        return
    change, link = changes[-1], seen.link
    moved = unit.own_tickets.move(ticket.id, category, queue, _author(change, link), change.at)
    detail = {"ticket": ticket.id, "system": link.system, "outside": link.outside, "change": change.id, "category": category, "queue": queue}
    unit.audit.append([AuditEntry(now, SERVICE, STEP, "moved", ticket.origin, outcome="moved", detail=detail)])
    hears(unit, moved, link.system, change.at)


def _move_on(unit: UnitOfWork, ticket: Ticket, seen: Seen, change: DeskChange, conversations: Sequence[Conversation], now: datetime) -> list[Event]:
    """Give our ticket the status that its partner has now, whatever came between."""
    status, link = seen.ticket.status, seen.link
    moved = unit.own_tickets.change_status(ticket.id, status, _author(change, link), f"in {link.system}, ticket {link.outside}", change.at)
    detail = {"ticket": ticket.id, "system": link.system, "outside": link.outside, "change": change.id}
    unit.audit.append([AuditEntry(now, SERVICE, STEP, status.value, ticket.origin, outcome=status.value, detail=detail)])
    if not ticket.status.is_open and not status.is_open:
        return []
    return [_told(unit, conversation, moved, now) for conversation in conversations]


def _conversations(unit: UnitOfWork, ticket: Ticket) -> list[Conversation]:
    """Return the conversations that are about a ticket: those whose issue it is now, or else the one that opened it."""
    about = [found for found in unit.conversations.of_person(ticket.requester) if found.episode.ticket == ticket.id]
    origin = unit.conversations.load(ticket.origin) if ticket.origin and not about else None
    return about or ([origin] if origin is not None else [])


def _words(unit: UnitOfWork, conversation: Conversation, change: DeskChange, author: str, now: datetime) -> Event:
    text = change.note if len(change.note) <= WORDS_SHOWN else f"{change.note[:WORDS_SHOWN]}…"
    person = {"id": "", "name": author}
    body = {"type": "person", "message": f"desk:{change.id}", "person": person, "text": text, "html": render_plain(text)}
    return unit.conversations.emit(conversation.id, now, body)


def _told(unit: UnitOfWork, conversation: Conversation, ticket: Ticket, now: datetime) -> Event:
    text = SAID[ticket.status].format(ticket=ticket.id)
    reply = Reply(
        conversation=conversation.id,
        state=conversation.state.value,
        kind=ReplyKind.STATUS,
        text=text,
        html=render_plain(text),
        ticket=TicketView(id=ticket.id, subject=ticket.subject, status=ticket.status.value, queue=ticket.queue),
    )
    return unit.conversations.emit(conversation.id, now, {"type": "reply", "reply": reply.model_dump(mode="json")})


def _author(change: DeskChange, link: OutsideTicket) -> str:
    return (change.author or link.system)[:AUTHOR_KEPT]
