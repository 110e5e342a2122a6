"""A knowledge base on disk with a small deterministic embedder; run as a script it synchronises a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from ingest.report import LineReport
from ingest.sync import sync
from kb.adapters.index_state import FileIndexState
from kb.adapters.lexical import TantivyIndex
from kb.adapters.store.articles import SqlArticleStore
from kb.adapters.store.engine import open_engine
from kb.adapters.store.ingest_log import SqlIngestLog
from kb.adapters.store.migrate import migrate
from kb.keeper import IndexKeeper
from kb.model import IngestRun
from kb.ports import Vector
from kb.publish import Publisher
from kb.settings import KnowledgeSettings


class HashEmbedder:
    """Vectors from hashes of texts: fast, and the same everywhere."""

    dimension = 32

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> Vector:
        """Return a unit vector for each text."""
        self.embedded += len(texts)
        raw = np.frombuffer(b"".join(sha256((self.identity + text).encode()).digest() for text in texts), dtype=np.uint8)
        rows = raw.reshape(len(texts), self.dimension).astype(np.float32) - 127.5
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@dataclass
class World:
    """A knowledge base of real parts without a vector index."""

    settings: KnowledgeSettings
    store: SqlArticleStore
    ingest_log: SqlIngestLog
    embedder: HashEmbedder
    publisher: Publisher
    keeper: IndexKeeper
    said: list[str]

    def sync(self, folder: Path) -> IngestRun:
        """Synchronise a folder and keep what was reported."""
        return sync(folder, self, self.settings, LineReport(self.said.append))

    def texts(self) -> dict[str, tuple[str, str | None]]:
        """Return path and text of each live article by id."""
        return {article.id: (article.path, self.store.revision_text(article.id, article.revision)) for article in self.store.articles()}

    def close(self) -> None:
        """Let go of the database."""
        self.store.engine.dispose()


def open_world(home: Path, model: str = "hash-1") -> World:
    """Open (and create) the knowledge base of a state folder."""
    settings = KnowledgeSettings(home=home, ingest_seconds_per_file=10)
    home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database)
    migrate(engine)
    store = SqlArticleStore(engine)
    embedder = HashEmbedder(model)
    keeper = IndexKeeper(store, TantivyIndex(home / "index" / "lexical"), None, embedder, FileIndexState(home / "index"), "no vector index here")
    return World(settings, store, SqlIngestLog(engine), embedder, Publisher(store, embedder), keeper, [])


if __name__ == "__main__":
    world = open_world(Path(sys.argv[1]))
    print("ready", flush=True)
    world.sync(Path(sys.argv[2]))
    world.close()
