"""The clock of a demo: what time it is, and letting time pass. There is nothing here where the clock cannot be set."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict

from assistant.entrypoints.web.sign_in import is_local
from assistant.entrypoints.web.site import Site, site_of
from assistant.workflows.passing import Passing, TimeRefused

router = APIRouter(prefix="/demo/clock", include_in_schema=False)
OurSite = Annotated[Site, Depends(site_of)]


class PassTo(BaseModel):
    """The moment that time is to pass to."""

    model_config = ConfigDict(extra="forbid")

    to: AwareDatetime


def _passing(site: Site) -> Passing:
    if site.passing is None:
        raise HTTPException(404, "the clock of this installation cannot be set; FIRSTLINE_DEMO_CLOCK is for the demo company")
    return site.passing


def _facts(site: Site) -> dict[str, Any]:
    now, zone = site.clock.now(), ZoneInfo(site.workplace.company().timezone)
    return {"now": now.isoformat(), "here": now.astimezone(zone).isoformat()}


@router.get("")
def told(site: OurSite) -> dict[str, Any]:
    """Say what time it is in the demo."""
    _passing(site)
    return _facts(site)


@router.post("")
def passed(request: Request, site: OurSite, body: PassTo) -> dict[str, Any]:
    """Let time pass; the answer comes when everything that was due on the way is done, or is named as left behind."""
    passing = _passing(site)
    if not is_local(request):
        raise HTTPException(403, "the demo's clock can be set only on the host that Firstline runs on")
    try:
        done = passing.pass_to(body.to)
    except TimeRefused as refused:
        raise HTTPException(409, str(refused)) from None
    return {**_facts(site), "moments": done.moments, "left": list(done.left)}
