"""Opens a knowledge base from its settings: the one place that knows the adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from kb.adapters.embedders import FORM, MissingEmbedder, OnnxEmbedder, OpenAIEmbedder
from kb.adapters.index_state import FileIndexState
from kb.adapters.lexical import TantivyIndex
from kb.adapters.scratch import scratch_lexical
from kb.adapters.store.articles import SqlArticleStore
from kb.adapters.store.engine import open_engine
from kb.adapters.store.ingest_log import SqlIngestLog
from kb.adapters.store.migrate import migrate
from kb.adapters.weights_file import WeightsFile
from kb.keeper import IndexKeeper
from kb.overlay import Pretended, retriever_as_if
from kb.ports import ArticleStore, Embedder, EmbedderUnavailable, IngestLog, VectorIndex
from kb.publish import Publisher
from kb.retrieve import Retriever, Searches
from kb.settings import KnowledgeSettings


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """A knowledge base with its parts ready for use."""

    engine: Engine
    store: ArticleStore
    ingest_log: IngestLog
    embedder: Embedder
    publisher: Publisher
    keeper: IndexKeeper
    retriever: Retriever
    learned: WeightsFile
    as_if: Callable[[Pretended], AbstractContextManager[Retriever]]
    """Gives a retriever that finds an article as if it were published; what is live is only read."""

    def close(self) -> None:
        """Let go of the database and of the indexes."""
        self.keeper.disown()
        self.engine.dispose()


def _now() -> datetime:
    return datetime.now(UTC)


def open_knowledge(settings: KnowledgeSettings, now: Callable[[], datetime] = _now) -> KnowledgeBase:
    """Open (and, the first time, create) the knowledge base that the settings describe; ``now`` dates what is published, and says what is overdue.

    What is missing or broken beside the database degrades to lexical search; ``keeper.health()`` says what.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database)
    migrate(engine)
    store = SqlArticleStore(engine, now)
    embedder = open_embedder(settings)
    lexical = TantivyIndex(settings.index_folder / "lexical")
    vector, problem = _open_vector(settings, embedder)
    keeper = IndexKeeper(store, lexical, vector, embedder, FileIndexState(settings.index_folder), problem)
    learned = WeightsFile(settings.home / "ranking.json")
    retriever = Retriever(Searches(store, lexical, vector, embedder, keeper.vector_problem), learned.current, lambda: now().date())

    @contextmanager
    def as_if(pretended: Pretended) -> Iterator[Retriever]:
        entries, folder = pretended.entries, settings.index_folder / "lexical"
        with scratch_lexical(folder, store, embedder.identity, pretended.article.id, entries) as scratch:
            parts = Searches(store, lexical, vector, embedder, keeper.vector_problem)
            yield retriever_as_if(parts, store, vector, scratch, pretended, learned.current, lambda: now().date())

    return KnowledgeBase(engine, store, SqlIngestLog(engine), embedder, Publisher(store, embedder), keeper, retriever, learned, as_if)


def open_embedder(settings: KnowledgeSettings) -> Embedder:
    """Open the configured embedding model; a missing one refuses at its first use."""
    if settings.embedding_model.startswith("openai:"):
        name = settings.embedding_model.removeprefix("openai:")
        return OpenAIEmbedder(name, settings.embedding_base_url or None, settings.embedding_api_key.get_secret_value(), settings.embedding_dimension)
    try:
        return OnnxEmbedder(settings.model_folder)
    except EmbedderUnavailable as error:
        return MissingEmbedder(str(error))


def prepare_model(settings: KnowledgeSettings, report: Callable[[str], None]) -> None:
    """Export the configured local model if that was not done yet, or was done in a form that is not used any more.

    A new form means new vectors: ``firstline ingest rebuild`` embeds what the one before has embedded.

    Raises:
        EmbedderUnavailable: the model is missing or not what it should be.
    """
    if settings.embedding_model.startswith("openai:") or _prepared(settings):
        return
    from filelock import FileLock

    from kb.adapters.onnx_export import export

    settings.model_folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.model_folder.with_name(f"{settings.model_folder.name}.lock")):
        if not _prepared(settings):
            report(f"exporting the embedding model {settings.embedding_model} (once, about 15 seconds)")
            export(settings.embedding_model, settings.model_folder)


def _prepared(settings: KnowledgeSettings) -> bool:
    try:
        return OnnxEmbedder(settings.model_folder).form >= FORM
    except EmbedderUnavailable:
        return False


def _open_vector(settings: KnowledgeSettings, embedder: Embedder) -> tuple[VectorIndex | None, str]:
    from kb.adapters.chroma import ChromaIndex

    if isinstance(embedder, MissingEmbedder):
        return None, embedder.reason
    try:
        if settings.chroma_url:
            host, _, port = settings.chroma_url.rpartition(":")
            return ChromaIndex.server(host, int(port), embedder.identity), ""
        return _embedded(settings.index_folder / "chroma", embedder.identity), ""
    except Exception as error:  # whatever Chroma raises, lexical search serves
        way_on = "start the Chroma server" if settings.chroma_url else f"stop Firstline, delete {settings.index_folder / 'chroma'} and start it again"
        return None, f"the vector index cannot be opened ({type(error).__name__}: {error}); {way_on}"


def _embedded(folder: Path, model: str) -> VectorIndex:
    from kb.adapters.chroma import ChromaIndex

    return ChromaIndex.embedded(folder, model)
