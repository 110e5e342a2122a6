"""Handoffs and holdings in tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from assistant.adapters.store.outcomes import SqlOutcomes
from assistant.adapters.store.tables import handoffs, holdings
from assistant.domain.handoff import Handoff, HandoffReason, Holding


@dataclass(frozen=True, slots=True)
class SqlHandoffs:
    """The ``Handoffs`` protocol on a connection whose owner commits."""

    connection: Connection

    def record(self, handoff: Handoff) -> None:
        """See the port."""
        self.connection.execute(insert(handoffs).values(**asdict(handoff)))
        SqlOutcomes(self.connection).explain(handoff.conversation, handoff.episode, handoff.reason.value)

    def end(self, conversation: str, at: datetime, taken_by: str = "") -> None:
        """See the port."""
        waits = (handoffs.c.conversation == conversation) & handoffs.c.waits.is_(True) & handoffs.c.ended_at.is_(None)
        self.connection.execute(update(handoffs).where(waits).values(ended_at=at, taken_by=taken_by))

    def waiting(self) -> list[Handoff]:
        """See the port."""
        query = select(handoffs).where(handoffs.c.waits.is_(True), handoffs.c.ended_at.is_(None)).order_by(handoffs.c.at, handoffs.c.number)
        return [_handoff(row) for row in self.connection.execute(query).mappings()]

    def of_conversation(self, conversation: str) -> list[Handoff]:
        """See the port."""
        query = select(handoffs).where(handoffs.c.conversation == conversation).order_by(handoffs.c.number)
        return [_handoff(row) for row in self.connection.execute(query).mappings()]

    def counts(self, start: datetime, end: datetime) -> dict[HandoffReason, int]:
        """See the port."""
        count = func.count().label("count")
        query = select(handoffs.c.reason, count).where(handoffs.c.at >= start, handoffs.c.at < end).group_by(handoffs.c.reason)
        return {HandoffReason(reason): found for reason, found in self.connection.execute(query.order_by(count.desc(), handoffs.c.reason))}

    def between(self, start: datetime, end: datetime) -> list[Handoff]:
        """See the port."""
        query = select(handoffs).where(handoffs.c.at >= start, handoffs.c.at < end).order_by(handoffs.c.at, handoffs.c.number)
        return [_handoff(row) for row in self.connection.execute(query).mappings()]

    def hold(self, holding: Holding) -> None:
        """See the port."""
        self.connection.execute(insert(holdings).values(**asdict(holding)))

    def heard(self, conversation: str, at: datetime) -> None:
        """See the port."""
        self.connection.execute(update(holdings).where(holdings.c.conversation == conversation).values(heard_at=at))

    def release(self, conversation: str) -> None:
        """See the port."""
        self.connection.execute(delete(holdings).where(holdings.c.conversation == conversation))

    def holding(self, conversation: str) -> Holding | None:
        """See the port."""
        row = self.connection.execute(select(holdings).where(holdings.c.conversation == conversation)).mappings().first()
        return Holding(**row) if row else None

    def held(self) -> list[Holding]:
        """See the port."""
        query = select(holdings).order_by(holdings.c.since, holdings.c.conversation)
        return [Holding(**row) for row in self.connection.execute(query).mappings()]


def _handoff(row: Any) -> Handoff:
    facts = {name: value for name, value in row.items() if name != "number"}
    return Handoff(**{**facts, "reason": HandoffReason(facts["reason"])})
