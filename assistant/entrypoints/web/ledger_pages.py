"""The outcome ledger as a page: what was asked, how it ended, and the conversations behind every number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from assistant.domain.configuration import Person
from assistant.domain.conversation import Outcome
from assistant.domain.handoff import HandoffReason
from assistant.domain.measures import DEFINITIONS, OUTCOME_TEXTS, Cell, measures_of, total
from assistant.domain.outcome import Settled
from assistant.domain.week import Week
from assistant.entrypoints.web.frame import OurSite, show, staff
from assistant.entrypoints.web.site import Site
from assistant.governance.spreadsheet import as_rows
from assistant.ports.outcomes import AXES

PAGE = 50
CELLS_LIMIT = 500
EXPORT_STEP = 1_000
LONGEST = timedelta(days=3 * 366)
CUTS = ("week", "day", "channel", "category", "intent", "platform")
LABELS = {
    Outcome.RESOLVED_CONFIRMED: "Confirmed",
    Outcome.RESOLVED_ASSUMED: "Assumed",
    Outcome.TICKET_FILED: "Ticket filed",
    Outcome.HANDED_OFF: "Handed off",
    Outcome.UNRESOLVED: "Unresolved",
    Outcome.ABANDONED: "Abandoned",
}
router = APIRouter(prefix="/console/ledger", include_in_schema=False)
Staff = Annotated[Person, Depends(staff)]
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


def asked_for(request: Request, site: Site, since: date | None, until: date | None) -> tuple[date, date, dict[str, str]]:
    """Return the first day, the day after the last one, and the values of axes that an address picks; the last four weeks by default."""
    monday = Week.of(site.clock.now(), site.workplace.company().timezone).monday
    end = (until or monday + timedelta(days=6)) + timedelta(days=1)
    start = since or end - timedelta(weeks=4)
    if not start < end <= start + LONGEST:
        raise HTTPException(422, "The first day has to come before the last one, and three years are the most.")
    return start, end, {name: request.query_params[name] for name in AXES if name in request.query_params}


@router.get("")
def ledger(request: Request, site: OurSite, person: Staff, since: Day = None, until: Day = None, by: str = "week", then: str = "") -> Response:
    """Show the ledger cut by one or two axes; every number opens to its conversations."""
    start, end, where = asked_for(request, site, since, until)
    cut = tuple(dict.fromkeys(name for name in (by, then) if name))
    if not set(cut) <= set(CUTS):
        raise HTTPException(422, f"The ledger can be cut by {', '.join(CUTS)}.")
    with site.store.read() as unit:
        cells = unit.outcomes.cells(start, end, cut, where)
    whole = total(cells)
    context = {
        "start": start,
        "last": end - timedelta(days=1),
        "by": by,
        "then": then,
        "cuts": CUTS,
        "where": where,
        "outcomes": LABELS,
        "texts": OUTCOME_TEXTS,
        "definitions": DEFINITIONS,
        "rows": [_row(cell, cut, start, end, where) for cell in cells[:CELLS_LIMIT]],
        "more": max(0, len(cells) - CELLS_LIMIT),
        "whole": _row(whole, (), start, end, where),
        "measures": measures_of(whole),
        "reasons": _reasons(whole, {**_days(start, end), **where}),
        "query": urlencode(_days(start, end) | where | {"by": by, "then": then}),
    }
    return show(request, "ledger.html", person, "ledger", **context)


def _row(cell: Cell, cut: tuple[str, ...], start: date, end: date, where: Mapping[str, str]) -> dict[str, Any]:
    keys = {name: cell.keys[name] for name in cut}
    place = {**_days(start, end), **where, **keys}
    return {
        "keys": [keys[name] or "none" for name in cut],
        "cell": cell,
        "measures": measures_of(cell),
        "href": rows_address(place),
        "hrefs": {outcome: rows_address(place | {"outcome": outcome.value}) for outcome in LABELS},
        "reopened": rows_address(place | {"reopened": "1"}),
    }


def rows_address(place: Mapping[str, str]) -> str:
    """Return the address of the conversations behind a number."""
    return f"/console/ledger/rows?{urlencode(place)}"


def _days(start: date, end: date) -> dict[str, str]:
    return {"since": start.isoformat(), "until": (end - timedelta(days=1)).isoformat()}


def _reasons(whole: Cell, place: Mapping[str, str]) -> list[tuple[str, int, str]]:
    found = sorted(whole.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    picks = {"outcome": Outcome.HANDED_OFF.value}
    return [(reason_label(name), number, rows_address({**place, **picks, "reason": name})) for name, number in found]


def reason_label(name: str) -> str:
    """Return why something went to people, in words."""
    return HandoffReason(name).label if name in list(HandoffReason) else "The reason is not known"


@router.get("/rows")
def rows(
    request: Request,
    site: OurSite,
    person: Staff,
    since: Day = None,
    until: Day = None,
    reopened: bool = False,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Show the conversations behind a number, the latest first, a page at a time."""
    start, end, where = asked_for(request, site, since, until)
    with site.store.read() as unit:
        cell = unit.outcomes.cells(start, end, (), where)[0]
        found = unit.outcomes.rows(start, end, where, PAGE, (page - 1) * PAGE, reopened)
        desks = {row.conversation for row in found if person.is_agent and unit.handoffs.of_conversation(row.conversation)}
    number, place = cell.reopened if reopened else cell.demand, _days(start, end) | where | ({"reopened": "1"} if reopened else {})
    context = {
        "start": start,
        "last": end - timedelta(days=1),
        "where": {name: reason_label(value) if name == "reason" else value for name, value in where.items()},
        "reopened": reopened,
        "rows": [{"settled": row, "outcome": LABELS[row.outcome], "why": reason_label(row.reason) if row.reason else ""} for row in found],
        "desks": desks,
        "number": number,
        "page": page,
        "pages": -(-number // PAGE),
        "earlier": rows_address(place | {"page": str(page - 1)}) if page > 1 else "",
        "later": rows_address(place | {"page": str(page + 1)}) if page * PAGE < number else "",
        "csv": f"/console/ledger/rows.csv?{urlencode(place)}",
    }
    return show(request, "ledger_rows.html", person, "ledger", **context)


@router.get("/cells.csv", dependencies=[Depends(staff)])
def cells_csv(request: Request, site: OurSite, since: Day = None, until: Day = None, by: str = "week", then: str = "") -> StreamingResponse:
    """Export the cells of the ledger with every rate, its denominator and its interval."""
    start, end, where = asked_for(request, site, since, until)
    cut = tuple(dict.fromkeys(name for name in (by, then) if name))
    if not set(cut) <= set(AXES):
        raise HTTPException(422, f"The ledger can be cut by {', '.join(CUTS)}.")
    with site.store.read() as unit:
        cells = unit.outcomes.cells(start, end, cut, where)
    rated = [definition.name for definition in DEFINITIONS if definition.counted is not None]
    heading = [*cut, "demand", *(outcome.value for outcome in LABELS), "reopened"]
    heading += [f"{name}{end}" for name in rated for end in ("", "_hits", "_total", "_low", "_high")]
    return sheet(f"ledger-{start}-{end - timedelta(days=1)}.csv", as_rows(heading, (_cells_of(cell, cut) for cell in cells)))


def _cells_of(cell: Cell, cut: tuple[str, ...]) -> list[Any]:
    row: list[Any] = [*(cell.keys[name] for name in cut), cell.demand, *(cell.of(outcome) for outcome in LABELS), cell.reopened]
    for rate in measures_of(cell).values():
        share = None if rate.share is None else round(rate.share, 4)
        row += [share, rate.hits, rate.total, round(rate.low, 4), round(rate.high, 4)]
    return row


@router.get("/rows.csv", dependencies=[Depends(staff)])
def rows_csv(request: Request, site: OurSite, since: Day = None, until: Day = None, reopened: bool = False) -> StreamingResponse:
    """Export the conversations behind a number; what was said in them is not in it."""
    start, end, where = asked_for(request, site, since, until)
    heading = ["conversation", "episode", "opened_at", "closed_at", "reopened_at", "channel", "category", "intent", "platform", "outcome", "reason"]

    def lines() -> Any:
        skip = 0
        while True:
            with site.store.read() as unit:
                found = unit.outcomes.rows(start, end, where, EXPORT_STEP, skip, reopened)
            yield from (_line(row) for row in found)
            skip += EXPORT_STEP
            if len(found) < EXPORT_STEP:
                return

    return sheet(f"conversations-{start}-{end - timedelta(days=1)}.csv", as_rows(heading, lines()))


def _line(row: Settled) -> list[Any]:
    moments = [moment.isoformat() if moment else "" for moment in (row.opened_at, row.closed_at, row.reopened_at)]
    return [row.conversation, row.episode, *moments, row.channel, row.category, row.intent, row.platform, row.outcome.value, row.reason]


def sheet(name: str, lines: Any) -> StreamingResponse:
    """Return lines of CSV as a file to keep."""
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})
