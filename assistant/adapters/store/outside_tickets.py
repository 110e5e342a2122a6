"""Tickets in other systems, in tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from assistant.adapters.store.tables import outside_changes, outside_cursors, outside_deliveries, outside_looks, outside_tickets
from assistant.ports.store import LinkedOtherwise, OutsideTicket


@dataclass(frozen=True, slots=True)
class SqlOutsideTickets:
    """The ``OutsideTickets`` protocol on a connection whose owner commits."""

    connection: Connection

    def add(self, link: OutsideTicket) -> None:
        """See the port."""
        mine, theirs = self.of_ticket(link.system, link.ticket), self.of_outside(link.system, link.outside)
        if mine != theirs:
            raise LinkedOtherwise(f"{link.ticket} and {link.outside} of {link.system}")
        if mine is None:
            self.connection.execute(insert(outside_tickets).values(**asdict(link)))
            self.look_at(link.system, link.outside, link.created_at)

    def of_ticket(self, system: str, ticket: str) -> OutsideTicket | None:
        """See the port."""
        return self._link((outside_tickets.c.system == system) & (outside_tickets.c.ticket == ticket))

    def of_outside(self, system: str, outside: str) -> OutsideTicket | None:
        """See the port."""
        return self._link((outside_tickets.c.system == system) & (outside_tickets.c.outside == outside))

    def deliver(self, system: str, delivery: str, at: datetime) -> bool:
        """See the port."""
        known = select(outside_deliveries.c.at).where(outside_deliveries.c.system == system, outside_deliveries.c.delivery == delivery)
        if self.connection.execute(known).first() is not None:
            return False
        self.connection.execute(insert(outside_deliveries).values(system=system, delivery=delivery, at=at))
        return True

    def look_at(self, system: str, outside: str, at: datetime) -> None:
        """See the port."""
        where = (outside_looks.c.system == system) & (outside_looks.c.outside == outside)
        if self.connection.execute(update(outside_looks).where(where).values(at=at)).rowcount == 0:
            self.connection.execute(insert(outside_looks).values(system=system, outside=outside, at=at))

    def to_look_at(self, system: str, until: datetime) -> list[tuple[str, datetime]]:
        """See the port."""
        query = select(outside_looks.c.outside, outside_looks.c.at).where(outside_looks.c.system == system, outside_looks.c.at <= until)
        return [(row.outside, row.at) for row in self.connection.execute(query.order_by(outside_looks.c.at, outside_looks.c.outside))]

    def looked_at(self, system: str, outside: str, since: datetime) -> None:
        """See the port."""
        where = (outside_looks.c.system == system) & (outside_looks.c.outside == outside) & (outside_looks.c.at <= since)
        self.connection.execute(delete(outside_looks).where(where))

    def known(self, system: str, outside: str) -> frozenset[str]:
        """See the port."""
        query = select(outside_changes.c.change).where(outside_changes.c.system == system, outside_changes.c.outside == outside)
        return frozenset(self.connection.execute(query).scalars())

    def take_over(self, system: str, outside: str, change: str, at: datetime) -> bool:
        """See the port."""
        known = select(outside_changes.c.at).where(outside_changes.c.system == system, outside_changes.c.change == change)
        if self.connection.execute(known).first() is not None:
            return False
        self.connection.execute(insert(outside_changes).values(system=system, change=change, outside=outside, at=at))
        return True

    def cursor(self, system: str) -> str:
        """See the port."""
        return self.connection.execute(select(outside_cursors.c.cursor).where(outside_cursors.c.system == system)).scalar() or ""

    def move_cursor(self, system: str, cursor: str) -> None:
        """See the port."""
        if self.connection.execute(update(outside_cursors).where(outside_cursors.c.system == system).values(cursor=cursor)).rowcount == 0:
            self.connection.execute(insert(outside_cursors).values(system=system, cursor=cursor))

    def _link(self, where: ColumnElement[bool]) -> OutsideTicket | None:
        row: Any = self.connection.execute(select(outside_tickets).where(where)).mappings().first()
        return OutsideTicket(**row) if row is not None else None
