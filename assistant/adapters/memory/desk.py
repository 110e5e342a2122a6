"""A service desk in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from assistant.domain.ticket import Ticket, TicketBody, TicketDraft, TicketNote, TicketStatus
from assistant.ports.ticketing import UnknownTicket

FIRST_NUMBER = 1_001


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket with what only the desk keeps: the key it was created with, and the vector of its issue."""

    ticket: Ticket
    key: str
    vector: tuple[float, ...]


@dataclass(slots=True)
class MemoryDesk:
    """The ``Tickets`` port. ``same_issue`` is the cosine from which two descriptions are the same issue."""

    same_issue: float
    held: dict[str, Held] = field(default_factory=dict)

    def copy(self) -> MemoryDesk:
        """Return a desk with the same tickets, of which each may change without the other."""
        return MemoryDesk(self.same_issue, dict(self.held))

    def create(self, draft: TicketDraft, at: datetime, ticket_id: str = "") -> Ticket:
        """See the port; the ticket gets the next number, unless its id is given."""
        known = next((held.ticket for held in self.held.values() if held.key == draft.key), None)
        if known is not None:
            return known
        made = Ticket(
            id=ticket_id or f"T-{FIRST_NUMBER + len(self.held)}",
            requester=draft.requester,
            subject=draft.subject,
            status=TicketStatus.OPEN,
            queue=draft.queue,
            category=draft.category,
            assignee=draft.assignee,
            opened_at=at,
            updated_at=at,
            origin=draft.origin,
            body=draft.body,
        )
        self.held[made.id] = Held(made, draft.key, draft.vector)
        self.comment(made.id, draft.requester, "Opened.", at)
        return self.held[made.id].ticket

    def ticket(self, ticket_id: str) -> Ticket | None:
        """See the port."""
        return self.held[ticket_id].ticket if ticket_id in self.held else None

    def find_open_like(self, requester: str, text: str, vector: Sequence[float], since: datetime) -> Ticket | None:
        """See the port."""
        best, best_score = None, self.same_issue
        for held in self.held.values():
            mine = held.ticket
            if mine.requester != requester or not mine.status.is_open or mine.opened_at < since:
                continue
            score = _likeness(text, vector, held)
            if score >= best_score:
                best, best_score = mine, score
        return _without_notes(best) if best is not None else None

    def of_requester(self, requester: str, open_only: bool = True) -> list[Ticket]:
        """See the port."""
        mine = [ticket for ticket in self._tickets() if ticket.requester == requester and (ticket.status.is_open or not open_only)]
        return mine[::-1]

    def all(self, status: TicketStatus | None = None, queue: str = "") -> list[Ticket]:
        """See the port."""
        kept = [ticket for ticket in self._tickets() if status in (None, ticket.status) and queue in ("", ticket.queue)]
        return sorted(kept, key=lambda ticket: ticket.opened_at)

    def listed(self, standing: str, queue: str, limit: int, after: str = "") -> list[Ticket]:
        """See the port."""
        kept = [ticket for ticket in self.all() if standing in ("", ticket.standing) and queue in ("", ticket.queue)]
        last = self.held[after].ticket if after in self.held else None
        later = [one for one in kept if last is None or (one.opened_at, _number(one)) > (last.opened_at, _number(last))]
        return sorted(later, key=lambda one: (one.opened_at, _number(one)))[:limit]

    def standings(self) -> dict[str, int]:
        """See the port."""
        return dict(Counter(ticket.standing for ticket in self._tickets()))

    def comment(self, ticket_id: str, author: str, text: str, at: datetime, public: bool = True) -> None:
        """See the port."""
        before = self._existing(ticket_id)
        self._change(replace(before, updated_at=at, notes=(*before.notes, TicketNote(at, author, text, public))))

    def attach(self, ticket_id: str, attachment_id: str, author: str, said: str, at: datetime) -> None:
        """See the port. The file itself is found by its ticket."""
        del attachment_id
        self.comment(ticket_id, author, said, at)

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """See the port."""
        self._change(replace(self._existing(ticket_id), body=body, queue=queue, assignee="", status=TicketStatus.OPEN))
        self.comment(ticket_id, "firstline", f"Filed with the queue {queue}.", at)
        return self._existing(ticket_id)

    def describe(self, ticket_id: str, body: TicketBody, at: datetime) -> None:
        """See the port."""
        self._change(replace(self._existing(ticket_id), body=body, updated_at=at))

    def move(self, ticket_id: str, category: str, queue: str, actor: str, at: datetime) -> Ticket:
        """See the port."""
        self._change(replace(self._existing(ticket_id), category=category, queue=queue))
        self.comment(ticket_id, actor, f"Moved to {category}, queue {queue}.", at)
        return self._existing(ticket_id)

    def change_status(self, ticket_id: str, status: TicketStatus, actor: str, why: str, at: datetime) -> Ticket:
        """See the port."""
        self._change(replace(self._existing(ticket_id), status=status))
        self.comment(ticket_id, actor, f"{status.label.capitalize()}: {why}", at)
        return self._existing(ticket_id)

    def _tickets(self) -> list[Ticket]:
        return [_without_notes(held.ticket) for held in self.held.values()]

    def _existing(self, ticket_id: str) -> Ticket:
        if ticket_id not in self.held:
            raise UnknownTicket(ticket_id)
        return self.held[ticket_id].ticket

    def _change(self, ticket: Ticket) -> None:
        self.held[ticket.id] = replace(self.held[ticket.id], ticket=ticket)


def _without_notes(ticket: Ticket) -> Ticket:
    return replace(ticket, notes=())


def _likeness(text: str, vector: Sequence[float], held: Held) -> float:
    if held.vector and len(held.vector) == len(vector):
        return float(np.asarray(held.vector, dtype=np.float32) @ np.asarray(vector, dtype=np.float32))
    return float(" ".join(text.lower().split()) == " ".join(held.ticket.subject.lower().split()))


def _number(ticket: Ticket) -> int:
    return int("".join(filter(str.isdigit, ticket.id)) or 0)
