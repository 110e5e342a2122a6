"""What the knowledge base needs from the outside, as Protocols."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kb.drafts import Draft, Trial
from kb.model import (
    Article,
    Asking,
    Audience,
    Document,
    FailureClass,
    Gap,
    IngestFailure,
    IngestRun,
    Passage,
    Platform,
    Publication,
    Reader,
    Revision,
    Section,
    Signed,
    Spike,
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


@dataclass(frozen=True, slots=True)
class FineTuned:
    """An encoder that was taught labels: the name it is kept under, and for each field of labels the head over its vectors, (d + 1, k)."""

    name: str
    heads: tuple[Vector, ...]
    """The last row of each is the bias; what comes of it are the logits of the labels."""


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
        """Record that the article's file moved; its text, revision and citations stay, and it is not ahead of its file any more."""

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

    def revisions(self, article_id: str) -> list[Revision]:
        """Return all revisions of an article, also of one that was withdrawn, the newest first."""

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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with everything that is computed of it before it is published; ``vectors[i]`` are the rows of ``sections[i]``."""

    document: Document
    sections: tuple[Section, ...]
    vectors: tuple[Vector, ...]
    title_vector: Vector
    model: str


class ArticleWriter(Protocol):
    """Publishes inside the caller's transaction: nothing is live before that commits."""

    def publish(self, prepared: Prepared, signed: Signed, at: datetime) -> Article:
        """Store a revision that was made here: the article is ahead of its file until that says the same.

        An equal content hash and model changes nothing.
        """

    def article(self, article_id: str) -> Article | None:
        """Return the live article or None."""

    def is_taken(self, article_id: str) -> bool:
        """Say whether an article has this id or had it before it was withdrawn."""


class DraftChanged(Exception):
    """Somebody changed the draft meanwhile; load it again."""


class Drafts(Protocol):
    """Working copies of articles."""

    def add(self, draft: Draft) -> None:
        """Store a new draft."""

    def load(self, draft_id: str) -> Draft | None:
        """Return a draft, or None."""

    def save(self, draft: Draft) -> Draft:
        """Store a changed draft, raising its version by one, and return it so.

        Raises:
            DraftChanged: its version is not the stored one.
        """

    def open(self) -> list[Draft]:
        """Return the drafts that somebody still has to do something about, those changed last first."""

    def of_article(self, article_id: str) -> list[Draft]:
        """Return the drafts that change or became an article, those changed last first."""

    def of_gap(self, gap_id: str) -> list[Draft]:
        """Return the drafts that were begun from a gap, those changed last first."""


class Trials(Protocol):
    """Trials of drafts on past questions, the latest of each draft."""

    def put(self, trial: Trial) -> None:
        """Store a trial in place of the draft's one before."""

    def load(self, draft_id: str) -> Trial | None:
        """Return the latest trial of a draft, or None."""

    def advance(self, draft_id: str, version: int, done: int, total: int) -> bool:
        """Note how far it is; return False when another trial has taken its place or it was given up."""


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

    def first_asked(self) -> datetime | None:
        """Return when the first of those that are kept was asked, None when there is none."""

    def learn_vector(self, intent_id: str, vector: Sequence[float]) -> None:
        """Keep the vector of a question that was recorded without one."""


class Gaps(Protocol):
    """Gaps and which unresolved intents belong to them; the caller's transaction commits. An intent is in one gap at most."""

    def lock(self) -> None:
        """Wait until no other transaction places intents, and let none do so before this one ends."""

    def heads(self) -> list[Gap]:
        """Return every gap, by id, with the classes of its failures counted, and neither people nor tickets nor dates."""

    def all(self, start: datetime | None = None, end: datetime | None = None) -> list[Gap]:
        """Return every gap, by id. With a span: those asked for in [start, end), with what was counted in it."""

    def load(self, gap_id: str) -> Gap | None:
        """Return a gap with what was counted of it over all time, or None."""

    def save(self, gap: Gap) -> None:
        """Store what is not counted of a gap, as a new one or in place of the one before."""

    def remove(self, gap_id: str) -> None:
        """Forget a gap that has no members any more.

        Raises:
            ValueError: it has some.
        """

    def members(self, gap_id: str, limit: int | None = None, skip: int = 0) -> list[UnresolvedIntent]:
        """Return the intents of a gap, the latest first, with the class of failure that is known by now."""

    def recent(
        self, each: int, start: datetime | None = None, end: datetime | None = None, gap_ids: Sequence[str] | None = None, vectors: bool = True
    ) -> dict[str, list[UnresolvedIntent]]:
        """Return the latest intents of every gap, or of these, by its id: at most ``each`` of them, of a span if one is given.

        Pages need no ``vectors``: without them each intent's is ().
        """

    def gap_of(self, intent_id: str) -> str:
        """Return the id of the gap that an intent is in, "" when it is in none."""

    def waiting(self) -> int:
        """Return how many intents are in no gap yet."""

    def homeless(self, limit: int) -> list[UnresolvedIntent]:
        """Return intents that are in no gap yet, oldest first."""

    def place(self, intent_ids: Sequence[str], gap_id: str, at: datetime) -> int:
        """Put intents into a gap and return how many; one that is in a gap already, or is gone, is left where it is."""

    def move(self, intent_ids: Sequence[str], gap_id: str, at: datetime) -> int:
        """Put intents that are in other gaps into this one, as a person says; return how many."""

    def classify(self, intent_id: str, failure: FailureClass) -> None:
        """Note the class of failure of an intent in a gap, as it is known by now."""

    def askings(self, start: datetime, end: datetime, gap_id: str = "") -> list[Asking]:
        """Return when members were asked in [start, end), oldest first, of one gap if given."""

    def flag(self, spike: Spike) -> bool:
        """Keep a spike; return whether it is a new one. Of one subject there is one at a time: it goes on until it was not seen for an hour."""

    def spikes(self, since: datetime) -> list[Spike]:
        """Return the spikes that were seen last at ``since`` or later, the latest first."""
