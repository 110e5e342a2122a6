"""Rows for a spreadsheet: CSV in which every cell is quoted, and none begins what a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_rows(heading: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Return the heading and the rows as lines of CSV, one by one, so that size does not matter."""
    yield row(heading)
    for cells in rows:
        yield row(cell(value) for value in cells)


def row(cells: Iterable[str]) -> str:
    """Return one line, its cells quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def cell(value: Any) -> str:
    """Return a value as a cell: "" for None, numbers and words as they are, the rest as JSON; an apostrophe before what would be a formula."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return f"'{text}" if text.lstrip(" ").startswith(BEGINS_A_FORMULA) or text.startswith(BEGINS_A_FORMULA) else text
