"""Learns weights of the ranking: a listwise softmax over the articles found (ListNet, Cao et al. 2007), linear in the features.

The loss of a question is the cross entropy between its relevant articles, alike, and the softmax of the scores. Sets count
alike, whatever their size. The weights are drawn to where they start (the shipped constants, for one knowledge base) with
strength ``pull``.

People only judge what they are shown, and mostly that is what ranked first. A question therefore counts by one over the chance that anybody would
have looked at its article where it stood (inverse propensity weights: Joachims, Swaminathan and Schnabel 2017).
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
LEAST_EXAMINED = 0.2
"""No place is taken for looked at more rarely than this: no question counts more than five times."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with the articles that are known to answer it: confirmed by whoever asked, or judged."""

    question: str
    articles: frozenset[str]
    turns: tuple[str, ...] = ()
    platform: Platform | None = None
    rejected: frozenset[str] = frozenset()
    """Articles of which the asker said that they did not help."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """One question: its articles' features and traits, which articles are relevant, how much it counts.

    Of a question that nothing solved it is known which articles are not relevant: ``rejected``. Its other articles share what those lose.
    """

    table: Vector
    traits: Vector
    relevant: Vector
    weight: float = 1.0
    rejected: Vector | None = None

    @property
    def says_something(self) -> bool:
        """Say whether one of the articles that were found was confirmed, or some but not all rejected."""
        return bool(self.relevant.any() or (self.rejected is not None and self.rejected.any() and not self.rejected.all()))


def fit_weights(examples: Sequence[Example], start: Weights, pull: float = PULL) -> Weights:
    """Fit weights on examples that have a relevant or a rejected article among those found; the others say nothing."""
    useful = [example for example in examples if example.says_something]
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
    unsolved: int = 0
    """Questions of which it is only known what did not help."""


def learn(examples: Sequence[Example], start: Weights) -> Learned:
    """Learn weights for one knowledge base from its answered questions, and keep them only if they rank better.

    Better means: cross-validated in five parts, the lower bound of the paired difference of the reciprocal rank is above 0. Questions count by
    their weight there too; those that nothing solved only teach, for of them no rank is right.
    """
    useful = [example for example in examples if example.relevant.any()]
    unsolved = [example for example in examples if example.says_something and not example.relevant.any()]
    if len(useful) < FEWEST:
        return Learned(None, len(useful), unsolved=len(unsolved))
    part = np.random.default_rng(SEED).permutation(len(useful)) % FOLDS
    change = np.zeros(len(useful))
    for fold in range(FOLDS):
        fitted = fit_weights([*(useful[i] for i in np.flatnonzero(part != fold)), *unsolved], start)
        for i in np.flatnonzero(part == fold):
            change[i] = reciprocal_rank(useful[i], fitted) - reciprocal_rank(useful[i], start)
    draws = np.random.default_rng(SEED).integers(0, len(change), (RESAMPLES, len(change)))
    weight = np.array([example.weight for example in useful])
    low, high = np.percentile((change * weight)[draws].sum(axis=1) / weight[draws].sum(axis=1), [2.5, 97.5])
    weights = fit_weights([*useful, *unsolved], start) if low > 0 else None
    return Learned(weights, len(useful), float((change * weight).sum() / weight.sum()), float(low), float(high), len(unsolved))


def examined(tries: Sequence[Sequence[bool | None]]) -> tuple[float, ...]:
    """Estimate for each place how likely its article is looked at by somebody whom no earlier one helped; the first always is.

    A row holds the verdicts of one question's articles in the order in which they were shown: solved, not solved, or None for silence. Whoever was
    not helped at a place and was shown the next one went on; the silent are taken to have been helped as often as those who spoke. Never below
    ``LEAST_EXAMINED``.
    """
    found, place = [1.0], 0
    while any(len(row) > place + 1 for row in tries):
        verdicts = [row[place] for row in tries if len(row) > place]
        yes, no = verdicts.count(True), verdicts.count(False)
        not_helped = no + verdicts.count(None) * (no / (yes + no) if yes + no else 1.0)
        went_on = sum(len(row) > place + 1 for row in tries)
        found.append(max(LEAST_EXAMINED, found[-1] * min(1.0, went_on / max(not_helped, went_on))))
        place += 1
    return tuple(found)


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
            relevant, rejected = (np.array([a in said for a in ranking.articles], dtype=np.float32) for said in (one.articles, one.rejected))
            made.append(Example(ranking.table, ranking.traits, relevant, one.weight, rejected))
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
        solved = np.add.reduceat(relevant, self.starts)[self.of]
        self.target = relevant / np.maximum(solved, 1)
        refused = [example.rejected if example.rejected is not None else np.zeros_like(example.relevant) for example in examples]
        self.open = np.where(solved > 0, 0.0, 1.0 - np.concatenate(refused))
        weights = np.array([example.weight for example in examples])
        self.weight = (weights / weights.sum())[self.of]

    def gradient(self, found: np.ndarray) -> np.ndarray:
        scores = self.rows @ found
        raised = np.exp(scores - np.maximum.reduceat(scores, self.starts)[self.of])
        share = raised / np.add.reduceat(raised, self.starts)[self.of]
        left = share * self.open  # of a question that nothing solved, the rejected articles' share goes to the others
        wanted = self.target + left / np.maximum(np.add.reduceat(left, self.starts)[self.of], 1e-12)
        return np.asarray(((share - wanted) * self.weight) @ self.rows)


def _descend(design: _Design, origin: np.ndarray, pull: float) -> np.ndarray:
    """Minimise with Adam (Kingma and Ba 2015); the same examples give the same weights."""
    found, first, second = origin.copy(), np.zeros_like(origin), np.zeros_like(origin)
    for step in range(1, STEPS + 1):
        slope = design.gradient(found) + pull * (found - origin)
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope * slope
        found -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-9)
    return found
