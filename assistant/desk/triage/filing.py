"""Every ticket that people are to work on is triaged: the errand stands in the outbox of the transaction that files it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assistant.desk.hearing import TicketsOver
from assistant.domain.ticket import ASSISTANT, Ticket, TicketBody, TicketDraft
from assistant.ports.store import Outbox, OutboxEntry, UnitOfWork

TRIAGE, MOVED, LEARN = "triage", "triage.moved", "triage.learn"


@dataclass(frozen=True, slots=True)
class Triaged(TicketsOver):
    """The ``Tickets`` protocol over another one; it puts the errands of triage and changes nothing itself."""

    def create(self, draft: TicketDraft, at: datetime) -> Ticket:
        """See the port."""
        made = self.tickets.create(draft, at)
        if draft.assignee != ASSISTANT:
            self._wanted(made.id, at)
        return made

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """See the port."""
        filed = self.tickets.file(ticket_id, body, queue, at)
        self._wanted(filed.id, at)
        return filed

    def move(self, ticket_id: str, category: str, queue: str, actor: str, at: datetime) -> Ticket:
        """See the port. What a person decides about a ticket, triage learns from."""
        moved = self.tickets.move(ticket_id, category, queue, actor, at)
        if actor != ASSISTANT:
            note_move(self.outbox, moved, actor, at)
        return moved

    def _wanted(self, ticket_id: str, at: datetime) -> None:
        self.outbox.put(OutboxEntry(f"{TRIAGE}:{ticket_id}", TRIAGE, {"ticket": ticket_id}, at, at))


def moved_there(unit: UnitOfWork, ticket: Ticket, system: str, at: datetime) -> None:
    """Hear of a ticket that people put elsewhere in another system; their names stay on the ticket."""
    note_move(unit.outbox, ticket, system, at)


def note_move(outbox: Outbox, moved: Ticket, by: str, at: datetime) -> None:
    """Put the errand that notes where a person put a ticket. ``by`` is the id of a person, or names the system where people did it."""
    body = {"ticket": moved.id, "category": moved.category, "queue": moved.queue, "by": by, "at": at.isoformat()}
    outbox.put(OutboxEntry(f"{MOVED}:{moved.id}:{len(moved.notes)}", MOVED, body, at, at))
