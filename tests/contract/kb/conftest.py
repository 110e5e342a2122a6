"""Every adapter of the knowledge base's ports, and its fake."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text

from kb.adapters.chroma import ChromaIndex
from kb.adapters.lexical import TantivyIndex
from kb.adapters.memory import MemoryArticleStore, MemoryIntentLog, MemoryLexicalIndex, MemoryVectorIndex
from kb.adapters.memory_gaps import MemoryGaps
from kb.adapters.store.articles import SqlArticleStore
from kb.adapters.store.engine import open_engine, reading, writing
from kb.adapters.store.gaps import SqlGaps
from kb.adapters.store.ingest_log import SqlIngestLog
from kb.adapters.store.intents import SqlIntentLog
from kb.adapters.store.migrate import migrate
from kb.ports import ArticleStore, IngestLog, LexicalIndex, VectorIndex

POSTGRESQL = os.environ.get("FIRSTLINE_TEST_POSTGRESQL", "")
CHROMA = os.environ.get("FIRSTLINE_TEST_CHROMA", "")
REAL_POSTGRESQL = pytest.param(
    "postgresql", marks=[pytest.mark.real, pytest.mark.skipif(not POSTGRESQL, reason="FIRSTLINE_TEST_POSTGRESQL names no server")]
)
REAL_CHROMA = pytest.param("chroma server", marks=[pytest.mark.real, pytest.mark.skipif(not CHROMA, reason="FIRSTLINE_TEST_CHROMA names no server")])


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Engine]:
    """A migrated database: a SQLite file, or a schema of its own in the PostgreSQL server."""
    if kind == "sqlite":
        engine = open_engine(f"sqlite:///{folder / 'kb.db'}")
        migrate(engine)
        yield engine
        engine.dispose()
        return
    schema, whole = f"test_{secrets.token_hex(6)}", open_engine(POSTGRESQL)
    with whole.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine = open_engine(make_url(POSTGRESQL).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False))
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        with whole.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        whole.dispose()


@pytest.fixture(params=["sqlite", REAL_POSTGRESQL])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database."""
    with database(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture(params=["memory", "sqlite", REAL_POSTGRESQL])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArticleStore]:
    """An empty article store."""
    if request.param == "memory":
        yield MemoryArticleStore()
        return
    with database(request.param, tmp_path) as opened:
        yield SqlArticleStore(opened)


@pytest.fixture
def ingest_log(engine: Engine) -> IngestLog:
    """An empty record of synchronisations."""
    return SqlIngestLog(engine)


@pytest.fixture(params=["memory", "sqlite", REAL_POSTGRESQL])
def intent_log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[bool], Any]]:
    """Opens the log of unresolved intents in a transaction of its own, for writing or for reading."""
    if request.param == "memory":
        kept = MemoryIntentLog()

        @contextmanager
        def opened(_writes: bool) -> Iterator[Any]:
            yield kept

        yield opened
        return
    with database(request.param, tmp_path) as engine:

        @contextmanager
        def opened_sql(writes: bool) -> Iterator[Any]:
            with (writing if writes else reading)(engine) as connection:
                yield SqlIntentLog(connection)

        yield opened_sql


@pytest.fixture(params=["memory", "sqlite", REAL_POSTGRESQL])
def gap_log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[bool], Any]]:
    """Opens the log of unresolved intents and their gaps in a transaction of its own, for writing or for reading."""
    if request.param == "memory":
        kept = MemoryIntentLog()
        gaps = MemoryGaps(kept)

        @contextmanager
        def opened(_writes: bool) -> Iterator[Any]:
            yield kept, gaps

        yield opened
        return
    with database(request.param, tmp_path) as engine:

        @contextmanager
        def opened_sql(writes: bool) -> Iterator[Any]:
            with (writing if writes else reading)(engine) as connection:
                yield SqlIntentLog(connection), SqlGaps(connection)

        yield opened_sql


def open_lexical(kind: str, folder: Path) -> LexicalIndex:
    """An empty lexical index."""
    return MemoryLexicalIndex() if kind == "memory" else TantivyIndex(folder / "lexical")


class VectorIndexes:
    """Opens a vector index for one model after another over the same stored vectors."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self._folder = folder
        self._memory = MemoryVectorIndex("first")

    def open(self, model: str = "first") -> VectorIndex:
        """Open for a model."""
        if self.kind == "memory":
            self._memory.model = model
            return self._memory
        if self.kind == "chroma":
            return ChromaIndex.embedded(self._folder / "chroma", model)
        host, _, port = CHROMA.rpartition(":")
        return ChromaIndex.server(host, int(port), model)


VECTOR_KINDS = ["memory", "chroma", REAL_CHROMA]
LEXICAL_KINDS = ["memory", "tantivy"]


@pytest.fixture(params=VECTOR_KINDS)
def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndexes]:
    """Vector indexes over an empty place."""
    indexes = VectorIndexes(request.param, tmp_path)
    indexes.open().clear()
    yield indexes
    indexes.open().clear()


@pytest.fixture(params=LEXICAL_KINDS)
def lexical(request: pytest.FixtureRequest, tmp_path: Path) -> LexicalIndex:
    """An empty lexical index."""
    return open_lexical(request.param, tmp_path)


@pytest.fixture(params=[*(f"lexical {kind}" for kind in LEXICAL_KINDS), "vector memory", "vector chroma"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> LexicalIndex | VectorIndex:
    """An empty index of either port, for what both promise."""
    port, _, kind = request.param.partition(" ")
    return open_lexical(kind, tmp_path) if port == "lexical" else VectorIndexes(kind, tmp_path).open()
