"""When who asks about what: a seeded plan of the weeks, by hour of day, weekday, season and one incident."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from assistant.domain.configuration import Person
from evals.weeks.topics import Topic

WEEK = timedelta(days=7)
WEEKDAYS = (1.25, 1.1, 1.0, 0.95, 0.72, 0.05, 0.03)
HOURS = (0, 0, 0, 0, 0, 0.05, 0.25, 0.8, 1.5, 1.6, 1.3, 1.0, 0.6, 1.25, 1.2, 0.95, 0.7, 0.35, 0.15, 0.1, 0.1, 0.05, 0, 0)
ZONES = {"Leeds": "Europe/London", "Austin": "America/Chicago"}
CHANNELS = {"widget": 0.72, "slack": 0.2, "email": 0.08}
GROWTH = 0.015
"""By how much demand grows from week to week."""
UNREST = 0.08
"""Standard deviation of the logarithm of a week's demand."""
INCIDENT_MINUTES = 60
INCIDENT_SHARE = 0.32
"""Conversations of the incident's hour, as a share of an ordinary week's."""
IT_SHARE = 0.25
"""How often people of IT ask, compared to others."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played: weeks that end at ``end``, which lies in the last of them."""

    weeks: int
    seed: int
    end: datetime
    per_week: int
    zone: str

    def monday(self, week: int) -> datetime:
        """Return the beginning of a week, counted from 1, in the organisation's time zone."""
        local = self.end.astimezone(ZoneInfo(self.zone))
        last = local.date() - timedelta(days=local.weekday())
        return datetime.combine(last - WEEK * (self.weeks - week), time(), ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def start(self) -> datetime:
        """The beginning of the first week."""
        return self.monday(1)

    @property
    def incident(self) -> datetime | None:
        """When the incident begins: the Tuesday of the third week from the end, at nine; None where there are fewer than four."""
        if self.weeks < 4:
            return None
        day = self.monday(self.weeks - 2).astimezone(ZoneInfo(self.zone)).date() + timedelta(days=1)
        return datetime.combine(day, time(9), ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody begins a conversation."""

    at: datetime
    number: int
    person: Person
    topic: Topic
    channel: str


def arrivals(plan: Plan, topics: Sequence[Topic], people: Sequence[Person]) -> list[Arrival]:
    """Return everybody who begins a conversation before the end, in order. The same plan gives the same list."""
    draw = random.Random(f"{plan.seed}/arrivals")
    ordinary = [one for one in topics if not one.incident]
    found: list[tuple[datetime, Person, Topic]] = []
    for week in range(1, plan.weeks + 1):
        level = plan.per_week * (1 + GROWTH) ** (week - 1) * math.exp(draw.gauss(0, UNREST))
        found += _week(plan, week, level, ordinary, people, draw)
    found += _outage(plan, [one for one in topics if one.incident], people, draw)
    ordered = sorted((one for one in found if one[0] < plan.end), key=lambda one: one[0])
    names, shares = list(CHANNELS), list(CHANNELS.values())
    return [Arrival(at, n, who, what, draw.choices(names, shares)[0]) for n, (at, who, what) in enumerate(ordered, 1)]


def _week(
    plan: Plan, week: int, level: float, topics: Sequence[Topic], people: Sequence[Person], draw: random.Random
) -> list[tuple[datetime, Person, Topic]]:
    whole, found = sum(WEEKDAYS), []
    for weekday, share in enumerate(WEEKDAYS):
        day = plan.monday(week).astimezone(ZoneInfo(plan.zone)).date() + timedelta(days=weekday)
        weights = [one.weight * SEASONS[one.season](day) for one in topics]
        for _ in range(_poisson(level * share / whole * quiet(day), draw)):
            who = draw.choices(people, [_asks(one) for one in people])[0]
            allowed = [0.0 if one.not_of & who.groups else weight for one, weight in zip(topics, weights, strict=True)]
            found.append((_moment(day, who, plan.zone, draw), who, draw.choices(topics, allowed)[0]))
    return found


def _moment(day: date, who: Person, zone: str, draw: random.Random) -> datetime:
    hour = draw.choices(range(24), HOURS)[0]
    moment = time(hour, draw.randrange(60), draw.randrange(60))
    return datetime.combine(day, moment, ZoneInfo(ZONES.get(who.location, zone))).astimezone(UTC)


def _outage(plan: Plan, topics: Sequence[Topic], people: Sequence[Person], draw: random.Random) -> list[tuple[datetime, Person, Topic]]:
    """Return the many alike questions of one hour, most of them early in it."""
    if plan.incident is None:
        return []
    return [
        (plan.incident + timedelta(seconds=3 + INCIDENT_MINUTES * 60 * draw.betavariate(1.3, 2.4)), draw.choice(people), topic)
        for topic in topics
        for _ in range(round(plan.per_week * INCIDENT_SHARE))
    ]


def _asks(person: Person) -> float:
    return IT_SHARE if person.department == "IT" else 1.0


def _poisson(mean: float, draw: random.Random) -> int:
    """Return a Poisson number (Knuth, The Art of Computer Programming, vol. 2, 3.4.1)."""
    limit, count, product = math.exp(-mean), 0, draw.random()
    while product > limit:
        count += 1
        product *= draw.random()
    return count


def quiet(day: date) -> float:
    """Return how much is asked on a day compared to others: less in the weeks of the autumn and the Christmas holidays."""
    return {44: 0.75, 52: 0.25, 1: 0.5}.get(day.isocalendar().week, 1.0)


def _after_clock_change(day: date) -> float:
    changed = max(date(day.year, month, 31) - timedelta(days=date(day.year, month, 31).isoweekday() % 7) for month in (3, 10) if month <= day.month)
    return 6.0 if timedelta(0) <= day - changed <= timedelta(days=8) else 0.4


SEASONS: Mapping[str, Callable[[date], float]] = {
    "": lambda day: 1.0,  # noqa: ARG005
    "month_end": lambda day: 2.2 if day.day >= 26 or day.day <= 3 else 0.7,
    "month_start": lambda day: 3.0 if day.day <= 5 else 0.5,
    "awareness": lambda day: 1.8 if day.month == 10 else 0.8,
    "travel": lambda day: 1.4 if day.month in (5, 6, 9, 10) else 0.8,
    "holidays": lambda day: 2.2 if day.isocalendar().week in (26, 27, 28, 43, 44, 51, 52) else 0.8,
    "clock_change": lambda day: _after_clock_change(day) if day.month >= 3 else 0.4,
}
"""How much more or less is asked on a day, by the names that topics use."""
