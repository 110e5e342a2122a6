"""What triage said of tickets, in a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from assistant.adapters.store.triage_tables import triages
from assistant.domain.triage import Field, Route, Suggested, Triage
from assistant.ports.triage import Routed, TriageChanged

WAITS = and_(triages.c.route == Route.REVIEW.value, triages.c.settled_at.is_(None))


@dataclass(frozen=True, slots=True)
class SqlTriages:
    """The ``Triages`` protocol on a connection whose owner commits."""

    connection: Connection

    def add(self, made: Triage) -> bool:
        """See the port. The errand that triages a ticket is held by one process at a time."""
        if self.load(made.ticket) is not None:
            return False
        self.connection.execute(insert(triages).values(**_row(made)))
        return True

    def load(self, ticket_id: str) -> Triage | None:
        """See the port."""
        row = self.connection.execute(select(triages).where(triages.c.ticket == ticket_id)).mappings().first()
        return _triage(row) if row else None

    def save(self, changed: Triage) -> None:
        """See the port."""
        same = (triages.c.ticket == changed.ticket, triages.c.version == changed.version)
        values = _row(replace(changed, version=changed.version + 1))
        if self.connection.execute(update(triages).where(*same).values(**values)).rowcount != 1:
            raise TriageChanged(changed.ticket)

    def waiting(self, limit: int, after: str = "") -> list[Triage]:
        """See the port."""
        query = select(triages).where(WAITS).order_by(triages.c.at, triages.c.ticket).limit(limit)
        last = self.load(after) if after else None
        if last is not None:
            query = query.where(or_(triages.c.at > last.at, and_(triages.c.at == last.at, triages.c.ticket > last.ticket)))
        return self._found(query)

    def waiting_count(self) -> int:
        """See the port."""
        return self.connection.execute(select(func.count()).select_from(triages).where(WAITS)).scalar() or 0

    def routed(self, limit: int, after: str = "") -> list[Triage]:
        """See the port."""
        query = select(triages).where(triages.c.route == Route.AUTO.value).order_by(triages.c.at.desc(), triages.c.ticket.desc()).limit(limit)
        last = self.load(after) if after else None
        if last is not None:
            query = query.where(or_(triages.c.at < last.at, and_(triages.c.at == last.at, triages.c.ticket < last.ticket)))
        return self._found(query)

    def corrected(self, limit: int) -> list[Triage]:
        """See the port."""
        query = select(triages).where(triages.c.settled_at.is_not(None))
        return self._found(query.order_by(triages.c.settled_at.desc(), triages.c.ticket).limit(limit))

    def between(self, start: datetime, end: datetime, within_days: int) -> Routed:
        """See the port."""
        inside = and_(triages.c.at >= start, triages.c.at < end)
        query = select(triages.c.route, func.count()).where(inside).group_by(triages.c.route)
        counts: dict[str, int] = dict(self.connection.execute(query).tuples().all())
        wrong = select(triages.c.at, triages.c.settled_at).where(inside, triages.c.misrouted.is_(True))
        late = timedelta(days=within_days)
        corrected = sum(settled is not None and settled - at <= late for at, settled in self.connection.execute(wrong))
        return Routed(counts.get("auto", 0), counts.get("review", 0), counts.get("escalate", 0), corrected)

    def waited_since(self) -> datetime | None:
        """See the port."""
        return self.connection.execute(select(triages.c.at).where(WAITS).order_by(triages.c.at).limit(1)).scalar()

    def _found(self, query: Any) -> list[Triage]:
        return [_triage(row) for row in self.connection.execute(query).mappings()]


def _row(made: Triage) -> dict[str, Any]:
    return {
        "ticket": made.ticket,
        "at": made.at,
        "route": made.route.value,
        "rule": made.rule,
        "fields": {name.value: [one.value, one.confidence, one.by] for name, one in made.fields.items()},
        "model": made.model,
        "policy": made.policy,
        "category_before": made.before[0],
        "queue_before": made.before[1],
        "category_settled": made.settled[0],
        "queue_settled": made.settled[1],
        "settled_at": made.settled_at,
        "settled_by": made.settled_by,
        "misrouted": made.misrouted,
        "version": made.version,
    }


def _triage(row: Any) -> Triage:
    return Triage(
        ticket=row["ticket"],
        at=row["at"],
        route=Route(row["route"]),
        rule=row["rule"],
        fields={Field(name): Suggested(value, confidence, by) for name, (value, confidence, by) in row["fields"].items()},
        model=row["model"],
        policy=row["policy"],
        before=(row["category_before"], row["queue_before"]),
        settled=(row["category_settled"], row["queue_settled"]),
        settled_at=row["settled_at"],
        settled_by=row["settled_by"],
        version=row["version"],
    )
