"""Fits the weights of the rules that put alerts together, on labelled scenes, as the shipped ones were fitted.

The scenes are played with the weights at hand. Each comparison of an alert with a group is an example, once for belonging and once for not, each
counted by the square root of the pairs of alerts that hang on it. A logistic model with a quadratic pull to the weights before is fitted to them; no
weight changes its sign, and the base stays. What came of it is played again, and both plays are fitted together: other weights make other groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.desk.correlation.following import alert_id_of
from assistant.desk.correlation.grouping import Correlator, Live
from assistant.desk.correlation.reading import Signature
from assistant.desk.correlation.scoring import BASE, SHIPPED, SPEAKS_FOR, Compared, compare, weigh
from assistant.governance.correlation_rules import CorrelationRules
from evals.correlation.measure import Labelled, grouped

PULL = 50.0
WRONG = 1.6
"""How many times a pair that is wrongly made counts what a pair that is missed does."""
ROUNDS, STEPS = 2, 400


@dataclass(slots=True)
class Examples:
    """What the rules said, (n, rules), and how many alerts of the group belong with the alert and how many do not, (n,) each."""

    values: list[tuple[float, ...]] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    other: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Watched(Correlator):
    """A correlator whose comparisons are written down beside what the labels say of them."""

    labels: Mapping[str, str] = field(default_factory=dict)
    into: Examples = field(default_factory=Examples)
    _held: dict[str, Counter[str]] = field(default_factory=dict)

    def _best(self, one: Signature) -> tuple[Live | None, Compared | None]:
        alert, label = weigh(one, self), self.labels[one.alert]
        for group in self.near(one):
            held = self._held[group.id]
            self.into.values.append(compare(alert, group.profile, self, self.weights).values)
            self.into.same.append(held[label])
            self.into.other.append(held.total() - held[label])
        return Correlator._best(self, one)

    def _grow(self, group: Live, one: Signature) -> None:
        self._held.setdefault(group.id, Counter())[self.labels[one.alert]] += 1
        Correlator._grow(self, group, one)

    def absorb(self, kept: str, gone: str) -> None:
        self._held[kept].update(self._held[gone])
        Correlator.absorb(self, kept, gone)


def played(scenes: Sequence[Sequence[Labelled]], rules: CorrelationRules, weights: Sequence[float], into: Examples) -> None:
    """Play each scene with these weights and add what was compared."""
    for rows in scenes:
        labels = {alert_id_of(row.report): row.incident or str(row.report.fingerprint) for row in rows}
        grouped([row.report for row in rows], rules, _Watched(rules.window.total_seconds(), weights, labels=labels, into=into))


def fitted(scenes: Sequence[Sequence[Labelled]], rules: CorrelationRules, start: Sequence[float] = SHIPPED) -> list[float]:
    """Return weights that were fitted to labelled scenes, from ``start`` on, rounded to two places."""
    examples, weights = Examples(), list(start)
    for _ in range(ROUNDS):
        played(scenes, rules, weights, examples)
        weights = _fit(examples, np.array(start, dtype=float))
    return [round(weight, 2) for weight in weights]


def _fit(examples: Examples, start: np.ndarray) -> list[float]:
    from scipy.optimize import minimize

    values = np.array(examples.values)
    for_, against = np.sqrt(examples.same), WRONG * np.sqrt(examples.other)
    scale = len(values) / (for_ + against).sum()
    for_, against = for_ * scale, against * scale

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = values @ weights
        likely = 1 / (1 + np.exp(-odds))
        lost = (for_ * np.logaddexp(0, -odds) + against * np.logaddexp(0, odds)).sum() + PULL * ((weights - start) ** 2).sum()
        return float(lost), values.T @ (against * likely - for_ * (1 - likely)) + 2 * PULL * (weights - start)

    bounds = [(0.0, None) if positive else (None, 0.0) for positive in SPEAKS_FOR]
    bounds[BASE] = (start[BASE], start[BASE])
    made = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    return [float(weight) for weight in made.x]
