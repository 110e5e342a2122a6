"""Simulates companies whose truth is known, has the product predict a go-live in them, and counts how often what comes lies in the interval.

What makes such predictions go wrong is planted: confidence that is too high or too low, categories that differ at the same confidence, people who
speak up more when they were not helped, small categories, few verdicts or none, and demand that changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from assistant.desk import golive
from assistant.desk.golive import AUTO, Calibration, Shown, beside, calibration_of
from assistant.domain.measures import Rate
from assistant.domain.outcome import Judged
from evals.report import Metric, exact

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
BAND = 0.30
"""What is answered at once, in every company."""


@dataclass(frozen=True, slots=True)
class Company:
    """How a company behaves."""

    name: str
    verdicts: int
    """Answers that people judged before; those who are helped speak up less often than those who are not."""
    too_sure: float = 0.0
    """By so much the confidence is higher than the share that is right."""
    apart: float = 0.08
    """Standard deviation between categories at the same confidence."""
    categories: int = 12
    history: tuple[int, int] = (60, 600)
    sample: int = 40
    later: tuple[int, int] = (20, 200)
    drift: float = 0.02
    """Standard deviation of a category's change between history and go-live."""
    blind: bool = False
    """Nothing here could tell that confidence is wrong; it is shown, and does not count."""


COMPANIES = (
    Company("honest, many verdicts", 2_000),
    Company("honest, few verdicts", 150),
    Company("honest, no verdicts", 0),
    Company("too sure, many verdicts", 2_000, too_sure=0.15),
    Company("too unsure, many verdicts", 2_000, too_sure=-0.15),
    Company("too sure, few verdicts", 300, too_sure=0.10),
    Company("categories far apart", 2_000, apart=0.20),
    Company("categories alike", 2_000, apart=0.0),
    Company("small categories", 600, history=(10, 40), sample=15, later=(5, 30)),
    Company("large categories", 2_000, history=(2_000, 9_000), sample=200, later=(1_000, 4_000)),
    Company("too sure, no verdicts", 0, too_sure=0.20, blind=True),
)


@dataclass(frozen=True, slots=True)
class Played:
    """One category: whether what came lies in the interval, how wide that is, and how far the prediction is off."""

    covered: bool
    width: float
    error: float


def play(company: Company, times: int, seed: int) -> list[Played]:
    """Play a company so many times; the same seed gives the same companies."""
    number = COMPANIES.index(company)
    return [one for time in range(times) for one in _play(company, np.random.default_rng([seed, number, time]))]


def _right(company: Company, confidence: NDArray[np.float64], shift: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.clip(confidence - company.too_sure + shift, 0.01, 0.99)


def _play(company: Company, rng: np.random.Generator) -> list[Played]:
    shifts = rng.normal(0, company.apart, company.categories)
    shape = rng.uniform(1.0, 4.0, (company.categories, 2))
    calibration = _judged(company, rng, shifts, shape)
    return [_category(company, rng, shape[at], float(shifts[at]), calibration) for at in range(company.categories)]


def _judged(company: Company, rng: np.random.Generator, shifts: NDArray[np.float64], shape: NDArray[np.float64]) -> Calibration:
    """Return what the product learns of verdicts. Of answers that helped half are judged, of the others six in ten."""
    rows: list[Judged] = []
    categories: dict[tuple[str, int], str] = {}
    while len(rows) < company.verdicts:
        at = int(rng.integers(company.categories))
        confidence = float(rng.beta(shape[at, 0], shape[at, 1]))
        right = bool(rng.random() < _right(company, np.array([confidence]), shifts[at])[0])
        if confidence < BAND or rng.random() > (0.5 if right else 0.6):
            continue
        name = f"c_{len(rows)}"
        categories[name, 1] = str(at)
        rows.append(Judged(name, 1, "m", NOON, "answer", confidence, AUTO, ("a",), right))
    return calibration_of(rows, categories)


def _category(company: Company, rng: np.random.Generator, shape: NDArray[np.float64], shift: float, calibration: Calibration) -> Played:
    tickets, later = int(rng.integers(*company.history)), int(rng.integers(*company.later))
    history = rng.beta(shape[0], shape[1], tickets)
    tried = rng.permutation(history)[: company.sample]
    shown = [Shown("c", bool(one >= BAND), float(one)) for one in tried]
    made = golive.predicted("c", tickets, shown, calibration, tickets)
    came = rng.beta(shape[0], shape[1], later)
    helped = rng.random(later) < _right(company, came, shift + float(rng.normal(0, company.drift)))
    contained = Rate(int(((came >= BAND) & helped).sum()), later)
    found = beside(made, contained, contained)
    return Played(bool(found.held), found.high - found.low, made.mean - (contained.share or 0.0))


def figures(played: Mapping[str, Sequence[Played]]) -> dict[str, Metric]:
    """Return coverage, width and bias over all companies in which it could be known, and in each."""
    blind = {company.name for company in COMPANIES if company.blind}
    known = [one for name, many in played.items() if name not in blind for one in many]
    metrics = {"coverage": _share(known), "width": _points([one.width for one in known]), "bias": _points([one.error for one in known])}
    for name, many in played.items():
        metrics[f"{name}: coverage"] = _share(many)
        metrics[f"{name}: width"] = _points([one.width for one in many])
    return metrics


def _share(played: Sequence[Played]) -> Metric:
    rate = Rate(sum(one.covered for one in played), len(played))
    return Metric(rate.share if rate.share is not None else float("nan"), rate.low, rate.high)


def _points(values: Sequence[float]) -> Metric:
    """Return a mean in points, with the normal 95 % interval of a mean."""
    if len(values) < 2:
        return exact(float("nan"))
    points = 100 * np.array(values)
    mean, half = float(points.mean()), float(1.96 * points.std(ddof=1) / np.sqrt(len(points)))
    return Metric(mean, mean - half, mean + half)
