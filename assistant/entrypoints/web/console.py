"""Pages for people who work the desk and write the knowledge base."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.agent.present import renamed
from assistant.domain.action import Status
from assistant.domain.configuration import Person
from assistant.domain.ticket import ASSISTANT, Ticket
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, agent, first_page, show, signed_in
from assistant.entrypoints.web.site import Site
from assistant.governance.rendering import render
from kb.model import Reader

SHOWN = 50
"""Rows on one page of a list."""
NOT_BEGUN = (Status.PROPOSED, Status.CANCELLED)
"""Cards that nobody pressed are nobody's business but the person's own."""
router = APIRouter(include_in_schema=False)
After = Annotated[str, Query(max_length=80)]


@router.get("/console")
def home(request: Request, person: Annotated[Person, Depends(signed_in)]) -> Response:
    """Lead to the page that this person's role begins with."""
    return RedirectResponse(first_page(request, person), SEE_OTHER)


@router.get("/console/tickets")
def tickets(
    request: Request, site: OurSite, person: Annotated[Person, Depends(agent)], status: str | None = None, queue: str = "", after: After = ""
) -> Response:
    """List tickets, those that wait longest first; at first the open ones that people have to do something about."""
    wanted, queues = "open" if status is None else status, {q.id: q.name for q in site.workplace.queues()}
    chosen = next((queue_id for queue_id, name in queues.items() if name == queue), queue)
    with site.store.read() as unit:
        found, counts = unit.tickets.listed(wanted, chosen, SHOWN + 1, after), unit.tickets.standings()
    people = site.names()
    context = {
        "tickets": [_row(ticket, people, queues) for ticket in found[:SHOWN]],
        "filters": {"status": wanted, "queue": queue},
        "queues": list(queues.values()),
        "counts": counts,
        "more": found[SHOWN - 1].id if len(found) > SHOWN else "",
        "after": after,
    }
    return show(request, "tickets.html", person, "tickets", **context)


def _row(ticket: Ticket, people: dict[str, str], queues: dict[str, str]) -> dict[str, Any]:
    assignee = "Firstline" if ticket.assignee == ASSISTANT else people.get(ticket.assignee, ticket.assignee)
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "requester": ticket.requester,
        "requester_name": people.get(ticket.requester, ""),
        "status": ticket.standing,
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
        link = unit.problems.link_of(ticket_id)
        problem = unit.problems.load(link.problem) if link is not None else None
    if found is None:
        raise HTTPException(404, f"There is no ticket {ticket_id}.")
    people = site.names() | {ASSISTANT: "Firstline"}
    queues = {q.id: q.name for q in site.workplace.queues()}
    body = site.presenter.ticket(found.body, said, Reader(person.groups))
    context: dict[str, Any] = {
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
        "problem": problem,
        "history": [{"at": n.at, "who": people.get(n.author, n.author), "what": renamed(n.text, found.body.tried, body.tried)} for n in found.notes],
    }
    return show(request, "ticket.html", person, "tickets", **context)


def _turn(site: Site, who: str, words: str, at: str) -> dict[str, Any]:
    """A person's words stand as they were typed; the assistant's go through the closed renderer, as the person saw them."""
    html = render(words, site.link_hosts()) if who == "Firstline" else ""
    return {"who": who, "text": words, "html": html, "at": datetime.fromisoformat(at)}
