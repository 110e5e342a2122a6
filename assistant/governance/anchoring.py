"""Brings the audit's head outside the database, and compares the two: chain, anchors, their copies, aliases, triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from assistant.domain.audit import GENESIS, Anchor, AuditRecord
from assistant.governance.audit import PAGE, Anchored, Chain, Faults, Names
from assistant.ports.audit import Anchors, Audit, AuditUnreadable
from assistant.ports.store import Store


class AnchorRefused(Exception):
    """The audit is not as it was anchored last, so its head is not anchored again; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found: numbers of records and anchors, how many records came after the last anchor, and every fault in words."""

    records: int
    anchors: int
    unanchored: int
    faults: list[str]


def records_of(audit: Audit, after: int = 0) -> Iterator[AuditRecord]:
    """Return the records after a number, page by page."""
    while page := audit.read(after, PAGE):
        yield from page
        after = page[-1].number


def copies_of(audit: Audit) -> Iterator[Anchor]:
    """Return the database's copies of the anchors, page by page."""
    after = -1
    while page := audit.anchored(after, PAGE):
        yield from page
        after = page[-1].number


def examine(store: Store, anchors: Anchors, key: bytes, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Examination:
    """Compare everything that stands of the audit. Nothing is changed; memory grows with people, not with records.

    ``progress`` is told now and then how many records were seen, and of how many.

    A service may go on writing meanwhile: what it anchors after the examination began is left to the next one.
    """
    faults = Faults()
    file = _FileOfAnchors(anchors, key, faults)
    file.count()
    chain = Chain(faults)
    try:
        with store.read() as unit:
            for fault in unit.audit.unguarded():
                faults.add(fault)
            names = Names(faults)
            names.know(unit.audit.aliases())
            anchored = Anchored(faults, file.compared(copies_of(unit.audit)))
            known = unit.audit.count()
            for record in records_of(unit.audit):
                if chain.seen % PAGE == 0:
                    progress(chain.seen, known)
                chain.follow(record)
                anchored.compare(record)
                names.read(record)
            anchored.finish()
            names.finish()
            if (outside := unit.audit.count() - chain.seen) != 0:
                faults.add(f"{outside} records stand outside of the numbering")
    except AuditUnreadable as error:
        faults.add(str(error))
    return Examination(chain.seen, file.lines, max(0, chain.expected - 1 - file.last), faults.told())


def anchor_head(store: Store, anchors: Anchors, key: bytes, now: datetime) -> Anchor | None:
    """Seal the head of the chain and write it outside the database; None when it has not moved since the last anchor.

    What came since the last anchor is checked first: a chain that was changed meanwhile is not sealed.

    Raises:
        AnchorRefused: the chain does not go on from the last anchor.
        OSError: the anchor cannot be written.
    """
    with store.read() as unit:
        last = unit.audit.last_anchor()
        head = _followed(unit.audit, last)
    if head is None or (last is not None and head.number == last.number):
        return None
    anchor = Anchor.of(head, key, now.isoformat(timespec="seconds"))
    anchors.add(anchor)
    with store.write() as unit:
        unit.audit.note_anchor(anchor)
    return anchor


def adopt(store: Store, anchors: Anchors, key: bytes) -> int:
    """Copy the anchors of the file that come after the last copy into the database; return how many.

    This is for anchors of early versions, and for one whose writing was cut short between file and database.

    Raises:
        ValueError: the file holds a line that is no anchor.
        OSError: the file cannot be read.
    """
    with store.read() as unit:
        last = unit.audit.last_anchor()
    beyond = last.number if last else -1
    missing = [anchor for anchor in anchors.read() if anchor.number > beyond and anchor.holds(key)]
    if missing:
        with store.write() as unit:
            for anchor in missing:
                unit.audit.note_anchor(anchor)
    return len(missing)


def _followed(audit: Audit, last: Anchor | None) -> AuditRecord | None:
    """Return the head after checking the chain from the last anchor on."""
    faults, head = Faults(), None
    if last is not None:
        head = next(iter(audit.read(last.number - 1, 1)), None)
        if head is None or (head.number, head.hash) != (last.number, last.hash):
            raise AnchorRefused(f"record {last.number} is not the one that was anchored")
    chain = Chain(faults, head.hash, head.number + 1) if head is not None else Chain(faults, GENESIS, 1)
    for record in records_of(audit, chain.expected - 1):
        chain.follow(record)
        head = record
    if faults.count:
        raise AnchorRefused(faults.listed[0])
    return head


@dataclass(slots=True)
class _Copies:
    copies: Iterator[Anchor]
    waiting: Anchor | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.waiting = next(self.copies, None)

    def before(self, number: int | None) -> Iterator[Anchor]:
        """Return and pass the copies before a number, all of them for None."""
        while self.waiting is not None and (number is None or self.waiting.number < number):
            yield self.waiting
            self.waiting = next(self.copies, None)

    def take(self, number: int) -> Anchor | None:
        """Return and pass the copy with this number, None when there is none."""
        if self.waiting is None or self.waiting.number != number:
            return None
        found, self.waiting = self.waiting, next(self.copies, None)
        return found


@dataclass(slots=True)
class _FileOfAnchors:
    """The file, read twice: counted before the database is looked at, compared with its copies afterwards."""

    anchors: Anchors
    key: bytes
    faults: Faults
    lines: int = 0
    last: int = 0
    readable: bool = True

    def count(self) -> None:
        try:
            for _ in self.anchors.read():
                self.lines += 1
        except (ValueError, OSError) as error:
            self.faults.add(f"the anchors file cannot be read: {error}")
            self.readable = False

    def compared(self, copies: Iterator[Anchor]) -> Iterator[Anchor]:
        """Return the anchors that can be trusted, in order; of a file that cannot be read, the copies."""
        if not self.readable:
            yield from filter(self._sealed, copies)
            return
        kept = _Copies(copies)
        for place, anchor in enumerate(self.anchors.read(), 1):
            if place > self.lines and kept.waiting is None:
                break
            if self._usable(anchor, place):
                yield from filter(self._cut, kept.before(anchor.number))
                self._match(kept, anchor, place)
                self.last = anchor.number
                yield anchor
        yield from filter(self._cut, kept.before(None))

    def _match(self, kept: _Copies, anchor: Anchor, place: int) -> None:
        """Compare an anchor with its copy; that of the last line may be missing, because the line is written first."""
        copy = kept.take(anchor.number)
        if copy is not None and copy != anchor:
            self.faults.add(f"the anchor of record {anchor.number} is another one in the database")
        if copy is None and place < self.lines and anchor.number != self.last:
            self.faults.add(f"the anchor of record {anchor.number} is missing in the database")

    def _usable(self, anchor: Anchor, place: int) -> bool:
        if not self._sealed(anchor):
            return False
        if anchor.number < self.last:
            self.faults.add(f"line {place} of the anchors file is out of order")
            return False
        return True

    def _sealed(self, anchor: Anchor) -> bool:
        if anchor.holds(self.key):
            return True
        self.faults.add(f"the anchor of record {anchor.number} is not sealed with this installation's key")
        return False

    def _cut(self, copy: Anchor) -> bool:
        self.faults.add(f"the anchor of record {copy.number} is missing in the anchors file: it was cut, or another one is in use")
        return self._sealed(copy)
