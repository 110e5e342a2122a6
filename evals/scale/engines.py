"""Lexical engines side by side: the same passages, the same questions, each in its usual form for English."""

from __future__ import annotations

import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from kb.adapters.lexical import TantivyIndex
from kb.model import Audience, Reader
from kb.ports import Entry, Scope

LIMIT = 40
BATCH = 2_000
WORD = re.compile(r"\w+")
WARM_UP = 5
NO_VECTORS = np.zeros((0, 1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Text:
    """A passage: its own key, the document it belongs to, and its words with those of the title."""

    key: str
    document: str
    words: str


class Engine(Protocol):
    """Finds passages by words."""

    def search(self, question: str) -> list[str]:
        """Return the keys of at most ``LIMIT`` passages, best first."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds that indexing took, milliseconds of each question, and the passages that each question brought."""

    index_s: float
    query_ms: list[float]
    found: list[list[str]]


class _Tantivy:
    def __init__(self, folder: Path, texts: Sequence[Text]) -> None:
        self._index = TantivyIndex(folder)
        for start in range(0, len(texts), BATCH):
            part = texts[start : start + BATCH]
            entries = [Entry(t.key, t.document, Audience(), frozenset(), "", "", t.words, NO_VECTORS) for t in part]
            self._index.replace([], entries)

    def search(self, question: str) -> list[str]:
        return [hit.passage_id for hit in self._index.search(question, Scope(Reader()), LIMIT)]


class _Fts5:
    def __init__(self, folder: Path, texts: Sequence[Text]) -> None:
        self._connection = sqlite3.connect(folder / "fts.db")
        self._connection.execute("CREATE VIRTUAL TABLE passages USING fts5(key UNINDEXED, words, tokenize = 'porter unicode61 remove_diacritics 2')")
        with self._connection:
            self._connection.executemany("INSERT INTO passages VALUES (?, ?)", ((text.key, text.words) for text in texts))

    def search(self, question: str) -> list[str]:
        any_word = " OR ".join(f'"{word}"' for word in dict.fromkeys(WORD.findall(question.lower())))
        if not any_word:
            return []
        query = "SELECT key FROM passages WHERE passages MATCH ? ORDER BY bm25(passages) LIMIT ?"
        return [key for (key,) in self._connection.execute(query, (any_word, LIMIT))]


class _Bm25s:
    def __init__(self, folder: Path, texts: Sequence[Text]) -> None:  # noqa: ARG002
        self._library: Any = import_module("bm25s")
        self._keys = [text.key for text in texts]
        self._index = self._library.BM25()
        self._index.index(self._library.tokenize([text.words for text in texts], show_progress=False), show_progress=False)

    def search(self, question: str) -> list[str]:
        tokens = self._library.tokenize([question], show_progress=False)
        found, scores = self._index.retrieve(tokens, k=min(LIMIT, len(self._keys)), show_progress=False)
        return [self._keys[i] for i, score in zip(found[0], scores[0], strict=True) if score > 0]


def engines() -> dict[str, Callable[[Path, Sequence[Text]], Engine]]:
    """Return the engines that can be measured here; bm25s is none of our dependencies and is left out where it is not installed."""
    found: dict[str, Callable[[Path, Sequence[Text]], Engine]] = {"tantivy": _Tantivy, "fts5": _Fts5}
    return {**found, "bm25s": _Bm25s} if find_spec("bm25s") else found


def measure(texts: Sequence[Text], questions: Sequence[str]) -> Iterator[tuple[str, Measured]]:
    """Index the passages with each engine and ask it every question, one after another."""
    for name, make in engines().items():
        with _folder() as folder:
            began = time.perf_counter()
            engine = make(folder, texts)
            index_s = time.perf_counter() - began
            for question in questions[:WARM_UP]:
                engine.search(question)
            spent, found = [], []
            for question in questions:
                began = time.perf_counter()
                found.append(engine.search(question))
                spent.append((time.perf_counter() - began) * 1000)
            yield name, Measured(index_s, spent, found)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        yield Path(scratch)
