"""The audit in a table that refuses changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from assistant.adapters.store.audit_guards import unguarded
from assistant.adapters.store.tables import aliases, audit, audit_actions, audit_anchors
from assistant.domain.audit import ERASURE, GENESIS, Alias, Anchor, AuditEntry, AuditLine, AuditRecord, link
from assistant.ports.audit import AuditUnreadable

AT_ONCE = 500
"""Values in one query; both databases bound them."""


@contextmanager
def _readable() -> Iterator[None]:
    """Turn what the database says about a table that was tampered with into one error of ours."""
    try:
        yield
    except SQLAlchemyError as error:
        raise AuditUnreadable(f"the audit cannot be read: {getattr(error, 'orig', None) or error}") from error
    except ValueError as error:
        raise AuditUnreadable(f"the audit cannot be read: {error}") from error


def _number(stored: object) -> int:
    """Return the number of a row; a table that was made anew may hold anything."""
    if not isinstance(stored, int):
        raise ValueError(f"a row has the number {stored!r}")
    return stored


@dataclass(frozen=True, slots=True)
class SqlAudit:
    """The ``Audit`` protocol on a connection whose owner commits and who holds the write lock (SQLite)."""

    connection: Connection

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """See the port."""
        if not entries:
            return
        self._lock()
        names = self._aliases_for(frozenset().union(*(entry.people() for entry in entries)))
        last = self.connection.execute(select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).first()
        number, previous = (last.number, last.hash) if last else (0, GENESIS)
        rows, about = [], []
        for entry in entries:
            number += 1
            about += [{"action": entry.action, "number": number}] if entry.action else []
            body = entry.disguised(names.__getitem__)
            previous = link(previous, number, body)
            rows.append({"number": number, "body": body, "hash": previous})
        self.connection.execute(insert(audit), rows)
        if about:
            self.connection.execute(insert(audit_actions), about)

    def read(self, after: int = 0, limit: int = 1_000) -> list[AuditRecord]:
        """See the port."""
        return self._records(after, limit)

    def lines(self, after: int = 0, limit: int = 1_000, mentioning: str = "") -> list[AuditLine]:
        """See the port."""
        return self._resolved(self._records(after, limit, mentioning))

    def of_action(self, action: str) -> list[AuditLine]:
        """See the port."""
        numbers = select(audit_actions.c.number).where(audit_actions.c.action == action)
        with _readable():
            rows = self.connection.execute(select(audit).where(audit.c.number.in_(numbers)).order_by(audit.c.number))
            records = [AuditRecord(_number(row.number), row.body, row.hash) for row in rows]
        return [line for line in self._resolved(records) if line.facts.get("action") == action]

    def back(self, before: int, down_to: int, holding: Sequence[str], limit: int) -> list[AuditLine]:
        """See the port."""
        query = select(audit).where(audit.c.number < before, audit.c.number >= down_to).order_by(audit.c.number.desc()).limit(limit)
        for words in holding:
            query = query.where(audit.c.body.contains(words, autoescape=True))
        with _readable():
            records = [AuditRecord(_number(row.number), row.body, row.hash) for row in self.connection.execute(query)]
        return self._resolved(records)

    def _resolved(self, records: Sequence[AuditRecord]) -> list[AuditLine]:
        wanted = {alias for record in records for alias in record.aliases()}
        with _readable():
            found = self._where(aliases.c.alias, wanted)
            person = {alias.alias: alias.person for alias in found}
            return [AuditLine.of(record, person) for record in records]

    def head(self) -> AuditRecord | None:
        """See the port."""
        with _readable():
            row = self.connection.execute(select(audit).order_by(audit.c.number.desc()).limit(1)).first()
        return AuditRecord(row.number, row.body, row.hash) if row else None

    def count(self) -> int:
        """See the port."""
        with _readable():
            return self.connection.execute(select(func.count()).select_from(audit)).scalar_one()

    def aliases(self) -> list[Alias]:
        """See the port."""
        with _readable():
            return [Alias(*row) for row in self.connection.execute(select(aliases.c.person, aliases.c.alias, aliases.c.salt))]

    def forget(self, person: str, at: datetime) -> str:
        """See the port."""
        self._lock()
        known = self._where(aliases.c.person, {person})
        if not known:
            return ""
        self.append([AuditEntry(at, "operator", ERASURE, "erased", subject=person)])
        self.connection.execute(delete(aliases).where(aliases.c.person == person))
        return known[0].alias

    def anchored(self, after: int = 0, limit: int = 1_000) -> list[Anchor]:
        """See the port."""
        query = select(audit_anchors).where(audit_anchors.c.number > after).order_by(audit_anchors.c.number).limit(limit)
        with _readable():
            return [Anchor(_number(row.number), row.hash, row.seal, row.at) for row in self.connection.execute(query)]

    def last_anchor(self) -> Anchor | None:
        """See the port."""
        with _readable():
            row = self.connection.execute(select(audit_anchors).order_by(audit_anchors.c.number.desc()).limit(1)).first()
        return Anchor(row.number, row.hash, row.seal, row.at) if row else None

    def note_anchor(self, anchor: Anchor) -> None:
        """See the port."""
        known = self.connection.execute(select(audit_anchors.c.number).where(audit_anchors.c.number == anchor.number)).first()
        if known is None:
            self.connection.execute(insert(audit_anchors), asdict(anchor))

    def unguarded(self) -> list[str]:
        """See the port."""
        with _readable():
            return unguarded(self.connection)

    def _lock(self) -> None:
        """Let one transaction append at a time; SQLite's writers are alone anyway."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))

    def _records(self, after: int, limit: int, mentioning: str = "") -> list[AuditRecord]:
        query = select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(limit)
        if mentioning:
            query = query.where(audit.c.body.contains(mentioning, autoescape=True))
        with _readable():
            return [AuditRecord(_number(row.number), row.body, row.hash) for row in self.connection.execute(query)]

    def _where(self, column: Column[str], values: set[str] | frozenset[str]) -> list[Alias]:
        wanted, found = sorted(values), []
        for start in range(0, len(wanted), AT_ONCE):
            query = select(aliases.c.person, aliases.c.alias, aliases.c.salt).where(column.in_(wanted[start : start + AT_ONCE]))
            found += [Alias(*row) for row in self.connection.execute(query)]
        return found

    def _aliases_for(self, people: frozenset[str]) -> dict[str, str]:
        """Return everybody's alias; whoever has none gets one."""
        names = {alias.person: alias.alias for alias in self._where(aliases.c.person, people)}
        fresh = [Alias.of(person) for person in sorted(people - names.keys())]
        if fresh:
            self.connection.execute(insert(aliases), [asdict(alias) for alias in fresh])
        return names | {alias.person: alias.alias for alias in fresh}
