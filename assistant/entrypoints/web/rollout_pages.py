"""How far each category is rolled out: the ladder with its evidence, the baseline beside now, and predictions beside what came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.baselines import Costs, baseline_of_own, own_cycle
from assistant.desk.golive import Came, came_of
from assistant.domain.baseline import Baseline, Compared, NoWholeCycle, compare
from assistant.domain.configuration import Person, Role
from assistant.domain.measured import BASELINE, PREDICTION, READINESS, Altered, Kept
from assistant.domain.measures_of_tickets import TICKET_DEFINITIONS
from assistant.domain.prediction import Prediction
from assistant.domain.readiness import ReadinessAssessment
from assistant.domain.rollout import Rung
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, operator, runs, same_origin, show
from assistant.entrypoints.web.site import Site
from assistant.governance.laddering import CannotMove
from assistant.governance.rollout_rules import rules_of
from assistant.ports.rollout import RungTaken
from assistant.ports.store import UnitOfWork
from assistant.workflows.rolling import Ladder

PAGE = "/console/rollout"
ROWS = 25
WEEKS = 4
"""Of the ledger beside predictions, and of our own tickets beside a baseline."""
COUNTED = 5_000
"""Of our own tickets so many are counted while somebody waits for the page."""
router = APIRouter(prefix=PAGE, include_in_schema=False)
Runs = Annotated[Person, Depends(runs)]
Operator = Annotated[Person, Depends(operator)]
TITLES = {one.name: one.title for one in TICKET_DEFINITIONS}


@router.get("")
def rollout(request: Request, site: OurSite, person: Runs, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """Show the ladder of every category with its evidence, and what is known beside it."""
    ladder, names = site.practices.rollout, site.names()
    with site.store.read() as unit:
        found = ladder.proposals(unit)
        standing = {one.category: one for one in unit.rollout.standing()}
        decided = unit.rollout.decisions(limit=ROWS)
        baseline, prediction, readiness = (unit.rollout.latest(kind) for kind in (BASELINE, PREDICTION, READINESS))
        rules = rules_of(ladder.policies.of(unit))
        beside = _beside(site, unit, baseline)
        came = _came(site, unit, prediction)
    found.sort(key=lambda one: (one.to is None, one.evidence.category))
    context = {
        "rows": found[(page - 1) * ROWS : page * ROWS],
        "moving": sum(one.to is not None for one in found),
        "page": page,
        "pages": -(-len(found) // ROWS),
        "standing": standing,
        "decisions": [(one, names.get(one.by, one.by), standing.get(one.category) == one) for one in decided],
        "rules": rules,
        "rungs": list(Rung),
        "baseline": beside,
        "prediction": came,
        "readiness": _readiness(readiness),
        "titles": TITLES,
        "weeks": WEEKS,
        "may_decide": Role.OPERATOR in person.roles,
    }
    return show(request, "rollout.html", person, "rollout", **context)


@router.post("/accept", dependencies=[Depends(same_origin)])
def accept(site: OurSite, person: Operator, category: Annotated[str, Form(max_length=200)], to: Annotated[Rung, Form()]) -> Response:
    """Do what the rules propose for a category."""
    return _decided(site, lambda ladder: ladder.accept(category, to, person.id))


@router.post("/move", dependencies=[Depends(same_origin)])
def move(
    site: OurSite,
    person: Operator,
    category: Annotated[str, Form(max_length=200)],
    to: Annotated[Rung, Form()],
    why: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """Put a category on a rung, whatever the rules propose."""
    return _decided(site, lambda ladder: ladder.move(category, to, person.id, why))


@router.post("/{decision_id}/undo", dependencies=[Depends(same_origin)])
def undo(site: OurSite, person: Operator, decision_id: str) -> Response:
    """Take back the decision in force about a category."""
    return _decided(site, lambda ladder: ladder.undo(decision_id, person.id))


def _decided(site: Site, step: Callable[[Ladder], object]) -> Response:
    try:
        step(site.practices.rollout)
    except CannotMove as error:
        raise HTTPException(409, f"That was not changed: {error}.") from error
    except RungTaken as error:
        raise HTTPException(409, "Somebody else moved this category just now. Open the page again.") from error
    return RedirectResponse(PAGE, SEE_OTHER)


def _beside(site: Site, unit: UnitOfWork, record: Kept | None) -> dict[str, Any] | None:
    """Return the latest baseline with our own last weeks beside it; the frozen numbers alone where those do not reach back far enough."""
    if record is None:
        return None
    try:
        made = record.read(Baseline)
    except Altered as error:
        return {"record": record, "altered": str(error), "rows": []}
    zone = ZoneInfo(site.workplace.company().timezone)
    rows: list[Compared] = []
    missing = ""
    if sum(unit.tickets.standings().values()) > COUNTED:
        missing = f"There are too many tickets to count them for a page: firstline baseline compare {record.name}."
        return {"record": record, "made": made, "rows": [], "missing": missing, "altered": ""}
    known = unit.tickets.all()
    days = {one.id: one.opened_at.astimezone(zone).date() for one in known}
    try:
        cycle = own_cycle(WEEKS, site.clock.now().astimezone(zone).date(), min(days.values(), default=None))
        tickets = (whole for one in known if cycle.start <= days[one.id] < cycle.end and (whole := unit.tickets.ticket(one.id)) is not None)
        rows = [one for one in compare(made, baseline_of_own(tickets, cycle, zone, Costs())) if not one.category]
    except NoWholeCycle as error:
        missing = str(error)
    return {"record": record, "made": made, "rows": rows, "missing": missing, "altered": ""}


def _came(site: Site, unit: UnitOfWork, record: Kept | None) -> dict[str, Any] | None:
    if record is None:
        return None
    try:
        made = record.read(Prediction)
    except Altered as error:
        return {"record": record, "altered": str(error), "rows": []}
    end = site.clock.now().astimezone(ZoneInfo(site.workplace.company().timezone)).date() + timedelta(days=1)
    rows: list[Came] = came_of(made, unit.outcomes.cells(end - timedelta(weeks=WEEKS), end, ("category",)))
    judged = [one for one in rows if one.held is not None]
    return {"record": record, "made": made, "rows": rows[:ROWS], "held": sum(bool(one.held) for one in judged), "judged": len(judged), "altered": ""}


def _readiness(record: Kept | None) -> dict[str, Any] | None:
    if record is None:
        return None
    try:
        return {"record": record, "made": record.read(ReadinessAssessment), "altered": ""}
    except Altered as error:
        return {"record": record, "altered": str(error)}
