"""What an article that was published for a gap changed: the experiment, its weekly looks, and what they come to in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

HORIZON = 12
"""Weekly looks of an experiment; after the last it has ended."""
WEEKS_BEFORE = 12
"""Whole weeks before the choice that are compared with those after publishing."""
SELECTION = timedelta(weeks=2)
"""A gap is chosen because it looked bad. The weeks that it was chosen by are left out of "before": things that looked worse than usual look better
the next time whatever is done (regression to the mean)."""
MARGIN = 0.05
"""An interval that lies within this much of nothing is called no effect."""
WEEK = timedelta(days=7)


class Finding(StrEnum):
    """What a look says."""

    MORE = "more"
    """More questions are resolved than without the article."""
    LESS = "less"
    NO_EFFECT = "no effect"
    NOT_ENOUGH = "not enough data yet"


class Standing(StrEnum):
    """Whether an experiment still looks."""

    RUNNING = "running"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    """The article was taken back before the last look."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One article, published for one gap."""

    id: str
    gap: str
    article: str
    revision: int
    published_at: datetime
    chosen_at: datetime
    """When somebody took up the gap: at the latest when the article was published."""
    standing: Standing = Standing.RUNNING
    ended_at: datetime | None = None
    why: str = ""
    """Why it ended early, "" when it did not."""

    def begins(self, weeks: int = WEEKS_BEFORE) -> datetime:
        """Return the moment from which questions count as asked before."""
        return self.chosen_at - SELECTION - weeks * WEEK

    def weeks_over(self, now: datetime, settle: timedelta) -> int:
        """Return how many weeks after publishing have ended and had ``settle`` to come to an outcome; at most ``HORIZON``."""
        return max(0, min(HORIZON, (now - settle - self.published_at) // WEEK))


@dataclass(frozen=True, slots=True)
class WeekSeen:
    """One week of an experiment: -12 … -1 before the choice, 0 … 11 after publishing. Shares are in [0, 1]."""

    week: int
    asked: int
    resolved: int
    others: float | None
    """The share of the untouched topics in this week, each topic alike; None where nothing was asked there."""
    low: float | None = None
    high: float | None = None
    """The range that holds the middle half of the untouched topics."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The numbers of one look. Shares and differences are in [-1, 1]; ``low`` to ``high`` is the interval corrected for looking every week."""

    week: int
    """How many weeks after publishing are in it."""
    before: tuple[int, int]
    """Confirmed as resolved, and asked, in the topic before."""
    after: tuple[int, int]
    weeks_before: int
    finding: Finding
    why: str = ""
    """Why there is not enough, "" where there is."""
    controls: int = 0
    """How many untouched topics it was compared with."""
    others: float = 0.0
    """The change of the untouched topics in the same weeks."""
    effect: float = 0.0
    """The change of the topic less that of the untouched ones."""
    low: float = -1.0
    high: float = 1.0
    deviation: float = 0.0
    """The standard error of ``effect``; 0 where it could not be measured."""
    weeks: tuple[WeekSeen, ...] = ()

    @property
    def demand_before(self) -> float:
        """Questions a week before."""
        return self.before[1] / self.weeks_before if self.weeks_before else 0.0

    @property
    def demand_after(self) -> float:
        """Questions a week after."""
        return self.after[1] / self.week if self.week else 0.0

    def text(self) -> str:
        """Say in a sentence what the look found."""
        if self.finding is Finding.NOT_ENOUGH:
            return f"Not enough data yet: {self.why}."
        points = f"{100 * self.effect:+.0f} points, {100 * self.low:+.0f} to {100 * self.high:+.0f}"
        if self.finding is Finding.NO_EFFECT:
            return f"No effect was found ({points})."
        verb = "More" if self.finding is Finding.MORE else "Fewer"
        return f"{verb} questions are confirmed as resolved than without the article ({points})."

    def record(self) -> dict[str, Any]:
        """Return plain values for a JSON column."""
        return asdict(self) | {"finding": self.finding.value}

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> Effect:
        """Read back what ``record`` wrote.

        Raises:
            TypeError: the record is of another form.
            ValueError: the finding is none.
        """
        weeks = tuple(WeekSeen(**one) for one in record["weeks"])
        before, after = tuple(record["before"]), tuple(record["after"])
        return cls(**{**record, "finding": Finding(record["finding"]), "weeks": weeks, "before": before, "after": after})


@dataclass(frozen=True, slots=True)
class Look:
    """One weekly look, as it was when it was made. ``number`` is the week after publishing that it ends with, from 1."""

    experiment: str
    number: int
    at: datetime
    effect: Effect


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """One question that an experiment counts in its topic: where it stands, and in which week as ``WeekSeen`` has it."""

    conversation: str
    episode: int
    week: int
    resolved: bool


@dataclass(frozen=True, slots=True)
class ExperimentFinding:
    """What a review says of one experiment: its latest look, or None before the first."""

    experiment: Experiment
    look: Look | None

    @property
    def finding(self) -> Finding:
        """What the latest look says; not enough before the first."""
        return self.look.effect.finding if self.look is not None else Finding.NOT_ENOUGH

    @property
    def text(self) -> str:
        """The plain verdict in a sentence."""
        if self.look is None:
            return "Not enough data yet: the first week after publishing is not over."
        return self.look.effect.text()
