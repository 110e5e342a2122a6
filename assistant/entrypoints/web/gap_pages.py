"""The gap board, and one page for each gap: what people asked in vain, why, and what is done about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.gaps import working
from assistant.desk.gaps.board import DEFINITION, EVERY, LOOKED_THROUGH, SPIKES_SHOWN, Row, Wanted, board, facts, quotes, weeks_of
from assistant.desk.gaps.watching import sentence
from assistant.desk.gaps.working import NAME_LENGTH, REASON_LENGTH, NotPossible
from assistant.desk.opinions import LOOK_BACK, doubted
from assistant.domain.configuration import Person, Role
from assistant.domain.week import Week
from assistant.entrypoints.web import plots
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, reads_gaps, same_origin, show
from assistant.entrypoints.web.site import Site
from assistant.governance.redaction import redact
from assistant.governance.spreadsheet import as_rows
from assistant.ports.store import UnitOfWork
from kb.gaps import K, alike_to, minutes_of, nearest_of, worded
from kb.lint.findings import by_owner, overdue
from kb.model import Article, FailureClass, Gap, GapState, Reader, UnresolvedIntent

PAGE = 50
HISTORY_WEEKS = 12
ALIKE = 8
UNPROCESSABLE = 422
LIKELY_THE_SAME = 0.5
"""Cosine of two gaps' centroids from which they are shown as perhaps the same."""
WAITING = "waiting"
STATES = {WAITING: "To do", "published": "Published", "closed": "Closed", "dismissed": "Dismissed", "all": "All"}
REMEDY = {
    FailureClass.NO_ARTICLE: "Write an article",
    FailureClass.NOT_RETRIEVED: "Use people's words in the article that exists",
    FailureClass.REJECTED: "Correct the article that exists",
    FailureClass.STALE: "Bring the article up to date",
    FailureClass.NOT_PERMITTED: "Check who may read the article",
    FailureClass.TOOL_MISSING: "Nothing to write: people want it done. Switch the tool on, or say who does it",
    FailureClass.OUT_OF_SCOPE: "Say where to ask instead",
    FailureClass.ERROR: "Nothing to write: a fault, for the operators",
}
COLUMNS = [
    "rank",
    "id",
    "name",
    "state",
    "failure",
    "demand",
    "people",
    "tickets",
    "cost",
    "category",
    "assigned_to",
    "due",
    "first_asked",
    "last_asked",
]
GAP_ID = re.compile(r"g_[\w-]{1,36}")
router = APIRouter(include_in_schema=False)
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Staff = Annotated[Person, Depends(reads_gaps)]
Number = Annotated[int, Query(ge=1, le=100_000)]
Short = Annotated[str, Query(max_length=80)]


class Filters:
    """What of the board is asked for."""

    def __init__(self, week: Day = None, state: str = "", category: Short = "", failure: Short = "", owner: Short = "", q: Short = "") -> None:
        """Take the filters of an address; what none of them knows is left out."""
        self.week = week
        self.state = state if state in STATES else ("all" if week else WAITING)
        self.category = category
        self.failure = next((one for one in FailureClass if one.value == failure), None)
        self.owner = owner
        self.text = q.strip()

    def wanted(self, zone: str) -> Wanted:
        """Return what the board is to show."""
        start, end = Week.of_day(self.week).bounds(zone) if self.week else (None, None)
        states = {WAITING: frozenset({GapState.OPEN, GapState.DRAFTED}), "all": EVERY}.get(self.state)
        chosen = states if states is not None else frozenset({GapState(self.state)})
        return Wanted(start, end, chosen, self.category, self.failure, self.owner, self.text)

    def address(self, path: str = "/console/gaps", **other: object) -> str:
        """Return the address of the same with some filters changed."""
        kept: dict[str, object] = {"week": self.week, "state": self.state, "category": self.category, "owner": self.owner, "q": self.text}
        kept |= {"failure": self.failure.value if self.failure else ""} | other
        query = urlencode({name: str(value) for name, value in kept.items() if value not in ("", None)})
        return f"{path}?{query}" if query else path


@router.get("/console/gaps")
def gaps(request: Request, site: OurSite, person: Staff, filters: Annotated[Filters, Depends()], page: Number = 1) -> Response:
    """Show the gaps that wait, or those of a week, the costliest first."""
    zone, now = site.workplace.company().timezone, site.clock.now()
    ungathered = site.gathering.gather_soon()
    readable = readable_by(site, person)
    with site.store.read() as unit:
        found = board(unit, filters.wanted(zone), now, site.agent_minutes, readable.__contains__, PAGE * (page - 1), PAGE)
        said = unit.feedback.since(now - LOOK_BACK)
    local = now.astimezone(ZoneInfo(zone))
    this_week = Week.of(now, zone).monday
    context: dict[str, Any] = {
        "rows": [_shown(row, readable) for row in found.rows],
        "found": found,
        "spikes": [(spike, sentence(spike)) for spike in found.spikes],
        "filters": filters,
        "states": STATES,
        "classes": list(FailureClass),
        "owners": _takers(site),
        "pager": _pager(filters, page, found.total),
        "weeks": _weeks(filters, this_week),
        "definition": DEFINITION,
        "ungathered": ungathered,
        "overdue": by_owner(overdue(list(readable.values()), local.date())),
        "doubted": doubted(said, readable.get),
        "days": LOOK_BACK.days,
        "k": K,
    }
    return show(request, "gaps.html", person, "gaps", **context)


@router.get("/console/gaps.csv")
def export(site: OurSite, person: Staff, filters: Annotated[Filters, Depends()]) -> Response:
    """Give the whole list as a file, with no quotation that the page would not show."""
    readable = readable_by(site, person)
    with site.store.read() as unit:
        found = board(unit, filters.wanted(site.workplace.company().timezone), site.clock.now(), site.agent_minutes, readable.__contains__)
    heading = [*COLUMNS, *(failure.value for failure in FailureClass), "first_asked", "last_asked", "nearest", "examples"]
    lines = "".join(as_rows(heading, map(_line, found.rows)))
    head = {"Content-Disposition": 'attachment; filename="gaps.csv"'}
    return Response("\ufeff" + lines, media_type="text/csv; charset=utf-8", headers=head)


def _line(row: Row) -> list[object]:
    values = facts(row)
    counts = [row.gap.failures.get(failure, 0) for failure in FailureClass]
    said = [values["first_asked"], values["last_asked"], " ".join(row.nearest), " | ".join(row.quotes)]
    return [*(values[name] for name in COLUMNS), *counts, *said]


@router.get("/console/gaps/{gap_id}")
def gap(request: Request, site: OurSite, person: Staff, gap_id: str, page: Number = 1) -> Response:
    """Show one gap: who asked what, when and why in vain, and what can be done about it."""
    return _page(request, site, person, gap_id, page)


def _page(request: Request, site: Site, person: Person, gap_id: str, page: int = 1, problem: str = "") -> Response:
    readable, zone = readable_by(site, person), site.workplace.company().timezone
    with site.store.read() as unit:
        found = _load(unit, gap_id)
        some = unit.gaps.members(gap_id, LOOKED_THROUGH)
        rows = unit.gaps.members(gap_id, PAGE, PAGE * (page - 1))
        history = _history(unit, gap_id, site.clock.now(), zone)
        alike = _alike(unit, found)
        drafts = unit.drafts.of_gap(gap_id)
        spikes = [one for one in unit.gaps.spikes(site.clock.now() - SPIKES_SHOWN) if one.subject == f"gap:{gap_id}"]
    works_desk = Role.AGENT in person.roles
    context: dict[str, Any] = {
        "gap": found,
        "minutes": minutes_of(found, site.agent_minutes),
        "remedy": REMEDY[found.failure],
        "quotes": quotes(found, some),
        "k": K,
        "quiet": found.people < K,
        "members": [_member(one, found) for one in rows] if works_desk or found.people >= K else [],
        "works_desk": works_desk,
        "members_pager": _pages(f"/console/gaps/{gap_id}", page, found.demand),
        "nearest": [readable[one] for one in nearest_of(some, readable.__contains__)],
        "history": _plot(history),
        "alike": alike,
        "owners": _takers(site),
        "owner_name": site.names().get(found.assigned_to, found.assigned_to),
        "article": readable.get(found.article),
        "drafts": drafts,
        "spikes": [(one, sentence(one)) for one in spikes],
        "problem": problem,
        "definition": DEFINITION,
        "today": site.clock.now().astimezone(ZoneInfo(zone)).date().isoformat(),
        "name_length": NAME_LENGTH,
        "reason_length": REASON_LENGTH,
    }
    return show(request, "gap.html", person, "gaps", UNPROCESSABLE if problem else 200, **context)


Act = Literal["rename", "assign", "dismiss", "reopen", "close", "merge", "split"]


@router.post("/console/gaps/{gap_id}/{act}", dependencies=[Depends(same_origin)])
def change(
    request: Request,
    site: OurSite,
    person: Staff,
    gap_id: str,
    act: Act,
    name: Annotated[str, Form()] = "",
    owner: Annotated[str, Form()] = "",
    due: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    into: Annotated[str, Form()] = "",
    intents: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Do something with a gap and show it, or show why that was not possible."""
    now = site.clock.now()
    speech = site.gathering.speech() if act in ("merge", "split") else None
    with site.store.write() as unit:
        _load(unit, gap_id)
        acts: Mapping[str, Callable[[], Gap]] = {
            "rename": lambda: working.rename(unit, gap_id, name, person.id, now),
            "assign": lambda: working.assign(unit, gap_id, owner, _day(due), _takers(site), person.id, now),
            "dismiss": lambda: working.dismiss(unit, gap_id, reason, person.id, now),
            "reopen": lambda: working.reopen(unit, gap_id, person.id, now),
            "close": lambda: working.close(unit, gap_id, person.id, now),
        }
        if speech is not None:
            heard = speech
            acts = {
                "merge": lambda: working.merge(unit, gap_id, into, heard, person.id, now),
                "split": lambda: working.split(unit, gap_id, intents or [], heard, person.id, now),
            }
        problem = ""
        try:
            shown = acts[act]().id
        except NotPossible as why:
            problem = str(why)
    return _page(request, site, person, gap_id, problem=problem) if problem else RedirectResponse(f"/console/gaps/{shown}", SEE_OTHER)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotPossible("The due date is not a day.") from None


def _load(unit: UnitOfWork, gap_id: str) -> Gap:
    found = unit.gaps.load(gap_id) if GAP_ID.fullmatch(gap_id) else None
    if found is None:
        raise HTTPException(404, "There is no such gap. Perhaps it was merged into another one.")
    return found


def readable_by(site: Site, person: Person) -> dict[str, Article]:
    """Return the articles that a person may read, by id."""
    reader = Reader(person.groups)
    return {article.id: article for article in site.articles() if article.audience.admits(reader)}


def _takers(site: Site) -> dict[str, str]:
    """Return who may take up a gap, by id, with their names."""
    return {one.id: one.name for one in site.directory.people() if one.is_author or one.is_agent}


def _shown(row: Row, readable: Mapping[str, Article]) -> dict[str, Any]:
    return {"row": row, "gap": row.gap, "remedy": REMEDY[row.gap.failure], "nearest": [readable[one] for one in row.nearest]}


def _member(one: UnresolvedIntent, found: Gap) -> dict[str, Any]:
    words = " ".join(redact(one.question).split()) if found.people >= K and worded(one) else ""
    return {"id": one.id, "words": words, "at": one.asked_at, "why": one.failure.label, "ticket": one.ticket, "conversation": one.origin}


def _history(unit: UnitOfWork, gap_id: str, now: datetime, zone: str) -> list[tuple[date, int]]:
    this = Week.of(now, zone)
    edges = [this.later(number - HISTORY_WEEKS + 1).bounds(zone)[0] for number in range(HISTORY_WEEKS + 1)]
    return weeks_of(unit.gaps.askings(edges[0], edges[-1], gap_id), edges)


def _plot(history: list[tuple[date, int]]) -> Any:
    labels = [f"{day:%d %b}" for day, _ in history]
    return plots.trend("Asked in each week", "questions", labels, [plots.Line("asked", [count for _, count in history])], across="week from")


def _alike(unit: UnitOfWork, found: Gap) -> list[tuple[Gap, float]]:
    """Return other gaps, those most alike first; they may be merged with this one."""
    if not found.centroid:
        return []
    others = [one for one in unit.gaps.heads() if one.id != found.id and one.demand]
    near = zip(others, alike_to(found, others), strict=True)
    return [pair for pair in sorted(near, key=lambda pair: -pair[1]) if pair[1] >= LIKELY_THE_SAME][:ALIKE]


def _pager(filters: Filters, page: int, total: int) -> dict[str, Any]:
    pages = _pages("", page, total)
    return pages | {
        "before": filters.address(page=page - 1) if pages["before"] else "",
        "after": filters.address(page=page + 1) if pages["after"] else "",
    }


def _pages(path: str, page: int, total: int) -> dict[str, Any]:
    first, last = PAGE * (page - 1) + 1, min(PAGE * page, total)
    before, after = f"{path}?page={page - 1}" if page > 1 else "", f"{path}?page={page + 1}" if last < total else ""
    return {"first": first, "last": last, "total": total, "before": before, "after": after}


def _weeks(filters: Filters, this_week: date) -> dict[str, str]:
    """Return the addresses of the week before, the week after, and of all time."""
    shown = week_start(filters.week) if filters.week else None
    if shown is None:
        return {"This week": filters.address(week=this_week, state="all")}
    found = {"Earlier week": filters.address(week=shown - timedelta(days=7))}
    if shown < this_week:
        found["Later week"] = filters.address(week=shown + timedelta(days=7))
    return found | {"All time": filters.address(week=None, state=WAITING)}


def week_start(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
