"""Candidates and incidents that alerts were grouped into: what, which devices, when, and why these belong together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.correlation.profile import Profile
from assistant.desk.correlation.telling import strongest
from assistant.domain.alert import Alert, AlertGroup, Judgement, Standing
from assistant.domain.configuration import Person
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, same_origin, show, works
from assistant.entrypoints.web.site import Site
from assistant.workflows.alert_judging import OPEN, AlertJudging, CannotJudge

PAGE, ALERTS, ASIDE, OTHERS = 40, 100, 20, 60
TABS = {
    "open": ("To look at", (Standing.CANDIDATE, Standing.INCIDENT)),
    "candidates": ("Candidates", (Standing.CANDIDATE,)),
    "incidents": ("Incidents", (Standing.INCIDENT,)),
    "over": ("Over", (Standing.RESOLVED, Standing.DISMISSED)),
    "singles": ("Single alerts", (Standing.SINGLE,)),
}
router = APIRouter(prefix="/console/alerts", include_in_schema=False)
Worker = Annotated[Person, Depends(works)]


@router.get("")
def alerts(
    request: Request,
    site: OurSite,
    person: Worker,
    show_: Annotated[str, Query(alias="show")] = "open",
    before: Annotated[float, Query(ge=0, le=32_503_680_000)] = 0,
) -> Response:
    """List candidates and incidents, those with the latest alert first."""
    tab = show_ if show_ in TABS else "open"
    moment = datetime.fromtimestamp(before, UTC) if before else None
    with site.store.read() as unit:
        found = unit.alerts.groups(TABS[tab][1], PAGE + 1, moment)
        counts = unit.alerts.counts()
        aside = unit.alerts.kept_aside(ASIDE)
    context = {
        "groups": found[:PAGE],
        "tab": tab,
        "tabs": [(name, label, sum(counts.get(one.value, 0) for one in standings)) for name, (label, standings) in TABS.items()],
        "older": found[PAGE - 1].last_at.timestamp() if len(found) > PAGE else 0,
        "counts": counts,
        "aside": aside,
        "sources": sorted(site.alert_sources),
        "queues": _queues(site),
    }
    return show(request, "alerts.html", person, "alerts", **context)


@router.get("/{group_id}")
def group(request: Request, site: OurSite, person: Worker, group_id: str, after: Annotated[str, Query(max_length=32)] = "") -> Response:
    """Show a group with its timeline, its devices, and why its alerts belong together."""
    with site.store.read() as unit:
        found = unit.alerts.group(group_id)
        listed = unit.alerts.alerts_of(group_id, ALERTS + 1, after) if found is not None else []
        devices = unit.alerts.devices_of(group_id, ALERTS) if found is not None else []
        judged = unit.alerts.judgements_of(group_id)
        others = [one for one in unit.alerts.groups(OPEN, OTHERS) if one.id != group_id] if found is not None else []
    if found is None:
        raise HTTPException(404, "there is no such group of alerts")
    context = {
        "group": found,
        "alerts": listed[:ALERTS],
        "more": listed[ALERTS - 1].id if len(listed) > ALERTS else "",
        "devices": devices,
        "spoke": strongest(Profile.of_plain(found.profile)) if found.profile else [],
        "timeline": _timeline(found, listed[:ALERTS]),
        "judged": judged,
        "names": site.names(),
        "queues": _queues(site),
        "others": others,
        "open": found.standing in OPEN,
        "dismissible": found.standing in (*OPEN, Standing.RESOLVED),
        "undoable": next((one.id for one in reversed(judged) if one.stands), ""),
    }
    return show(request, "alert_group.html", person, "alerts", **context)


@router.post("/{group_id}/confirm", dependencies=[Depends(same_origin)])
def confirm(site: OurSite, person: Worker, group_id: str) -> Response:
    """Say that the group is one incident."""
    return _judged(site, lambda judging: judging.confirm(group_id, person.id))


@router.post("/{group_id}/split", dependencies=[Depends(same_origin)])
def split(site: OurSite, person: Worker, group_id: str, alert: Annotated[list[str], Form(max_length=5_000)]) -> Response:
    """Take the chosen alerts into a group of their own."""
    return _judged(site, lambda judging: judging.split(group_id, alert, person.id))


@router.post("/{group_id}/merge", dependencies=[Depends(same_origin)])
def merge(site: OurSite, person: Worker, group_id: str, other: Annotated[str, Form(max_length=40)]) -> Response:
    """Put the alerts of another group into this one."""
    return _judged(site, lambda judging: judging.merge(group_id, other, person.id))


@router.post("/{group_id}/dismiss", dependencies=[Depends(same_origin)])
def dismiss(site: OurSite, person: Worker, group_id: str) -> Response:
    """Say that the group is no incident."""
    return _judged(site, lambda judging: judging.dismiss(group_id, person.id))


@router.post("/{group_id}/undo", dependencies=[Depends(same_origin)])
def undo(site: OurSite, person: Worker, group_id: str, judgement: Annotated[str, Form(max_length=40)]) -> Response:
    """Take back the last decision about the group."""
    del group_id
    return _judged(site, lambda judging: judging.undo(judgement, person.id))


def _judged(site: Site, step: Callable[[AlertJudging], Judgement]) -> Response:
    try:
        made = step(site.practices.alerts.judging)
    except CannotJudge as error:
        raise HTTPException(409, f"That was not changed: {error}.") from error
    return RedirectResponse(f"{router.prefix}/{made.group}", SEE_OTHER)


def _queues(site: Site) -> dict[str, str]:
    return {queue.id: queue.name for queue in site.workplace.queues()}


def _timeline(found: AlertGroup, alerts: list[Alert]) -> list[dict[str, Any]]:
    """Return the alerts in the order in which they began, each with where it lies in the group's time, in percent."""
    span = max((found.last_at - found.first_at).total_seconds(), 1.0)
    rows = []
    for one in sorted(alerts, key=lambda alert: (alert.first_at, alert.id)):
        start = 100 * (one.first_at - found.first_at).total_seconds() / span
        end = 100 * (one.last_at - found.first_at).total_seconds() / span
        rows.append({"alert": one, "start": round(max(0.0, min(start, 99.0)), 1), "width": round(max(1.0, min(end, 100.0) - start), 1)})
    return rows
