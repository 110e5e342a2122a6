"""The audit in a table that refuses changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, text

from assistant.adapters.store.tables import audit
from assistant.domain.audit import AuditEntry, AuditRecord
from assistant.governance.audit import GENESIS, link


@dataclass(frozen=True, slots=True)
class SqlAudit:
    """The ``Audit`` protocol on a connection whose owner commits and who holds the write lock (SQLite)."""

    connection: Connection

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """See the port."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
        last = self.connection.execute(select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).first()
        number, previous = (last.number, last.hash) if last else (0, GENESIS)
        rows = []
        for entry in entries:
            number += 1
            body = entry.canonical()
            previous = link(previous, number, body)
            rows.append({"number": number, "body": body, "hash": previous})
        if rows:
            self.connection.execute(insert(audit), rows)

    def read(self, after: int = 0, limit: int = 1_000) -> list[AuditRecord]:
        """See the port."""
        query = select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(limit)
        return [AuditRecord(row.number, row.body, row.hash) for row in self.connection.execute(query)]

    def head(self) -> AuditRecord | None:
        """See the port."""
        row = self.connection.execute(select(audit).order_by(audit.c.number.desc()).limit(1)).first()
        return AuditRecord(row.number, row.body, row.hash) if row else None
