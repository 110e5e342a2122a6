"""Notices filed tickets: each puts, in its own transaction, an errand that looks at what was filed within a short time together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assistant.desk.hearing import TicketsOver
from assistant.domain.ticket import Ticket, TicketBody
from assistant.ports.store import OutboxEntry

LOOK = "problem.look"


def looking(at: datetime, wait_seconds: int) -> OutboxEntry:
    """Return the errand that looks at what is filed around a moment: one for every stretch of ``wait_seconds``, due at its end."""
    width = max(wait_seconds, 1)
    number = int(at.timestamp()) // width
    due = datetime.fromtimestamp((number + 1) * width, UTC) if wait_seconds else at
    return OutboxEntry(f"{LOOK}:{width}:{number}", LOOK, {}, at, max(due, at))


@dataclass(frozen=True, slots=True)
class Noticing(TicketsOver):
    """The ``Tickets`` protocol over another one."""

    wait_seconds: int

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """See the port."""
        filed = self.tickets.file(ticket_id, body, queue, at)
        entry = looking(at, self.wait_seconds)
        known = self.outbox.load(entry.key)
        if known is not None and known.state != "waiting":
            # The clock was set back, or the errand of this stretch was carried out early: another one looks at this ticket.
            entry = OutboxEntry(f"{entry.key}:{ticket_id}", LOOK, {}, at, at + timedelta(seconds=self.wait_seconds))
        self.outbox.put(entry)
        return filed
