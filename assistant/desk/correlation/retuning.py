"""Learns the weights of the rules from what operators said belongs together and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from assistant.desk.correlation.profile import Profile
from assistant.desk.correlation.reading import Signature
from assistant.desk.correlation.scoring import RULES, SHIPPED, SPEAKS_FOR, Known, compare
from assistant.domain.alert import Judgement

Pair = tuple[tuple[float, ...], bool]
OF_EACH = 6
"""Alerts of each side of a decision that something is learned from: a large group counts no more than a small one."""
LEAST, LEAST_OF_EACH = 60, 15
"""Pairs, and pairs of each kind, below which nothing is fitted."""
HELD_OUT = 3
"""Of every so many decisions one is held out, whole."""
PRIOR_SPREAD = 0.75
FARTHEST = 2.0
"""No weight goes farther from the shipped one; none changes its sign (``SPEAKS_FOR``)."""
STEPS, ENOUGH = 50, 1e-6
BETTER_BY = 0.01
"""In mean log loss, that a new version has to do better on pairs that were held out."""


def evidence(one: Sequence[Signature], other: Sequence[Signature], known: Known, *, same: bool = False) -> tuple[Pair, ...]:
    """Return what the rules say of some alerts beside the others, and whether they belong together.

    Within each side they do; across the sides they do when ``same``.
    """
    found: list[Pair] = []
    for mine, theirs in ((one, other), (other, one)):
        for alert in mine[:OF_EACH]:
            rest = [near for near in mine if near is not alert]
            if rest and not (same and theirs):
                found.append((_rounded(compare(alert, Profile.over(rest), known, SHIPPED).values), True))
            if theirs:
                found.append((_rounded(compare(alert, Profile.over(theirs), known, SHIPPED).values), same))
    return tuple(found)


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in values)


@dataclass(frozen=True, slots=True)
class Refit:
    """What came of fitting. ``values`` are the weights to use; ``better`` says whether they are new ones."""

    values: tuple[float, ...]
    better: bool
    facts: dict[str, Any]


def refit(judgements: Sequence[Judgement], current: Sequence[float]) -> Refit:
    """Fit the weights to what stands of operators' decisions, near the shipped ones, and keep them only when they do better where not fitted.

    Logistic regression with a normal prior around the shipped weights (spread ``PRIOR_SPREAD``), by Newton's method, with bounds. A third of
    the decisions is held out; both versions are tried on it by their mean log loss.
    """
    fitted_on: list[Pair] = []
    tried_on: list[Pair] = []
    for one in judgements:
        if one.stands and one.pairs and all(len(values) == len(RULES) for values, _ in one.pairs):
            held = int(sha256(one.id.encode()).hexdigest(), 16) % HELD_OUT == 0
            (tried_on if held else fitted_on).extend(one.pairs)
    facts: dict[str, Any] = {"fitted_on": len(fitted_on), "tried_on": len(tried_on)}
    together = sum(same for _, same in fitted_on)
    if len(fitted_on) < LEAST or min(together, len(fitted_on) - together) < LEAST_OF_EACH or not tried_on:
        return Refit(tuple(current), False, facts | {"why": "not enough decisions yet"})
    made = fit(fitted_on)
    before, after = loss(tried_on, current), loss(tried_on, made)
    facts |= {"loss_before": round(before, 4), "loss_after": round(after, 4)}
    if after > before - BETTER_BY:
        return Refit(tuple(current), False, facts | {"why": "no better on decisions that were held out"})
    return Refit(made, True, facts)


def fit(pairs: Sequence[Pair], prior: Sequence[float] = SHIPPED) -> tuple[float, ...]:
    """Return the weights that fit best, near the prior and within bounds."""
    values, same = np.array([row for row, _ in pairs]), np.array([float(together) for _, together in pairs])
    centre = np.array(prior)
    low, high = np.where(SPEAKS_FOR, 0.0, -np.inf), np.where(SPEAKS_FOR, np.inf, 0.0)
    low, high = np.maximum(low, centre - FARTHEST), np.minimum(high, centre + FARTHEST)
    weights, pull = centre.copy(), 1 / PRIOR_SPREAD**2
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-np.clip(values @ weights, -30, 30)))
        slope = values.T @ (likely - same) + pull * (weights - centre)
        bend = (values.T * (likely * (1 - likely))) @ values + pull * np.eye(len(centre))
        moved = np.clip(weights - np.linalg.solve(bend, slope), low, high)
        done = float(np.abs(moved - weights).max()) < ENOUGH
        weights = moved
        if done:
            break
    return tuple(round(float(weight), 4) for weight in weights)


def loss(pairs: Sequence[Pair], weights: Sequence[float]) -> float:
    """Return the mean log loss of weights on pairs."""
    values, same = np.array([row for row, _ in pairs]), np.array([together for _, together in pairs])
    odds = np.clip(values @ np.array(weights), -30, 30)
    return float(np.mean(np.log1p(np.exp(np.where(same, -odds, odds)))))
