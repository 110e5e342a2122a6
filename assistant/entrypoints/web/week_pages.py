"""The week at a glance, the console's first page: each role's question with its answer, the numbers with their rows, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from markupsafe import Markup

from assistant.desk.review.found import changed, counted, many
from assistant.desk.review.making import TREND
from assistant.desk.review.telling import TITLES, things
from assistant.desk.review.topics import called
from assistant.desk.review.weeks import line, rows_of
from assistant.domain.configuration import Person, Role
from assistant.domain.conversation import Outcome
from assistant.domain.measures import RESOLVED, Cell, Change, Rate, measures_of
from assistant.domain.review import Frozen
from assistant.domain.week import Week
from assistant.entrypoints.web import plots
from assistant.entrypoints.web.frame import OurSite, show, staff
from assistant.entrypoints.web.review_document import trends
from assistant.entrypoints.web.site import Site
from assistant.ports.audit import AuditUnreadable
from assistant.ports.store import UnitOfWork
from kb.gaps import ranked
from kb.model import FailureClass, Reader, Spike

ROWS = 12
"""Categories of the heat map; the others are one row."""
HOURS = tuple(f"{hour:02}" for hour in range(24))
SURE = timedelta(weeks=4)
LATELY, SPIKES = timedelta(weeks=2), timedelta(hours=24)
PRIMARY = ("confirmed_resolution", "containment", "escalation", "unresolved", "reopen")
router = APIRouter(prefix="/console/week", include_in_schema=False)
Staff = Annotated[Person, Depends(staff)]


@dataclass(frozen=True, slots=True)
class Answer:
    """A role's question, and its answer now."""

    role: Role | None
    question: str
    text: str
    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a week that are over or under way, and as many of the week before."""

    week: Week
    end: date
    zone: str
    running: bool

    @property
    def before(self) -> tuple[date, date]:
        """The same days of the week before."""
        first = self.week.later(-1).monday
        return first, first + (self.end - self.week.monday)


@router.get("")
def week_page(request: Request, site: OurSite, person: Staff, week: str = "") -> Response:
    """Show a week, this one by default."""
    days = _days(site, week)
    now = site.clock.now()
    with site.store.read() as unit:
        cell = unit.outcomes.cells(days.week.monday, days.end)[0]
        earlier = unit.outcomes.cells(*days.before)[0]
        weeks = _weeks(unit, days.week.later(-1) if days.running else days.week)
        hours = unit.outcomes.cells(days.week.monday, days.end, ("category", "hour"))
        stored = _last_review(unit)
        last = stored if stored is not None and stored.legible else None
        certainty = unit.glance.certainty("answer", min(now, days.week.bounds(days.zone)[1]) - SURE, now)
        change = Change(*(measures_of(one)["confirmed_resolution"] for one in (earlier, cell)))
        answers = [_write_first(site, unit), _waiting(unit, now), _better(change), _trust(unit, stored)]
        spikes = unit.gaps.spikes(now - SPIKES)
    answers.insert(2, _to_decide(site, person))
    seen = site.reviewer.seen_by(Reader(person.groups))
    context = {
        "week": days.week,
        "running": days.running,
        "last_day": days.end - timedelta(days=1),
        "earlier": str(days.week.later(-1)),
        "later": "" if days.running else str(days.week.later()),
        "answers": sorted(answers, key=lambda one: one.role not in person.roles and one.role is not None),
        "mine": person.roles,
        "closed": {Role.AGENT, Role.AUDITOR} - person.roles,
        "demand": (cell.demand, counted(earlier.demand, cell.demand), rows_of(days.week)),
        "reopened": (cell.reopened, rows_of(days.week, reopened="1")),
        "rates": _rates(cell, earlier, days.week),
        "plots": trends([line(one, ("week",)) for one in weeks], [f"/console/week?week={one.keys['week']}" for one in weeks]),
        "funnel": _funnel(cell, days.week) if cell.demand else "",
        "certainty": _certainty([(one.confidence, Rate(one.right, one.total)) for one in certainty]),
        "judged": sum(one.total for one in certainty),
        "heat": _heat(hours) if cell.demand else "",
        "spikes": [
            (_spiking(one, days.zone), f"/console/gaps/{one.subject[4:]}" if one.subject.startswith("gap:") else "/console/gaps") for one in spikes
        ],
        "review": last,
        "things": things(last, last.review, seen) if last is not None else [],
        "is_last": last is not None and last.week == str(site.reviewer.last_week()),
    }
    return show(request, "week.html", person, "week", **context)


def _days(site: Site, text: str) -> Days:
    zone = site.workplace.company().timezone
    now = site.clock.now()
    current = Week.of(now, zone)
    try:
        week = Week.parse(text) if text else current
    except ValueError as error:
        raise HTTPException(404, f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    if week > current:
        raise HTTPException(404, f"The week {week} has not begun.")
    today = now.astimezone(ZoneInfo(zone)).date()
    return Days(week, min(week.later().monday, today + timedelta(days=1)), zone, week == current)


def _weeks(unit: UnitOfWork, week: Week) -> list[Cell]:
    """Return twelve whole weeks up to this one; a week in which nothing ended is there too. One that is under way would look like a fall."""
    known = {cell.keys["week"]: cell for cell in unit.outcomes.cells(week.later(1 - TREND).monday, week.later().monday, ("week",))}
    names = [str(week.later(number - TREND + 1)) for number in range(TREND)]
    return [known.get(name, Cell({"week": name})) for name in names]


def _last_review(unit: UnitOfWork) -> Frozen | None:
    heads = unit.reviews.heads(1)
    return unit.reviews.load(heads[0].week, heads[0].version) if heads else None


# -- the roles' questions -----------------------------------------------------------------------------------------------


def _write_first(site: Site, unit: UnitOfWork) -> Answer:
    """Return the gap that cost most in the last two weeks and that nobody has closed."""
    question, now = "What should I write first?", site.clock.now()
    waiting = [gap for gap in unit.gaps.all(now - LATELY, now) if gap.state.waits and gap.demand and gap.failure is not FailureClass.OUT_OF_SCOPE]
    for gap, minutes in ranked(waiting, site.agent_minutes)[:1]:
        asked = f"asked {many(gap.demand, 'time', 'times')} by {many(gap.people, 'person', 'people')} in two weeks; it cost them and the desk"
        text = f"{called(gap)}: {asked} about {many(round(minutes), 'minute', 'minutes')}."
        return Answer(Role.AUTHOR, question, f"{text[0].upper()}{text[1:]}", f"/console/gaps/{gap.id}", "Look at it")
    return Answer(Role.AUTHOR, question, "Nothing: no question of the last two weeks waits for an article.", "/console/gaps", "The gaps")


def _waiting(unit: UnitOfWork, now: datetime) -> Answer:
    waiting = unit.handoffs.waiting()
    if not waiting:
        return Answer(Role.AGENT, "Who is waiting?", "Nobody waits in a conversation for a person.", "/console/tickets", "The tickets")
    text = f"{many(len(waiting), 'person waits', 'people wait')} in a conversation, the longest for {_span(now - waiting[0].at)}."
    return Answer(Role.AGENT, "Who is waiting?", text, "/console/conversations", "Take one")


def _span(waited: timedelta) -> str:
    hours = waited.total_seconds() / 3600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else many(round(60 * hours), "minute", "minutes")


def _to_decide(site: Site, person: Person) -> Answer:
    mine = sum(one.mine for one in site.deciding.requests(person))
    text = f"{many(mine, 'request waits', 'requests wait')} for your decision." if mine else "No request waits for your decision."
    return Answer(None, "What must I decide?", text, "/console/approvals", "The approvals")


def _better(change: Change) -> Answer:
    text = f"Confirmed as solved: {change.now.text}; {changed(change)}." if change.now.total else "Nothing has ended yet in this week."
    return Answer(Role.OPERATOR, "Is it getting better?", text, "/console/ledger", "The ledger")


def _trust(unit: UnitOfWork, last: Frozen | None) -> Answer:
    question = "Can I trust the record?"
    try:
        head, anchor = unit.audit.head(), unit.audit.last_anchor()
    except AuditUnreadable:
        return Answer(Role.AUDITOR, question, "No: the audit cannot be read.", "/console/audit", "The audit")
    records = head.number if head is not None else 0
    behind = records - (anchor.number if anchor is not None else 0)
    anchored = "all of them are anchored" if not behind else f"the last {behind:,} are not anchored yet"
    frozen = "" if last is None else f" The review of {last.week} is {'as it was frozen' if not last.faults() else 'NOT as it was frozen'}."
    return Answer(Role.AUDITOR, question, f"The audit has {many(records, 'record', 'records')}; {anchored}.{frozen}", "/console/audit", "The audit")


def _spiking(spike: Spike, zone: str) -> str:
    """Say what breaks out. A gap that is called by its own words has enough people for that, or its label is another one."""
    begun = spike.since.astimezone(ZoneInfo(zone))
    return (
        f"{many(spike.count, 'question', 'questions')} about {spike.label} within an hour from {begun:%A %H:%M}; {spike.expected:.1f} are usual then."
    )


# -- the numbers --------------------------------------------------------------------------------------------------------


def _rates(cell: Cell, earlier: Cell, week: Week) -> list[tuple[str, Rate, str, str]]:
    """Return each measure with its rate, how it changed, and its rows: title, rate, words, address."""
    now, then = measures_of(cell), measures_of(earlier)
    return [(TITLES[name], now[name], changed(Change(then[name], now[name])), _where(name, week)) for name in PRIMARY]


def _where(name: str, week: Week) -> str:
    picked = {"confirmed_resolution": {"outcome": Outcome.RESOLVED_CONFIRMED.value}, "reopen": {"reopened": "1"}}
    return rows_of(week, **picked.get(name, {}))


def _funnel(cell: Cell, week: Week) -> Markup:
    """Return how many are left at each stage from the question to the word that it is solved."""
    stages = [
        ("Conversations that ended", cell.demand, rows_of(week)),
        ("Not given up", cell.demand - cell.of(Outcome.ABANDONED, Outcome.UNRESOLVED), rows_of(week)),
        ("Answered without a person", cell.of(*RESOLVED), rows_of(week)),
        ("Confirmed as solved", cell.of(Outcome.RESOLVED_CONFIRMED), rows_of(week, outcome=Outcome.RESOLVED_CONFIRMED.value)),
    ]
    return plots.funnel("From question to outcome", stages)


def _certainty(rows: Sequence[tuple[float, Rate]]) -> Markup | str:
    bins = [plots.Bin(confidence, rate.share or 0.0, rate.low, rate.high, rate.total) for confidence, rate in rows]
    return plots.reliability("How sure is sure: answers of four weeks", bins) if bins else ""


def _heat(cells: Sequence[Cell]) -> Markup:
    demand: dict[str, dict[str, int]] = {}
    for cell in cells:
        row = demand.setdefault(str(cell.keys["category"]) or "none", {})
        row[str(cell.keys["hour"])] = row.get(str(cell.keys["hour"]), 0) + cell.demand
    order = sorted(demand, key=lambda name: (-sum(demand[name].values()), name))
    rows = [(name, demand[name]) for name in order[:ROWS]]
    rest = [demand[name] for name in order[ROWS:]]
    if rest:
        rows.append(("others", {hour: sum(row.get(hour, 0) for row in rest) for hour in HOURS}))
    counts = [[row.get(hour, 0) for hour in HOURS] for _, row in rows]
    return plots.heatmap("When people ask, by category and hour", [name for name, _ in rows], list(HOURS), counts, "conversations")
