"""Learns the classifier of messages from examples. numpy and scipy, the latter only here and only while learning.

A regularised multinomial regression over sentence vector and grams is fitted to all examples. How much its probabilities and signals are worth is
measured on folds that leave out a share of the examples and a share of the intents: the first are what will be asked, the second stand for
what no example covers. Nothing is drawn at random but the folds, and those with a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.agent.steps.understand_model import Classifier, softmax
from assistant.agent.steps.understand_words import Lexicon

FOLDS = 4
SEED = 20_261_122
STIFFNESS = 0.08
"""Of the regression, for the sum over all examples: half of this times the squared weights."""
ROUNDS = 60
SHARPNESS = np.geomspace(0.2, 5.0, 60)


class TooFewExamples(ValueError):
    """There are not two intents with two examples each."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One example as it was read by a classifier that had not seen it. ``known``: its intent had other examples in that fold.

    ``read_as`` is the nearest intent, or the label of what is not meant where that is more probable than all intents together.
    """

    text: str
    label: str
    known: bool
    read_as: str
    confidence: float
    familiar: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """A classifier and how it fared on examples that it had not seen."""

    classifier: Classifier
    held_out: tuple[HeldOut, ...]


def learn(texts: Sequence[str], labels: Sequence[str], vectors: np.ndarray, outside: frozenset[str] = frozenset()) -> Learnt:
    """Learn from examples; ``vectors`` (n, d) are of length one, ``outside`` names labels that stand for what is not meant.

    Raises:
        TooFewExamples: nothing can be learnt from these.
    """
    called, counts = np.unique([label for label in labels if label not in outside], return_counts=True)
    if len(called) < 2 or int((counts >= 2).sum()) < 2:
        raise TooFewExamples("two intents with two examples each are needed")
    made, given = _Examples(texts, np.array(labels), vectors.astype(np.float32), outside), []
    for part, left_out in _folds(made, called):
        given += _measured(made, part, left_out)
    whole = _fit(made, np.arange(len(texts)))
    classifier = _weighed(whole, given)
    return Learnt(classifier, tuple(_held_out(one, classifier, outside) for one in given))


@dataclass(frozen=True, slots=True)
class _Examples:
    texts: Sequence[str]
    labels: np.ndarray
    vectors: np.ndarray
    outside: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Given:
    """One example as a fold that had not seen it measured it."""

    text: str
    label: str
    known: bool
    meant: bool
    labels: np.ndarray
    scores: np.ndarray
    signals: np.ndarray


def _folds(made: _Examples, called: np.ndarray) -> list[tuple[np.ndarray, frozenset[str]]]:
    """Return for each fold the examples that it leaves out, and the intents of which it leaves out all."""
    drawn = np.random.default_rng(SEED)
    place = np.zeros(len(made.labels), dtype=int)
    for label in np.unique(made.labels):
        mine = np.flatnonzero(made.labels == label)
        place[drawn.permutation(mine)] = (np.arange(len(mine)) + drawn.integers(FOLDS)) % FOLDS
    turn = drawn.permutation(len(called)) % FOLDS
    most = len(called) - 2
    folds = [(np.flatnonzero(place == fold), frozenset(map(str, called[turn == fold][: max(most, 0)]))) for fold in range(FOLDS)]
    return [(part, left_out) for part, left_out in folds if len(part)]


def _measured(made: _Examples, part: np.ndarray, left_out: frozenset[str]) -> list[_Given]:
    gone = np.isin(made.labels, list(left_out))
    training = np.setdiff1d(np.flatnonzero(~gone), part)
    learnt = _fit(made, training)
    trained = set(learnt.labels.tolist())
    asked = np.union1d(part[~gone[part]], np.flatnonzero(gone))
    rows = []
    for one in asked:
        text, label = made.texts[one], str(made.labels[one])
        scores, signals = learnt.measure(text, made.vectors[one])
        rows.append(
            _Given(text, label, label in trained, label not in made.outside, learnt.labels[~learnt.outside], scores[~learnt.outside], signals)
        )
    return rows


def _fit(made: _Examples, part: np.ndarray) -> Classifier:
    """Fit the regression and the centres to a part of the examples; sharpness and weights stay open."""
    from scipy.sparse import csr_matrix

    texts, vectors = [made.texts[one] for one in part], made.vectors[part]
    labels, place = np.unique(made.labels[part], return_inverse=True)
    lexicon = Lexicon.of(texts)
    rows = [lexicon.row(text) for text in texts]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    grams = csr_matrix(
        (np.concatenate([v for _, v in rows]), np.concatenate([p for p, _ in rows]), ends), shape=(len(part), len(lexicon.buckets)), dtype=np.float32
    )
    by_vector, by_gram, bias = _regression(vectors, grams, place, len(labels))
    outside = np.isin(labels, list(made.outside))
    meant = ~outside[place]
    middle, whitening, centres = _centres(vectors[meant].astype(np.float64), place[meant])
    return Classifier(
        labels=labels,
        outside=outside,
        examples=vectors[meant],
        by_vector=by_vector,
        by_gram=by_gram,
        bias=bias,
        buckets=lexicon.buckets,
        rarity=lexicon.rarity,
        middle=middle,
        whitening=whitening,
        centres=centres,
        sharpness=np.ones(1, dtype=np.float32),
        weights=np.zeros(5, dtype=np.float32),
    )


def _regression(vectors: np.ndarray, grams: Any, place: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a multinomial logistic regression with squared weights as its penalty; return weights (d, k), (m, k) and bias (k,)."""
    n, d, m = len(place), vectors.shape[1], grams.shape[1]
    right = np.zeros((n, k), dtype=np.float32)
    right[np.arange(n), place] = 1
    turned = grams.T.tocsr()

    def parts(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return flat[:-k].reshape(d + m, k).astype(np.float32), flat[-k:].astype(np.float32)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = parts(flat)
        scores = vectors @ weights[:d] + grams @ weights[d:] + bias
        sure = softmax(scores)
        wrong = sure - right
        slope = np.concatenate([vectors.T @ wrong, turned @ wrong]) + STIFFNESS * weights
        value = -float(np.log(np.maximum(sure[np.arange(n), place], 1e-30)).sum()) + STIFFNESS / 2 * float((weights * weights).sum())
        return value / n, np.concatenate([slope.ravel(), wrong.sum(axis=0)]).astype(np.float64) / n

    weights, bias = parts(_least(loss, (d + m + 1) * k, ROUNDS))
    return weights[:d], weights[d:], bias


def _least(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], size: int, rounds: int) -> np.ndarray:
    from scipy.optimize import minimize

    return np.asarray(minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": rounds, "maxcor": 8}).x)


def _centres(vectors: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the middle (d,), the whitening (d, d) by the shrunk covariance within intents, and their whitened centres."""
    means = np.stack([vectors[place == one].mean(axis=0) for one in np.unique(place)])
    apart = vectors - means[np.unique(place, return_inverse=True)[1]]
    whitening = np.linalg.cholesky(np.linalg.inv(shrunk(apart)))
    middle = vectors.mean(axis=0)
    turned = (means - middle) @ whitening
    length = np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
    return middle.astype(np.float32), whitening.astype(np.float32), (turned / length).astype(np.float32)


def shrunk(apart: np.ndarray) -> np.ndarray:
    """Return the covariance of centred rows (n, d), drawn towards a multiple of the identity as Ledoit and Wolf 2004 say; it can be inverted."""
    n, d = apart.shape
    plain = apart.T @ apart / n
    level = float(np.trace(plain)) / d
    spread = float((plain * plain).sum()) - d * level * level
    noise = (float(((apart * apart).sum(axis=1) ** 2).sum()) / n - float((plain * plain).sum())) / n
    share = min(max(noise, 0.0) / spread, 1.0) if spread > 0 else 1.0
    return np.asarray((1 - share) * plain + (share * level + 1e-6) * np.eye(d))


def _weighed(whole: Classifier, given: Sequence[_Given]) -> Classifier:
    """Set sharpness and weights by what the folds measured."""
    from dataclasses import replace

    seen = [one for one in given if one.known and one.meant]
    costs = [sum(_cost(one, sharpness) for one in seen) for sharpness in SHARPNESS]
    sharpness = SHARPNESS[int(np.argmin(costs))] if seen else 1.0
    weights = _weights(np.stack([one.signals for one in given]), np.array([one.known and one.meant for one in given]))
    return replace(whole, sharpness=np.array([sharpness], dtype=np.float32), weights=weights.astype(np.float32))


def _cost(one: _Given, sharpness: float) -> float:
    return -float(np.log(max(softmax(one.scores * sharpness)[int(np.flatnonzero(one.labels == one.label)[0])], 1e-12)))


def _weights(signals: np.ndarray, meant: np.ndarray) -> np.ndarray:
    """Weigh the signals by a regression of what is meant, both sides counting the same; no weight is below zero."""
    from scipy.optimize import minimize

    middle, spread = signals.mean(axis=0), signals.std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)
    scaled = np.column_stack([(signals - middle) / spread, np.ones(len(signals))])
    odds = np.where(meant, 0.5 / max(meant.sum(), 1), 0.5 / max((~meant).sum(), 1))
    sign = np.where(meant, 1.0, -1.0)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (scaled @ flat)
        slope = -(scaled * (odds * sign / (1 + np.exp(margin)))[:, None]).sum(axis=0) + 1e-3 * flat
        return float((odds * np.logaddexp(0, -margin)).sum()) + 5e-4 * float(flat @ flat), slope

    bounds = [(0.0, None)] * 4 + [(None, None)]
    found = np.asarray(minimize(loss, np.full(5, 0.5), jac=True, method="L-BFGS-B", bounds=bounds).x)
    plain = found[:4] / spread
    return np.append(plain, found[4] - float(plain @ middle))


def _held_out(one: _Given, classifier: Classifier, outside: frozenset[str]) -> HeldOut:
    sure = softmax(one.scores * classifier.sharpness[0])
    familiar = 1 / (1 + np.exp(-float(one.signals @ classifier.weights[:4] + classifier.weights[4])))
    read_as = str(one.labels[int(sure.argmax())]) if one.signals[3] >= 0 else min(outside)
    return HeldOut(one.text, one.label, one.known, read_as, float(sure.max()), float(familiar))
