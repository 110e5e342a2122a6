"""How everything that Firstline is connected to stands. Looking takes seconds where something does not answer, so nobody waits for it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from assistant.domain.configuration import Person
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, operator, partial, same_origin, show
from assistant.entrypoints.web.site import Site

FRESH = timedelta(minutes=5)
"""Checks that are older are made again when somebody looks."""
COUNTED = 1_000
ORDER = {"bad": 0, "note": 1, "ok": 2}
router = APIRouter(prefix="/console/connectors", include_in_schema=False)
Operator = Annotated[Person, Depends(operator)]


@router.get("")
def connectors(request: Request, site: OurSite, person: Operator) -> Response:
    """Show the last checks, what waits to leave the house, and how articles came in; checks that are old are made anew meanwhile."""
    standing = site.watching.checks.standing
    if standing.ended_at is None or site.clock.now() - standing.ended_at > FRESH:
        site.watching.checks.begin()
    return show(request, "connectors.html", person, "connectors", **_checks(site), **_tables(site))


@router.get("/checks", dependencies=[Depends(operator)])
def checks(request: Request, site: OurSite) -> Response:
    """Return the part of the page with the checks, as they stand now."""
    return partial(request, "connectors_checks.html", **_checks(site))


@router.post("/checks", dependencies=[Depends(same_origin), Depends(operator)])
def check_again(site: OurSite) -> Response:
    """Make the checks anew."""
    site.watching.checks.begin()
    return RedirectResponse("/console/connectors", SEE_OTHER)


def _checks(site: Site) -> dict[str, Any]:
    standing = site.watching.checks.standing
    found = sorted(standing.result or (), key=lambda one: ORDER[one.state])
    return {"standing": standing, "findings": found, "states": Counter(one.state for one in found)}


def _tables(site: Site) -> dict[str, Any]:
    with site.store.read() as unit:
        now = site.clock.now()
        waiting = unit.outbox.due(now + timedelta(days=1), COUNTED)
        troubled = [one for one in unit.outbox.unsettled()[:COUNTED] if (one.done_at or one.created_at) >= now - timedelta(days=14)]
    kinds = sorted({one.kind for one in (*waiting, *troubled)})
    rows = [
        {
            "kind": kind,
            "waiting": sum(one.kind == kind for one in waiting),
            "oldest": min((one.created_at for one in waiting if one.kind == kind), default=None),
            "troubled": sum(one.kind == kind for one in troubled),
            "last": max((one.done_at or one.created_at for one in troubled if one.kind == kind), default=None),
        }
        for kind in kinds
    ]
    return {"outbox": rows, "runs": site.watching.ingest_runs(), "channels": site.watching.channels()}
