"""Passes on what happens to filed tickets here to the desk elsewhere, through the outbox of the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from assistant.desk.hearing import TicketsOver
from assistant.domain.ticket import ASSISTANT, Ticket, TicketBody, TicketStatus
from assistant.ports.store import OutboxEntry

FILE, COMMENT, STATUS, MOVE, ATTACH = "desk.file", "desk.comment", "desk.status", "desk.move", "desk.attach"


def filing_key(ticket: Ticket) -> str:
    """Return the key with which a ticket is created elsewhere. Another installation, or this one made anew, counts from the same number."""
    made = sha256(f"{ticket.id}\n{ticket.origin}\n{ticket.opened_at.isoformat()}".encode()).hexdigest()[:16]
    return f"{FILE}:{ticket.id}:{made}"


@dataclass(frozen=True, slots=True)
class PassedOn(TicketsOver):
    """The ``Tickets`` protocol over another one. Tickets that only the assistant works on stay in the house."""

    def comment(self, ticket_id: str, author: str, text: str, at: datetime, public: bool = True) -> None:
        """See the port."""
        self.tickets.comment(ticket_id, author, text, at, public)
        self._pass_on(COMMENT, ticket_id, at, {"author": author, "text": text, "public": public})

    def attach(self, ticket_id: str, attachment_id: str, author: str, said: str, at: datetime) -> None:
        """See the port."""
        self.tickets.attach(ticket_id, attachment_id, author, said, at)
        self._pass_on(ATTACH, ticket_id, at, {"attachment": attachment_id, "author": author, "text": said})

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """See the port."""
        filed = self.tickets.file(ticket_id, body, queue, at)
        self.outbox.put(OutboxEntry(filing_key(filed), FILE, {"ticket": ticket_id}, at, at))
        return filed

    def move(self, ticket_id: str, category: str, queue: str, actor: str, at: datetime) -> Ticket:
        """See the port."""
        moved = self.tickets.move(ticket_id, category, queue, actor, at)
        self._pass_on(MOVE, ticket_id, at, {"category": category, "queue": queue})
        return moved

    def change_status(self, ticket_id: str, status: TicketStatus, actor: str, why: str, at: datetime) -> Ticket:
        """See the port."""
        changed = self.tickets.change_status(ticket_id, status, actor, why, at)
        self._pass_on(STATUS, ticket_id, at, {"status": status.value, "why": why})
        return changed

    def _pass_on(self, kind: str, ticket_id: str, at: datetime, body: dict[str, object]) -> None:
        ticket = self.tickets.ticket(ticket_id)
        if ticket is None or ticket.assignee == ASSISTANT:
            return
        # The number of notes makes the key of each change its own, and the same when the transaction is tried again.
        told = sha256(f"{filing_key(ticket)}\n{len(ticket.notes)}\n{at.isoformat()}\n{sorted(body.items())}".encode()).hexdigest()[:16]
        self.outbox.put(OutboxEntry(f"{kind}:{ticket_id}:{told}", kind, {"ticket": ticket_id, **body}, at, at))
