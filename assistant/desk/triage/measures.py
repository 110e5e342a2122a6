"""How well a field is read: measures over rows that the reader had not seen, and whether one reader is surely no worse than another.

Macro-F1 is the mean F1 over the labels that occur among the rows. The expected calibration error has ten bins of equal width (Naeini et al. 2015).
Two readers are compared on the same rows by a paired bootstrap of the difference of their accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.domain.measures import Rate

BINS = 10
RESAMPLES = 2_000
SEED = 20_261_122
AUTOMATIC = (0.95, 0.98)
"""The accuracies for which it is said which share could be routed without anybody looking."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with the label that is right, the one that was read, and the probability that it is right. (n,) each."""

    right: np.ndarray
    read: np.ndarray
    confidence: np.ndarray

    @property
    def hits(self) -> np.ndarray:
        """True where the right one was read."""
        return np.asarray(self.right == self.read)


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one field; ``automatic`` has for each wanted accuracy the threshold, the share above it, and the accuracy there."""

    rows: int
    accuracy: float
    macro_f1: float
    ece: float
    automatic: tuple[tuple[float, float, float, float], ...]


def macro_f1(right: np.ndarray, read: np.ndarray) -> float:
    """Return the mean F1 over the labels that occur in ``right``."""
    scores = []
    for label in np.unique(right):
        hit = int(((right == label) & (read == label)).sum())
        scores.append(2 * hit / (int((right == label).sum()) + int((read == label).sum())))
    return float(np.mean(scores)) if scores else float("nan")


def calibration_error(hits: np.ndarray, confidence: np.ndarray) -> float:
    """Return the expected calibration error."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    mine = [place == one for one in range(BINS) if (place == one).any()]
    return float(sum(abs(hits[one].mean() - confidence[one].mean()) * one.mean() for one in mine))


def threshold_for(hits: np.ndarray, confidence: np.ndarray, accuracy: float) -> float:
    """Return the lowest confidence from which up at least this share is right; above 1, which nothing reaches, where there is none."""
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(hits[order]) / np.arange(1, len(order) + 1)
    last = np.append(confidence[order][1:] != confidence[order][:-1], True) if len(order) else np.zeros(0, dtype=bool)
    enough = np.flatnonzero((share >= accuracy) & last)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.01


def quality(found: Scored, thresholds: Sequence[float]) -> Quality:
    """Measure rows; ``thresholds`` belong to ``AUTOMATIC`` and were chosen on other rows."""
    hits, automatic = found.hits, []
    for wanted, least in zip(AUTOMATIC, thresholds, strict=True):
        above = found.confidence >= least
        automatic.append((wanted, least, float(above.mean()), float(hits[above].mean()) if above.any() else float("nan")))
    ece = calibration_error(hits, found.confidence)
    return Quality(len(hits), float(hits.mean()), macro_f1(found.right, found.read), ece, tuple(automatic))


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much the new reader is right more often than the old one, with the 95 % interval; in shares."""

    rows: int
    mean: float
    low: float
    high: float
    better: int
    """Rows that only the new one read rightly."""
    worse: int

    @property
    def holds(self) -> bool:
        """Say whether the new one may take the place of the old one: it is surely not worse."""
        return self.low >= 0.0 and self.rows > 0

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        if not self.rows:
            return "there are no rows that neither was learnt from"
        points = f"{100 * self.mean:+.2f} points ({100 * self.low:+.2f} to {100 * self.high:+.2f})"
        return f"{points} of accuracy over {self.rows} rows that neither was learnt from: {self.better} better, {self.worse} worse"


def difference(new: np.ndarray, old: np.ndarray) -> Difference:
    """Compare two readers by their hits on the same rows, (n,) each."""
    change = new.astype(float) - old.astype(float)
    if not len(change):
        return Difference(0, 0.0, 0.0, 0.0, 0, 0)
    drawn = np.random.default_rng(SEED)
    means = [float(change[drawn.integers(0, len(change), len(change))].mean()) for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Difference(len(change), float(change.mean()), float(low), float(high), int((change > 0).sum()), int((change < 0).sum()))


def misroutes(corrected: int, routed: int) -> Rate:
    """Return the share of what was routed without anybody looking that a person corrected."""
    return Rate(corrected, routed)
