"""Retrieval: lexical and vector search inside the reader's scope, fused into one ranking over live passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from math import log
from typing import Protocol

import numpy as np

from kb.evidence import FEATURES, TITLE_WEIGHT, Signals, confidence, features
from kb.model import Evidence, Retrieval
from kb.ports import ArticleWords, Candidate, Embedder, EmbedderUnavailable, Hit, LexicalIndex, Scope, Vector
from kb.ranking import OVERDUE, Weights, shipped, traits_of

DEPTH = 40
TURNS = 3
"""How many earlier turns of a conversation are searched with the question."""
BACKGROUND = 1_000
NEIGHBOURS = 20
WITHIN_WORDS = 0.3
NOTHING = ArticleWords(0.0, 0.0, 1)


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for.

    ``turns`` are earlier messages of the same conversation, oldest first: they are searched too and count less.
    ``vector`` saves an embedding when the caller has one of exactly this text.
    """

    text: str
    vector: Vector | None = None
    turns: tuple[str, ...] = ()

    @property
    def context(self) -> str:
        """The earlier turns that count."""
        return " ".join(self.turns[-TURNS:])


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked candidates with what the judgement of confidence looks at; ``vector`` is the question's, if there was one.

    ``table`` has a row of features for each of ``articles``, in no particular order; ``traits`` are the question's.
    """

    signals: Signals
    vector: Vector | None
    problem: str
    articles: tuple[str, ...]
    table: Vector
    traits: Vector


class Searched(Protocol):
    """What retrieval reads of an article store; see there."""

    def candidates(self, passage_ids: Sequence[str], scope: Scope, model: str) -> list[Candidate]:
        """Return those of the passages that are live now and inside the scope."""

    def head(self) -> int:
        """Return a number that changes when something is published."""

    def sample_vectors(self, model: str, limit: int) -> Vector:
        """Return vectors of texts of the collection at large."""


class Nearest(Protocol):
    """What retrieval asks of a vector index; see there."""

    def search(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return at most ``limit`` hits, best first."""


@dataclass(frozen=True, slots=True)
class Searches:
    """The parts that retrieval searches. ``vector_problem`` says why vectors cannot be used now, or ""."""

    store: Searched
    lexical: LexicalIndex | None
    vector: Nearest | None
    embedder: Embedder
    vector_problem: Callable[[], str]


class Retriever:
    """Finds passages. What it returns was live and inside the scope at the moment of the call."""

    def __init__(self, searches: Searches, own: Callable[[], Weights | None] = lambda: None, today: Callable[[], date] | None = None) -> None:
        """Search these parts; ``own`` gives the weights that this knowledge base has learned, if it has."""
        self._searches = searches
        self._own = own
        self._today = today or (lambda: datetime.now(UTC).date())
        self._background: tuple[int, Vector] | None = None

    def without(self, *, words: bool = False, vectors: bool = False) -> Retriever:
        """Return the same retriever without its lexical or its vector search."""
        parts = self._searches
        fewer = replace(parts, lexical=None if words else parts.lexical, vector=None if vectors else parts.vector)
        return Retriever(fewer, self._own, self._today)

    def with_weights(self, weights: Weights) -> Retriever:
        """Return the same retriever with these weights in place of those it has learned or the shipped ones."""
        return Retriever(self._searches, lambda: weights, self._today)

    def retrieve(self, question: Question, scope: Scope, limit: int = 40, exclude: Sequence[str] = ()) -> Retrieval:
        """Return at most ``limit`` passages, best first, and how surely the first article answers.

        Passages of the articles in ``exclude`` are left out. Articles are ranked as ``kb.ranking`` says, with the weights
        of this knowledge base or the shipped ones; one past its review date stands lower. Passages of one article stand
        together, ranked by z(cosine + 0.3 title cosine) + 0.3 z(BM25). Without vectors words alone rank.
        """
        ranking = self.rank(question, scope, exclude)
        signals = ranking.signals
        sure = confidence(signals) if ranking.vector is not None else _lexical_confidence(signals)
        return Retrieval(tuple(signals.ranked[:limit]), sure, _as_tuple(ranking.vector), ranking.problem)

    def rank(self, question: Question, scope: Scope, exclude: Sequence[str] = ()) -> Ranking:
        """Return the whole ranking with its features, before it is judged."""
        parts = self._searches
        lexical = parts.lexical.search(question.text, scope, DEPTH, question.context) if parts.lexical else []
        vector, dense, problem = self._search_vectors(question, scope)
        hits = list(dict.fromkeys(hit.passage_id for hit in (*dense, *lexical)))
        found = parts.store.candidates(hits, scope, parts.embedder.identity)
        candidates = [candidate for candidate in found if candidate.passage.article.id not in exclude]
        if not candidates:
            nothing = np.zeros((0, 0), dtype=np.float32)
            return Ranking(Signals(question.text, (), 0.0, (), ""), vector, problem, (), nothing, nothing)
        scores = parts.lexical.score(question.text, [c.passage.id for c in candidates], question.context) if parts.lexical else {}
        table = _Table(question, candidates, vector, scores, scope)
        if parts.lexical:
            table.weigh(parts.lexical)
        if vector is not None:
            table.set_against(self._collection())
        return self._ordered(table, problem)

    def _ordered(self, table: _Table, problem: str) -> Ranking:
        rows, traits = table.features(), table.traits()
        hybrid, words = shipped()
        weights = (self._own() or hybrid) if table.vector is not None else words
        scores = weights.scores(rows, traits)
        late = np.array([article.overdue(self._today()) for article in table.articles])
        signals = table.signals(np.asarray(scores - OVERDUE * late, dtype=np.float32))
        return Ranking(signals, table.vector, problem, tuple(article.id for article in table.articles), rows, traits)

    def _search_vectors(self, question: Question, scope: Scope) -> tuple[Vector | None, list[Hit], str]:
        parts = self._searches
        problem = parts.vector_problem()
        if parts.vector is None or problem:
            return None, [], problem or "there is no vector index"
        try:
            vector = self._vector_of(question)
            return vector, parts.vector.search(vector, scope, DEPTH), ""
        except EmbedderUnavailable as error:
            return None, [], str(error)
        except Exception as error:  # a broken vector index must not stop lexical search
            return None, [], f"vector search failed ({type(error).__name__}: {error})"

    def _vector_of(self, question: Question) -> Vector:
        """Return the vector of the question; with earlier turns, halfway between it and the whole conversation's."""
        embed = self._searches.embedder.embed
        vector = question.vector if question.vector is not None else embed([question.text])[0]
        if not question.context:
            return vector
        both = vector + embed([f"{question.context} {question.text}"])[0]
        return np.asarray(both / max(float(np.linalg.norm(both)), 1e-12), dtype=np.float32)

    def _collection(self) -> Vector:
        """Return vectors of texts of the collection at large, read again when something was published."""
        store = self._searches.store
        head = store.head()
        if self._background is None or self._background[0] != head:
            self._background = (head, store.sample_vectors(self._searches.embedder.identity, BACKGROUND))
        return self._background[1]


class _Table:
    """The candidates of one question by article, and their features (``kb.ranking.FEATURES``)."""

    def __init__(self, question: Question, candidates: Sequence[Candidate], vector: Vector | None, scores: dict[str, float], scope: Scope) -> None:
        self.question, self.candidates, self.vector, self.scope = question, candidates, vector, scope
        self.scores = scores
        self.words = np.array([scores.get(c.passage.id, 0.0) for c in candidates], dtype=np.float32)
        self.near = np.array([_nearness(c, vector) for c in candidates], dtype=np.float32)
        self.title = np.array([float(c.title_vector @ vector) if vector is not None and _has_title(c) else 0.0 for c in candidates], dtype=np.float32)
        members: dict[str, list[int]] = {}
        for i, candidate in enumerate(candidates):
            members.setdefault(candidate.passage.article.id, []).append(i)
        self.rows = list(members.values())
        self.articles = [candidates[row[0]].passage.article for row in self.rows]
        self.whole: dict[str, ArticleWords] = {}
        self.hub = np.zeros(len(self.rows), dtype=np.float32)
        best = int(np.argmax(self.words))
        self.lexical_first = candidates[best].passage.article.id if self.words[best] > 0 else ""

    def weigh(self, lexical: LexicalIndex) -> None:
        """Look up how well the words fit each article as a whole."""
        self.whole = lexical.weigh(self.question.text, [article.id for article in self.articles], self.question.context)

    def set_against(self, background: Vector) -> None:
        """Measure how near each article's best passage is to the collection at large: the mean of its
        20 nearest texts there after the nearest, which may be its own."""
        best = [max(row, key=lambda i: self.near[i]) for row in self.rows]
        with_vectors = [k for k, i in enumerate(best) if len(self.candidates[i].vectors)]
        vector = self.vector
        if vector is None or len(background) < 2 or not with_vectors:
            return
        rows = np.stack([_best_row(self.candidates[best[k]], vector) for k in with_vectors])
        kept = min(NEIGHBOURS + 1, len(background))
        nearest = -np.partition(-(rows @ background.T), kept - 1, axis=1)[:, :kept]
        self.hub[with_vectors] = (nearest.sum(axis=1) - nearest.max(axis=1)) / (kept - 1)

    def features(self) -> Vector:
        """Return a row of features for each article."""
        whole = [self.whole.get(article.id, NOTHING) for article in self.articles]
        platform = self.scope.platform
        columns = (
            [self.near[row].max() for row in self.rows],
            [self.title[row[0]] for row in self.rows],
            self.hub,
            [self.words[row].max() for row in self.rows],
            [found.title for found in whole],
            [found.whole for found in whole],
            [log(found.passages) for found in whole],
            [log(1 + len(article.title.split())) for article in self.articles],
            [float(platform is not None and platform in article.platforms) for article in self.articles],
        )
        return np.array(columns, dtype=np.float32).T

    def traits(self) -> Vector:
        """Return the traits of the question."""
        return traits_of(self.question.text, list(self.scores.values()), [float(x) for x in self.near])

    def signals(self, scores: Vector) -> Signals:
        """Rank articles by their scores; passages of one article stand together, the best first."""
        within = _z(self.near + TITLE_WEIGHT * self.title) + WITHIN_WORDS * _z(self.words) if self.vector is not None else self.words
        order = sorted(range(len(self.rows)), key=lambda k: (-scores[k], self.articles[k].id))
        ranked = []
        for k in order:
            for i in sorted(self.rows[k], key=lambda i: (-within[i], self.candidates[i].passage.ordinal)):
                passage = self.candidates[i].passage
                ranked.append(Evidence(passage, float(self.near[i]), self.scores.get(passage.id, 0.0), float(scores[k])))
        first = self.rows[order[0]]
        return Signals(
            question=self.question.text,
            ranked=ranked,
            title=float(self.title[first[0]]),
            dense=[item.dense for item in ranked],
            lexical_first=self.lexical_first,
            scores=[float(scores[k]) for k in order],
            words=float(self.words[first].max()),
            title_words=self.whole.get(self.articles[order[0]].id, NOTHING).title,
        )


def _has_title(candidate: Candidate) -> bool:
    return len(candidate.vectors) > 0 and bool(candidate.passage.article.title)


def _nearness(candidate: Candidate, vector: Vector | None) -> float:
    return float((candidate.vectors @ vector).max()) if vector is not None and len(candidate.vectors) else 0.0


def _best_row(candidate: Candidate, vector: Vector) -> Vector:
    row: Vector = candidate.vectors[int(np.argmax(candidate.vectors @ vector))]
    return row


def _z(values: Vector) -> Vector:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else values * 0


def _lexical_confidence(signals: Signals) -> float:
    """Without vectors only the share of the question's words in the passage speaks: never sure, at most 0.75."""
    return 0.75 * features(signals)[FEATURES.index("coverage")]


def _as_tuple(vector: Vector | None) -> tuple[float, ...]:
    return () if vector is None else tuple(float(x) for x in vector)
