"""Simulates topics whose truth is known and measures them as the product does: bias, coverage, false alarms, power.

Everything that makes such a measurement go wrong is planted: topics differ in level and drift by themselves, weeks have shocks that all share and
some of their own, seasons and trends, people who ask often and are alike to themselves, small topics, few topics, and topics that are treated because
they looked bad.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.desk.effect import Past, Trials, measured
from assistant.domain.experiment import HORIZON, SELECTION, WEEK, WEEKS_BEFORE, Effect, Finding
from assistant.domain.measures import Rate
from evals.report import Metric, exact

PEOPLE = 400
PLANTED = 0.2
CHOSEN_BY = SELECTION // WEEK
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a world of topics behaves. Shares are on the scale of probabilities."""

    name: str
    effect: float = 0.0
    topics: int = 14
    demand: float = 12.0
    """Questions in a week of a middling topic."""
    shared: float = 0.03
    """Deviation of what all topics share in a week."""
    own: float = 0.04
    """Deviation of a topic's week of its own."""
    drift: float = 0.03
    """Deviation of a topic's change between before and after that nobody made."""
    season: float = 0.0
    trend: float = 0.0
    """Change in a week."""
    alike: float = 0.0
    """Deviation between people."""
    chosen: bool = False
    """The topic with the most unresolved questions in the weeks before is treated, and not any topic."""
    growing: float = 0.0
    """How fast the treated topic's demand grows before, in a week."""
    touched: int = 0
    """How many of the others are treated themselves at some time after."""


SCENARIOS = (
    Scenario("planted effect", effect=PLANTED),
    Scenario("no effect"),
    Scenario("seasonal trend", season=0.06, trend=-0.006, growing=0.12),
    Scenario("effect in a season", effect=PLANTED, season=0.06, trend=0.006, growing=0.12),
    Scenario("chosen when bad", chosen=True, own=0.08),
    Scenario("uneven weeks", own=0.10, alike=0.25),
    Scenario("topics drift", drift=0.08, demand=40.0),
    Scenario("few topics", topics=6, demand=8.0),
    Scenario("others treated too", touched=4),
)


@dataclass(frozen=True, slots=True)
class Played:
    """One experiment from its first look to its last."""

    truth: tuple[float, ...]
    """The effect at each look, of the questions asked by then."""
    looks: tuple[Effect, ...]

    @property
    def measured(self) -> bool:
        """Say whether there was enough at the last look."""
        return self.looks[-1].deviation > 0

    @property
    def error(self) -> float:
        """Estimate less truth at the last look."""
        return self.looks[-1].effect - self.truth[-1]

    @property
    def covered(self) -> bool:
        """Say whether the last interval holds the truth."""
        return self._holds(HORIZON - 1)

    @property
    def always_covered(self) -> bool:
        """Say whether every interval does."""
        return all(self._holds(number) for number in range(HORIZON))

    @property
    def alarmed(self) -> bool:
        """Say whether any look called more or less."""
        return any(look.finding in (Finding.MORE, Finding.LESS) for look in self.looks)

    def found_by(self, week: int) -> bool:
        """Say whether a look up to a week called more."""
        return any(look.finding is Finding.MORE for look in self.looks[:week])

    def _holds(self, number: int) -> bool:
        look = self.looks[number]
        return not look.deviation or look.low <= self.truth[number] <= look.high


@dataclass(slots=True)
class World:
    """A scenario, drawn."""

    scenario: Scenario
    rng: np.random.Generator
    span: int = WEEKS_BEFORE + CHOSEN_BY + HORIZON
    levels: Numbers = field(init=False)
    demand: Numbers = field(init=False)
    treated: int = field(init=False, default=0)
    touched: dict[int, int] = field(init=False, default_factory=dict)
    moods: Numbers = field(init=False)
    busy: Numbers = field(init=False)

    def play(self) -> Played:
        """Draw the questions, choose the topic, and look every week."""
        self._draw_levels()
        asked = self.rng.poisson(self.demand)
        topic, week = (index.repeat(asked.ravel()) for index in np.indices(asked.shape).reshape(2, -1))
        person = self._people(len(topic))
        chance = self.levels[topic, week] + self.scenario.alike * self.moods[person]
        luck = self.rng.random(len(topic))
        plain = luck < np.clip(chance, 0.01, 0.99)
        self._choose(topic, week, plain)
        after = week >= WEEKS_BEFORE + CHOSEN_BY
        self._touch_others()
        lift = np.where((topic == self.treated) & after, self.scenario.effect, 0.0)
        for other, since in self.touched.items():
            lift = np.where((topic == other) & (week >= since + CHOSEN_BY), 0.3, lift)
        resolved = luck < np.clip(chance + lift, 0.01, 0.99)
        gained = np.clip(chance + lift, 0.01, 0.99) - np.clip(chance, 0.01, 0.99)
        mine = (topic == self.treated) & after
        truth = [_mean(gained[mine & (week < self.span - HORIZON + number)]) for number in range(1, HORIZON + 1)]
        return Played(tuple(truth), self._look(topic, week, person, resolved))

    def _draw_levels(self) -> None:
        rng, plan = self.rng, self.scenario
        weeks = np.arange(self.span)
        shared = rng.normal(0, plan.shared, self.span) + plan.trend * weeks + plan.season * np.sin(2 * np.pi * (weeks + rng.integers(52)) / 26)
        own = rng.normal(0, plan.own, (plan.topics, self.span))
        drift = rng.normal(0, plan.drift, (plan.topics, 1)) * (weeks >= WEEKS_BEFORE + CHOSEN_BY)
        self.levels = rng.uniform(0.25, 0.65, (plan.topics, 1)) + shared + own + drift
        self.demand = np.repeat(plan.demand * rng.lognormal(0, 0.5, (plan.topics, 1)), self.span, axis=1)
        if not plan.chosen:
            self.treated = int(rng.integers(plan.topics))
        if plan.growing:
            self.demand[self.treated] *= np.exp(plan.growing * np.minimum(weeks - WEEKS_BEFORE, 0))
        self.moods = rng.normal(0, 1, PEOPLE)
        self.busy = rng.lognormal(0, 1.0, PEOPLE)

    def _people(self, count: int) -> NDArray[np.int64]:
        return self.rng.choice(PEOPLE, count, p=self.busy / self.busy.sum())

    def _choose(self, topic: NDArray[np.int64], week: NDArray[np.int64], resolved: NDArray[np.bool_]) -> None:
        if self.scenario.chosen:
            seen = (week >= WEEKS_BEFORE) & (week < WEEKS_BEFORE + CHOSEN_BY) & ~resolved
            self.treated = int(np.bincount(topic[seen], minlength=self.scenario.topics).argmax())

    def _touch_others(self) -> None:
        others = [one for one in range(self.scenario.topics) if one != self.treated]
        chosen = self.rng.choice(others, self.scenario.touched, replace=False)
        self.touched = {int(one): int(self.rng.integers(WEEKS_BEFORE + 2, WEEKS_BEFORE + HORIZON)) for one in chosen}

    def _look(self, topic: NDArray[np.int64], week: NDArray[np.int64], person: NDArray[np.int64], resolved: NDArray[np.bool_]) -> tuple[Effect, ...]:
        counted = (week < WEEKS_BEFORE) | (week >= WEEKS_BEFORE + CHOSEN_BY)
        moved = np.where(week >= WEEKS_BEFORE, week - CHOSEN_BY, week)
        trials = Trials(topic[counted], moved[counted], person[counted], resolved[counted], self.scenario.topics)
        past: list[Past] = []
        looks = []
        for number in range(1, HORIZON + 1):
            look = measured(trials, self.treated, self.touched, number, past)
            looks.append(look)
            if look.deviation:
                past.append(Past(number, look.deviation))
        return tuple(looks)


def _mean(values: Numbers) -> float:
    return float(values.mean()) if len(values) else 0.0


def figures(played: Mapping[str, Sequence[Played]]) -> dict[str, Metric]:
    """Return bias in points, coverage and false alarms, over all scenarios and in each, and how often a planted effect was found."""
    everything = [one for many in played.values() for one in many if one.measured]
    nothing = [one for name, many in played.items() for one in many if not _named(name).effect]
    planted = [one for name, many in played.items() for one in many if _named(name).effect]
    metrics = {
        "bias": _points(everything),
        "coverage": _share([one.covered for one in everything]),
        "coverage_of_all_looks": _share([one.always_covered for one in everything]),
        "false_alarms": _share([one.alarmed for one in nothing]),
    }
    for week in (4, 8, HORIZON):
        metrics[f"found_by_week_{week}"] = _share([one.found_by(week) for one in planted])
    for name, many in played.items():
        seen = [one for one in many if one.measured]
        metrics[f"{name}: bias"] = _points(seen)
        metrics[f"{name}: coverage"] = _share([one.covered for one in seen])
        if not _named(name).effect:
            metrics[f"{name}: false alarms"] = _share([one.alarmed for one in many])
    biases = {name: metric for name, metric in metrics.items() if name.endswith(": bias")}
    return metrics | {"worst_bias": max(biases.values(), key=lambda metric: abs(metric.value))}


def _named(name: str) -> Scenario:
    return next(one for one in SCENARIOS if one.name == name)


def _points(played: Sequence[Played]) -> Metric:
    """Return the mean error in points, with the normal 95 % interval of a mean."""
    if len(played) < 2:
        return exact(float("nan"))
    errors = 100 * np.array([one.error for one in played])
    mean, half = float(errors.mean()), float(1.96 * errors.std(ddof=1) / np.sqrt(len(errors)))
    return Metric(mean, mean - half, mean + half)


def _share(held: Sequence[bool]) -> Metric:
    rate = Rate(sum(held), len(held))
    return Metric(rate.share if rate.share is not None else float("nan"), rate.low, rate.high)


def play(scenario: Scenario, times: int, seed: int) -> list[Played]:
    """Play a scenario; the same seed gives the same worlds."""
    number = SCENARIOS.index(scenario)
    return [World(scenario, np.random.default_rng([seed, number, one])).play() for one in range(times)]
