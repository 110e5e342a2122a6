"""Lines to records: what parts the fields, whether there is a header, quoted line ends, and one JSON object per line."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from assistant.desk.exports.decoding import ExportUnreadable, Line

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 200
_LONGEST_RECORD = 4000
"""Lines that a quoted field may run over; more means that its quote was never closed."""
_KEPT = 10


@dataclass(slots=True)
class Malformed:
    """Records that could not be read: how many, and the first of them by line, each with why."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)
    late: dict[str, int] = field(default_factory=dict)
    """Fields of JSON lines that no earlier line had when the columns were found, each with its first line; at most ten."""

    def saw(self, line: int, why: str) -> None:
        """Count one record that is left out."""
        self.count += 1
        if len(self.first) < _KEPT:
            self.first.append((line, why))


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record; ``line`` is the one it begins on."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """How an export is written."""

    kind: str
    """``csv`` or ``json``."""
    delimiter: str
    columns: tuple[str, ...]
    header: int
    """The line of the header; 0 when there is none, and then columns are called "column 1" and so on."""
    why: str


def shape_of(lines: Iterable[Line]) -> Shape:
    """Return how an export is written, from its first lines.

    Raises:
        ExportUnreadable: it is empty, is a JSON document instead of JSON lines, or has one column only.
    """
    sample = [line for _, line in zip(range(_SAMPLE), (line for line in lines if line.text.strip()), strict=False)]
    if not sample:
        raise ExportUnreadable("The export is empty.")
    first = sample[0].text.strip()
    if first.startswith("{"):
        return _json_shape(sample)
    if first.startswith("[") and first[1:2] in ("", "{"):
        raise ExportUnreadable("This is one JSON document. Write one object per line instead, for example with: jq -c '.[]'.")
    return _table_shape(sample)


def _json_shape(sample: list[Line]) -> Shape:
    names: dict[str, None] = {}
    for line in sample:
        try:
            names |= dict.fromkeys(_flat(json.loads(line.text)))
        except (ValueError, RecursionError):
            continue
    if not names:
        raise ExportUnreadable("The export begins like JSON lines, but none of its first lines is a JSON object.")
    return Shape("json", "", tuple(names), 0, f"one JSON object per line, with {len(names)} fields in the first {len(sample)} lines")


def _table_shape(sample: list[Line]) -> Shape:
    hint = sample[0].text.strip().lower()
    if len(hint) == 5 and hint.startswith("sep="):
        delimiter, why, sample = hint[4], "its first line names it", sample[1:]
        if not sample:
            raise ExportUnreadable("The export is empty.")
    else:
        delimiter, why = _delimiter(sample)
    parted = list(_quoted(iter(sample), delimiter, Malformed()))
    if not parted or len(parted[0].cells) < 2:
        raise ExportUnreadable("No comma, semicolon, tab or bar parts the first lines into columns: this is no table of tickets.")
    cells = tuple(cell.strip() for cell in parted[0].cells)
    named = {"\t": "a tab"}.get(delimiter, repr(delimiter))
    if _is_header(cells, parted[1:]):
        return Shape("csv", delimiter, _distinct(cells), parted[0].line, f"fields are parted by {named}: {why}")
    columns = tuple(f"column {number}" for number in range(1, len(cells) + 1))
    return Shape("csv", delimiter, columns, 0, f"fields are parted by {named}: {why}; the first line is no header")


def _delimiter(sample: list[Line]) -> tuple[str, str]:
    """The one that parts most records into the same number of fields; of equals, into more."""
    best: tuple[float, int, str] = (0.0, 0, ",")
    for delimiter in DELIMITERS:
        widths = Counter(len(record.cells) for record in _quoted(iter(sample), delimiter, Malformed()))
        width, often = max(((width, often) for width, often in widths.items() if width > 1), key=lambda one: one[1], default=(0, 0))
        found = (often / max(1, sum(widths.values())), width, delimiter)
        best = max(best, found, key=lambda one: one[:2])
    share, width, delimiter = best
    return delimiter, f"{round(100 * share)} % of the first {len(sample)} lines have {width} fields then"


def _is_header(cells: tuple[str, ...], rows: list[Record]) -> bool:
    """Say whether the first line names columns: words, none of which comes back as a value of its column."""
    filled = [cell for cell in cells if cell]
    words = all(len(cell) <= 80 and not cell[0].isdigit() and any(letter.isalpha() for letter in cell) for cell in filled)
    back = any(cell and cell == row.cells[number].strip() for row in rows for number, cell in enumerate(cells) if number < len(row.cells))
    return words and len(filled) >= len(cells) - 1 and not back


def _distinct(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Some desks write one name over several columns; the later ones get a number."""
    seen: Counter[str] = Counter()
    named = []
    for number, cell in enumerate(cells, start=1):
        name = cell or f"column {number}"
        seen[name] += 1
        named.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(named)


def records(lines: Iterable[Line], shape: Shape, malformed: Malformed) -> Iterator[Record]:
    """Yield the records behind the header, each with as many cells as there are columns; those that have more are left out and named."""
    if shape.kind == "json":
        yield from _objects(lines, shape, malformed)
        return
    width = len(shape.columns)
    hinted = False
    for record in _quoted(iter(lines), shape.delimiter, malformed):
        if record.line == shape.header or (record.line == 1 and not hinted and record.cells[0].strip().lower().startswith("sep=")):
            hinted = True
            continue
        cells = record.cells
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            malformed.saw(record.line, f"{len(cells)} fields where the header has {width}")
            continue
        yield Record(record.line, (*cells[:width], *("",) * (width - len(cells))))


def _objects(lines: Iterable[Line], shape: Shape, malformed: Malformed) -> Iterator[Record]:
    known = frozenset(shape.columns)
    for line in lines:
        if not line.text.strip():
            continue
        try:
            found = _flat(json.loads(line.text))
        except (ValueError, RecursionError):
            malformed.saw(line.number, "not a JSON object")
            continue
        for name in found.keys() - known:
            if len(malformed.late) < _KEPT:
                malformed.late.setdefault(name, line.number)
        yield Record(line.number, tuple(found.get(name, "") for name in shape.columns))


def _flat(found: Any) -> dict[str, str]:
    """An object's fields as text; the fields of an object within it are called outer.inner."""
    if not isinstance(found, dict):
        raise ValueError("not an object")
    flat: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": _text(one) for inner, one in value.items()}
        else:
            flat[name] = _text(value)
    return flat


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _quoted(lines: Iterator[Line], delimiter: str, malformed: Malformed) -> Iterator[Record]:
    """Join the lines of quoted fields. A quote that is never closed costs its own line, not the rest of the file."""
    waiting: list[Line] = []
    while True:
        line = waiting.pop() if waiting else next(lines, None)
        if line is None:
            return
        if not line.text.strip():
            continue
        parts, inside = [line], _open_after(line.text, delimiter, False)
        while inside and len(parts) < _LONGEST_RECORD:
            following = waiting.pop() if waiting else next(lines, None)
            if following is None:
                break
            parts.append(following)
            inside = _open_after(following.text, delimiter, True)
        if inside:
            malformed.saw(line.number, "a quoted field that is never closed")
            waiting.extend(reversed(parts[1:]))
            continue
        cells = _cells("".join(part.text for part in parts), delimiter)
        if cells is None:
            malformed.saw(line.number, "quotes that cannot be read")
        else:
            yield Record(line.number, cells)


def _open_after(text: str, delimiter: str, inside: bool) -> bool:
    """Say whether a quoted field is still open behind this line."""
    if not inside and '"' not in text:
        return False
    at = 0
    if not inside and text.startswith('"'):
        inside, at = True, 1
    while True:
        if inside:
            found = text.find('"', at)
            if found < 0:
                return True
            doubled = text.startswith('"', found + 1)
            inside, at = doubled, found + (2 if doubled else 1)
        else:
            found = text.find(delimiter + '"', at)
            if found < 0:
                return False
            inside, at = True, found + len(delimiter) + 1


def _cells(text: str, delimiter: str) -> tuple[str, ...] | None:
    text = text.rstrip("\r\n")
    if '"' not in text:
        return tuple(text.split(delimiter))
    try:
        csv.field_size_limit(1 << 30)
        rows = list(csv.reader([text], delimiter=delimiter))
    except csv.Error:
        return None
    return tuple(rows[0]) if len(rows) == 1 else None
