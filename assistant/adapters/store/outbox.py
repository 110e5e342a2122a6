"""The outbox in a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from assistant.adapters.store.tables import outbox
from assistant.ports.store import OutboxEntry

WAITING = "waiting"


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

    def postpone(self, key: str, due_at: datetime, result: dict[str, Any]) -> None:
        """See the port."""
        self.connection.execute(update(outbox).where(outbox.c.key == key, outbox.c.state == WAITING).values(due_at=due_at, result=result))

    def finish(self, key: str, state: str, at: datetime, result: dict[str, Any]) -> None:
        """See the port."""
        changed = update(outbox).where(outbox.c.key == key, outbox.c.state == WAITING)
        self.connection.execute(changed.values(state=state, done_at=at, result=result))

    def unsettled(self) -> list[OutboxEntry]:
        """See the port."""
        query = select(outbox).where(outbox.c.state.in_(("unknown", "failed"))).order_by(outbox.c.number.desc())
        return [_entry(row) for row in self.connection.execute(query).mappings()]


def _entry(row: Any) -> OutboxEntry:
    return OutboxEntry(row["key"], row["kind"], row["body"], row["created_at"], row["due_at"], row["state"], row["done_at"], row["result"])
