"""Retrieval: lexical and vector search inside the reader's scope, fused into one ranking over live passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kb.evidence import FEATURES, TITLE_WEIGHT, Signals, confidence, features
from kb.model import Evidence, Retrieval
from kb.ports import ArticleStore, Candidate, Embedder, EmbedderUnavailable, Hit, LexicalIndex, Scope, Vector, VectorIndex

DEPTH = 40
LEXICAL_WEIGHT = 0.3
OWN_DEVICE = 0.5
"""In the units of the ranking (standard deviations): what an article written for the reader's own system gains over one for all."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for. ``vector`` saves an embedding when the caller has one of exactly this text."""

    text: str
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked candidates with what the judgement of confidence looks at; ``vector`` is the question's, if there was one."""

    signals: Signals
    vector: Vector | None
    problem: str


class Retriever:
    """Finds passages. What it returns was live and inside the scope at the moment of the call."""

    def __init__(
        self, store: ArticleStore, lexical: LexicalIndex, vector: VectorIndex | None, embedder: Embedder, vector_problem: Callable[[], str]
    ) -> None:
        """Search ``lexical`` and ``vector``; ``vector_problem`` says why vectors cannot be used now, or ""."""
        self._store = store
        self._lexical = lexical
        self._vector = vector
        self._embedder = embedder
        self._vector_problem = vector_problem

    def retrieve(self, question: Question, scope: Scope, limit: int = 40, exclude: Sequence[str] = ()) -> Retrieval:
        """Return at most ``limit`` passages, best first, and how surely the first article answers.

        Passages of the articles in ``exclude`` are left out.

        Ranking of articles, with ``z`` over those found: z((best passage's cosine + 0.3 title cosine) / 1.3) + 0.3 z(best
        passage's BM25), and 0.5 for an article written for the scope's system rather than for all. Without vectors: BM25
        alone. Passages of one article stand together, ranked by the same rule.
        """
        ranking = self.rank(question, scope, exclude)
        signals = ranking.signals
        sure = confidence(signals) if ranking.vector is not None else _lexical_confidence(signals)
        return Retrieval(tuple(signals.ranked[:limit]), sure, _as_tuple(ranking.vector), ranking.problem)

    def rank(self, question: Question, scope: Scope, exclude: Sequence[str] = ()) -> Ranking:
        """Return the whole ranking, before it is judged."""
        lexical = self._lexical.search(question.text, scope, DEPTH)
        vector, dense, problem = self._search_vectors(question, scope)
        hits = list(dict.fromkeys(hit.passage_id for hit in (*dense, *lexical)))
        found = self._store.candidates(hits, scope, self._embedder.identity)
        candidates = [candidate for candidate in found if candidate.passage.article.id not in exclude]
        if not candidates:
            return Ranking(Signals(question.text, (), 0.0, (), ""), vector, problem)
        scores = {hit.passage_id: hit.score for hit in lexical}
        floor = min(scores.values(), default=0.0) if len(lexical) >= DEPTH else 0.0
        ranked, titles = _rank(candidates, vector, scores, floor, scope)
        by_id = {candidate.passage.id: candidate.passage.article.id for candidate in candidates}
        lexical_first = next((by_id[hit.passage_id] for hit in lexical if hit.passage_id in by_id), "")
        signals = Signals(question.text, ranked, titles[ranked[0].passage.id], [item.dense for item in ranked], lexical_first)
        return Ranking(signals, vector, problem)

    def _search_vectors(self, question: Question, scope: Scope) -> tuple[Vector | None, list[Hit], str]:
        problem = self._vector_problem()
        if self._vector is None or problem:
            return None, [], problem or "there is no vector index"
        try:
            vector = question.vector if question.vector is not None else self._embedder.embed([question.text])[0]
            return vector, self._vector.search(vector, scope, DEPTH), ""
        except EmbedderUnavailable as error:
            return None, [], str(error)
        except Exception as error:  # a broken vector index must not stop lexical search
            return None, [], f"vector search failed ({type(error).__name__}: {error})"


def _rank(
    candidates: Sequence[Candidate], vector: Vector | None, scores: dict[str, float], floor: float, scope: Scope
) -> tuple[list[Evidence], dict[str, float]]:
    """Rank articles by their best passage; passages of one article stand together, the best first."""
    lexical = np.array([scores.get(c.passage.id, floor) for c in candidates], dtype=np.float32)
    dense = np.array([float((c.vectors @ vector).max()) if vector is not None and len(c.vectors) else 0.0 for c in candidates], dtype=np.float32)
    titles = np.array([float(c.title_vector @ vector) if vector is not None and len(c.vectors) else 0.0 for c in candidates], dtype=np.float32)
    members: dict[str, list[int]] = {}
    for i, candidate in enumerate(candidates):
        members.setdefault(candidate.passage.article.id, []).append(i)
    rows = list(members.values())
    heads = np.array([row[0] for row in rows])
    best_dense = np.array([dense[row].max() for row in rows], dtype=np.float32)
    best_lexical = np.array([lexical[row].max() for row in rows], dtype=np.float32)
    of_articles = _fuse(best_dense, titles[heads], best_lexical, vector is not None)
    own = np.array([scope.platform is not None and scope.platform in candidates[i].passage.article.platforms for i in heads])
    of_articles = np.asarray(of_articles + OWN_DEVICE * own, dtype=np.float32)
    within = _fuse(dense, titles, lexical, vector is not None)
    order = sorted(range(len(rows)), key=lambda k: (-of_articles[k], candidates[rows[k][0]].passage.article.id))
    ranked = []
    for k in order:
        for i in sorted(rows[k], key=lambda i: (-within[i], candidates[i].passage.ordinal)):
            passage = candidates[i].passage
            ranked.append(Evidence(passage, float(dense[i]), scores.get(passage.id, 0.0), float(of_articles[k])))
    return ranked, {c.passage.id: float(t) for c, t in zip(candidates, titles, strict=True)}


def _fuse(dense: Vector, titles: Vector, lexical: Vector, with_vectors: bool) -> Vector:
    if not with_vectors:
        return _z(lexical)
    near = np.asarray((dense + TITLE_WEIGHT * titles) / (1 + TITLE_WEIGHT), dtype=np.float32)
    return _z(near) + LEXICAL_WEIGHT * _z(lexical)


def _z(values: Vector) -> Vector:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else values * 0


def _lexical_confidence(signals: Signals) -> float:
    """Without vectors only the share of the question's words in the passage speaks: never sure, at most 0.75."""
    return 0.75 * features(signals)[FEATURES.index("coverage")]


def _as_tuple(vector: Vector | None) -> tuple[float, ...]:
    return () if vector is None else tuple(float(x) for x in vector)
