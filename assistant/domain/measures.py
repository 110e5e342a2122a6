"""The measures of the service, each defined once: how episodes are counted, and the rates that are made of the counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt

from assistant.domain.conversation import Outcome

Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: all intervals are of 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``total``, with the 95 % score interval (Wilson 1927). Of nothing there is no share, and the interval is [0, 1]."""

    hits: int
    total: int

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        if not 0 <= self.hits <= self.total:
            raise ValueError(f"{self.hits} of {self.total} is no rate")

    @property
    def share(self) -> float | None:
        """The share in [0, 1], None of nothing."""
        return self.hits / self.total if self.total else None

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self._bounds()[0]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._bounds()[1]

    def _bounds(self) -> tuple[float, float]:
        if not self.total:
            return 0.0, 1.0
        share, spread = self.hits / self.total, Z * Z / self.total
        middle = (share + spread / 2) / (1 + spread)
        half = Z / (1 + spread) * sqrt(share * (1 - share) / self.total + spread / (4 * self.total))
        low = 0.0 if self.hits == 0 else max(0.0, middle - half)
        return low, 1.0 if self.hits == self.total else min(1.0, middle + half)

    @property
    def text(self) -> str:
        """The rate as it is shown everywhere: "62 % of 418, 57-67 %"."""
        if self.share is None:
            return "none to count"
        return f"{round(100 * self.share)} % of {self.total:,}, {round(100 * self.low)}-{round(100 * self.high)} %"


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of two independent rates, ``now`` less ``before``, with the 95 % interval of Newcombe (1998, method 10)."""

    before: Rate
    now: Rate

    @property
    def difference(self) -> float | None:
        """The difference in [-1, 1], None when one of them is of nothing."""
        if self.before.share is None or self.now.share is None:
            return None
        return self.now.share - self.before.share

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self._end(lower=True)

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._end(lower=False)

    @property
    def clear(self) -> bool:
        """Say whether the interval lies on one side of 0."""
        return self.difference is not None and (self.low > 0 or self.high < 0)

    def _end(self, *, lower: bool) -> float:
        now, before = self.now.share, self.before.share
        if now is None or before is None:
            return -1.0 if lower else 1.0
        if lower:
            return now - before - sqrt((now - self.now.low) ** 2 + (self.before.high - before) ** 2)
        return now - before + sqrt((self.now.high - now) ** 2 + (before - self.before.low) ** 2)


@dataclass(frozen=True, slots=True)
class Cell:
    """The episodes of one cell of the ledger: those that stand, by outcome, and how many were taken out because they were reopened."""

    keys: Mapping[str, str]
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    """The handed-off ones among them, by reason; they sum to ``counts[HANDED_OFF]``."""
    reopened: int = 0
    reopened_resolved: int = 0
    """Those of ``reopened`` that had been counted as resolved."""

    @property
    def demand(self) -> int:
        """The sum of the six outcomes."""
        return sum(self.counts.values())

    def of(self, *outcomes: Outcome) -> int:
        """Return how many ended in one of these ways."""
        return sum(self.counts.get(outcome, 0) for outcome in outcomes)

    def rate(self, *outcomes: Outcome) -> Rate:
        """Return the share of demand that ended in one of these ways."""
        return Rate(self.of(*outcomes), self.demand)


def total(cells: list[Cell]) -> Cell:
    """Return all cells as one, without keys."""
    counts: dict[Outcome, int] = {}
    reasons: dict[str, int] = {}
    for cell in cells:
        for outcome, number in cell.counts.items():
            counts[outcome] = counts.get(outcome, 0) + number
        for reason, number in cell.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + number
    return Cell({}, counts, reasons, sum(cell.reopened for cell in cells), sum(cell.reopened_resolved for cell in cells))


RESOLVED = (Outcome.RESOLVED_CONFIRMED, Outcome.RESOLVED_ASSUMED)
WITH_PEOPLE = (Outcome.TICKET_FILED, Outcome.HANDED_OFF)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a measure means. ``counted`` makes it of a cell; None for what is no rate of episodes."""

    name: str
    title: str
    text: str
    formula: str
    counted: Callable[[Cell], Rate] | None = None
    better: int = 0
    """1 when more is better, -1 when less is, 0 when it only describes."""


OUTCOME_TEXTS: Mapping[Outcome, str] = {
    Outcome.RESOLVED_CONFIRMED: "The person said that it is solved.",
    Outcome.RESOLVED_ASSUMED: "An answer was given and nothing was heard for the configured time. Silence is never counted as a confirmation.",
    Outcome.TICKET_FILED: "A complete ticket is with the service desk.",
    Outcome.HANDED_OFF: "A person was asked for, or had to take over; the reason is kept.",
    Outcome.UNRESOLVED: "No answer was found and the person did not want a ticket.",
    Outcome.ABANDONED: "The person stopped before anything was settled.",
}

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "demand",
        "Demand",
        "Episodes that ended and stand: one person, one issue, one count, on the day it ended, in the organisation's time zone. Who comes back "
        "about the same issue takes the earlier episode out of the cell where it was counted; the new one counts where it ends. Conversations "
        "that are still under way are not counted yet.",
        "RESOLVED_CONFIRMED + RESOLVED_ASSUMED + TICKET_FILED + HANDED_OFF + UNRESOLVED + ABANDONED",
    ),
    Definition(
        "confirmed_resolution",
        "Confirmed resolution rate",
        "The share of demand of which the person said that it is solved. The one number that silence cannot raise.",
        "RESOLVED_CONFIRMED / demand",
        lambda cell: cell.rate(Outcome.RESOLVED_CONFIRMED),
        1,
    ),
    Definition(
        "assumed_resolution",
        "Assumed resolution rate",
        "The share of demand with an answer after which nothing was heard. It may be solved or given up: nobody knows.",
        "RESOLVED_ASSUMED / demand",
        lambda cell: cell.rate(Outcome.RESOLVED_ASSUMED),
    ),
    Definition(
        "containment",
        "Containment rate",
        "The share of demand that counts as resolved, confirmed or assumed, without a person or a ticket.",
        "(RESOLVED_CONFIRMED + RESOLVED_ASSUMED) / demand",
        lambda cell: cell.rate(*RESOLVED),
        1,
    ),
    Definition(
        "deflection",
        "Deflection rate",
        "The share of demand that did not become work for the desk. It counts those who gave up, so it is never shown without the other rates.",
        "1 - (TICKET_FILED + HANDED_OFF) / demand",
        lambda cell: Rate(cell.demand - cell.of(*WITH_PEOPLE), cell.demand),
    ),
    Definition(
        "escalation",
        "Escalation rate",
        "The share of demand that went to people, as a ticket or in the conversation.",
        "(TICKET_FILED + HANDED_OFF) / demand",
        lambda cell: cell.rate(*WITH_PEOPLE),
        -1,
    ),
    Definition(
        "unresolved",
        "Unresolved rate",
        "The share of demand that ended with nothing: no answer and no ticket, or given up.",
        "(UNRESOLVED + ABANDONED) / demand",
        lambda cell: cell.rate(Outcome.UNRESOLVED, Outcome.ABANDONED),
        -1,
    ),
    Definition(
        "reopen",
        "Reopen rate",
        "Of all that was once counted as resolved, the share that was taken out again because the person came back about it.",
        "reopened of those resolved / (resolved that stand + reopened of those resolved)",
        lambda cell: Rate(cell.reopened_resolved, cell.of(*RESOLVED) + cell.reopened_resolved),
        -1,
    ),
)


def measures_of(cell: Cell) -> dict[str, Rate]:
    """Return every rate of a cell by its name."""
    return {definition.name: definition.counted(cell) for definition in DEFINITIONS if definition.counted is not None}
