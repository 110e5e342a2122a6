"""Predicts containment from a history that was replayed in shadow, and sets the prediction beside what came. Values in, values out.

Containment of a category is the share of its tickets that is answered at once times the probability that such an answer is right. Four things are
not known exactly, and all of them widen the interval: which tickets were tried, how far confidence can be believed, how far this category differs
from others of the same confidence, and chance in the weeks to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.domain.conversation import Outcome
from assistant.domain.measures import RESOLVED, Cell, Rate
from assistant.domain.outcome import Judged
from assistant.domain.prediction import Predicted, Prediction

PSEUDO = 20
"""The confidence itself counts like so many verdicts: with few verdicts it is believed, with many they are."""
BINS, LEAST_IN_BIN = 5, 15
APART = 0.10
"""Standard deviation between categories of what is right at the same confidence, where too few verdicts are known to measure it."""
SILENT = 0.04
"""Standard deviation of what those who say nothing differ from those who do: no number of verdicts tells it."""
LEAST_CATEGORIES, LEAST_OF_CATEGORY = 5, 15
DRAWS, SEED = 20_000, 20_261_122
AUTO = "steps.answer:auto"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pipeline would have done with one ticket; nothing was done."""

    category: str
    answered: bool
    confidence: float
    asked: bool = False
    offer: str = ""
    """The tool whose card or choice would have been shown."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How probably an answer of some confidence is right. ``edges`` part the bins; ``says`` tells where it comes from."""

    edges: tuple[float, ...] = ()
    hits: tuple[int, ...] = (0,)
    totals: tuple[int, ...] = (0,)
    apart: float = APART
    says: str = "the confidence itself: nobody has judged enough answers yet"

    def of(self, confidence: float) -> tuple[float, float]:
        """Return mean and variance of the probability that an answer of this confidence is right."""
        at = int(np.searchsorted(self.edges, confidence, side="right"))
        right = self.hits[at] + PSEUDO * confidence
        wrong = self.totals[at] - self.hits[at] + PSEUDO * (1 - confidence)
        total = right + wrong
        return right / total, right * wrong / (total * total * (total + 1))


def calibration_of(judged: Sequence[Judged], category: Mapping[tuple[str, int], str]) -> Calibration:
    """Return the calibration that the verdicts on automatic answers give; silence is no verdict."""
    spoken = sorted((one for one in judged if one.decision == AUTO and one.right is not None), key=lambda one: one.confidence)
    bins = min(BINS, len(spoken) // LEAST_IN_BIN)
    if not bins:
        return Calibration()
    of = np.arange(len(spoken)) * bins // len(spoken)
    right = np.array([bool(one.right) for one in spoken])
    firsts = [int(np.argmax(of == number)) for number in range(1, bins)]
    edges = tuple(spoken[at].confidence for at in firsts)
    hits = tuple(int(one) for one in np.bincount(of, right, minlength=bins))
    totals = tuple(int(one) for one in np.bincount(of, minlength=bins))
    made = Calibration(edges, hits, totals)
    apart, how = _apart(spoken, made, category)
    says = f"{len(spoken):,} verdicts of people on automatic answers, in {bins} bins of confidence; {how}"
    return Calibration(edges, hits, totals, apart, says)


def _apart(spoken: Sequence[Judged], made: Calibration, category: Mapping[tuple[str, int], str]) -> tuple[float, str]:
    """Return how far categories differ at the same confidence, by the method of moments: what their residuals vary beyond chance."""
    rows: dict[str, list[tuple[bool, float]]] = {}
    for one in spoken:
        name = category.get((one.conversation, one.episode), "")
        if name:
            rows.setdefault(name, []).append((bool(one.right), made.of(one.confidence)[0]))
    large = [found for found in rows.values() if len(found) >= LEAST_OF_CATEGORY]
    if len(large) < LEAST_CATEGORIES:
        return APART, f"categories are taken to differ by {100 * APART:.0f} points, since too few are judged"
    residuals = np.array([np.mean([right - chance for right, chance in found]) for found in large])
    chance = np.array([np.mean([p * (1 - p) for _, p in found]) / len(found) for found in large])
    measured = float(np.sqrt(max(0.0, float(np.mean(residuals**2 - chance)))))
    return max(measured, 0.02), f"categories differ by {100 * max(measured, 0.02):.0f} points"


def predicted(category: str, tickets: int, shown: Sequence[Shown], calibration: Calibration, expected: int) -> Predicted:
    """Return the prediction for a category; the interval is of a period with ``expected`` tickets.

    Raises:
        ValueError: nothing was tried.
    """
    if not shown:
        raise ValueError("nothing was tried")
    answered = [one for one in shown if one.answered]
    chances = [calibration.of(one.confidence) for one in answered]
    right = sum(mean for mean, _ in chances)
    share, spread = _share(len(answered), len(shown))
    if chances:
        of, variance = right / len(chances), float(np.mean([one for _, one in chances])) + calibration.apart**2 + SILENT**2
    else:
        of, variance = 0.5, 1 / 12  # nothing was answered, so nothing is known of what would be right
    mean = share * of
    deviation = float(np.sqrt(spread * (of * of + variance) + variance * share * share))
    low, high = interval(mean, deviation, expected)
    offers = Counter(one.offer for one in shown if one.offer)
    return Predicted(
        category=category,
        tickets=tickets,
        tried=len(shown),
        answered=len(answered),
        asked=sum(one.asked for one in shown),
        right=round(right, 4),
        mean=round(mean, 6),
        deviation=round(deviation, 6),
        low=low,
        high=high,
        offers=tuple(sorted(offers.items())),
    )


def _share(hits: int, total: int) -> tuple[float, float]:
    """Return mean and variance of a share under Jeffreys' prior."""
    a, b = hits + 0.5, total - hits + 0.5
    return a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))


def interval(mean: float, deviation: float, tickets: int) -> tuple[float, float]:
    """Return between which shares of so many tickets the contained ones lie with 95 % probability (beta-binomial with these moments)."""
    mean = min(max(mean, 1e-6), 1 - 1e-6)
    variance = min(deviation**2, 0.95 * mean * (1 - mean))
    size = mean * (1 - mean) / max(variance, 1e-9) - 1
    draw = np.random.default_rng(SEED)
    shares = draw.beta(mean * size, (1 - mean) * size, DRAWS)
    if tickets > 0:
        shares = draw.binomial(tickets, shares) / tickets
    low, high = np.quantile(shares, [0.025, 0.975], method="inverted_cdf")
    return round(float(low), 6), round(float(high), 6)


@dataclass(frozen=True, slots=True)
class Came:
    """A category's prediction beside what came."""

    category: str
    low: float
    high: float
    """Of the prediction for as many tickets as came."""
    mean: float
    contained: Rate
    confirmed: Rate

    @property
    def held(self) -> bool | None:
        """Say whether what came lies in the interval, None where nothing came."""
        return None if self.contained.share is None else self.low <= self.contained.share <= self.high


def beside(prediction: Predicted, contained: Rate, confirmed: Rate) -> Came:
    """Set a prediction beside what came, for as many tickets as came."""
    low, high = interval(prediction.mean, prediction.deviation, contained.total)
    return Came(prediction.category, low, high, prediction.mean, contained, confirmed)


def came_of(made: Prediction, cells: Sequence[Cell]) -> list[Came]:
    """Set every predicted category beside its cell of the ledger."""
    known = {str(cell.keys["category"]): cell for cell in cells}
    found = []
    for one in made.categories:
        cell = known.get(one.category, Cell({}))
        found.append(beside(one, cell.rate(*RESOLVED), cell.rate(Outcome.RESOLVED_CONFIRMED)))
    return found
