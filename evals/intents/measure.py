"""Trains the classifier of the product on one set and grades it on another.

In scope: accuracy and macro-F1 over the intents of the test rows, and the calibration error of the confidence in the named intent. Out of scope: the
area under the ROC curve of the probability that a message belongs to one of the intents, and at the shipped threshold the share of out-of-scope rows
that are recognised and of in-scope rows that are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.agent.steps.understand_fit import TooFewExamples, learn
from assistant.agent.steps.understand_model import FAMILIAR
from evals.beir import BadInput
from evals.intents.rows import Row
from evals.measures import calibration_error
from evals.report import RESAMPLES, SEED, Metric, bootstrap, exact, mean

NOWHERE = "out of scope"


@dataclass(frozen=True, slots=True)
class Read:
    """A test row as it was read. ``label`` is None for one that belongs to no intent."""

    label: str | None
    read_as: str
    confidence: float
    familiar: float


def read_all(train: Sequence[Row], test: Sequence[Row], embed: Callable[[Sequence[str]], np.ndarray], note: Callable[[str], None]) -> list[Read]:
    """Train on some rows, read the others.

    Raises:
        BadInput: there is too little to train on, or a test label that training has no example of.
    """
    known = {row.label for row in train}
    strange = sorted({row.label for row in test if row.label is not None} - {label for label in known if label is not None})
    if strange:
        raise BadInput(f"the training rows have no example of {', '.join(strange[:5])}; name labels of no intent with --oos-label")
    note(f"training on {len(train):,} rows")
    texts = [row.text for row in train]
    try:
        made = learn(texts, [row.label or NOWHERE for row in train], embed(texts), frozenset({NOWHERE})).classifier
    except TooFewExamples as error:
        raise BadInput(str(error)) from error
    note(f"reading {len(test):,} rows")
    vectors = embed([row.text for row in test])
    readings = [made.read(row.text, vector) for row, vector in zip(test, vectors, strict=True)]
    return [Read(row.label, one.label, one.confidence, one.familiar) for row, one in zip(test, readings, strict=True)]


def metrics(rows: Sequence[Read]) -> dict[str, Metric]:
    """Return the measures that the rows allow; without out-of-scope rows, or with nothing else, those of the other side are left out."""
    inside, outside = [row for row in rows if row.label is not None], [row for row in rows if row.label is None]
    found = _inside(inside) if inside else {}
    if inside and outside:
        found["auroc_oos"] = _auroc([row.familiar for row in inside], [row.familiar for row in outside])
    if outside:
        found["recall_oos"] = bootstrap([float(row.familiar < FAMILIAR) for row in outside], mean)
    if inside:
        found["kept_in_scope"] = bootstrap([float(row.familiar >= FAMILIAR) for row in inside], mean)
        found["recall_in_scope"] = bootstrap([float(row.familiar >= FAMILIAR and row.read_as == row.label) for row in inside], mean)
    return found


def _inside(rows: Sequence[Read]) -> dict[str, Metric]:
    labels = sorted({row.label or "" for row in rows} | {row.read_as for row in rows})
    place = {label: number for number, label in enumerate(labels)}
    pairs = np.array([(place[row.label or ""], place[row.read_as]) for row in rows])
    right = [float(row.label == row.read_as) for row in rows]
    sure = [(row.label == row.read_as, row.confidence) for row in rows]
    return {
        "accuracy": bootstrap(right, mean),
        "macro_f1": _resampled(pairs, lambda part: macro_f1(part, len(labels))),
        "ece": bootstrap(sure, calibration_error),
    }


def macro_f1(pairs: np.ndarray, k: int) -> float:
    """Return the mean F1 over the intents that occur as a label; ``pairs`` (n, 2) are label and what it was read as, by number below ``k``."""
    counted = np.zeros((k, k))
    np.add.at(counted, (pairs[:, 0], pairs[:, 1]), 1)
    hit, asked = np.diag(counted), counted.sum(axis=1)
    f1 = 2 * hit / np.maximum(asked + counted.sum(axis=0), 1)
    return float(f1[asked > 0].mean())


def _resampled(rows: np.ndarray, statistic: Callable[[np.ndarray], float]) -> Metric:
    drawn = np.random.default_rng(SEED)
    values = [statistic(rows[drawn.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)]
    low, high = np.percentile(values, [2.5, 97.5])
    return Metric(statistic(rows), float(low), float(high))


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Return the probability that an in-scope row scores above an out-of-scope one, ties counting half (Mann and Whitney)."""
    order = np.sort(outside)
    below, upto = np.searchsorted(order, inside, side="left"), np.searchsorted(order, inside, side="right")
    return float((below + upto).mean() / 2 / len(outside))


def _auroc(inside: Sequence[float], outside: Sequence[float]) -> Metric:
    """Return the area with its interval; both sides are resampled apart, as they were drawn."""
    good, bad = np.array(inside), np.array(outside)
    if not len(good) or not len(bad):
        return exact(float("nan"))
    drawn = np.random.default_rng(SEED)
    values = [auroc(good[drawn.integers(0, len(good), len(good))], bad[drawn.integers(0, len(bad), len(bad))]) for _ in range(RESAMPLES)]
    low, high = np.percentile(values, [2.5, 97.5])
    return Metric(auroc(good, bad), float(low), float(high))
