"""Whether the audit is as it was written: the hash chain, the anchors outside the database, the aliases, the table's guards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from assistant.domain.audit import ERASURE, GENESIS, Alias, Anchor, AuditRecord, link

PAGE = 1_000
FAULTS_TOLD = 1_000
"""More faults than this are counted and not listed."""


@dataclass(slots=True)
class Faults:
    """What is wrong, in words; listed up to a bound, counted beyond."""

    listed: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, fault: str) -> None:
        """Take note of a fault."""
        self.count += 1
        if len(self.listed) < FAULTS_TOLD:
            self.listed.append(fault)

    def told(self) -> list[str]:
        """Return the faults, the last line says how many are not listed."""
        more = self.count - len(self.listed)
        return [*self.listed, f"{more} more faults are not listed"] if more else list(self.listed)


@dataclass(slots=True)
class Chain:
    """Follows the records from one place of the chain on, in order, whatever their number."""

    faults: Faults
    previous: str = GENESIS
    expected: int = 1
    seen: int = 0

    def follow(self, record: AuditRecord) -> None:
        """Check one record against the one before."""
        self.seen += 1
        if record.number > self.expected:
            self.faults.add(f"record {self.expected} is missing: the next one is {record.number}")
        elif record.number < self.expected:
            self.faults.add(f"record {record.number} is one too many: {self.expected} was expected")
        if not isinstance(record.body, str) or record.hash != link(self.previous, record.number, record.body):
            self.faults.add(f"record {record.number} was changed, or one before it was")
        self.previous, self.expected = record.hash, record.number + 1


@dataclass(slots=True)
class Anchored:
    """Compares records with anchors that come in the order of their numbers."""

    faults: Faults
    anchors: Iterator[Anchor]
    waiting: Anchor | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Take the first anchor."""
        self.waiting = next(self.anchors, None)

    def compare(self, record: AuditRecord) -> None:
        """Check a record against the anchors of its number."""
        while self.waiting is not None and self.waiting.number <= record.number:
            if self.waiting.number < record.number:
                self.faults.add(f"record {self.waiting.number} was anchored and is gone")
            elif self.waiting.hash != record.hash:
                self.faults.add(f"record {record.number} is not the one that was anchored")
            self.waiting = next(self.anchors, None)

    def finish(self) -> None:
        """Miss what was anchored beyond the last record."""
        while self.waiting is not None:
            self.faults.add(f"record {self.waiting.number} was anchored and is gone")
            self.waiting = next(self.anchors, None)


@dataclass(slots=True)
class Names:
    """Checks that everybody in the chain has an alias that holds, or was erased on record."""

    faults: Faults
    standing: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def know(self, aliases: Iterable[Alias]) -> None:
        """Take in the table of aliases."""
        for alias in aliases:
            if not alias.holds():
                self.faults.add(f"the alias {alias.alias} does not belong to the person it is kept for")
            self.standing.add(alias.alias)

    def read(self, record: AuditRecord) -> None:
        """Note whom a record names, and whether it records an erasure."""
        if isinstance(record.body, str) and '"p_' in record.body:
            aliases = record.aliases()
            self.named.update(aliases)
            if f'"step":"{ERASURE}"' in record.body:
                self.erased.update(aliases)

    def finish(self) -> None:
        """Miss aliases that went without a record, and find those that came back."""
        for alias in sorted(self.named - self.standing - self.erased):
            self.faults.add(f"the person behind {alias} was taken out of the table of aliases, and no record says so")
        for alias in sorted(self.erased & self.standing):
            self.faults.add(f"the person behind {alias} was erased and is in the table of aliases again")


def verify(records: Iterable[AuditRecord], anchors: Sequence[Anchor] = (), faults: Faults | None = None) -> list[str]:
    """Return what is wrong with the chain, in words; [] when every record is as it was written.

    Without anchors a cut tail or a chain rebuilt from the start cannot show; with them it does. Anchors come in the order of their
    numbers. Memory does not grow with the number of records.
    """
    faults = faults or Faults()
    chain, anchored = Chain(faults), Anchored(faults, iter(anchors))
    for record in records:
        chain.follow(record)
        anchored.compare(record)
    anchored.finish()
    return faults.told()
