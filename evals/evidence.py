"""Fits the confidence of retrieval on questions with and without an article."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.beir import Case, Judged
from evals.fitting import Opened
from evals.measures import auroc, calibration_error, coverage_at
from evals.report import SEED, Metric, bootstrap, mean
from kb.evidence import FEATURES, features
from kb.model import Reader
from kb.ports import Scope
from kb.retrieve import Question

FOLDS = 5
REGULARISATION = 1.0
FREE = ("length",)
LEFT_OUT = 3
"""Every third query of a set in which all can be answered loses its articles, so that the right answer is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """The features of one question's ranking; is its first article right, can it be answered; how much it counts, its fold."""

    features: list[float]
    right: bool
    answerable: bool
    weight: float
    fold: int


def rows_of(item: Opened, outsiders: Sequence[str], progress: Callable[[str], None]) -> list[Row]:
    """Return a row for each query of a set, and for each outsider: a question that nothing in the set is about."""
    judged = [*item.judged.judged, *(Judged(Case(f"outsider {i}", text), {}, False) for i, text in enumerate(outsiders))]
    complete = all(one.relevant for one in item.judged.judged)
    fold = np.random.default_rng(SEED).permutation(len(judged)) % FOLDS
    rows = []
    for number, one in enumerate(judged):
        gone = frozenset(one.relevant) if complete and number % LEFT_OUT == 0 else frozenset[str]()
        ranking = item.retriever.rank(Question(one.case.text, turns=one.case.turns), Scope(Reader(), one.case.platform), tuple(gone))
        left = set(one.relevant) - gone
        right = bool(ranking.signals.ranked) and ranking.signals.ranked[0].passage.article.id in left
        rows.append(Row(features(ranking.signals), right, bool(left), 1 / len(judged), int(fold[number])))
    progress(f"{item.judged.name}: {len(rows)} questions, {mean([float(row.answerable) for row in rows]):.0%} with an article")
    return rows


def fit(made: dict[str, list[Row]], target: Path) -> dict[str, Metric]:
    """Fit the logistic model, write it to ``target``, and return its cross-validated quality on each set and on all."""
    rows = [row for group in made.values() for row in group]
    x, y = np.array([row.features for row in rows]), np.array([float(row.right) for row in rows])
    weights, folds = np.array([row.weight for row in rows]), np.array([row.fold for row in rows])
    weights *= len(rows) / weights.sum()
    centre, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    z, held = (x - centre) / spread, np.zeros(len(rows))
    for fold in range(FOLDS):
        found = _logistic(z[folds != fold], y[folds != fold], weights[folds != fold])
        held[folds == fold] = 1 / (1 + np.exp(-(z[folds == fold] @ found[1:] + found[0])))
    final = _logistic(z, y, weights)
    metrics = _metrics(made, held)
    slopes = final[1:] / spread
    facts = {
        "fitted_on": list(made),
        "n": len(rows),
        "cross_validated": {name: round(metric.value, 3) for name, metric in metrics.items()},
        "coefficients": {name: round(float(slope), 4) for name, slope in zip(FEATURES, slopes, strict=True)},
        "intercept": round(float(final[0] - (slopes * centre).sum()), 4),
    }
    target.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return metrics


def _logistic(z: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return intercept and slopes of a ridge logistic regression whose slopes are not negative, but for ``FREE``.

    Every feature but those is a reason to trust the answer. Left free, two that go together take opposite signs, which
    fits these sets and means nothing on another.
    """
    from scipy.optimize import minimize

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        score = z @ found[1:] + found[0]
        share = 1 / (1 + np.exp(-score))
        value = (weights * (np.logaddexp(0, score) - y * score)).sum() + REGULARISATION / 2 * (found[1:] ** 2).sum()
        slope = weights * (share - y)
        return float(value), np.concatenate([[slope.sum()], z.T @ slope + REGULARISATION * found[1:]])

    bounds = [(None, None)] + [(None if name in FREE else 0.0, None) for name in FEATURES]
    return np.asarray(minimize(loss, np.zeros(z.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x)


def _metrics(made: dict[str, list[Row]], held: np.ndarray) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    start = 0
    for name, rows in made.items():
        sure = held[start : start + len(rows)]
        start += len(rows)
        exists = [(row.answerable, float(s)) for row, s in zip(rows, sure, strict=True)]
        right = [(row.right, float(s)) for row, s in zip(rows, sure, strict=True)]
        metrics[f"{name}.auroc"] = bootstrap(exists, auroc)
        metrics[f"{name}.coverage@5%"] = bootstrap(right, lambda part: coverage_at(part, 0.05))
        metrics[f"{name}.ece"] = bootstrap(right, calibration_error)
    everything = [(row.right, float(s)) for row, s in zip([row for rows in made.values() for row in rows], held, strict=True)]
    metrics["auroc_right"] = bootstrap(everything, auroc)
    metrics["ece"] = bootstrap(everything, calibration_error)
    for bar in (0.15, 0.3):
        metrics[f"right_when_answered@{bar}"] = bootstrap([float(right) for right, sure in everything if sure >= bar], mean)
    return metrics
