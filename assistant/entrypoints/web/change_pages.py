"""Pages of changes and of compliance: what is done to devices on whose authority, how it went, and what the fleet is like since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from assistant.domain.change import Change, ChangeStatus, DeviceStep, Tally
from assistant.domain.compliance import ComplianceFinding, ComplianceRun
from assistant.domain.configuration import Person, Role
from assistant.entrypoints.web import plots
from assistant.entrypoints.web.frame import SEE_OTHER, WORKS, OurSite, any_of, operator, same_origin, show
from assistant.entrypoints.web.site import Site
from assistant.ports.outside import Refused

ROWS, FINDINGS, LOOKS = 30, 50, 30
DEVICES = 200
ID = 80
TABS = {
    "": "All",
    ChangeStatus.AWAITING.value: "To authorise",
    ChangeStatus.SCHEDULED.value: "Planned",
    ChangeStatus.RUNNING.value: "Running",
    ChangeStatus.HALTED.value: "Stopped",
    ChangeStatus.DONE.value: "Done",
    ChangeStatus.RECORDED.value: "Made elsewhere",
}
router = APIRouter(include_in_schema=False)
reads = any_of(*WORKS, Role.AUDITOR)
Reader = Annotated[Person, Depends(reads)]
AnOperator = Annotated[Person, Depends(operator)]
After = Annotated[str, Query(max_length=ID)]


@router.get("/console/changes")
def changes(request: Request, site: OurSite, person: Reader, status: After = "", after: After = "") -> Response:
    """List changes, those opened last first."""
    tab = status if status in TABS else ""
    with site.store.read() as unit:
        found = unit.changes.latest(ROWS + 1, after, ChangeStatus(tab) if tab else None)
        rows = [(one, Tally.of(unit.changes.steps(one.id))) for one in found[:ROWS]]
    more = found[ROWS - 1].id if len(found) > ROWS else ""
    return show(request, "changes.html", person, "changes", rows=rows, tab=tab, tabs=TABS, more=more, after=after, names=site.names())


@router.get("/console/changes/{change_id}")
def change(request: Request, site: OurSite, person: Reader, change_id: str, after: Annotated[int, Query(ge=0)] = 0) -> Response:
    """Show a change: its devices wave by wave, its window, its authority, its report, and what can be done about it."""
    with site.store.read() as unit:
        found = unit.changes.load(change_id[:ID])
        if found is None:
            raise HTTPException(404, "there is no such change")
        steps = unit.changes.steps(found.id)
        action = unit.actions.load(found.action) if found.action else None
        approval = unit.approvals.load(found.action) if found.action else None
    tally = Tally.of(steps)
    page = [step for step in steps if step.number >= after][:DEVICES]
    context = {
        "change": found,
        "waves": _waves(page),
        "tally": tally,
        "action": action,
        "approval": approval,
        "names": site.names(),
        "more": page[-1].number + 1 if page and page[-1].number + 1 < len(steps) else 0,
        "report": _report(found, tally),
        "operates": Role.OPERATOR in person.roles,
        "back": bool(found.terms is not None and found.terms.rollback and tally.fixed and found.status is not ChangeStatus.RUNNING),
    }
    return show(request, "change.html", person, "changes", **context)


def _waves(steps: Sequence[DeviceStep]) -> list[tuple[int, list[DeviceStep], Tally]]:
    """Return the devices by their wave, with how many stand where."""
    numbers = sorted({step.wave for step in steps})
    found = ((wave, [step for step in steps if step.wave == wave]) for wave in numbers)
    return [(wave, mine, Tally.of(mine)) for wave, mine in found]


def _report(change: Change, tally: Tally) -> dict[str, int]:
    """Return how many of its devices failed the check before the change, and still do as far as it knows."""
    return {"before": tally.count, "after": tally.count - tally.fixed, "fixed": tally.fixed} if change.terms is not None else {}


@router.post("/console/changes/{change_id}/stop", dependencies=[Depends(same_origin)])
def stop(site: OurSite, person: AnOperator, change_id: str) -> Response:
    """Stop a change now: nothing more of it begins."""
    try:
        site.practices.changes.stop(change_id[:ID], person.id, f"{person.name} stopped it")
    except Refused as refused:
        raise HTTPException(409, str(refused)) from None
    return RedirectResponse(f"/console/changes/{change_id[:ID]}", SEE_OTHER)


@router.post("/console/changes/{change_id}/back", dependencies=[Depends(same_origin)])
def back(site: OurSite, person: AnOperator, change_id: str) -> Response:
    """Take a change back on every device on which it worked."""
    return _back(site, person, change_id[:ID], None)


@router.post("/console/changes/{change_id}/devices/{number}/back", dependencies=[Depends(same_origin)])
def back_on_device(site: OurSite, person: AnOperator, change_id: str, number: int) -> Response:
    """Take a change back on one device."""
    return _back(site, person, change_id[:ID], number)


def _back(site: Site, person: Person, change_id: str, number: int | None) -> Response:
    try:
        site.practices.changes.take_back(change_id, person.id, number)
    except Refused as refused:
        raise HTTPException(409, str(refused)) from None
    return RedirectResponse(f"/console/changes/{change_id}", SEE_OTHER)


@router.get("/console/compliance")
def compliance(request: Request, site: OurSite, person: Reader, check: After = "", after: After = "") -> Response:
    """Show how the fleet stands: the trend, each check, and the devices that fail one."""
    practice = site.practices.changes
    with site.store.read() as unit:
        runs = unit.compliance.runs(LOOKS)
        findings = unit.compliance.open_findings(check)
    known = {one.id: one.name for one in practice.compliance.checks}
    page = [one for one in findings if (one.device, one.check) > _place(after)][: FINDINGS + 1]
    last = page[FINDINGS - 1] if len(page) > FINDINGS else None
    context = {
        "runs": runs,
        "last": runs[0] if runs else None,
        "most": max((run.failing for run in runs), default=0),
        "in_order": _in_order(runs[0]) if runs else "",
        "checks": [(one, runs[0].counts.get(one.id) if runs else None) for one in practice.compliance.checks],
        "known": known,
        "check": check,
        "findings": page[:FINDINGS],
        "total": len(findings),
        "more": f"{last.device}\n{last.check}" if last is not None else "",
        "after": after,
        "trend": _trend(runs, known, site.workplace.company().timezone),
        "at": practice.compliance.at,
        "zone": site.workplace.company().timezone,
        "fleet": practice.fleet.name,
        "operates": Role.OPERATOR in person.roles,
        "taken": _taken(site, page[:FINDINGS]),
    }
    return show(request, "compliance.html", person, "compliance", **context)


def _in_order(run: ComplianceRun) -> str:
    """Return the share of the devices that answered and fail no check. It is never rounded up: 100 % are all of them."""
    answered = run.devices - run.silent
    return f"{100 * (answered - run.failing) // answered} %" if answered else "not known"


def _place(after: str) -> tuple[str, str]:
    device, _, check = after.partition("\n")
    return device, check


def _taken(site: Site, findings: Sequence[ComplianceFinding]) -> dict[str, Change]:
    with site.store.read() as unit:
        found = {one.change: unit.changes.load(one.change) for one in findings if one.change}
    return {name: one for name, one in found.items() if one is not None}


def _trend(runs: Sequence[ComplianceRun], known: dict[str, str], zone: str) -> Markup | None:
    """Return the devices that failed each check, look by look, at the times of a zone; None before there are two looks."""
    if len(runs) < 2:
        return None
    shown = list(reversed(runs))
    named = list(known.items())[: plots.LINES]
    counted: list[tuple[str, list[Any]]] = [(name, [run.counts.get(check) for run in shown]) for check, name in named]
    lines = [plots.Line(name, [float(one.failing) if one is not None else None for one in counts]) for name, counts in counted]
    labels = [f"{run.at.astimezone(ZoneInfo(zone)):%d %b %H:%M}" for run in shown]
    return plots.trend("Devices that fail a check", "devices", labels, lines, across=f"Look at the fleet ({zone})")


@router.post("/console/compliance/look", dependencies=[Depends(same_origin)])
def look(site: OurSite, person: AnOperator) -> Response:
    """Have the fleet looked at as soon as possible; the page shows it when it is done."""
    site.practices.changes.ask_for_look(person.id)
    return RedirectResponse("/console/compliance", SEE_OTHER)
