"""Vectors in Chroma, answered from memory.

Chroma is where the vectors stay. Questions are answered from an exact copy of them in memory: at the size of a service
desk's knowledge base that is as fast as Chroma's own index, finds everything, and the audience costs nothing, while
Chroma's metadata filter or a collection for each audience cost tens to hundreds of milliseconds. The copy's file makes a
start independent of Chroma, which is imported only when something is to be written or compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from kb.adapters.vector_rows import VectorRows
from kb.model import Audience, Platform
from kb.ports import Entry, Hit, Scope, Vector

NAME = "firstline-passages"
MAKER = "firstline"
PAGE = 2_000
IDS_AT_ONCE = 5_000
ROWS_FILE = "rows.log"
SQLITE = b"SQLite format 3\x00"


class ChromaIndex:
    """The ``VectorIndex`` port over an embedded or a remote Chroma."""

    def __init__(self, connect: Callable[[], Any], model: str, rows: VectorRows) -> None:
        """Use the Chroma that ``connect`` reaches for vectors of ``model``; with ``rows`` already filled, not before it is needed."""
        self._connect = connect
        self._lock = RLock()
        self._client: Any = None
        self.model = model
        self._rows = rows
        if rows.is_empty():
            self._fill_rows()

    @classmethod
    def embedded(cls, folder: Path, model: str) -> ChromaIndex:
        """Open the index that lives in a folder of this host."""

        def connect() -> Any:
            import chromadb
            from chromadb.config import Settings

            return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))

        folder.mkdir(parents=True, exist_ok=True)
        if not _is_database(folder / "chroma.sqlite3"):
            (folder / ROWS_FILE).unlink(missing_ok=True)
        return cls(connect, model, VectorRows(folder / ROWS_FILE))

    @classmethod
    def server(cls, host: str, port: int, model: str) -> ChromaIndex:
        """Use a Chroma server; its vectors are read when this opens."""

        def connect() -> Any:
            import chromadb
            from chromadb.config import Settings

            return chromadb.HttpClient(host=host, port=port, settings=Settings(anonymized_telemetry=False))

        return cls(connect, model, VectorRows())

    @property
    def stored_model(self) -> str | None:
        """See the port."""
        return self._rows.model

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry]) -> None:
        """See the port."""
        if self.stored_model not in (None, self.model):
            raise ValueError(f"the index holds vectors of {self.stored_model}, not of {self.model}")
        kept = list(entries)
        with self._lock:
            collection = self._collection()
            self._rows.replace(article_ids, kept, self.model)
            if article_ids:
                found = collection.get(where={"article": {"$in": list(article_ids)}}, include=[])["ids"]
                for part in _parts(found, IDS_AT_ONCE):
                    collection.delete(ids=part)
            rows = [(f"{entry.passage_id}|{number}", entry, row) for entry in kept for number, row in enumerate(entry.vectors)]
            for rows_part in _parts(rows, PAGE):
                collection.upsert(
                    ids=[key for key, _, _ in rows_part],
                    embeddings=np.stack([row for _, _, row in rows_part]),
                    metadatas=[{"article": entry.article_id, "partition": _partition(entry)} for _, entry, _ in rows_part],
                )

    def passage_ids(self) -> set[str]:
        """See the port. Where the copy in memory differs from Chroma it is filled anew."""
        with self._lock:
            found = {_passage(key) for collection in self._collections() for key in collection.get(include=[])["ids"]}
            if found != self._rows.passage_ids():
                self._rows.clear()
                self._fill_rows()
            return found

    def is_empty(self) -> bool:
        """See the port."""
        return self._rows.is_empty()

    def clear(self) -> None:
        """See the port."""
        with self._lock:
            for name in self._own_names():
                self._open().delete_collection(name)
            self._rows.clear()

    def search(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """See the port."""
        return self._rows.search(vector, scope, limit)

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _own_names(self) -> list[str]:
        return [c.name for c in self._open().list_collections() if (c.metadata or {}).get("maker") == MAKER]

    def _collections(self) -> Iterator[Any]:
        """Yield our collection if it is there; older layouts hold nothing that is used."""
        if NAME in self._own_names():
            yield self._open().get_collection(NAME, embedding_function=None)

    def _collection(self) -> Any:
        """Return the collection for vectors of this model; what is left of another model or layout goes."""
        for found in self._collections():
            if found.metadata.get("model") == self.model:
                return found
        for name in self._own_names():
            self._open().delete_collection(name)
        metadata = {"maker": MAKER, "model": self.model}
        return self._open().create_collection(NAME, metadata=metadata, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None)

    def _fill_rows(self) -> None:
        """Read all vectors back from Chroma."""
        for collection in self._collections():
            for start in range(0, collection.count(), PAGE):
                page = collection.get(limit=PAGE, offset=start, include=["embeddings", "metadatas"])
                found = zip(page["ids"], page["metadatas"], page["embeddings"], strict=True)
                self._rows.replace([], [_entry(key, facts, row) for key, facts, row in found], str(collection.metadata["model"]))


def _is_database(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def _passage(key: str) -> str:
    return key.rsplit("|", 1)[0]


def _partition(entry: Entry) -> str:
    return json.dumps([sorted(entry.audience.groups), sorted(entry.platforms)])


def _entry(key: str, facts: dict[str, Any], row: Any) -> Entry:
    groups, platforms = json.loads(facts["partition"])
    vectors = np.asarray(row, dtype=np.float32)[None]
    return Entry(_passage(key), facts["article"], Audience(frozenset(groups)), frozenset(Platform(p) for p in platforms), "", "", "", vectors)


def _parts(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
