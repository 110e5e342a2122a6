"""A baseline: what the desk did over one business cycle before anything changed, frozen; and how a later time stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from assistant.domain.figure import Figure, Plain
from assistant.domain.measures import Change, Rate
from assistant.domain.measures_of_tickets import TICKET_DEFINITIONS

CYCLES = ("month", "quarter", "year")


class NoWholeCycle(ValueError):
    """The tickets do not cover a whole business cycle; the message names it and what they cover."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A business cycle: ``name`` is 2026-Q3, 2026-10 or 2026; days from ``start`` to before ``end``."""

    kind: str
    name: str
    start: date
    end: date


SLACK = timedelta(days=3)
"""Tickets may begin so much after a cycle's first day, and end so much before its last: holidays are no gap."""


def cycle_holding(kind: str, day: date) -> Cycle:
    """Return the calendar month, quarter or year that holds a day.

    Raises:
        ValueError: there is no such cycle.
    """
    if kind == "year":
        return Cycle(kind, f"{day.year}", date(day.year, 1, 1), date(day.year + 1, 1, 1))
    if kind == "quarter":
        first = 3 * ((day.month - 1) // 3) + 1
        return Cycle(kind, f"{day.year}-Q{first // 3 + 1}", date(day.year, first, 1), _months_later(date(day.year, first, 1), 3))
    if kind == "month":
        return Cycle(kind, f"{day.year}-{day.month:02d}", day.replace(day=1), _months_later(day.replace(day=1), 1))
    raise ValueError(f"{kind!r} is no business cycle; they are {', '.join(CYCLES)}")


def _months_later(day: date, months: int) -> date:
    number = day.month - 1 + months
    return date(day.year + number // 12, number % 12 + 1, 1)


def last_whole(kind: str, first: date, last: date) -> Cycle:
    """Return the last cycle of a kind that tickets from ``first`` to ``last`` cover.

    Raises:
        NoWholeCycle: there is none; the message names the nearest and the kinds that are covered.
    """
    cycle = cycle_holding(kind, last)
    if last < cycle.end - timedelta(days=1) - SLACK:
        cycle = cycle_holding(kind, cycle.start - timedelta(days=1))
    if first <= cycle.start + SLACK:
        return cycle
    shorter = [other for other in CYCLES[: CYCLES.index(kind)] if _covered(other, first, last)]
    way = f" They cover a whole {shorter[-1]}: use --cycle {shorter[-1]}." if shorter else ""
    days = (last - first).days + 1
    raise NoWholeCycle(f"The tickets were opened from {first} to {last}, {days} days: that is no whole {kind} (the last would be {cycle.name}).{way}")


def _covered(kind: str, first: date, last: date) -> bool:
    try:
        last_whole(kind, first, last)
    except NoWholeCycle:
        return False
    return True


class BaselineRow(Plain):
    """One category, or all of them: its tickets in the cycle and its measures."""

    category: str
    """"" for all."""
    tickets: int
    figures: tuple[Figure, ...]

    def figure(self, name: str) -> Figure | None:
        """Return a measure by its name."""
        return next((one for one in self.figures if one.name == name), None)


class Baseline(Plain):
    """A baseline as it is frozen. ``definitions`` are the words of the measures as they were then."""

    source: str
    """SHA-256 of the export, or "own" for the product's own tickets."""
    cycle: str
    kind: str
    start: str
    end: str
    """The first day after the cycle."""
    zone: str
    currency: str = ""
    counted_as: tuple[tuple[str, str], ...] = ()
    """For each measure from which columns it was counted, or why it was not."""
    notes: tuple[str, ...] = ()
    definitions: tuple[tuple[str, str], ...] = tuple((one.name, one.formula) for one in TICKET_DEFINITIONS)
    whole: BaselineRow
    categories: tuple[BaselineRow, ...]

    def row(self, category: str) -> BaselineRow | None:
        """Return a category's row, or None."""
        return next((one for one in self.categories if one.category == category), None)


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of one category then and now."""

    category: str
    name: str
    before: Figure | None
    now: Figure | None
    verdict: str


def compare(before: Baseline, now: Baseline) -> list[Compared]:
    """Return every measure that both have, category by category, all first, with a word on whether it clearly changed.

    A rate has clearly changed when Newcombe's interval of the difference lies on one side of 0; a time or a cost when the two intervals do not meet,
    which is stricter than a test of the difference.
    """
    found = _rows("", before.whole, now.whole)
    for row in before.categories:
        later = now.row(row.category)
        if later is not None:
            found += _rows(row.category, row, later)
    return found


def _rows(category: str, before: BaselineRow, now: BaselineRow) -> list[Compared]:
    pairs = [(one, now.figure(one.name)) for one in before.figures]
    return [Compared(category, one.name, one, other, verdict(one, other)) for one, other in pairs if other is not None]


def verdict(before: Figure, now: Figure) -> str:
    """Say whether a measure clearly changed."""
    first, second = before.as_rate, now.as_rate
    if first is not None and second is not None:
        return _of_rates(first, second)
    if before.value is None or now.value is None:
        return "not known in both"
    if None in (before.low, before.high, now.low, now.high):
        return "no interval, so nothing can be said"
    assert before.low is not None and before.high is not None and now.low is not None and now.high is not None
    if now.low > before.high or now.high < before.low:
        return f"clearly {'more' if now.value > before.value else 'less'}"
    return "no clear change"


def _of_rates(before: Rate, now: Rate) -> str:
    change = Change(before, now)
    if change.difference is None:
        return "not known in both"
    return f"clearly {'more' if change.difference > 0 else 'less'}" if change.clear else "no clear change"
