"""The audit in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant.domain.audit import ERASURE, GENESIS, Alias, Anchor, AuditEntry, AuditLine, AuditRecord, link
from assistant.ports.audit import AuditUnreadable


@dataclass(slots=True)
class MemoryAudit:
    """The ``Audit`` protocol over a list and dictionaries."""

    records: list[AuditRecord] = field(default_factory=list)
    names: dict[str, Alias] = field(default_factory=dict)
    copies: dict[int, Anchor] = field(default_factory=dict)

    def copy(self) -> MemoryAudit:
        """Return the same audit, of which each may change without the other."""
        return MemoryAudit(list(self.records), dict(self.names), dict(self.copies))

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """See the port."""
        bodies = [entry.disguised(self._alias) for entry in entries]
        for body in bodies:
            last = self.head()
            number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
            self.records.append(AuditRecord(number, body, link(previous, number, body)))

    def read(self, after: int = 0, limit: int = 1_000) -> list[AuditRecord]:
        """See the port."""
        return [record for record in self.records if record.number > after][:limit]

    def lines(self, after: int = 0, limit: int = 1_000, mentioning: str = "") -> list[AuditLine]:
        """See the port."""
        return self._resolved([record for record in self.records if record.number > after and mentioning in record.body][:limit])

    def of_action(self, action: str) -> list[AuditLine]:
        """See the port."""
        return [line for line in self._resolved(self.records) if line.facts.get("action") == action]

    def back(self, before: int, down_to: int, holding: Sequence[str], limit: int) -> list[AuditLine]:
        """See the port."""
        found = [one for one in reversed(self.records) if down_to <= one.number < before and all(words in one.body for words in holding)]
        return self._resolved(found[:limit])

    def _resolved(self, records: Sequence[AuditRecord]) -> list[AuditLine]:
        person = {alias.alias: alias.person for alias in self.names.values()}
        try:
            return [AuditLine.of(record, person) for record in records]
        except ValueError as error:
            raise AuditUnreadable(f"the audit cannot be read: {error}") from error

    def head(self) -> AuditRecord | None:
        """See the port."""
        return self.records[-1] if self.records else None

    def count(self) -> int:
        """See the port."""
        return len(self.records)

    def aliases(self) -> list[Alias]:
        """See the port."""
        return list(self.names.values())

    def forget(self, person: str, at: datetime) -> str:
        """See the port."""
        if person not in self.names:
            return ""
        self.append([AuditEntry(at, "operator", ERASURE, "erased", subject=person)])
        return self.names.pop(person).alias

    def anchored(self, after: int = 0, limit: int = 1_000) -> list[Anchor]:
        """See the port."""
        return [self.copies[number] for number in sorted(self.copies) if number > after][:limit]

    def last_anchor(self) -> Anchor | None:
        """See the port."""
        return self.copies[max(self.copies)] if self.copies else None

    def note_anchor(self, anchor: Anchor) -> None:
        """See the port."""
        self.copies.setdefault(anchor.number, anchor)

    def unguarded(self) -> list[str]:
        """See the port; a list needs no triggers."""
        return []

    def _alias(self, person: str) -> str:
        return self.names.setdefault(person, Alias.of(person)).alias
