"""What an article changed in its topic: difference in differences against untouched topics, with an interval that may be looked at every week.

The change of a topic is its share of confirmed resolutions after publishing less that before. From it the change that untouched topics had in the
same weeks is taken away. Each untouched topic's weeks are weighted as the questions of the treated one fall (direct standardisation), so what all
topics share in a week cancels. How far the changes of untouched topics scatter beyond chance is the yardstick for the treated one: a random-effects
mean (DerSimonian and Laird 1986, the variance between topics after Paule and Mandel 1982) with t quantiles (Satterthwaite 1946). Several questions
of one person count less (the design effect 1 + rho (m - 1), Kish 1965). The interval is a repeated confidence interval (Jennison and Turnbull 1989)
whose error is spent over the planned looks (Lan and DeMets 1983, the power family of Kim and DeMets 1987).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.domain.experiment import HORIZON, MARGIN, WEEKS_BEFORE, Effect, Finding, WeekSeen

ALPHA = 0.05
SPEND = 3.0
"""Power of the share of time: little is spent on the first looks, so the last interval is hardly wider than one of a single look."""
FEWEST_ASKED = 10
"""In the topic, on either side of publishing."""
FEWEST_CONTROLS = 4
COVERED = 0.5
"""An untouched topic has to have questions in the weeks in which at least this share of the treated topic's questions fall."""
HALF_TRUSTED = 10.0
"""A week with so many questions counts a quarter of what one with very many counts, where the restlessness of weeks is estimated."""
CLOSEST = 0.995
"""Two looks are never taken for closer related than this: it keeps the integral sound and errs on the wide side."""
REACH, STEPS = 7.0, 141
"""Of the grid of the integral, in standard deviations."""
Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Trials:
    """Questions, one in each place of four arrays of the same length.

    ``week`` counts from 0, the first of ``before`` weeks before the choice; from ``before`` on come the weeks after publishing.
    ``topic`` and ``person`` are whole numbers from 0.
    """

    topic: Counts
    week: Counts
    person: Counts
    resolved: NDArray[np.bool_]
    topics: int
    before: int = WEEKS_BEFORE
    weeks: int = WEEKS_BEFORE + HORIZON

    @cached_property
    def asked(self) -> Counts:
        """Questions by topic and week."""
        return np.bincount(self.topic * self.weeks + self.week, minlength=self.topics * self.weeks).reshape(self.topics, self.weeks)

    @cached_property
    def solved(self) -> Counts:
        """Confirmed resolutions by topic and week."""
        return np.bincount((self.topic * self.weeks + self.week)[self.resolved], minlength=self.topics * self.weeks).reshape(self.topics, self.weeks)


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier look: the week that it ended with, from 1, and the standard error of then."""

    week: int
    deviation: float


def measured(trials: Trials, treated: int, touched: Mapping[int, int], week: int, past: Sequence[Past] = ()) -> Effect:
    """Return the look after ``week`` weeks (1 … 12).

    ``touched`` names for topics the week (as in ``Trials``) from which they are no longer compared with. ``past`` are the earlier looks, which this
    one's interval is corrected for.
    """
    until = trials.before + week
    asked, solved = trials.asked[:, :until].copy(), trials.solved[:, :until].copy()
    for topic, since in touched.items():
        asked[topic, since:], solved[topic, since:] = 0, 0
    look = _counted(asked[treated], solved[treated], trials.before, week)
    if look.why:
        return look
    change, weights = _Changes(asked, solved, trials.before), _weights(asked[treated], trials.before)
    usable = change.usable(weights, treated, touched)
    if len(usable) < FEWEST_CONTROLS:
        return replace(look, controls=len(usable), why=f"only {len(usable)} untouched topics to compare with, {FEWEST_CONTROLS} are needed")
    everybody = np.concatenate([[treated], usable])
    crowd = _crowding(trials, until)
    restless = _restlessness(asked, solved, everybody, trials.before, crowd)
    moved, variance = change.of(everybody, weights, crowd, restless)
    others, spread, freedom = _pooled(moved[1:], variance[1:], float(variance[0]))
    effect, deviation = float(moved[0]) - others, float(np.sqrt(spread))
    reach = deviation * _quantile(boundaries([*past, Past(week, deviation)])[-1], freedom)
    low, high = max(-1.0, effect - reach), min(1.0, effect + reach)
    seen = _series(asked, solved, treated, usable, trials.before)
    numbers = replace(look, controls=len(usable), others=others, effect=effect, low=low, high=high, deviation=deviation, weeks=seen)
    return replace(numbers, **_finding(low, high, week))


def _finding(low: float, high: float, week: int) -> dict[str, Any]:
    if low > 0 or high < 0:
        return {"finding": Finding.MORE if low > 0 else Finding.LESS}
    if week >= HORIZON or max(-low, high) <= MARGIN:
        return {"finding": Finding.NO_EFFECT}
    return {"finding": Finding.NOT_ENOUGH, "why": f"anything from {100 * low:+.0f} to {100 * high:+.0f} points is still possible"}


def _counted(asked: Counts, solved: Counts, before: int, week: int) -> Effect:
    """Return a look with the counts only, and why there is not enough, where there is not."""
    was, now = (int(solved[:before].sum()), int(asked[:before].sum())), (int(solved[before:].sum()), int(asked[before:].sum()))
    lived = int((asked[:before] > 0).argmax()) if was[1] else before
    look = Effect(week, was, now, before - lived, Finding.NOT_ENOUGH)
    for count, when in ((was[1], "before the gap was taken up"), (now[1], "since the article was published")):
        if count < FEWEST_ASKED:
            return replace(look, why=f"{count} questions {when}, {FEWEST_ASKED} are needed")
    return look


def _weights(asked: Counts, before: int) -> Numbers:
    """Return for each week the share of the topic's questions that fall into it, on either side."""
    sides = [part / max(1, part.sum()) for part in (asked[:before], asked[before:])]
    return np.concatenate(sides)


@dataclass(frozen=True, slots=True)
class _Changes:
    asked: Counts
    solved: Counts
    before: int

    def usable(self, weights: Numbers, treated: int, touched: Mapping[int, int]) -> Counts:
        """Return the topics that have questions where the treated one has them, on both sides, and were not touched before publishing."""
        there = self.asked > 0
        covered = np.minimum((there * weights)[:, : self.before].sum(axis=1), (there * weights)[:, self.before :].sum(axis=1))
        barred = {treated, *(topic for topic, since in touched.items() if since < self.before)}
        return np.array([topic for topic in np.flatnonzero(covered >= COVERED) if topic not in barred], dtype=np.int64)

    def of(self, topics: Counts, weights: Numbers, crowd: Numbers, restless: float) -> tuple[Numbers, Numbers]:
        """Return the change of each topic, and its variance by chance and by the restlessness of weeks."""
        sides = [self._side(topics, part, weights[part], crowd, restless) for part in (slice(0, self.before), slice(self.before, None))]
        return sides[1][0] - sides[0][0], sides[0][1] + sides[1][1]

    def _side(self, topics: Counts, part: slice, weights: Numbers, crowd: Numbers, restless: float) -> tuple[Numbers, Numbers]:
        asked, solved = self.asked[topics][:, part], self.solved[topics][:, part]
        there = np.maximum(asked, 1)
        weight = np.where(asked > 0, weights, 0.0)
        weight = weight / weight.sum(axis=1, keepdims=True)
        total = asked.sum(axis=1)
        smooth = (solved.sum(axis=1) + 1) / (total + 2)
        chance = smooth * (1 - smooth) * (weight**2 / there).sum(axis=1) * crowd[topics]
        return (weight * solved / there).sum(axis=1), chance + restless * (weight**2).sum(axis=1)


def _restlessness(asked: Counts, solved: Counts, topics: Counts, before: int, crowd: Numbers) -> float:
    """Return the variance of a topic's weeks beyond chance and beyond what all topics share in a week, pooled over all topics (by moments).

    The treated topic, which stands first, counts before publishing only.
    """
    excess, total = 0.0, 0.0
    for rows, part in ((topics, slice(0, before)), (topics[1:], slice(before, None))):
        n, good = asked[rows][:, part].astype(float), solved[rows][:, part]
        there = n > 0
        if n.shape[1] < 2:
            continue
        share = np.where(there, good / np.maximum(n, 1), 0.0)
        apart = _centred(share, there)
        smooth = ((good.sum(axis=1) + 1) / (n.sum(axis=1) + 2))[:, None]
        chance = smooth * (1 - smooth) * crowd[rows][:, None] / np.maximum(n, 1)
        left = max((there.sum() - there.any(axis=1).sum() - there.any(axis=0).sum() + 1) / max(1, there.sum()), 0.1)
        weight = there * (n / (n + HALF_TRUSTED)) ** 2
        excess += float((weight * (apart**2 / left - chance)).sum())
        total += float(weight.sum())
    return max(0.0, excess / total) if total else 0.0


def _centred(share: Numbers, there: NDArray[np.bool_]) -> Numbers:
    """Return shares less the level of their topic and of their week."""
    apart = np.where(there, share, 0.0)
    for _ in range(3):
        for axis in (1, 0):
            level = apart.sum(axis=axis, keepdims=True) / np.maximum(there.sum(axis=axis, keepdims=True), 1)
            apart = np.where(there, apart - level, 0.0)
    return apart


def _crowding(trials: Trials, until: int) -> Numbers:
    """Return the design effect of each topic: by how much the variance grows because some people asked more than once."""
    rows = trials.week < until
    topic, person, good = trials.topic[rows], trials.person[rows], trials.resolved[rows].astype(float)
    asked = np.maximum(np.bincount(topic, minlength=trials.topics), 1)
    share = (np.bincount(topic, good, trials.topics) / asked)[topic]
    side = (trials.week[rows] >= trials.before).astype(np.int64)
    people = int(person.max()) + 1 if len(person) else 1
    _, group, size = np.unique((topic * 2 + side) * people + person, return_inverse=True, return_counts=True)
    apart = good - share
    products = np.bincount(group, apart) ** 2 - np.bincount(group, apart**2)
    chance = float((share * (1 - share)).mean()) if len(share) else 0.0
    pairs = float((size * (size - 1)).sum())
    alike = min(1.0, max(0.0, float(products.sum()) / (pairs * chance))) if pairs and chance else 0.0
    mean_size = np.bincount(topic, size[group].astype(float), trials.topics) / asked
    return np.asarray(1 + alike * np.maximum(mean_size - 1, 0))


def _pooled(moved: Numbers, variance: Numbers, own: float) -> tuple[float, float, float]:
    """Return the mean change of untouched topics, the variance of the treated one's distance from it, and its degrees of freedom.

    ``own`` is the treated topic's variance by chance.
    """
    count = len(moved)
    between = _between(moved, variance)
    weight = 1 / (between + variance)
    mean = float((weight * moved).sum() / weight.sum())
    of_mean = float(1 / weight.sum())
    whole = between + own + of_mean
    freedom = (count - 1) * (whole / max(between * (1 + 1 / count), 1e-12)) ** 2
    return mean, whole, float(min(max(2.0, freedom), 1e6))


def _between(moved: Numbers, variance: Numbers) -> float:
    """Return the variance between topics beyond chance, after Paule and Mandel; 0 where chance explains all."""
    wanted = len(moved) - 1

    def excess(between: float) -> float:
        weight = 1 / (between + variance)
        mean = (weight * moved).sum() / weight.sum()
        return float((weight * (moved - mean) ** 2).sum()) - wanted

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(((moved - moved.mean()) ** 2).sum() / wanted * 2 + variance.max())
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def _quantile(bound: float, freedom: float) -> float:
    """Return the quantile of t that is as rare as a normal bound (Jennison and Turnbull 2000, 3.8)."""
    from scipy.special import ndtr, stdtrit

    return float(-stdtrit(freedom, ndtr(-bound)))


def boundaries(looks: Sequence[Past]) -> list[float]:
    """Return for each look, in order, how many standard errors its interval reaches to either side.

    Without an effect the chance that any of the looks up to week w lies outside is ``ALPHA * (w / HORIZON) ** SPEND``: the recursive integral of
    Armitage, McPherson and Rowe (1969) over looks whose estimates have independent increments.
    """
    return [_stage(tuple(looks[:number]))[0] for number in range(1, len(looks) + 1)]


@lru_cache(maxsize=4 * HORIZON)
def _stage(looks: tuple[Past, ...]) -> tuple[float, Numbers, float]:
    """Return the last look's bound, the density of what no look has stopped, and what is spent."""
    grid = np.linspace(-REACH, REACH, STEPS)
    width = grid[1] - grid[0]
    if len(looks) == 1:
        density, spent = np.asarray(np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)), 0.0
    else:
        _, density, spent = _stage(looks[:-1])
        density = _onward(density, grid, _related(looks[-2], looks[-1])) * width
    goal = ALPHA * (min(looks[-1].week, HORIZON) / HORIZON) ** SPEND
    half = grid >= 0
    tail = 2 * np.cumsum(((density + density[::-1]) / 2)[::-1])[::-1] * width
    bound = _crossing(grid[half], tail[half], goal - spent)
    return bound, density * _inside(grid, bound, width), goal


def _related(before: Past, look: Past) -> float:
    """Return the correlation of two looks: the square root of the ratio of their information."""
    return min(CLOSEST, look.deviation / before.deviation) if before.deviation > 0 else 0.0


def _onward(density: Numbers, grid: Numbers, related: float) -> Numbers:
    apart = np.sqrt(1 - related**2)
    steps = (grid[:, None] - related * grid[None, :]) / apart
    return np.asarray((np.exp(-(steps**2) / 2) / (apart * np.sqrt(2 * np.pi))) @ density)


def _crossing(grid: Numbers, tail: Numbers, goal: float) -> float:
    """Return where what lies beyond, on both sides, comes down to ``goal``: between grid points by the logarithm."""
    beyond = tail - (tail - np.append(tail[1:], 0.0)) / 2  # half of a point's own mass lies within it
    logs = np.log(np.maximum(beyond, 1e-300))
    return float(np.interp(-np.log(max(goal, 1e-12)), -logs, grid))


def _inside(grid: Numbers, bound: float, width: float) -> Numbers:
    """Return which part of each grid point's cell lies within the bound."""
    return np.clip((bound - np.abs(grid)) / width + 0.5, 0.0, 1.0)


def _series(asked: Counts, solved: Counts, treated: int, usable: Counts, before: int) -> tuple[WeekSeen, ...]:
    """Return the weeks for people to look at."""
    there = asked[usable] > 0
    shares = np.sort(np.where(there, solved[usable] / np.maximum(asked[usable], 1), np.nan), axis=0)
    counts = there.sum(axis=0)
    means = np.nansum(shares, axis=0) / np.maximum(counts, 1)
    made = []
    for week, (own, good) in enumerate(zip(asked[treated].tolist(), solved[treated].tolist(), strict=True)):
        last = int(counts[week]) - 1
        low, high = (float(shares[round(last * part), week]) for part in (0.25, 0.75)) if last >= 0 else (None, None)
        made.append(WeekSeen(week - before, own, good, float(means[week]) if last >= 0 else None, low, high))
    return tuple(made)
