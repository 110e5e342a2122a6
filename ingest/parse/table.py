"""Lists of questions and answers in CSV."""

from __future__ import annotations

import csv
import io
import re

from ingest.parse.draft import Draft, Parsed, RowFailure, Unreadable
from ingest.parse.fields import KEYS, read_fields
from ingest.parse.html import to_markdown
from ingest.parse.text import decode
from kb.text import clean, one_line, slug

QUESTION = ("question", "q", "title", "questions")
ANSWER = ("answer", "a", "body", "text", "answers")
MAX_ROWS = 20_000
_DELIMITERS = ",;\t|"
_ROW_SLUG = 48
_CELL = 2_000_000
_HTML = re.compile(r"</?(?:p|br|ol|ul|li|a|b|i|strong|em|div|span|h[1-6]|table|pre|code)\b[^>]*>", re.IGNORECASE)


def parse_csv(raw: bytes, _path: str) -> Parsed:
    """Read one article from each row that has a question and an answer.

    Columns are found by their names in the first row: question (or q, title), answer (or a, body, text), and
    optionally owner, audience, platforms, tags, category and review_by.

    Raises:
        Unreadable: it is no text, or has no such columns.
    """
    text, warnings = decode(raw)
    csv.field_size_limit(_CELL)
    try:
        names, rows = _rows(text)
        return _read(names, rows, list(warnings))
    except csv.Error as error:
        raise Unreadable(f"is not valid CSV ({error})") from error


def _rows(text: str) -> tuple[dict[str, int], list[tuple[int, list[str]]]]:
    first: list[str] = []
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = next((row for row in reader if any(cell.strip() for cell in row)), [])
        columns = _columns(header)
        if {"question", "answer"} <= columns.keys():
            return columns, [(reader.line_num, row) for row in reader]
        first = first or header
    said = ", ".join(one_line(cell) for cell in first[:8])[:120]
    raise Unreadable(f"needs a column 'question' and a column 'answer'; its first row says: {said or 'nothing'}")


def _columns(header: list[str]) -> dict[str, int]:
    """Return where each known column is; the first of several names in our order of preference wins."""
    cells = [one_line(cell).lower().replace(" ", "_") for cell in header]
    where = {name: cells.index(name) for name in cells if name in KEYS or name.startswith("audience")}
    for column, synonyms in (("question", QUESTION), ("answer", ANSWER)):
        found = next((name for name in synonyms if name in cells), None)
        if found:
            where[column] = cells.index(found)
    return where


def _read(columns: dict[str, int], rows: list[tuple[int, list[str]]], warnings: list[str]) -> Parsed:
    drafts: list[Draft] = []
    failures: list[RowFailure] = []
    slugs: dict[str, int] = {}
    if len(rows) > MAX_ROWS:
        raise Unreadable(f"has {len(rows)} rows, the limit is {MAX_ROWS}; split it")
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: row[position] if position < len(row) else "" for name, position in columns.items()}
        question = one_line(cells["question"])
        try:
            draft, notes = _draft(question, cells)
            if draft.row in slugs:
                raise Unreadable(f"asks the same as line {slugs[draft.row]}")
        except Unreadable as error:
            failures.append(RowFailure(line, question, str(error)))
            continue
        slugs[draft.row] = line
        drafts.append(draft)
        warnings += [f"line {line} {note}" for note in notes]
    return Parsed(tuple(drafts), tuple(failures), tuple(warnings))


def _draft(question: str, cells: dict[str, str]) -> tuple[Draft, tuple[str, ...]]:
    answer = to_markdown(cells["answer"]) if _HTML.search(cells["answer"]) else clean(cells["answer"])
    if not question or not answer:
        raise Unreadable("has no question" if answer else "has no answer")
    declared: dict[object, object] = {
        name: value for name, value in cells.items() if name not in ("question", "answer", "id", "title") and value.strip()
    }
    fields, notes = read_fields(declared)
    return Draft(question, answer, fields, slug(question, _ROW_SLUG)), notes
