"""Collections with judged queries in the BEIR layout: what is read, what is refused, what each line may carry.

Corpus: JSON lines with ``_id``, ``text`` and an optional ``title``. Queries: ``_id``, ``text``, and optionally ``turns``
(the user's earlier messages, oldest first), ``device`` (a platform) and ``answerable``. Judgements: tab-separated query
id, document id and an integer grade, with or without a header line. Any of them may be gzipped.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kb.model import Document, Platform

Row = TypeVar("Row")
PLATFORMS = {platform.value for platform in Platform}


class BadInput(ValueError):
    """A file is not in the stated format; the message says where."""


@dataclass(frozen=True, slots=True)
class Case:
    """A query as a system sees it: its words, the conversation before them, the device they come from."""

    key: str
    text: str
    turns: tuple[str, ...] = ()
    device: str = ""

    @property
    def platform(self) -> Platform | None:
        """The platform to search for."""
        return Platform(self.device) if self.device else None


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what only the grader may see: grades of relevant documents, whether an answer exists at all, and
    documents that are right for another device."""

    case: Case
    relevant: dict[str, int] = field(default_factory=dict)
    answerable: bool = True
    wrong_device: frozenset[str] = frozenset()


def read_text(path: Path) -> str:
    """Read a file, gzipped or not, whatever its name.

    Raises:
        BadInput: it is missing, damaged or not UTF-8.
    """
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadInput(f"{path}: {error}") from error


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines, plain or gzipped.

    Raises:
        BadInput: the file is missing or a line is not a JSON object.
    """
    return [row for _, row in _numbered(path)]


def read_corpus(path: Path) -> list[Document]:
    """Read the documents of a collection; an ``id`` stands for ``_id``, a ``platform`` other than ``any`` restricts it.

    Raises:
        BadInput: a line lacks its id, an id comes twice, or no document has words. A single one without words is left out.
    """
    made = [document for document, _ in _unique(path, _document) if document.text.strip()]
    if not made:
        raise BadInput(f"{path}: no document has a title or a text")
    return made


def read_queries(path: Path) -> list[tuple[Case, bool]]:
    """Read the queries, each with the grader's word on whether it can be answered (true when the line does not say).

    Raises:
        BadInput: a line lacks its id or its text, a field is of the wrong kind, an id comes twice, or there is no query.
    """
    return _unique(path, _query)


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read relevance judgements by query id; documents with grade 0 or less are left out.

    Raises:
        BadInput: the file is missing or a line is malformed.
    """
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        parts = line.rstrip("\r").split("\t")
        grade = _integer(parts[-1])
        if len(parts) < 3 or grade is None:
            if number == 1 and len(parts) >= 3:
                continue
            raise BadInput(f"{path}, line {number}: query id, document id and a whole number are needed, separated by tabs")
        if grade > 0:
            found.setdefault(parts[0], {})[parts[-2]] = grade
    return found


def as_document(row: dict[str, Any]) -> Document:
    """Return the document of a line.

    Raises:
        BadInput: it lacks its id.
    """
    key = _word(row, "_id") or _word(row, "id")
    if not key:
        raise BadInput("the field _id is missing")
    return _document({**row, "_id": key})[0]


def read_set(queries: Path, qrels: Path) -> list[Judged]:
    """Read queries with their judgements; a query that is marked unanswerable has no relevant document.

    Raises:
        BadInput: either file is malformed, or no query has a judgement.
    """
    grades = read_qrels(qrels)
    made = [Judged(case, grades.get(case.key, {}) if answerable else {}, answerable) for case, answerable in read_queries(queries)]
    if not any(judged.relevant for judged in made):
        raise BadInput(f"{qrels}: no judgement belongs to a query of {queries}")
    return made


def _numbered(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise BadInput(f"{path}, line {number}: {error}") from error
            if not isinstance(row, dict):
                raise BadInput(f"{path}, line {number}: a JSON object is needed")
            yield number, row


def _unique(path: Path, read: Callable[[dict[str, Any]], tuple[Row, bool]]) -> list[tuple[Row, bool]]:
    made: dict[str, tuple[Row, bool]] = {}
    for number, row in _numbered(path):
        try:
            key = _word(row, "_id") or _word(row, "id")
            if not key:
                raise BadInput("the field _id is missing")
            if key in made:
                raise BadInput(f"the id {key} was there before")
            made[key] = read({**row, "_id": key})
        except BadInput as error:
            raise BadInput(f"{path}, line {number}: {error}") from error
    if not made:
        raise BadInput(f"{path}: nothing is in it")
    return list(made.values())


def _document(row: dict[str, Any]) -> tuple[Document, bool]:
    key, title, text = row["_id"], _word(row, "title"), _word(row, "text")
    platform = _word(row, "platform")
    platforms = frozenset({Platform(platform)}) if platform in PLATFORMS else frozenset[Platform]()
    return Document(key, "collection", key, title, text or title, platforms=platforms), True


def _query(row: dict[str, Any]) -> tuple[Case, bool]:
    text = _word(row, "text") or _word(row, "query")
    if not text.strip():
        raise BadInput("the field text is missing")
    turns, device, answerable = row.get("turns") or [], _word(row, "device"), row.get("answerable", True)
    if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
        raise BadInput("turns must be a list of texts")
    if device and device not in PLATFORMS:
        raise BadInput(f"device must be one of {', '.join(sorted(PLATFORMS))}")
    if not isinstance(answerable, bool):
        raise BadInput("answerable must be true or false")
    return Case(row["_id"], text, tuple(turns), device), answerable


def _word(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise BadInput(f"{name} must be a text")
    return str(value)


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
