"""Pages for people who work the desk and write the knowledge base."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Cookie, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.agent.present import renamed
from assistant.desk.opinions import LOOK_BACK, doubted
from assistant.desk.review import WEEK, gap_report, week_of
from assistant.domain.action import Status
from assistant.domain.configuration import Person
from assistant.domain.ticket import ASSISTANT, Ticket
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.errors import own_page
from assistant.entrypoints.web.site import TEMPLATES, Site, site_of
from assistant.governance.rendering import render
from kb.lint.findings import by_owner, overdue
from kb.model import Gap, Reader

COOKIE = "firstline_session"
SEE_OTHER = 303
WITH_FIRSTLINE = "with_firstline"
NOT_BEGUN = (Status.PROPOSED, Status.CANCELLED)
"""Cards that nobody pressed are nobody's business but the person's own."""
router = APIRouter(include_in_schema=False)
OurSite = Annotated[Site, Depends(site_of)]
Week = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


def signed_in(site: OurSite, firstline_session: Annotated[str, Cookie()] = "") -> Person:
    """Return the person of the session cookie."""
    person_id, _ = site.tokens.person_of(firstline_session)
    person = site.directory.person(person_id)
    if person is None:
        raise TokenRefused("the directory does not know this person")
    return person


def agent(person: Annotated[Person, Depends(signed_in)]) -> Person:
    """Return the person if they work tickets."""
    if not person.is_agent:
        raise HTTPException(403, "This page is for the service desk. Sign in as somebody who works there.")
    return person


def author(person: Annotated[Person, Depends(signed_in)]) -> Person:
    """Return the person if they write the knowledge base or run the desk."""
    if not (person.is_author or person.is_agent):
        raise HTTPException(403, "This page is for the authors of the knowledge base.")
    return person


def same_origin(request: Request) -> None:
    """Refuse a form that was sent from another site."""
    origin = request.headers.get("origin", "")
    if origin.partition("://")[2] != request.headers.get("host", ""):
        raise HTTPException(403, "this form was sent from another site")


def role(person: Person) -> str:
    """Return what the person is on the desk, in words."""
    return "service desk agent" if person.is_agent else "knowledge-base author" if person.is_author else "employee"


def viewer(person: Person) -> dict[str, str]:
    """Return what the frame of every page of the console says of whoever reads it."""
    return {"name": person.name, "role": role(person)}


@router.get("/console")
def home(person: Annotated[Person, Depends(signed_in)]) -> Response:
    """Lead to the page that this person's role begins with."""
    return RedirectResponse("/console/tickets" if person.is_agent else "/console/gaps" if person.is_author else "/console/approvals", SEE_OTHER)


@router.get("/console/sign-in")
def sign_in_page(request: Request, site: OurSite, next: str = "") -> Response:
    """Show the sign-in page; ``next`` is the page of ours that it leads to."""
    return _sign_in_page(request, site, next)


def _sign_in_page(request: Request, site: Site, back: str, error: str = "", status: int = 200) -> Response:
    waiting = _approvers(site) if site.demo else {}
    people = site.directory.people() if site.demo else []
    context = {
        "staff": [{"id": one.id, "name": one.name, "role": role(one)} for one in people if one.is_agent or one.is_author],
        "approvers": [
            {"id": one.id, "name": one.name, "title": one.title, "waiting": waiting[one.id]}
            for one in sorted(people, key=lambda one: (-waiting.get(one.id, 0), one.name))
            if one.id in waiting and not (one.is_agent or one.is_author)
        ],
        "next": back if own_page(back) else "",
        "error": error,
    }
    return TEMPLATES.TemplateResponse(request, "sign_in.html", context, status_code=status)


def _approvers(site: Site) -> dict[str, int]:
    """Return who may have to approve something, each with how many requests wait for them now: managers, owners, delegates, and whoever is asked."""
    people = site.directory.people()
    named = {name for one in people for name in (one.manager, one.delegate)} | {one.owner for one in site.workplace.entitlements()}
    asked = Counter(name for open_request in site.deciding.undecided() for name in open_request)
    return {one.id: asked[one.id] for one in people if one.id in named or asked[one.id]}


@router.post("/console/sign-in", dependencies=[Depends(same_origin)])
def sign_in(
    request: Request, site: OurSite, person: Annotated[str, Form()] = "", token: Annotated[str, Form()] = "", next: Annotated[str, Form()] = ""
) -> Response:
    """Begin a session with a token, or in the demo as one of its staff or approvers; go on to a page of the console."""
    if person and site.demo:
        chosen = site.directory.person(person)
        if chosen is None or not (chosen.is_agent or chosen.is_author or chosen.id in _approvers(site)):
            return _sign_in_page(request, site, next, "This person is not on the desk and approves nothing.", 403)
        token, _ = site.tokens.issue(chosen.id)
    try:
        signed_in(site, token)
    except TokenRefused as refused:
        return _sign_in_page(request, site, next, f"That did not work: {refused}.", 401)
    response = RedirectResponse(next if own_page(next) else "/console", SEE_OTHER)
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/")
    return response


@router.post("/console/sign-out", dependencies=[Depends(same_origin)])
def sign_out() -> Response:
    """End the session."""
    response = RedirectResponse("/console/sign-in", SEE_OTHER)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("/console/tickets")
def tickets(request: Request, site: OurSite, person: Annotated[Person, Depends(agent)], status: str | None = None, queue: str = "") -> Response:
    """List tickets, those that wait longest first; at first the open ones that people have to do something about."""
    wanted = "open" if status is None else status
    queues = {q.id: q.name for q in site.workplace.queues()}
    with site.store.read() as unit:
        everything = unit.tickets.all()
    chosen = [t for t in everything if (not wanted or _standing(t) == wanted) and (not queue or queues.get(t.queue, t.queue) == queue)]
    people = site.names()
    context = {
        "tickets": [_row(ticket, people, queues) for ticket in chosen],
        "filters": {"status": wanted, "queue": queue},
        "queues": list(queues.values()),
        "counts": Counter(_standing(ticket) for ticket in everything),
        "viewer": viewer(person),
    }
    return TEMPLATES.TemplateResponse(request, "tickets.html", context)


def _standing(ticket: Ticket) -> str:
    """Return the status, and for an open ticket that the assistant still works on: with_firstline. Nobody has to take that one."""
    return WITH_FIRSTLINE if ticket.status.is_open and ticket.assignee == ASSISTANT else ticket.status.value


def _row(ticket: Ticket, people: dict[str, str], queues: dict[str, str]) -> dict[str, Any]:
    assignee = "Firstline" if ticket.assignee == ASSISTANT else people.get(ticket.assignee, ticket.assignee)
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "requester": ticket.requester,
        "requester_name": people.get(ticket.requester, ""),
        "status": _standing(ticket),
        "queue": queues.get(ticket.queue, ticket.queue),
        "category": ticket.category,
        "assignee": assignee,
        "opened": ticket.opened_at,
        "updated": ticket.updated_at,
        "origin": "conversation" if ticket.origin.startswith("c_") else ticket.origin,
    }


@router.get("/console/tickets/{ticket_id}")
def ticket(request: Request, site: OurSite, person: Annotated[Person, Depends(agent)], ticket_id: str) -> Response:
    """Show one ticket with everything that was said and tried, as far as the agent who reads it may read what it cites now."""
    with site.store.read() as unit:
        found = unit.tickets.ticket(ticket_id)
        said = unit.conversations.events(found.origin) if found is not None else []
        acted = unit.actions.of_conversation(found.origin) if found is not None else []
        files = unit.attachments.of_ticket(ticket_id)
    if found is None:
        raise HTTPException(404, f"There is no ticket {ticket_id}.")
    people = site.names() | {ASSISTANT: "Firstline"}
    queues = {q.id: q.name for q in site.workplace.queues()}
    body = site.presenter.ticket(found.body, said, Reader(person.groups))
    context = {
        "ticket": _row(found, people, queues),
        "conversation": found.origin if found.origin.startswith("c_") else "",
        "summary": "" if not body.transcript else body.summary,
        "body_html": "" if body.transcript else render(body.summary, site.link_hosts()),
        "turns": [_turn(site, who, words, at) for who, words, at in body.transcript],
        "tried": body.tried,
        "device": body.device,
        "facts": [fact for fact in body.facts if fact[0] != "Category"],
        "confidence": body.confidence,
        "actions": [one for one in acted if one.status not in NOT_BEGUN],
        "comments": [],
        "files": files,
        "history": [{"at": n.at, "who": people.get(n.author, n.author), "what": renamed(n.text, found.body.tried, body.tried)} for n in found.notes],
        "viewer": viewer(person),
    }
    return TEMPLATES.TemplateResponse(request, "ticket.html", context)


def _turn(site: Site, who: str, words: str, at: str) -> dict[str, Any]:
    """A person's words stand as they were typed; the assistant's go through the closed renderer, as the person saw them."""
    html = render(words, site.link_hosts()) if who == "Firstline" else ""
    return {"who": who, "text": words, "html": html, "at": datetime.fromisoformat(at)}


@router.get("/console/gaps")
def gaps(request: Request, site: OurSite, person: Annotated[Person, Depends(author)], week: Week = None) -> Response:
    """Show a week's gaps, the costliest first."""
    zone = ZoneInfo(site.workplace.company().timezone)
    moment = datetime.combine(week, time(12), zone) if week else site.clock.now()
    start, end = week_of(moment, zone.key)
    with site.store.read() as unit:
        intents = unit.intents.between(start, end)
        said = unit.feedback.since(site.clock.now() - LOOK_BACK)
    readable = [article for article in site.articles() if article.audience.admits(Reader(person.groups))]
    late = overdue(readable, site.clock.now().astimezone(zone).date())
    report = gap_report(intents, start, site.knowledge.embed, late)
    later = start + WEEK <= site.clock.now()
    context = {
        "report": {
            "week_start": report.week_start,
            "week_end": report.week_end,
            "total": report.total,
            "people": report.people,
            "gaps": _gaps(site, person, report.gaps),
            "overdue": by_owner(report.overdue),
        },
        "prev": (report.week_start - timedelta(days=7)).isoformat(),
        "next": (report.week_start + timedelta(days=7)).isoformat() if later else "",
        "empty": not report.gaps,
        "doubted": doubted(said, {article.id: article for article in readable}.get),
        "days": LOOK_BACK.days,
        "viewer": viewer(person),
    }
    return TEMPLATES.TemplateResponse(request, "gaps.html", context)


def _gaps(site: Site, person: Person, found: tuple[Gap, ...]) -> list[dict[str, Any]]:
    rows = []
    for rank, gap in enumerate(found, 1):
        nearest = [site.knowledge.article(article_id, Reader(person.groups)) for article_id in gap.nearest]
        rows.append(
            {
                "rank": rank,
                "name": gap.name,
                "failure": gap.failure.value,
                "failures": [(failure.value, count) for failure, count in gap.failures.items()],
                "demand": gap.demand,
                "people": gap.people,
                "tickets": gap.tickets,
                "cost": gap.cost,
                "examples": gap.examples,
                "nearest": [{"id": head.id, "title": head.title} for head, _ in (pair for pair in nearest if pair)],
                "category": gap.category,
                "first_asked": gap.first_asked,
                "last_asked": gap.last_asked,
            }
        )
    return rows
