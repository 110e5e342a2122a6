"""An export as a whole: looked through once to know what it is, then read as often as wanted. Memory does not grow with its text."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO

from assistant.desk.exports import dates
from assistant.desk.exports.columns import Role, is_time, mapped
from assistant.desk.exports.dates import Order
from assistant.desk.exports.decoding import Encodings, ExportUnreadable, Opener, lines
from assistant.desk.exports.records import Malformed, Record, Shape, records, shape_of

NOTHING = frozenset({"", "?", "-", "--", "null", "none", "nan", "n/a", "na", "(empty)", "unassigned"})
"""What desks write where there is nothing; compared in small letters."""
_FIRST = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket of an export. ``line`` is where it stands."""

    line: int
    cells: tuple[str, ...]
    where: Mapping[str, int]
    orders: Mapping[str, Order | None]
    zone: tzinfo

    def of(self, role: str) -> str:
        """Return the text of a role, without blanks around; "" when there is none."""
        at = self.where.get(role)
        text = "" if at is None else self.cells[at].strip()
        return "" if text.lower() in NOTHING else text

    def at(self, role: str) -> datetime | None:
        """Return the moment of a role; None when there is none, or what stands there is no date."""
        text = self.of(role)
        return dates.moment(text, self.orders.get(role), self.zone) if text else None

    @property
    def text(self) -> str:
        """Subject and description."""
        return "\n".join(part for part in (self.of("subject"), self.of("description")) if part)


@dataclass(slots=True)
class Report:
    """What is wrong with an export, or was decided about it."""

    encodings: Encodings = field(default_factory=Encodings)
    malformed: Malformed = field(default_factory=Malformed)
    rows: int = 0
    repeated: int = 0
    """Rows whose id stood before; left out."""
    repeated_first: list[int] = field(default_factory=list)
    same: int = 0
    """Rows that are the same as an earlier one in every column of an export without ids; kept, since two people may write the same."""
    filled: dict[str, int] = field(default_factory=dict)
    """For each role how many rows have something there."""
    unread: dict[str, int] = field(default_factory=dict)
    """For each role of a time how many values are no dates."""
    unread_first: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    """For each role of a time with numbers for months why the day or the month stands first."""

    def sentences(self) -> list[str]:
        """Return everything that somebody has to know before they believe a number of it."""
        return [*self._encodings(), *self._rows(), *self._times()]

    def _encodings(self) -> Iterator[str]:
        counts = self.encodings.counts
        if len(counts) > 1:
            usual = max(counts, key=lambda name: counts[name])
            for name, number in counts.items():
                if name != usual:
                    yield f"{number:,} lines are {name} while the others are {usual}; first {_lines(self.encodings.first[name], number)}."
        elif counts and "utf-8" not in counts:
            yield f"The file is {next(iter(counts))}."
        if self.encodings.replaced:
            yield f"Bytes that are no text were replaced; first {_lines(self.encodings.replaced, len(self.encodings.replaced))}."
        if self.encodings.cut:
            yield f"The compressed file breaks off at line {self.encodings.cut}; what came before is read."

    def _rows(self) -> Iterator[str]:
        if self.malformed.count:
            told = "; ".join(f"line {line}: {why}" for line, why in self.malformed.first[:_FIRST])
            yield f"{self.malformed.count:,} records cannot be read and are left out ({told}{'; ...' if self.malformed.count > _FIRST else ''})."
        if self.malformed.late:
            told = ", ".join(f"{name!r} (line {line})" for name, line in self.malformed.late.items())
            yield f"Fields that appear only after the first lines are not read: {told}."
        if self.repeated:
            yield f"{self.repeated:,} rows repeat the id of an earlier row and are left out; first {_lines(self.repeated_first, self.repeated)}."
        if self.same:
            yield f"{self.same:,} rows are the same as an earlier one in every column; without a column of ids they are kept."

    def _times(self) -> Iterator[str]:
        for role, why in self.orders.items():
            yield f"{role}: {why}."
        for role, number in self.unread.items():
            told = "; ".join(f"line {line}: {text!r}" for line, text in self.unread_first[role])
            yield f"{role}: {number:,} values are no dates and count as missing ({told})."


def _lines(first: list[int], number: int) -> str:
    shown = ", ".join(str(line) for line in first)
    return f"line{'s' if len(first) > 1 else ''} {shown}{' and others' if number > len(first) else ''}"


@dataclass(frozen=True, slots=True)
class Export:
    """An export that was looked through."""

    opener: Opener
    shape: Shape
    roles: tuple[Role, ...]
    report: Report
    zone: tzinfo
    orders: Mapping[str, Order | None]
    again: frozenset[int]
    """The digests of ids that stand in more than one row."""
    digest: str
    """SHA-256 of the file's bytes: two exports with the same one are the same."""

    @property
    def where(self) -> dict[str, int]:
        """The column of each role, by its number from 0."""
        return {one.role: self.shape.columns.index(one.column) for one in self.roles}

    @property
    def others(self) -> tuple[str, ...]:
        """The columns without a role."""
        taken = {one.column for one in self.roles}
        return tuple(name for name in self.shape.columns if name not in taken)

    def has(self, *roles: str) -> bool:
        """Say whether there are columns for all of these."""
        return all(role in self.where for role in roles)

    def require(self, *alternatives: tuple[str, ...], purpose: str) -> None:
        """Refuse an export that lacks a column; of each tuple one role is enough.

        Raises:
            ExportUnreadable: names what is missing, what it is for, the columns that there are, and how to say which one it is.
        """
        where = self.where
        missing = [" or ".join(roles) for roles in alternatives if not any(role in where for role in roles)]
        if missing:
            told = f"The columns are: {', '.join(self.shape.columns)}. Say which one it is with --map {missing[0].split(' or ')[0]}=COLUMN."
            raise ExportUnreadable(f"No column for {', '.join(missing)} was found, which {purpose} needs. {told}")

    def rows(self) -> Iterator[Row]:
        """Yield every ticket once, in the order of the file."""
        where, seen = self.where, set[int]()
        number = where.get("id")
        for record in _records(self.opener, self.shape, Report()):
            if number is not None and self.again:
                digest = _digest(record.cells[number].strip())
                if digest in self.again:
                    if digest in seen:
                        continue
                    seen.add(digest)
            yield Row(record.line, record.cells, where, self.orders, self.zone)

    def notes(self) -> list[str]:
        """Return how it was read, and all that is wrong with it."""
        shown = "; ".join(f"{one.role} is {one.column!r} ({one.why})" for one in self.roles)
        return [f"{self.report.rows:,} tickets: {self.shape.why}.", f"Columns: {shown or 'none is known by its name'}.", *self.report.sentences()]


def look_through(opener: Opener, given: Mapping[str, str] | None = None, *, zone: tzinfo = UTC, dates_begin_with: Order | None = None) -> Export:
    """Read an export once and return what it is.

    Besides its lines, 8 bytes for each row are held, to know which ids repeat. ``zone`` is that of times without an offset; ``dates_begin_with``
    decides what no column tells.

    Raises:
        ExportUnreadable: it is no table of tickets, a column that was given is not there, or dates can be read in two ways or contradict each other.
    """
    shape = shape_of(lines(opener, Encodings()))
    roles = mapped(shape.columns, given or {})
    report = Report()
    looking = _Looking({one.role: shape.columns.index(one.column) for one in roles}, report)
    for record in _records(opener, shape, report):
        looking.saw(record)
    if not report.rows:
        raise ExportUnreadable("The export has no tickets" + (" that can be read." if report.malformed.count else "."))
    orders = _orders(looking.columns, report, dates_begin_with)
    export = Export(opener, shape, roles, report, zone, orders, looking.repeated(), _file_digest(opener))
    _name_repeated(export)
    report.rows -= report.repeated
    return export


def look_through_file(path: Path, given: Mapping[str, str] | None = None, *, zone: tzinfo = UTC, dates_begin_with: Order | None = None) -> Export:
    """Do the same with a file.

    Raises:
        ExportUnreadable: as above, or there is no such file, or it cannot be opened.
    """

    def opener() -> IO[bytes]:
        return path.open("rb")

    try:
        return look_through(opener, given, zone=zone, dates_begin_with=dates_begin_with)
    except OSError as exc:
        raise ExportUnreadable(f"{path} cannot be read: {exc.strerror or exc}.") from None


def _records(opener: Opener, shape: Shape, report: Report) -> Iterator[Record]:
    return records(lines(opener, report.encodings), shape, report.malformed)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _file_digest(opener: Opener) -> str:
    with opener() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


@dataclass(slots=True)
class _Looking:
    """What is gathered in the first pass."""

    where: Mapping[str, int]
    report: Report
    columns: dict[str, dates.Column] = field(default_factory=dict)
    digests: array[int] = field(default_factory=lambda: array("Q"))

    def saw(self, record: Record) -> None:
        """Take one record into account."""
        report, cells = self.report, record.cells
        report.rows += 1
        key = self.where.get("id")
        name = "\x1f".join(cells) if key is None else cells[key].strip() or f"\x1f{record.line}"  # rows without an id repeat none
        self.digests.append(_digest(name))
        for role, at in self.where.items():
            text = cells[at].strip()
            if text.lower() in NOTHING:
                continue
            report.filled[role] = report.filled.get(role, 0) + 1
            if is_time(role):
                self.columns.setdefault(role, dates.Column()).saw(text, record.line)
                if dates.moment(text, Order.DAY, UTC) is None and dates.moment(text, Order.MONTH, UTC) is None:
                    report.unread[role] = report.unread.get(role, 0) + 1
                    first = report.unread_first.setdefault(role, [])
                    if len(first) < _FIRST:
                        first.append((record.line, text[:40]))

    def repeated(self) -> frozenset[int]:
        """Return the digests that came more than once, and count them."""
        import numpy as np

        found, counts = np.unique(np.frombuffer(self.digests, dtype=np.uint64), return_counts=True)
        again = int((counts - 1).sum())
        if "id" not in self.where:
            self.report.same = again
            return frozenset()
        self.report.repeated = again
        return frozenset(int(one) for one in found[counts > 1])


def _orders(columns: Mapping[str, dates.Column], report: Report, given: Order | None) -> dict[str, Order | None]:
    """What a column tells decides; then what was given; then what the other columns of the same file tell, if they agree."""
    told = {column.order for column in columns.values() if column.order is not None}
    orders: dict[str, Order | None] = {}
    for role, column in columns.items():
        if column.contradicts:
            raise ExportUnreadable(
                f"The dates of {role} contradict each other: line {column.day_first} has the day first, line {column.month_first} the month. "
                "Export them as YYYY-MM-DD, or leave one kind out."
            )
        if given is not None and column.order not in (None, given):
            line = column.day_first or column.month_first
            raise ExportUnreadable(f"You said that dates begin with the {given.value}, but line {line} ({role}) cannot be read so.")
        orders[role] = column.order or given or (next(iter(told)) if len(told) == 1 else None)
        if column.either:
            if orders[role] is None:
                raise ExportUnreadable(
                    f"The dates of {role} can be read in two ways (line {column.either}), and no line of the column decides it. "
                    "Say it with --dates day or --dates month."
                )
            report.orders[role] = _why(column, orders[role], given)
    return orders


def _why(column: dates.Column, order: Order | None, given: Order | None) -> str:
    stands = f"the {order.value if order else ''} stands first in dates"
    if column.order is not None:
        return f"{stands}, as line {column.day_first or column.month_first} shows"
    return f"{stands}, as you said" if given is not None else f"{stands}, as another column of the file shows"


def _name_repeated(export: Export) -> None:
    """Where ids repeat, one more pass names the first lines."""
    report, key = export.report, export.where.get("id")
    if not export.again or key is None:
        return
    seen: set[int] = set()
    for record in _records(export.opener, export.shape, Report()):
        digest = _digest(record.cells[key].strip())
        if digest in export.again:
            if digest in seen:
                report.repeated_first.append(record.line)
                if len(report.repeated_first) == _FIRST:
                    return
            seen.add(digest)
