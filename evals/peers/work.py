"""The work that every system gets: the same documents and questions, as a whole or cut down, and Firstline's passages of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from evals.beir import BadInput, Judged, read_corpus, read_set
from evals.report import SEED
from kb.model import Document, Section

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Work:
    """Documents, and questions of which at least one relevant document is among them."""

    documents: tuple[Document, ...]
    judged: tuple[Judged, ...]

    @property
    def words(self) -> int:
        """The number of words in all titles and texts."""
        return sum(len(document.title.split()) + len(document.text.split()) for document in self.documents)


@dataclass(frozen=True, slots=True)
class Files:
    """The work as files of JSON lines (``id``, ``title``, ``text``), and how many passages the second one has."""

    documents: Path
    passages: Path
    count: int


def read_work(corpus: Path, queries: Path, qrels: Path, most_documents: int | None = None, most_queries: int | None = None) -> Work:
    """Read a collection; cut it down to random questions (seeded), their relevant documents, and random others.

    More relevant documents than ``most_documents`` are kept all the same. Labels other than relevance, earlier turns and
    devices are left out: not every system has a place for them.

    Raises:
        BadInput: a file is malformed, or no question has a relevant document in the corpus.
    """
    documents = read_corpus(corpus)
    there = {document.article_id for document in documents}
    judged = [item for item in read_set(queries, qrels) if item.relevant.keys() & there]
    if not judged:
        raise BadInput(f"{qrels}: no query has a relevant document in {corpus}")
    chosen = _sample(judged, most_queries)
    needed = {key for item in chosen for key in item.relevant}
    others = [document for document in documents if document.article_id not in needed]
    kept = None if most_documents is None else {d.article_id for d in _sample(others, max(0, most_documents - len(needed & there)))}
    return Work(tuple(d for d in documents if kept is None or d.article_id in kept | needed), tuple(chosen))


def _sample(items: Sequence[Item], most: int | None) -> list[Item]:
    """Choose at most so many, in their order."""
    if most is None or most >= len(items):
        return list(items)
    return [items[i] for i in sorted(random.Random(SEED).sample(range(len(items)), most))]


def write_files(work: Work, folder: Path) -> Files:
    """Write the documents, and the passages as Firstline embeds them, for the drivers."""
    made = Files(folder / "documents.jsonl", folder / "passages.jsonl", 0)
    _write(made.documents, ((document.article_id, document.title, document.text) for document in work.documents))
    count = _write(made.passages, ((document.article_id, "", text) for document in work.documents for text in passages(document)))
    return Files(made.documents, made.passages, count)


def passages(document: Document) -> list[str]:
    """Return the texts that Firstline embeds for a document, without the title's own vector."""
    from kb.split import split

    return windows_of(document, split(document.text))


def windows_of(document: Document, sections: Sequence[Section]) -> list[str]:
    """Return the texts that Firstline embeds for a document with these sections."""
    from kb.publish import windows

    return [text for section in sections for text in windows(document.title, section.heading, document.text[section.start : section.end])]


def _write(file: Path, rows: Iterable[tuple[str, str, str]]) -> int:
    with file.open("w", encoding="utf-8") as lines:
        return sum(1 for key, title, text in rows if lines.write(json.dumps({"id": key, "title": title, "text": text}) + "\n"))
