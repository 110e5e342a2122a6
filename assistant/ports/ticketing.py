"""The service desk's tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.ticket import Ticket, TicketBody, TicketDraft, TicketStatus


class UnknownTicket(LookupError):
    """There is no such ticket."""


class TicketDesk(Protocol):
    """A system that holds tickets. A call takes effect with the transaction that it belongs to."""

    def create(self, draft: TicketDraft, at: datetime) -> Ticket:
        """Open a ticket; a second call with the same ``draft.key`` returns the first one's ticket unchanged."""

    def ticket(self, ticket_id: str) -> Ticket | None:
        """Return a ticket with its notes, or None."""

    def find_open_like(self, requester: str, text: str, vector: Sequence[float], since: datetime) -> Ticket | None:
        """Return the requester's open ticket, opened since then, that is about the same thing, or None."""

    def of_requester(self, requester: str, open_only: bool = True) -> list[Ticket]:
        """Return a person's tickets, newest first, without notes."""

    def all(self, status: TicketStatus | None = None, queue: str = "") -> list[Ticket]:
        """Return tickets for the desk, those that wait longest first, without notes."""

    def comment(self, ticket_id: str, author: str, text: str, at: datetime, public: bool = True) -> None:
        """Add a note.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """Give the ticket, with its full body, to a queue: from now on people work on it.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def describe(self, ticket_id: str, body: TicketBody, at: datetime) -> None:
        """Replace the body of a ticket, which the assistant still works on, by a fuller one.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def change_status(self, ticket_id: str, status: TicketStatus, actor: str, why: str, at: datetime) -> Ticket:
        """Set the status and note who did it and why.

        Raises:
            UnknownTicket: there is no such ticket.
        """
