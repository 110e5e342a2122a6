"""What the ledger says of a week beside the week before: the measures, demand, and what the calls to models cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from assistant.desk.review.found import Found, Subject, changed, counted, many, points
from assistant.domain.conversation import Outcome
from assistant.domain.figure import Figure
from assistant.domain.measures import DEFINITIONS, Cell, Change, Definition, measures_of
from assistant.domain.model_use import LedgerLine
from assistant.domain.review import Kind, Line, Severity
from assistant.domain.week import Week

PRIMARY = "confirmed_resolution"
"""The one measure whose fall is something to act on. The others are described, so that no number of them raises an alarm by chance."""
OUTCOMES = tuple(Outcome)


def rows_of(week: Week, **where: str) -> str:
    """Return the console's page with the conversations of a week that are in some cells of the ledger."""
    picked = {"since": week.monday.isoformat(), "until": (week.later().monday - timedelta(days=1)).isoformat()} | where
    return f"/console/ledger/rows?{urlencode(picked)}"


def measured(cell: Cell, week: Week) -> tuple[Figure, ...]:
    """Return the measures of a week, in the order of their definitions."""
    rates = measures_of(cell)
    demand = Figure(name="demand", value=cell.demand, unit="conversations", href=rows_of(week))
    return (demand, *(Figure.rate(name, rate, rows_of(week)) for name, rate in rates.items()))


def line(cell: Cell, axes: Sequence[str]) -> Line:
    """Return a cell of the ledger as it stands in a review."""
    return Line(
        keys=tuple(str(cell.keys.get(axis, "")) for axis in axes), counts=tuple(cell.counts.get(one, 0) for one in OUTCOMES), reopened=cell.reopened
    )


def find_measures(found: Found, week: Week, now: Cell, before: Cell) -> None:
    """Add how each measure stands beside the week before."""
    demand = Figure(name="demand", value=now.demand, unit="conversations", href=rows_of(week))
    again = f"; {now.reopened} more were taken out of the count because the person came back" if now.reopened else ""
    text = f"{many(now.demand, 'conversation', 'conversations')} ended and stand, {counted(before.demand, now.demand)}{again}."
    found.add(Kind.MEASURE, Severity.KNOW, text, (demand,), Subject("demand", href=demand.href))
    earlier = measures_of(before)
    for definition in DEFINITIONS:
        if definition.counted is not None:
            _find_measure(found, week, definition, Change(earlier[definition.name], definition.counted(now)))


def _find_measure(found: Found, week: Week, definition: Definition, change: Change) -> None:
    rate, href = change.now, rows_of(week)
    fell = definition.name == PRIMARY and change.clear and (change.difference or 0) < 0
    found.add(
        Kind.MEASURE,
        Severity.WEEK if fell else Severity.KNOW,
        f"{definition.title}: {rate.text}; {changed(change)}.",
        (Figure.rate(definition.name, rate, href), points(change), Figure.rate("the week before", change.before)),
        Subject(definition.name, role="operators", href=href),
        "Find out why fewer people said that it was solved: compare the categories of the two weeks." if fell else "",
        (change.before.share or 0) * rate.total - rate.hits if fell else 0.0,
    )


def find_costs(found: Found, week: Week, lines: Sequence[LedgerLine], before: Sequence[LedgerLine], confirmed: int) -> None:
    """Add what the calls to language models cost, if there were any."""
    calls, cost = sum(one.calls for one in lines), sum(one.cost for one in lines)
    if not calls:
        return
    earlier, unusable = sum(one.cost for one in before), sum(one.unusable for one in lines)
    each = f", {cost / confirmed:.4f} for each confirmed resolution ({confirmed:,})" if confirmed else ""
    spent = f"{many(calls, 'call to a model', 'calls to models')} cost {cost:.2f}{each}; {earlier:.2f} the week before."
    text = f"{spent} The replies of {unusable:,} could not be used."
    figures = (Figure(name="cost", value=round(cost, 4)), Figure(name="calls", value=calls, unit="calls"))
    found.add(Kind.COST, Severity.KNOW, text, figures, Subject(role="operators", href=rows_of(week)))
