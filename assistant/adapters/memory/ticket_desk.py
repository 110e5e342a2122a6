"""A system of tickets in memory, as strict as the real ones: it knows its queues, its statuses and who it talks to."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock

from assistant.domain.ticket import TicketStatus
from assistant.ports.outside import Refused
from assistant.ports.ticketing import Changed, DeskChange, DeskFile, DeskNote, DeskTicket, OutgoingTicket, UnknownTicket

ACCOUNT = "firstline"


@dataclass(slots=True)
class HeldTicket:
    """A ticket with everything that happened in it."""

    ticket: DeskTicket
    requester: str
    notes: list[DeskNote] = field(default_factory=list)
    changes: list[DeskChange] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


class MemoryTicketDesk:
    """The ``TicketDesk`` port, and beside it what people do there: ``write``, ``set_status`` and ``put``.

    Like Request Tracker it names tickets by strings of digits, refuses unknown queues, and opens a new ticket when somebody writes in it.
    """

    def __init__(self, now: Callable[[], datetime], queues: Iterable[str]) -> None:
        """Begin empty, with these queues."""
        self._now = now
        self._queues = frozenset(queues)
        self._lock = RLock()
        self._numbers = 0
        self.held: dict[str, HeldTicket] = {}

    @property
    def name(self) -> str:
        """See the port."""
        return "Memory desk"

    @property
    def honours_keys(self) -> bool:
        """See the port."""
        return True

    def create(self, made: OutgoingTicket, key: str) -> DeskTicket:
        """See the port."""
        with self._lock:
            if found := self.find(key):
                return found[0]
            queue, ticket_id = self._queue(made.queue), str(len(self.held) + 1)
            ticket = DeskTicket(ticket_id, TicketStatus.OPEN, made.subject, queue, f"memory:{ticket_id}", self._now(), key, made.category)
            held = HeldTicket(ticket, made.requester)
            self.held[ticket_id] = held
            self._note(held, ACCOUNT, made.text, public=True)
            return held.ticket

    def find(self, key: str) -> list[DeskTicket]:
        """See the port."""
        return [held.ticket for held in self.held.values() if held.ticket.key == key]

    def ticket(self, ticket_id: str) -> DeskTicket | None:
        """See the port."""
        return self.held[ticket_id].ticket if ticket_id in self.held else None

    def notes(self, ticket_id: str) -> list[DeskNote]:
        """See the port."""
        return list(self._held(ticket_id).notes)

    def update(self, ticket_id: str, key: str, *, subject: str = "", queue: str = "", category: str = "") -> DeskTicket:
        """See the port."""
        with self._lock:
            held = self._held(ticket_id)
            held.keys.add(key)
            was, there = held.ticket, self._queue(queue) if queue else held.ticket.queue
            held.ticket = replace(was, subject=subject or was.subject, queue=there, category=category or was.category, updated_at=self._now())
            return held.ticket

    def comment(self, ticket_id: str, text: str, key: str, public: bool = True, files: Sequence[DeskFile] = ()) -> None:
        """See the port."""
        with self._lock:
            held = self._held(ticket_id)
            if key not in held.keys:
                held.keys.add(key)
                held.files |= {file.name: file.content for file in files}
                self._note(held, ACCOUNT, text, public, tuple(file.name for file in files))

    def change_status(self, ticket_id: str, status: TicketStatus, key: str) -> DeskTicket:
        """See the port."""
        with self._lock:
            held = self._held(ticket_id)
            held.keys.add(key)
            if held.ticket.status is not status:
                held.ticket = replace(held.ticket, status=status, updated_at=self._now())
            return held.ticket

    def link(self, ticket_id: str, other_id: str, key: str) -> None:
        """See the port."""
        with self._lock:
            held, other = self._held(ticket_id), self._held(other_id)
            held.keys.add(key)
            if ticket_id == other_id:
                raise Refused("a ticket cannot be linked to itself")
            if other.ticket.id not in held.links:
                held.links.append(other.ticket.id)

    def open_of(self, requester: str) -> list[DeskTicket]:
        """See the port."""
        return [held.ticket for held in self.held.values() if held.requester == requester and held.ticket.status.is_open][::-1]

    def changed_since(self, cursor: str) -> Changed:
        """See the port."""
        with self._lock:
            end = str(self._numbers)
            if not cursor:
                return Changed((), end)
            fresh = [change for held in self.held.values() for change in held.changes if int(change.id) > int(cursor)]
            fresh.sort(key=lambda change: int(change.id))
            return Changed(tuple(dict.fromkeys(change.ticket for change in fresh)), end)

    def changes_of(self, ticket_id: str, known: Container[str]) -> list[DeskChange]:
        """See the port."""
        return [change for change in self._held(ticket_id).changes if change.id not in known]

    def write(self, ticket_id: str, author: str, text: str, public: bool = True) -> None:
        """Write a note as a person who works there."""
        with self._lock:
            held = self._held(ticket_id)
            note = self._note(held, author, text, public)
            held.changes.append(DeskChange(note.id, ticket_id, note.at, author, note=text, public=public))

    def set_status(self, ticket_id: str, author: str, status: TicketStatus) -> None:
        """Set the status as a person who works there."""
        with self._lock:
            held = self._held(ticket_id)
            held.ticket = replace(held.ticket, status=status, updated_at=self._now())
            held.changes.append(DeskChange(self._number(), ticket_id, self._now(), author, status=status))

    def put(self, ticket_id: str, author: str, *, queue: str = "", category: str = "") -> None:
        """Put a ticket into another queue or under another category as a person who works there."""
        with self._lock:
            held = self._held(ticket_id)
            before = held.ticket
            held.ticket = replace(before, queue=queue or before.queue, category=category or before.category, updated_at=self._now())
            if queue:
                held.changes.append(DeskChange(self._number(), ticket_id, self._now(), author, requeued=True))
            if category:
                held.changes.append(DeskChange(self._number(), ticket_id, self._now(), author, recategorised=True))

    def _queue(self, queue: str) -> str:
        if queue not in self._queues:
            raise Refused(f"there is no queue {queue}")
        return queue

    def _held(self, ticket_id: str) -> HeldTicket:
        if ticket_id not in self.held:
            raise UnknownTicket(ticket_id)
        return self.held[ticket_id]

    def _number(self) -> str:
        self._numbers += 1
        return str(self._numbers)

    def _note(self, held: HeldTicket, author: str, text: str, public: bool, files: tuple[str, ...] = ()) -> DeskNote:
        note = DeskNote(self._number(), author, text, public, self._now(), author == ACCOUNT, files)
        opened = TicketStatus.IN_PROGRESS if held.notes and held.ticket.status is TicketStatus.OPEN and public else held.ticket.status
        held.notes.append(note)
        held.ticket = replace(held.ticket, status=opened, updated_at=self._now())
        return note
