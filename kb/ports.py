"""What the knowledge base needs from the outside, as Protocols."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kb.model import (
    Article,
    Audience,
    Document,
    IngestFailure,
    IngestRun,
    Passage,
    Platform,
    Publication,
    Reader,
    Section,
    UnresolvedIntent,
)

Vector = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def identity(self) -> str:
        """Name and version of the model; vectors of different identities must never be compared."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def embed(self, texts: Sequence[str]) -> Vector:
        """Return an array of shape (len(texts), dimension), float32, each row of length 1.

        Raises:
            EmbedderUnavailable: the model cannot be reached or loaded.
        """


class EmbedderUnavailable(Exception):
    """The embedding model cannot be used now; retrieval goes on with lexical search."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as the indexes hold it: an id, where it may be seen, and its text or its vectors."""

    passage_id: str
    article_id: str
    audience: Audience
    platforms: frozenset[Platform]
    title: str
    heading: str
    text: str
    vectors: Vector
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Which passages one query may see: the reader's audience and, if given, one platform."""

    reader: Reader
    platform: Platform | None = None

    def admits(self, audience: Audience, platforms: frozenset[Platform]) -> bool:
        """Say whether a passage with this audience and these platforms is inside the scope."""
        return audience.admits(self.reader) and (self.platform is None or not platforms or self.platform in platforms)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage id and the score one index gave it (cosine or BM25; higher is better)."""

    passage_id: str
    score: float


class PassageIndex(Protocol):
    """What both indexes promise. A search never returns a passage outside its scope."""

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry]) -> None:
        """Drop everything of these articles and add the entries; durable when it returns."""

    def passage_ids(self) -> set[str]:
        """Return the ids of all indexed passages."""

    def is_empty(self) -> bool:
        """Say whether the index holds nothing, as when its files are gone; costs no scan."""

    def clear(self) -> None:
        """Empty the index."""


@dataclass(frozen=True, slots=True)
class ArticleWords:
    """BM25 of an article's title and of its whole text for a question, and its number of passages."""

    title: float
    whole: float
    passages: int


class LexicalIndex(PassageIndex, Protocol):
    """BM25 over title, heading and text of passages. Words of ``context``, the conversation before, count less than the question's."""

    def search(self, question: str, scope: Scope, limit: int, context: str = "") -> list[Hit]:
        """Return at most ``limit`` hits, best first; any text is a valid question."""

    def score(self, question: str, passage_ids: Sequence[str], context: str = "") -> dict[str, float]:
        """Return how well the words fit these passages, by id; a passage without any of them may be left out."""

    def weigh(self, question: str, article_ids: Sequence[str], context: str = "") -> dict[str, ArticleWords]:
        """Return how well the words fit these articles as a whole; the caller has checked that they may be seen."""


class VectorIndex(PassageIndex, Protocol):
    """Nearest passages by cosine. A passage may have several vectors; its best one counts.

    The index carries the identity of the model whose vectors it holds; ``replace`` refuses any other (ValueError).
    """

    @property
    def stored_model(self) -> str | None:
        """The identity of the model whose vectors are stored, None while the index is empty."""

    def search(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return at most ``limit`` hits, best first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A live passage with its vectors (one or more rows) and its title's vector; no rows when another model made them."""

    passage: Passage
    vectors: Vector
    title_vector: Vector


class ArticleStore(Protocol):
    """The truth: articles, revisions, passages and their vectors, in tables."""

    def publish(self, document: Document, sections: Sequence[Section], vectors: Sequence[Vector], title_vector: Vector, model: str) -> Article:
        """Store a new revision of the document and its passages as one commit.

        ``vectors[i]`` holds the vectors (rows) of ``sections[i]``. An equal content hash and model changes nothing.
        """

    def rename(self, article_id: str, source: str, path: str) -> None:
        """Record that the article's file moved; its text, revision and citations stay."""

    def withdraw(self, article_ids: Sequence[str]) -> None:
        """Remove articles from reading; their revisions stay for the audit. One commit."""

    def articles(self, source: str | None = None) -> list[Article]:
        """Return the live articles, of one source if given, ordered by id."""

    def article(self, article_id: str) -> Article | None:
        """Return the live article or None."""

    def revision_text(self, article_id: str, revision: int) -> str | None:
        """Return the text of a revision, also of a withdrawn article's, or None."""

    def revision_audience(self, article_id: str, revision: int) -> Audience | None:
        """Return who could read a revision when it was live, or None when that is not known."""

    def standing(self, cited: Collection[tuple[str, int]]) -> dict[tuple[str, int], tuple[Article, bool]]:
        """Return for each (article, revision) of a live article its head, and whether its title and text are still those of that revision."""

    def candidates(self, passage_ids: Sequence[str], scope: Scope, model: str) -> list[Candidate]:
        """Return those of the passages that are live now and inside the scope, with the vectors that ``model`` made."""

    def passages_of(self, article_id: str) -> list[Passage]:
        """Return the passages of the live article in order."""

    def entries(self, article_ids: Sequence[str], model: str) -> list[Entry]:
        """Return the index entries of the live ones among these articles.

        An article whose vectors come from another model yields entries with zero vector rows.
        """

    def passage_ids(self, model: str | None = None) -> set[str]:
        """Return the ids of all live passages, with vectors of ``model`` only if given."""

    def groups(self) -> frozenset[str]:
        """Return every group that some live article is restricted to."""

    def head(self) -> int:
        """Return the last position of the publication log, 0 when it is empty."""

    def publications(self, after: int) -> list[Publication]:
        """Return the log after a position, oldest first."""

    def sample_vectors(self, model: str, limit: int) -> Vector:
        """Return at most ``limit`` vectors that ``model`` made of live articles' texts, chosen evenly and the same each time."""

    def known_vectors(self, texts: Sequence[str], model: str) -> dict[str, Vector]:
        """Return, by text, vectors that were computed before with this model."""


class IngestLog(Protocol):
    """The record of synchronisations, for ``ingest status``."""

    def begin(self, source: str, at: datetime) -> int:
        """Open a run and return its number."""

    def finish(self, number: int, run: IngestRun, failures: Sequence[IngestFailure]) -> None:
        """Close a run with its counts and failures."""

    def latest(self) -> list[IngestRun]:
        """Return the latest run of each source."""


class IntentLog(Protocol):
    """Where unresolved intents are written and read."""

    def record(self, intent: UnresolvedIntent) -> None:
        """Add one; the caller's transaction commits it."""

    def between(self, start: datetime, end: datetime) -> list[UnresolvedIntent]:
        """Return those asked in [start, end), oldest first."""
