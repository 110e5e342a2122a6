"""Tickets in other systems, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from assistant.ports.store import LinkedOtherwise, OutsideTicket


@dataclass(slots=True)
class MemoryOutsideTickets:
    """The ``OutsideTickets`` protocol over dictionaries."""

    links: dict[tuple[str, str], OutsideTicket] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], datetime] = field(default_factory=dict)
    looks: dict[tuple[str, str], datetime] = field(default_factory=dict)
    changes: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)

    def copy(self) -> MemoryOutsideTickets:
        """Return the same, of which each may change without the other."""
        return MemoryOutsideTickets(dict(self.links), dict(self.deliveries), dict(self.looks), dict(self.changes), dict(self.cursors))

    def add(self, link: OutsideTicket) -> None:
        """See the port."""
        mine, theirs = self.of_ticket(link.system, link.ticket), self.of_outside(link.system, link.outside)
        if mine != theirs:
            raise LinkedOtherwise(f"{link.ticket} and {link.outside} of {link.system}")
        if mine is None:
            self.links[link.system, link.ticket] = link
            self.look_at(link.system, link.outside, link.created_at)

    def of_ticket(self, system: str, ticket: str) -> OutsideTicket | None:
        """See the port."""
        return self.links.get((system, ticket))

    def of_outside(self, system: str, outside: str) -> OutsideTicket | None:
        """See the port."""
        return next((link for link in self.links.values() if (link.system, link.outside) == (system, outside)), None)

    def deliver(self, system: str, delivery: str, at: datetime) -> bool:
        """See the port."""
        first = (system, delivery) not in self.deliveries
        self.deliveries.setdefault((system, delivery), at)
        return first

    def look_at(self, system: str, outside: str, at: datetime) -> None:
        """See the port."""
        self.looks[system, outside] = at

    def to_look_at(self, system: str, until: datetime) -> list[tuple[str, datetime]]:
        """See the port."""
        waiting = [(outside, at) for (of, outside), at in self.looks.items() if of == system and at <= until]
        return sorted(waiting, key=lambda one: (one[1], one[0]))

    def looked_at(self, system: str, outside: str, since: datetime) -> None:
        """See the port."""
        noted = self.looks.get((system, outside))
        if noted is not None and noted <= since:
            del self.looks[system, outside]

    def known(self, system: str, outside: str) -> frozenset[str]:
        """See the port."""
        return frozenset(change for (of, change), (ticket, _) in self.changes.items() if (of, ticket) == (system, outside))

    def take_over(self, system: str, outside: str, change: str, at: datetime) -> bool:
        """See the port."""
        first = (system, change) not in self.changes
        self.changes.setdefault((system, change), (outside, at))
        return first

    def cursor(self, system: str) -> str:
        """See the port."""
        return self.cursors.get(system, "")

    def move_cursor(self, system: str, cursor: str) -> None:
        """See the port."""
        self.cursors[system] = cursor
