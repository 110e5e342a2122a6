"""Pages of joiners and leavers: everybody's for HR and the desk, for a manager those of their own people; and the page behind a newcomer's link."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.onboarding.arrivals import Arrival, ArrivalRefused, arrival_of
from assistant.domain.configuration import Person
from assistant.domain.onboarding import Case, CaseKind, StepStatus
from assistant.entrypoints.web import joiner_views
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, agent, same_origin, show, signed_in
from assistant.entrypoints.web.site import TEMPLATES, Site
from assistant.workflows.joining import Joiners, NoSuchCase, NotNow

ROWS = 25
LINE, ID = 200, 80
FIELDS = ("number", "name", "first_day", "title", "department", "location", "manager", "private_email", "account", "person", "leaving_at", "now")
router = APIRouter(include_in_schema=False)
AnyPerson = Annotated[Person, Depends(signed_in)]
AnAgent = Annotated[Person, Depends(agent)]
Text = Annotated[str, Form(max_length=LINE)]


@router.get("/console/joiners")
def joiners(request: Request, site: OurSite, person: AnyPerson, over: bool = False, after: str = "") -> Response:
    """List the cases that are under way by their day, or those that are over; a manager sees those of their own people."""
    practice = site.practices.joiners
    found = practice.listed(person, not over, ROWS + 1, after[:ID])
    rows = [joiner_views.of_case(case, _around(site)) for case in found[:ROWS]]
    context = {
        "rows": rows,
        "over": over,
        "after": after,
        "more": found[ROWS - 1].id if len(found) > ROWS else "",
        "may_start": practice.may_start(person),
        "everybody": practice.is_hr(person),
    }
    return show(request, "joiners.html", person, "joiners", **context)


@router.get("/console/joiners/new")
def new(request: Request, site: OurSite, person: AnyPerson, kind: Literal["join", "leave"] = "join") -> Response:
    """Show the form by which somebody joins or leaves."""
    _check_may_start(site, person)
    return _form(request, site, person, kind, {"number": f"F-{secrets.token_hex(6)}"})


@router.post("/console/joiners/new", dependencies=[Depends(same_origin)])
async def begin(request: Request, site: OurSite, person: AnyPerson) -> Response:
    """Begin a case; what was filled in wrongly is said beside the form, and nothing is lost."""
    from anyio import to_thread

    _check_may_start(site, person)
    filled = await request.form()
    values = {name: str(filled.get(name, ""))[:LINE] for name in FIELDS}
    return await to_thread.run_sync(_begin, request, site, person, "leave" if filled.get("kind") == "leave" else "join", values)


def _begin(request: Request, site: Site, person: Person, kind: str, values: dict[str, str]) -> Response:
    practice = site.practices.joiners
    try:
        case = practice.take_in(_arrival(site, person, kind, values), person.id, "form")
    except (ArrivalRefused, NotNow) as error:
        return _form(request, site, person, kind, values, str(error), 422)
    return RedirectResponse(f"/console/joiners/{case.id}", SEE_OTHER)


def _arrival(site: Site, person: Person, kind: str, values: dict[str, str]) -> Arrival:
    """Return what was filled in; managers begin for their own people only."""
    practice, now = site.practices.joiners, site.clock.now()
    said: dict[str, Any] = {"event": kind, "employee": values["number"], "at": now.isoformat()}
    if kind == CaseKind.JOIN:
        manager = values["manager"] or ("" if practice.is_hr(person) else person.id)
        if not manager:
            raise ArrivalRefused("Say who the manager is: access is approved by them.")
        practice.check_manager(person, manager)
        names = ("name", "first_day", "title", "department", "location", "private_email", "account")
        return arrival_of(said | {name: values[name].strip() for name in names if values[name].strip()} | {"manager": manager}, now)
    gone = site.directory.person(values["person"])
    if gone is None:
        raise ArrivalRefused("The directory knows nobody of this account.")
    practice.check_manager(person, gone.manager)
    leaving = "now" if values["now"] else _moment(site, values["leaving_at"])
    return arrival_of(said | {"account": gone.id, "leaving_at": leaving}, now)


def _moment(site: Site, local: str) -> str:
    """Return a moment of the form, which is the organisation's local time, with its zone."""
    try:
        return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(site.workplace.company().timezone)).isoformat()
    except ValueError:
        raise ArrivalRefused("Say at which moment access ends, or that it is now.") from None


def _form(request: Request, site: Site, person: Person, kind: str, values: dict[str, str], error: str = "", status: int = 200) -> Response:
    everybody = site.practices.joiners.is_hr(person)
    people = [one for one in site.directory.people() if everybody or one.manager == person.id]
    managers = site.directory.people() if everybody else [person]
    zone = site.workplace.company().timezone
    context = {"kind": kind, "values": values, "error": error, "people": people, "managers": managers, "everybody": everybody, "zone": zone}
    return show(request, "joiner_new.html", person, "joiners", status, **context)


@router.get("/console/joiners/{case_id}")
def joiner(request: Request, site: OurSite, person: AnyPerson, case_id: str) -> Response:
    """Show one case with its checklist."""
    return _page(request, site, person, _case(site, person, case_id))


@router.post("/console/joiners/{case_id}/withdraw", dependencies=[Depends(same_origin)])
def withdraw(request: Request, site: OurSite, person: AnyPerson, case_id: str) -> Response:
    """Call a case off; what was done is taken back."""
    case = _case(site, person, case_id)
    try:
        site.practices.joiners.withdraw(case.id, person.id)
    except NotNow as error:
        return _page(request, site, person, case, str(error), 409)
    return RedirectResponse(f"/console/joiners/{case.id}", SEE_OTHER)


@router.post("/console/joiners/{case_id}/date", dependencies=[Depends(same_origin)])
def move(request: Request, site: OurSite, person: AnyPerson, case_id: str, first_day: Text = "", leaving_at: Text = "", now: Text = "") -> Response:
    """Move a case to another day or moment."""
    case, practice, at = _case(site, person, case_id), site.practices.joiners, site.clock.now()
    try:
        said: dict[str, Any] = {"event": "change", "employee": case.employee, "at": at.isoformat()}
        leaving = "now" if now else _moment(site, leaving_at) if case.kind is CaseKind.LEAVE else ""
        practice.take_in(arrival_of(said | ({"leaving_at": leaving} if leaving else {"first_day": first_day}), at), person.id, "form")
    except (ArrivalRefused, NotNow) as error:
        return _page(request, site, person, case, str(error), 422)
    return RedirectResponse(f"/console/joiners/{case.id}", SEE_OTHER)


@router.post("/console/joiners/{case_id}/steps/{step}/{act}", dependencies=[Depends(same_origin)])
def press(request: Request, site: OurSite, person: AnAgent, case_id: str, step: str, act: Literal["again", "done", "undo"]) -> Response:
    """Try a step again, note that it was done by hand, or take it back: agents of the desk."""
    case, practice = _case(site, person, case_id), site.practices.joiners
    acts = {"again": practice.again, "done": practice.done_by_hand, "undo": practice.undo}
    try:
        acts[act](case.id, step, person.id)
    except NotNow as error:
        return _page(request, site, person, _case(site, person, case_id), str(error), 409)
    except NoSuchCase:
        raise HTTPException(404, "There is no such step.") from None
    return RedirectResponse(f"/console/joiners/{case.id}", SEE_OTHER)


# -- the newcomer's link --------------------------------------------------------------------------------------------------


@router.get("/joiners/{case_id}/{step}/{code}")
def policies(request: Request, site: OurSite, case_id: str, step: str, code: str) -> Response:
    """Show the documents that a newcomer has to know of. Opening the page changes nothing."""
    case = _linked(site.practices.joiners, case_id, step, code)
    done = case.state(step).status is StepStatus.DONE
    context = {"case": case, "plan": case.plan(step), "done": done, "open": case.state(step).status is StepStatus.ASKED, "address": request.url.path}
    return TEMPLATES.TemplateResponse(request, "joiner_policies.html", context)


@router.post("/joiners/{case_id}/{step}/{code}", dependencies=[Depends(same_origin)])
def acknowledge(site: OurSite, case_id: str, step: str, code: str) -> Response:
    """Note that the documents were read."""
    _linked(site.practices.joiners, case_id, step, code)
    site.practices.joiners.acknowledge(case_id, step, code)
    return RedirectResponse(f"/joiners/{case_id}/{step}/{code}", SEE_OTHER)


def _linked(practice: Joiners, case_id: str, step: str, code: str) -> Case:
    try:
        case = practice.case(case_id[:ID])
        practice.check_code(case, step, code)
    except NoSuchCase:
        raise HTTPException(404, "This link is not complete, or counts no more.") from None
    return case


# -- parts ----------------------------------------------------------------------------------------------------------------


def _check_may_start(site: Site, person: Person) -> None:
    if not site.practices.joiners.may_start(person):
        raise HTTPException(403, "This page is for HR, the service desk, and managers for their own people.")


def _case(site: Site, person: Person, case_id: str) -> Case:
    try:
        return site.practices.joiners.case(case_id[:ID], person)
    except NoSuchCase:
        raise HTTPException(404, "There is no such case, or it is not one of your people.") from None


def _around(site: Site) -> joiner_views.Around:
    return joiner_views.Around(site.clock.now(), site.practices.joiners.around.named)


def _page(request: Request, site: Site, person: Person, case: Case, error: str = "", status: int = 200) -> Response:
    practice, names, zone = site.practices.joiners, site.names(), ZoneInfo(site.workplace.company().timezone)
    context = {
        **joiner_views.of_case(case, _around(site)),
        "names": names | {"firstline": "Firstline", "hr": "HR's system", "operator": "the operator"},
        "manager": practice.around.named("manager", case) if case.manager else "",
        "local": case.moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
        "zone": site.workplace.company().timezone,
        "running": case.status.is_open and case.status == "running",
        "before": site.clock.now() < case.moment,
        "works": person.is_agent,
        "decides": person.is_agent or person.id == case.manager,
        "error": error,
    }
    return show(request, "joiner.html", person, "joiners", status, **context)
