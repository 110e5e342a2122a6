"""Learns weights of the ranking: a listwise softmax over the articles found (ListNet, Cao et al. 2007), linear in the features.

The loss of a question is the cross entropy between its relevant articles, alike, and the softmax of the scores. Sets count
alike, whatever their size. The weights are drawn to where they start (the shipped constants, for one knowledge base) with
strength ``pull``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.model import Platform, Reader
from kb.ports import Scope, Vector
from kb.ranking import FEATURES, TRAITS, WORD_FEATURES, Weights, standardised, word_columns
from kb.retrieve import Question, Retriever

FOLDS = 5
FEWEST = 40
"""With fewer answered questions nothing is learned: the interval would be wider than any gain."""
RESAMPLES = 2_000
SEED = 20_261_122
STEPS = 300
RATE = 0.05
PULL = 0.003


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with the articles that are known to answer it: confirmed by whoever asked, or judged."""

    question: str
    articles: frozenset[str]
    turns: tuple[str, ...] = ()
    platform: Platform | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One question: its articles' features and traits, which articles are relevant, how much it counts."""

    table: Vector
    traits: Vector
    relevant: Vector
    weight: float = 1.0


def fit_weights(examples: Sequence[Example], start: Weights, pull: float = PULL) -> Weights:
    """Fit weights on examples that have a relevant article among those found; the others say nothing."""
    useful = [example for example in examples if example.relevant.any()]
    design = _Design(useful, start)
    found = _descend(design, np.concatenate([start.features.astype(float), start.moves.astype(float).ravel()]), pull)
    features, moves = found[: len(FEATURES)], found[len(FEATURES) :].reshape(len(TRAITS), len(WORD_FEATURES))
    return replace(start, features=np.asarray(features, dtype=np.float32), moves=np.asarray(moves, dtype=np.float32))


def floors(examples: Sequence[Example]) -> Vector:
    """Return for each feature half of the deviation that it usually has where it varies at all."""
    deviations = np.array([example.table.std(axis=0) for example in examples])
    varied = [column[column > 1e-6] for column in deviations.T]
    return np.array([0.5 * float(np.median(column)) if len(column) else 1.0 for column in varied], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Learned:
    """What learning brought. ``weights`` is None when the shipped ones stay.

    ``difference`` is the mean change of the reciprocal rank on questions that were left out of the fit, with its 95 %
    paired bootstrap interval ``low`` to ``high``; ``questions`` is how many there were.
    """

    weights: Weights | None
    questions: int
    difference: float = 0.0
    low: float = 0.0
    high: float = 0.0


def learn(examples: Sequence[Example], start: Weights) -> Learned:
    """Learn weights for one knowledge base from its answered questions, and keep them only if they rank better.

    Better means: cross-validated in five parts, the lower bound of the paired difference of the reciprocal rank is above 0.
    """
    useful = [example for example in examples if example.relevant.any()]
    if len(useful) < FEWEST:
        return Learned(None, len(useful))
    part = np.random.default_rng(SEED).permutation(len(useful)) % FOLDS
    change = np.zeros(len(useful))
    for fold in range(FOLDS):
        fitted = fit_weights([useful[i] for i in np.flatnonzero(part != fold)], start)
        for i in np.flatnonzero(part == fold):
            change[i] = reciprocal_rank(useful[i], fitted) - reciprocal_rank(useful[i], start)
    draws = np.random.default_rng(SEED).integers(0, len(change), (RESAMPLES, len(change)))
    low, high = np.percentile(change[draws].mean(axis=1), [2.5, 97.5])
    weights = fit_weights(useful, start) if low > 0 else None
    return Learned(weights, len(useful), float(change.mean()), float(low), float(high))


def reciprocal_rank(example: Example, weights: Weights) -> float:
    """Return one over the rank of the first relevant article, 0 when it was not found."""
    order = np.argsort(-weights.scores(example.table, example.traits), kind="stable")
    places = np.flatnonzero(example.relevant[order])
    return 1 / (1 + int(places[0])) if len(places) else 0.0


def examples_of(retriever: Retriever, answered: Iterable[Answered], groups: frozenset[str]) -> list[Example]:
    """Return an example for each answered question, as the retriever finds it with every right.

    Only features and which row was right go into it: no text of an article or a question is kept.
    """
    made = []
    for one in answered:
        ranking = retriever.rank(Question(one.question, turns=one.turns), Scope(Reader(groups), one.platform))
        if ranking.articles:
            relevant = np.array([article in one.articles for article in ranking.articles], dtype=np.float32)
            made.append(Example(ranking.table, ranking.traits, relevant))
    return made


class _Design:
    """All articles of all questions as rows of one matrix, so that a step costs two products."""

    def __init__(self, examples: Sequence[Example], start: Weights) -> None:
        sizes = [len(example.relevant) for example in examples]
        self.starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.of = np.repeat(np.arange(len(sizes)), sizes)
        plain = np.concatenate([standardised(example.table, start.floor) for example in examples])
        words = plain[:, word_columns()]
        traits = np.array([start.standing(example.traits) for example in examples])
        crossed = (traits[self.of][:, :, None] * words[:, None, :]).reshape(len(plain), -1)
        self.rows = np.concatenate([plain, crossed], axis=1).astype(float)
        relevant = np.concatenate([example.relevant for example in examples]).astype(float)
        self.target = relevant / np.add.reduceat(relevant, self.starts)[self.of]
        weights = np.array([example.weight for example in examples])
        self.weight = (weights / weights.sum())[self.of]

    def gradient(self, found: np.ndarray) -> np.ndarray:
        scores = self.rows @ found
        raised = np.exp(scores - np.maximum.reduceat(scores, self.starts)[self.of])
        share = raised / np.add.reduceat(raised, self.starts)[self.of]
        return np.asarray(((share - self.target) * self.weight) @ self.rows)


def _descend(design: _Design, origin: np.ndarray, pull: float) -> np.ndarray:
    """Minimise with Adam (Kingma and Ba 2015); the same examples give the same weights."""
    found, first, second = origin.copy(), np.zeros_like(origin), np.zeros_like(origin)
    for step in range(1, STEPS + 1):
        slope = design.gradient(found) + pull * (found - origin)
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope * slope
        found -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-9)
    return found
