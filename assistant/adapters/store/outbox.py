"""The outbox in a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from assistant.adapters.store.tables import outbox, outbox_holds
from assistant.ports.store import OutboxEntry

WAITING = "waiting"
LINE = func.coalesce(outbox.c.body["thread"].as_string(), outbox.c.body["ticket"].as_string())
"""What is done in the order in which it was put: about one ticket, or in one thread."""


@dataclass(frozen=True, slots=True)
class SqlOutbox:
    """The ``Outbox`` protocol on a connection whose owner commits."""

    connection: Connection

    def put(self, entry: OutboxEntry) -> None:
        """See the port."""
        if self.load(entry.key) is None:
            names = ("key", "kind", "body", "created_at", "due_at", "state", "done_at", "result")
            self.connection.execute(insert(outbox).values(**{name: getattr(entry, name) for name in names}))

    def load(self, key: str) -> OutboxEntry | None:
        """See the port."""
        row = self.connection.execute(select(outbox).where(outbox.c.key == key)).mappings().first()
        return _entry(row) if row else None

    def waiting(self) -> list[OutboxEntry]:
        """See the port."""
        query = select(outbox).where(outbox.c.state == WAITING).order_by(outbox.c.number)
        return [_entry(row) for row in self.connection.execute(query).mappings()]

    def due(self, until: datetime, limit: int) -> list[OutboxEntry]:
        """See the port."""
        firsts = select(func.min(outbox.c.number)).where(outbox.c.state == WAITING, LINE.is_not(None)).group_by(LINE)
        first = or_(LINE.is_(None), outbox.c.number.in_(firsts))
        query = select(outbox).where(outbox.c.state == WAITING, outbox.c.due_at <= until, first).order_by(outbox.c.number).limit(limit)
        return [_entry(row) for row in self.connection.execute(query).mappings()]

    def ahead_of(self, entry: OutboxEntry) -> OutboxEntry | None:
        """See the port."""
        line = entry.body.get("thread") or entry.body.get("ticket")
        if line is None:
            return None
        mine = select(outbox.c.number).where(outbox.c.key == entry.key).scalar_subquery()
        query = select(outbox).where(outbox.c.state == WAITING, outbox.c.number < mine, line == LINE)
        row = self.connection.execute(query.order_by(outbox.c.number).limit(1)).mappings().first()
        return _entry(row) if row else None

    def hold(self, key: str, holder: str, at: datetime, until: datetime) -> bool:
        """See the port. Locks the entry until the end of the transaction."""
        waits = select(outbox.c.key).where(outbox.c.key == key, outbox.c.state == WAITING).with_for_update()
        if self.connection.execute(waits).first() is None:
            return False
        held = self.connection.execute(select(outbox_holds).where(outbox_holds.c.key == key)).mappings().first()
        if held is not None and held["holder"] != holder and held["until"] > at:
            return False
        self._release(key)
        self.connection.execute(insert(outbox_holds).values(key=key, holder=holder, until=until))
        return True

    def _release(self, key: str) -> None:
        self.connection.execute(delete(outbox_holds).where(outbox_holds.c.key == key))

    def postpone(self, key: str, due_at: datetime, result: dict[str, Any], held: bool = False) -> None:
        """See the port."""
        if not held:
            self._release(key)
        self.connection.execute(update(outbox).where(outbox.c.key == key, outbox.c.state == WAITING).values(due_at=due_at, result=result))

    def finish(self, key: str, state: str, at: datetime, result: dict[str, Any]) -> None:
        """See the port."""
        self._release(key)
        changed = update(outbox).where(outbox.c.key == key, outbox.c.state == WAITING)
        self.connection.execute(changed.values(state=state, done_at=at, result=result))

    def unsettled(self) -> list[OutboxEntry]:
        """See the port."""
        query = select(outbox).where(outbox.c.state.in_(("unknown", "failed"))).order_by(outbox.c.number.desc())
        return [_entry(row) for row in self.connection.execute(query).mappings()]


def _entry(row: Any) -> OutboxEntry:
    return OutboxEntry(row["key"], row["kind"], row["body"], row["created_at"], row["due_at"], row["state"], row["done_at"], row["result"])
