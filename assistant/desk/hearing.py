"""Tickets over other tickets: what practices build on that hear of what happens to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.domain.ticket import Ticket, TicketBody, TicketDraft, TicketStatus
from assistant.ports.store import Outbox
from assistant.ports.ticketing import Tickets


@dataclass(frozen=True, slots=True)
class TicketsOver:
    """The ``Tickets`` protocol over another one, which does it all. ``outbox`` is that of the same transaction."""

    tickets: Tickets
    outbox: Outbox

    def create(self, draft: TicketDraft, at: datetime) -> Ticket:
        """See the port."""
        return self.tickets.create(draft, at)

    def ticket(self, ticket_id: str) -> Ticket | None:
        """See the port."""
        return self.tickets.ticket(ticket_id)

    def find_open_like(self, requester: str, text: str, vector: Sequence[float], since: datetime) -> Ticket | None:
        """See the port."""
        return self.tickets.find_open_like(requester, text, vector, since)

    def of_requester(self, requester: str, open_only: bool = True) -> list[Ticket]:
        """See the port."""
        return self.tickets.of_requester(requester, open_only)

    def all(self, status: TicketStatus | None = None, queue: str = "") -> list[Ticket]:
        """See the port."""
        return self.tickets.all(status, queue)

    def listed(self, standing: str, queue: str, limit: int, after: str = "") -> list[Ticket]:
        """See the port."""
        return self.tickets.listed(standing, queue, limit, after)

    def standings(self) -> dict[str, int]:
        """See the port."""
        return self.tickets.standings()

    def comment(self, ticket_id: str, author: str, text: str, at: datetime, public: bool = True) -> None:
        """See the port."""
        self.tickets.comment(ticket_id, author, text, at, public)

    def attach(self, ticket_id: str, attachment_id: str, author: str, said: str, at: datetime) -> None:
        """See the port."""
        self.tickets.attach(ticket_id, attachment_id, author, said, at)

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """See the port."""
        return self.tickets.file(ticket_id, body, queue, at)

    def describe(self, ticket_id: str, body: TicketBody, at: datetime) -> None:
        """See the port."""
        self.tickets.describe(ticket_id, body, at)

    def move(self, ticket_id: str, category: str, queue: str, actor: str, at: datetime) -> Ticket:
        """See the port."""
        return self.tickets.move(ticket_id, category, queue, actor, at)

    def change_status(self, ticket_id: str, status: TicketStatus, actor: str, why: str, at: datetime) -> Ticket:
        """See the port."""
        return self.tickets.change_status(ticket_id, status, actor, why, at)
