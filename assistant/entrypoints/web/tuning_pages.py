"""How far the assistant's confidence can be believed, which thresholds are proposed, and what became of those that were accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.agent.tuning import LOOK_BACK, Report, Retuning
from assistant.domain.configuration import Person, Role
from assistant.domain.outcome import Wanted
from assistant.domain.tuning import Calibration, Checked, Kind
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, operator, runs, same_origin, show
from assistant.entrypoints.web.plots import Bin, reliability
from assistant.entrypoints.web.site import Site
from assistant.governance.policy import PolicyError
from assistant.governance.retuning import CannotTune
from assistant.ports.tuning import AlreadyDecided

PAGE = "/console/tuning"
STEPS = {"understand": "Understanding a message", "answer": "Answering", "act": "Offering an action"}
SERVICE = "firstline"
ROWS = 50
VERDICTS = {"": "", "right": "confirmed", "wrong": "rejected", "said": "with a verdict", "silent": "without a verdict"}
router = APIRouter(prefix=PAGE, include_in_schema=False)
Runs = Annotated[Person, Depends(runs)]
Operator = Annotated[Person, Depends(operator)]


@router.get("")
def tuning(request: Request, site: OurSite, person: Runs) -> Response:
    """Show reliability, proposals, what is in force, and each decision beside what happened since."""
    report, names = site.retuning.report(), site.names()
    context = {
        "report": report,
        "weeks": LOOK_BACK.days // 7,
        "steps": [_step(one) for one in report.calibrations],
        "proposals": report.proposals,
        "limits": report.policy.tuning,
        "decisions": [_decision(one, report, names) for one in report.checked],
        "ranking": _ranking(report),
        "may_decide": Role.OPERATOR in person.roles,
    }
    return show(request, "tuning.html", person, "tuning", **context)


def _step(found: Calibration) -> dict[str, Any]:
    title = STEPS[found.step]
    bins = [Bin(one.confidence, one.right.share or 0.0, one.right.low, one.right.high, one.right.total) for one in found.bins]
    return {"title": title, "found": found, "plot": reliability(f"{title}: confidence and what came out right", bins) if bins else ""}


def _decision(one: Checked, report: Report, names: dict[str, str]) -> dict[str, Any]:
    decision = one.decision
    standing = [other.decision for other in report.checked if other.decision.where == decision.where and other.decision.stands]
    last = max(standing, key=lambda other: other.number, default=None)
    return {
        "checked": one,
        "threshold": decision.kind is Kind.THRESHOLD,
        "who": "Firstline" if decision.by == SERVICE else names.get(decision.by, decision.by),
        "undone_by": names.get(decision.undone_by, decision.undone_by),
        "can_be_undone": last is not None and last.id == decision.id,
    }


def _ranking(report: Report) -> dict[str, Any]:
    facts = report.ranking
    return {"facts": facts, "waiting": bool(facts.get("waiting")), "examined": [f"{100 * share:.0f} %" for share in facts.get("examined", ())]}


@router.get("/rows")
def rows(
    request: Request,
    site: OurSite,
    person: Runs,
    step: Literal["understand", "answer", "act"],
    band: Annotated[str, Query(max_length=40)] = "",
    least: Annotated[float, Query(ge=0, le=1)] = 0.0,
    verdict: Literal["", "right", "wrong", "said", "silent"] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """List the decisions behind a number of the page, the latest first; who works the desk gets to their conversations."""
    end = site.clock.now()
    with site.store.read() as unit:
        found = unit.outcomes.decisions_like(Wanted(step, band, least, verdict), end - LOOK_BACK, end, ROWS + 1, (page - 1) * ROWS)
    context = {
        "rows": found[:ROWS],
        "what": STEPS[step],
        "band": band,
        "least": least,
        "verdict": VERDICTS[verdict],
        "weeks": LOOK_BACK.days // 7,
        "page": page,
        "more": len(found) > ROWS,
        "address": f"{PAGE}/rows?{urlencode({'step': step, 'band': band, 'least': least, 'verdict': verdict})}",
        "opens": Role.AGENT in person.roles,
    }
    return show(request, "tuning_rows.html", person, "tuning", **context)


@router.post("/accept", dependencies=[Depends(same_origin)])
def accept(site: OurSite, person: Operator, where: Annotated[str, Form()], auto: Annotated[float, Form(ge=0, le=1)]) -> Response:
    """Accept what is proposed for a band."""
    return _decided(site, lambda retuning: retuning.accept(where, auto, person.id))


@router.post("/ranking", dependencies=[Depends(same_origin)])
def take_ranking(site: OurSite, person: Operator) -> Response:
    """Take the learned ranking that waits."""
    return _decided(site, lambda retuning: retuning.take_ranking(person.id))


@router.post("/{decision_id}/undo", dependencies=[Depends(same_origin)])
def undo(site: OurSite, person: Operator, decision_id: str) -> Response:
    """Undo a decision."""
    return _decided(site, lambda retuning: retuning.undo(decision_id, person.id))


def _decided(site: Site, step: Callable[[Retuning], object]) -> Response:
    try:
        step(site.retuning)
    except (CannotTune, PolicyError) as error:
        raise HTTPException(409, f"That was not changed: {error}.") from error
    except AlreadyDecided as error:
        raise HTTPException(409, "Somebody else decided about this just now. Open the page again.") from error
    return RedirectResponse(PAGE, SEE_OTHER)
