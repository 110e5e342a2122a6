"""Reads an export of tickets, however large and however encoded: a row at a time, keeping a fixed draw of them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from assistant.desk.exports.decoding import Encodings, ExportUnreadable, lines
from assistant.desk.exports.records import Malformed, Shape, records, shape_of
from assistant.desk.triage.columns import Columns, empty, moment
from assistant.desk.triage.features import LONGEST_TEXT, Example
from assistant.domain.triage import Field

MOST_KEPT = 80_000
"""Rows that are held at once; of a larger file a draw that depends on nothing but the rows."""
LINES_NAMED = 5


class CannotRead(ValueError):
    """The export cannot be used; the message says why and where."""


@dataclass(slots=True)
class Read:
    """What was found while reading: rows, lines by encoding, and records that could not be used."""

    rows: int = 0
    encodings: Encodings = field(default_factory=Encodings)
    refused: Malformed = field(default_factory=Malformed)

    @property
    def malformed(self) -> int:
        """How many records could not be read."""
        return self.refused.count

    @property
    def malformed_at(self) -> list[int]:
        """The lines of the first of them."""
        return [line for line, _ in self.refused.first[:LINES_NAMED]]

    def lines(self) -> list[str]:
        """Return it as sentences."""
        counts = self.encodings.counts
        named = ", ".join(f"{counts[name]:,} lines {name}" for name in sorted(counts, key=lambda name: -counts[name]))
        said = [f"{self.rows:,} rows read ({named})."]
        if len(counts) > 1:
            said.append("The file mixes encodings; each line was read by its own.")
        if self.malformed:
            said.append(f"{self.malformed:,} lines could not be read, the first at {', '.join(map(str, self.malformed_at))}.")
        if self.refused.late:
            said.append(f"Fields that appear only after the first lines are not read: {', '.join(self.refused.late)}.")
        return said


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket of the past: how it is read, and what its fields were in the end ("" where that is not known)."""

    example: Example
    labels: Mapping[Field, str]


def header_of(path: Path) -> list[str]:
    """Return the names of the columns.

    Raises:
        CannotRead: the file cannot be read, or has no rows.
    """
    first = next(raw_rows(path, Read()), None)
    if first is None:
        raise CannotRead(f"{path}: there are no rows")
    return list(first)


def read_export(path: Path, columns: Columns, found: Read, most: int = MOST_KEPT) -> list[Row]:
    """Return the tickets of an export in its order: all, or a draw of ``most`` of them; ``found`` is told what was met.

    Raises:
        CannotRead: the file cannot be read, a named column is missing, or hardly a row can be read.
    """
    kept: list[tuple[bytes, int, Row]] = []
    for number, raw in enumerate(raw_rows(path, found)):
        if number == 0 and (missing := columns.missing(list(raw))):
            raise CannotRead(f"{path}: there is no column {', '.join(missing)}; there are {', '.join(raw)}")
        row = row_of(raw, columns)
        rank = _rank(row.example)
        if len(kept) < most:
            heapq.heappush(kept, (rank, -number, row))
        elif rank > kept[0][0]:
            heapq.heapreplace(kept, (rank, -number, row))
    if not kept:
        raise CannotRead(f"{path}: there are no rows")
    if found.malformed > found.rows:
        raise CannotRead(f"{path}: most lines cannot be read, the first at {', '.join(map(str, found.malformed_at))}")
    return [row for _, _, row in sorted(kept, key=lambda one: -one[1])]


def _rank(example: Example) -> bytes:
    return sha256(f"{example.key}\n{example.text}".encode("utf-8", "replace")).digest()[:8]


def row_of(raw: Mapping[str, str], columns: Columns) -> Row:
    """Return one row as a ticket."""
    text = "\n".join(raw.get(name, "").strip()[:LONGEST_TEXT] for name in columns.text).strip()
    fields = {name: raw.get(column, "").strip() for name, column in columns.fields.items()}
    opened = moment(raw.get(columns.opened, "")) if columns.opened else None
    labels = {one: raw.get(column, "").strip() for one, column in columns.labels.items()}
    return Row(
        Example(text, {name: value for name, value in fields.items() if not empty(value)}, opened, raw.get(columns.key, "").strip()),
        {one: "" if empty(value) else value for one, value in labels.items()},
    )


def raw_rows(path: Path, found: Read) -> Iterator[dict[str, str]]:
    """Yield the rows of a table or of JSON lines, packed with gzip or not, as texts by column.

    Raises:
        CannotRead: the file cannot be read, or its first line does not name each column once.
    """

    def opener() -> IO[bytes]:
        return path.open("rb")

    try:
        shape = shape_of(lines(opener, Encodings()))
        _check_names(path, shape)
        for record in records(lines(opener, found.encodings), shape, found.refused):
            found.rows += 1
            yield dict(zip(shape.columns, record.cells, strict=True))
    except ExportUnreadable as error:
        raise CannotRead(f"{path}: {error} The first line of a table has to name the columns.") from error
    except OSError as error:
        raise CannotRead(f"{path}: {error}") from error


def _check_names(path: Path, shape: Shape) -> None:
    if shape.kind == "csv" and not shape.header:
        raise CannotRead(f"{path}: the first line has to name the columns")
    twice = sorted(name for name in shape.columns if f"{name} (2)" in shape.columns)
    if twice:
        raise CannotRead(f"{path}: the header names {', '.join(twice)} twice")


def count_labels(rows: Sequence[Row], one: Field) -> Counter[str]:
    """Return how often each label of a field occurs, "" for rows without one."""
    return Counter(row.labels.get(one, "") for row in rows)
