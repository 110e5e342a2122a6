"""Counts a baseline from tickets, whoever holds them: one pass, eight bytes for each known number."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo

from assistant.desk.exports.decoding import ExportUnreadable
from assistant.desk.exports.reading import Export, Row
from assistant.domain.baseline import SLACK, Baseline, BaselineRow, Cycle, NoWholeCycle, last_whole
from assistant.domain.figure import Figure
from assistant.domain.measures import Rate
from assistant.domain.measures_of_tickets import COST, ESCALATED, FIRST_CONTACT, FIRST_RESPONSE, MTTR, SLA, Middle, average, middle
from assistant.domain.ticket import ASSISTANT, Ticket
from assistant.domain.week import Week

FEWEST = 5
"""Categories with fewer tickets stand together: a row of one person's tickets is no measure."""
SMALL = "(fewer than 5 tickets each)"
NO_CATEGORY = "(no category)"
MEAN = "mean_time_to_resolution.mean"
YES = frozenset({"true", "yes", "y", "1", "met", "within", "ja", "oui", "sí", "si", "achieved", "ok", "fulfilled", "in time"})
NO = frozenset({"false", "no", "n", "0", "breached", "missed", "violated", "nein", "non", "not met", "failed", "overdue"})


@dataclass(frozen=True, slots=True)
class Costs:
    """What the desk's work costs. ``minutes`` are assumed for a ticket by category, "*" for every other."""

    per_hour: float = 0.0
    currency: str = ""
    minutes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """One ticket as the measures see it; None where it is not known."""

    category: str
    opened: datetime
    response_hours: float | None = None
    resolution_hours: float | None = None
    resolved: bool = False
    first_contact: bool | None = None
    met: bool | None = None
    escalated: bool | None = None
    cost: float | None = None


@dataclass(slots=True)
class _Sums:
    tickets: int = 0
    response: array[float] = field(default_factory=lambda: array("d"))
    resolution: array[float] = field(default_factory=lambda: array("d"))
    cost: array[float] = field(default_factory=lambda: array("d"))
    hits: Counter[str] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)

    def add(self, one: Counted) -> None:
        self.tickets += 1
        for values, number in ((self.response, one.response_hours), (self.resolution, one.resolution_hours), (self.cost, one.cost)):
            if number is not None:
                values.append(number)
        known = ((FIRST_CONTACT, one.first_contact if one.resolved else None), (SLA, one.met), (ESCALATED, one.escalated))
        for name, fact in known:
            if fact is not None:
                self.totals[name] += 1
                self.hits[name] += fact

    def join(self, other: _Sums) -> None:
        self.tickets += other.tickets
        self.response.extend(other.response)
        self.resolution.extend(other.resolution)
        self.cost.extend(other.cost)
        self.hits.update(other.hits)
        self.totals.update(other.totals)

    def figures(self, currency: str, assumed: float | None) -> tuple[Figure, ...]:
        rates = {name: Figure.rate(name, Rate(self.hits[name], self.totals[name])) for name in (FIRST_CONTACT, SLA, ESCALATED)}
        cost = _figure(COST, average(self.cost), currency)
        if not self.cost and assumed is not None:
            cost = Figure(name=COST, value=round(assumed, 4), unit=f"{currency} (assumed)".strip())
        return (
            _figure(FIRST_RESPONSE, middle(self.response), "hours"),
            rates[FIRST_CONTACT],
            _figure(MTTR, middle(self.resolution), "hours"),
            _figure(MEAN, average(self.resolution), "hours"),
            rates[SLA],
            rates[ESCALATED],
            cost,
        )


def _figure(name: str, found: Middle | None, unit: str) -> Figure:
    if found is None:
        return Figure(name=name, unit=unit)
    low, high = (None if one is None else round(one, 4) for one in (found.low, found.high))
    return Figure(name=name, value=round(found.value, 4), low=low, high=high, unit=f"{unit}, of {found.count:,}")


def baseline_of(
    tickets: Iterable[Counted], cycle: Cycle, zone: tzinfo, source: str, counted_as: Iterable[tuple[str, str]], notes: Iterable[str], costs: Costs
) -> Baseline:
    """Return the baseline of the tickets that were opened in a cycle."""
    sums: dict[str, _Sums] = {}
    for one in tickets:
        if cycle.start <= one.opened.astimezone(zone).date() < cycle.end:
            sums.setdefault(one.category or NO_CATEGORY, _Sums()).add(one)
    whole, small = _Sums(), _Sums()
    rows = []
    for category, found in sorted(sums.items(), key=lambda item: (-item[1].tickets, item[0])):
        whole.join(found)
        if found.tickets < FEWEST:
            small.join(found)
        else:
            rows.append(BaselineRow(category=category, tickets=found.tickets, figures=found.figures(costs.currency, _assumed(costs, category))))
    if small.tickets:
        rows.append(BaselineRow(category=SMALL, tickets=small.tickets, figures=small.figures(costs.currency, None)))
    assumed = _assumed_over({name: found.tickets for name, found in sums.items()}, costs)
    return Baseline(
        source=source,
        cycle=cycle.name,
        kind=cycle.kind,
        start=cycle.start.isoformat(),
        end=cycle.end.isoformat(),
        zone=str(zone),
        currency=costs.currency,
        counted_as=tuple(counted_as),
        notes=tuple(notes),
        whole=BaselineRow(category="", tickets=whole.tickets, figures=whole.figures(costs.currency, assumed)),
        categories=tuple(rows),
    )


def _assumed(costs: Costs, category: str) -> float | None:
    minutes = costs.minutes.get(category, costs.minutes.get("*"))
    return None if minutes is None or not costs.per_hour else minutes * costs.per_hour / 60


def _assumed_over(tickets: Mapping[str, int], costs: Costs) -> float | None:
    known = [(number, cost) for category, number in tickets.items() if (cost := _assumed(costs, category)) is not None]
    total = sum(number for number, _ in known)
    return sum(number * cost for number, cost in known) / total if total and total == sum(tickets.values()) else None


# -- from an export ---------------------------------------------------------------------------------------------------------


def baseline_of_export(export: Export, kind: str, costs: Costs) -> Baseline:
    """Return the baseline of the last whole cycle that an export covers.

    Raises:
        ExportUnreadable: it has no column for the category or for when a ticket was opened, or no ticket with a date.
        NoWholeCycle: it does not cover one.
    """
    export.require(("category",), ("opened",), purpose="a baseline")
    first, last = _span(export)
    cycle = last_whole(kind, first, last)
    reading = Reading.of(export, costs)
    seen: set[tuple[int, int]] = set()
    noted = export.has("cost") or (export.has("minutes") and costs.per_hour > 0)
    used = replace(costs, minutes={}) if noted else costs  # what is noted for some tickets is not assumed for the others
    made = baseline_of(_inside(export, reading, cycle, seen), cycle, export.zone, export.digest, reading.counted_as, (), used)
    notes = (*export.report.sentences(), *reading.notes(), *_empty_weeks(seen, cycle))
    return made.model_copy(update={"notes": notes})


def _inside(export: Export, reading: Reading, cycle: Cycle, seen: set[tuple[int, int]]) -> Iterator[Counted]:
    """Yield the tickets of a cycle; ``seen`` gets their weeks."""
    for row in export.rows():
        one = reading.counted(row)
        if one is not None and cycle.start <= _day(one, export.zone) < cycle.end:
            seen.add(_day(one, export.zone).isocalendar()[:2])
            yield one


def _day(one: Counted, zone: tzinfo) -> date:
    return one.opened.astimezone(zone).date()


def _span(export: Export) -> tuple[date, date]:
    first = last = None
    for row in export.rows():
        at = row.at("opened")
        if at is not None:
            day = at.astimezone(export.zone).date()
            first, last = min(first or day, day), max(last or day, day)
    if first is None or last is None:
        raise ExportUnreadable("No ticket of the export says when it was opened, which a baseline needs.")
    return first, last


def _empty_weeks(seen: set[tuple[int, int]], cycle: Cycle) -> list[str]:
    days = [date.fromordinal(number) for number in range(cycle.start.toordinal(), cycle.end.toordinal())]
    missing = sorted({day.isocalendar()[:2] for day in days} - seen)
    return [f"No ticket was opened in {len(missing)} weeks of the cycle, first {missing[0][0]}-W{missing[0][1]:02d}."] if missing else []


@dataclass(slots=True)
class Reading:
    """How the rows of one export are read as tickets: each measure from the best columns that there are."""

    costs: Costs
    has: Callable[..., bool]
    undated: int = 0
    backwards: int = 0
    unread: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, export: Export, costs: Costs) -> Reading:
        """Return the reading of an export."""
        return cls(costs, export.has)

    @property
    def counted_as(self) -> list[tuple[str, str]]:
        """For each measure from what it is counted, or why it is not."""
        return [
            (FIRST_RESPONSE, "responded - opened" if self.has("responded") else "not known: no column for the first response"),
            (FIRST_CONTACT, self._first_contact_from()),
            (MTTR, self._resolution_from()),
            (SLA, "the column of the service level" if self.has("sla") or self.has("breached") else "not known: no column for the service level"),
            (ESCALATED, self._escalated_from()),
            (COST, self._cost_from()),
        ]

    def _first_contact_from(self) -> str:
        if self.has("first_contact"):
            return "the column of first-contact resolution"
        moved = self.has("reassignments") or self.has("queue", "queue_last")
        return "resolved, not passed on and not reopened" if moved else "not known: no column says whether a ticket was passed on"

    def _resolution_from(self) -> str:
        if self.has("resolved"):
            return "resolved - opened" + (", or closed - opened where it is not known" if self.has("closed") else "")
        return "closed - opened" if self.has("closed") else "not known: no column for the resolution"

    def _escalated_from(self) -> str:
        if self.has("escalated"):
            return "the column of escalation"
        if self.has("reassignments"):
            return "passed on at least once"
        return "the last group is another one than the first" if self.has("queue", "queue_last") else "not known: no column says it"

    def _cost_from(self) -> str:
        if self.has("cost"):
            return "the column of costs"
        if self.has("minutes") and self.costs.per_hour:
            return f"minutes x {self.costs.per_hour:g} {self.costs.currency} / 60".replace("  ", " ")
        if self.costs.minutes and self.costs.per_hour:
            return "minutes assumed for each category"
        return "not known: no column of costs, and no --costs"

    def notes(self) -> list[str]:
        """Return what was left out, and why."""
        found = [f"{self.undated:,} tickets do not say when they were opened and are left out."] if self.undated else []
        if self.backwards:
            found.append(f"{self.backwards:,} times lie before the opening of their ticket and count as not known.")
        return found + [f"{role}: {number:,} values mean neither yes nor no and count as not known." for role, number in sorted(self.unread.items())]

    def counted(self, row: Row) -> Counted | None:
        """Return a row as a ticket, None when it says not when it was opened."""
        opened = row.at("opened")
        if opened is None:
            self.undated += 1
            return None
        ended = row.at("resolved") or row.at("closed")
        resolution = self._hours(opened, ended)
        return Counted(
            row.of("category"),
            opened,
            self._hours(opened, row.at("responded")),
            resolution,
            ended is not None,
            self._first_contact(row),
            self._met(row),
            self._escalated(row),
            self._cost(row),
        )

    def _hours(self, opened: datetime, then: datetime | None) -> float | None:
        if then is None:
            return None
        hours = (then - opened).total_seconds() / 3600
        if hours < 0:
            self.backwards += 1
            return None
        return hours

    def _fact(self, row: Row, role: str) -> bool | None:
        text = row.of(role).lower()
        if not text:
            return None
        if text in YES or text in NO:
            return text in YES
        self.unread[role] += 1
        return None

    def _number(self, row: Row, role: str) -> float | None:
        text = row.of(role)
        try:
            return float(text.replace(",", ".")) if text else None
        except ValueError:
            self.unread[role] += 1
            return None

    def _moved(self, row: Row) -> bool | None:
        if self.has("reassignments"):
            number = self._number(row, "reassignments")
            return None if number is None else number > 0
        first, last = row.of("queue"), row.of("queue_last")
        return first != last if first and last else None

    def _first_contact(self, row: Row) -> bool | None:
        if self.has("first_contact"):
            return self._fact(row, "first_contact")
        moved = self._moved(row)
        if moved is None:
            return None
        again = self._number(row, "reopens") if self.has("reopens") else 0.0
        return not moved and not again

    def _met(self, row: Row) -> bool | None:
        if self.has("sla"):
            return self._fact(row, "sla")
        breached = self._fact(row, "breached") if self.has("breached") else None
        return None if breached is None else not breached

    def _escalated(self, row: Row) -> bool | None:
        return self._fact(row, "escalated") if self.has("escalated") else self._moved(row)

    def _cost(self, row: Row) -> float | None:
        if self.has("cost"):
            return self._number(row, "cost")
        minutes = self._number(row, "minutes") if self.has("minutes") and self.costs.per_hour else None
        return None if minutes is None else minutes * self.costs.per_hour / 60


# -- from our own records ---------------------------------------------------------------------------------------------------

ENDED = ("Resolved:", "Closed:")
"""How the notes begin by which our own desk says that a ticket ended."""
OWN = "own"


def own_cycle(weeks: int, today: date, first: date | None) -> Cycle:
    """Return the last whole weeks before today.

    Raises:
        NoWholeCycle: tickets do not reach so far back, or it is less than four weeks.
    """
    end = today - timedelta(days=today.weekday())
    start = end - timedelta(weeks=weeks)
    if weeks < 4:
        raise NoWholeCycle(f"{weeks} weeks are no business cycle; take four or more, so that the end of a month is among them.")
    if first is None or first > start + SLACK:
        since = f"the first ticket is of {first}" if first is not None else "there is no ticket"
        raise NoWholeCycle(f"The {weeks} weeks from {start} are not covered: {since}.")
    last = end - timedelta(days=1)
    return Cycle("weeks", f"{Week.of_day(start)} to {Week.of_day(last)}", start, end)


def baseline_of_own(tickets: Iterable[Ticket], cycle: Cycle, zone: tzinfo, costs: Costs) -> Baseline:
    """Return the baseline of the product's own tickets, each with its notes."""
    counted_as = (
        (FIRST_RESPONSE, "the first note of somebody else than the requester and the assistant; at once where the assistant solved it"),
        (FIRST_CONTACT, "solved by the assistant, without people"),
        (MTTR, "the last note that says that it was resolved or closed - opened"),
        (SLA, "not known: the product's own tickets have no service level"),
        (ESCALATED, "given to people"),
        (COST, "minutes assumed for each category" if costs.minutes and costs.per_hour else "not known: no --costs with minutes"),
    )
    return baseline_of((_own(one) for one in tickets), cycle, zone, OWN, counted_as, (), costs)


def _own(ticket: Ticket) -> Counted:
    people = [note for note in ticket.notes if note.author not in (ticket.requester, ASSISTANT)]
    escalated = ticket.assignee != ASSISTANT
    over = not ticket.status.is_open
    ends = [note.at for note in ticket.notes if note.text.startswith(ENDED)]
    ended = (ends[-1] if ends else ticket.updated_at) if over else None
    answered = people[0].at if people else (ticket.opened_at if over and not escalated else None)

    def hours(then: datetime | None) -> float | None:
        return None if then is None else max(0.0, (then - ticket.opened_at).total_seconds() / 3600)

    return Counted(ticket.category, ticket.opened_at, hours(answered), hours(ended), over, not escalated, None, escalated)
