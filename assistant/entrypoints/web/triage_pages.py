"""Triage for those who work tickets: what waits to be looked at, what was routed by itself, how often that was wrong, and by which model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.triage.kept import CannotKeep
from assistant.desk.triage.measures import misroutes
from assistant.desk.triage.running import CannotSettle
from assistant.domain.configuration import Person, queue_name
from assistant.domain.triage import Field, Triage, priority
from assistant.domain.week import Week
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, agent, same_origin, show
from assistant.entrypoints.web.site import Site
from assistant.governance.triage_rules import rules_of
from assistant.ports.store import UnitOfWork
from assistant.ports.triage import TriageChanged
from assistant.workflows.triaging import Triages

PAGE = "/console/triage"
SHOWN, ROUTED = 20, 50
WEEKS = 8
router = APIRouter(prefix=PAGE, include_in_schema=False)
Agent = Annotated[Person, Depends(agent)]


@router.get("")
def triage(request: Request, site: OurSite, person: Agent, after: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Show what waits in the review queue, the misroutes of the last weeks, and the versions of the model."""
    made, now, zone = site.practices.triage, site.clock.now(), site.workplace.company().timezone
    with site.store.read() as unit:
        found = unit.triage.waiting(SHOWN + 1, after)
        rows = [_row(site, unit, one) for one in found[:SHOWN]]
        days = rules_of(made.triaging.policy(unit)).misroute_days
        weeks = _weeks(unit, now, zone, days)
        waiting, since = unit.triage.waiting_count(), unit.triage.waited_since()
    for row in rows:
        row["why"] = made.reasons(row["ticket"], Field.QUEUE, row["said"].value(Field.QUEUE)) or made.reasons(
            row["ticket"], Field.CATEGORY, row["said"].value(Field.CATEGORY)
        )
    context = {
        "rows": rows,
        "waiting": waiting,
        "since": since,
        "more": found[SHOWN - 1].ticket if len(found) > SHOWN else "",
        "after": after,
        "places": _places(site),
        "weeks": weeks,
        "days": days,
        "versions": _versions(made),
    }
    return show(request, "triage.html", person, "triage", **context)


@router.get("/routed")
def routed(request: Request, site: OurSite, person: Agent, after: Annotated[str, Query(max_length=40)] = "") -> Response:
    """List what was put into a queue without anybody looking, the newest first; each can be put back."""
    names = site.names()
    with site.store.read() as unit:
        found = unit.triage.routed(ROUTED + 1, after)
        rows = [_row(site, unit, one) | {"by": names.get(one.settled_by, "somebody") if one.settled_at else ""} for one in found[:ROUTED]]
    context = {"rows": rows, "more": found[ROUTED - 1].ticket if len(found) > ROUTED else "", "after": after, "places": _places(site)}
    return show(request, "triage_routed.html", person, "triage", **context)


@router.post("/{ticket_id}/settle", dependencies=[Depends(same_origin)])
def settle(site: OurSite, person: Agent, ticket_id: str, place: Annotated[str, Form(max_length=400)], back: Annotated[str, Form()] = "") -> Response:
    """Put a ticket where the agent says; ``place`` is category and queue, with a line between."""
    category, separator, queue = place.partition("|")
    if not separator:
        raise HTTPException(422, "Choose a category with its queue.")
    try:
        site.practices.triage.settle(ticket_id, category, queue, person.id)
    except CannotSettle as error:
        raise HTTPException(409, f"The ticket was not moved: {error}.") from error
    except TriageChanged as error:
        raise HTTPException(409, "Somebody else decided about this ticket just now. Open the page again.") from error
    return RedirectResponse(f"{PAGE}/routed" if back == "routed" else PAGE, SEE_OTHER)


@router.post("/{ticket_id}/undo", dependencies=[Depends(same_origin)])
def undo(site: OurSite, person: Agent, ticket_id: str) -> Response:
    """Put a ticket back to where it was before triage moved it."""
    try:
        site.practices.triage.take_back(ticket_id, person.id)
    except CannotSettle as error:
        raise HTTPException(409, f"The ticket was not put back: {error}.") from error
    except TriageChanged as error:
        raise HTTPException(409, "Somebody else decided about this ticket just now. Open the page again.") from error
    return RedirectResponse(f"{PAGE}/routed", SEE_OTHER)


@dataclass(frozen=True, slots=True)
class Place:
    """A category with its queue, as it can be chosen."""

    value: str
    label: str


def _places(site: Site) -> list[Place]:
    found = [Place(f"{category}|{queue.id}", f"{category} · {queue.name}") for queue in site.workplace.queues() for category in queue.categories]
    return sorted(found, key=lambda one: one.label)


def _row(site: Site, unit: UnitOfWork, one: Triage) -> dict[str, Any]:
    ticket, queues = unit.tickets.ticket(one.ticket), site.workplace.queues()
    category, queue = one.suggested
    others = [(name.value, said) for name, said in one.fields.items() if name not in (Field.CATEGORY, Field.QUEUE)]
    return {
        "ticket": one.ticket,
        "said": one,
        "subject": ticket.subject if ticket is not None else "",
        "now": (ticket.category, queue_name(ticket.queue, queues)) if ticket is not None else ("", ""),
        "before": (one.before[0], queue_name(one.before[1], queues)),
        "suggested": (category, queue_name(queue, queues)),
        "settled": (one.settled[0], queue_name(one.settled[1], queues)),
        "place": f"{category}|{queue}",
        "others": others,
        "priority": priority(one.value(Field.IMPACT), one.value(Field.URGENCY)),
        "why": list[str](),
    }


def _weeks(unit: UnitOfWork, now: datetime, zone: str, days: int) -> list[dict[str, Any]]:
    current, made = Week.of(now, zone), []
    for number in range(WEEKS):
        week = current.later(-number)
        start, end = week.bounds(zone)
        found = unit.triage.between(start, end, days)
        total = found.auto + found.review + found.escalate
        if total:
            made.append({"week": str(week), "found": found, "rate": misroutes(found.corrected, found.auto), "open": (now - end).days < days})
    return made


def _versions(made: Triages) -> list[dict[str, Any]]:
    in_use, found = made.kept.in_use(), []
    for name in reversed(made.kept.names()[-6:]):
        try:
            facts = made.kept.facts(name)
        except CannotKeep as error:
            facts = {"why": str(error), "fields": []}
        found.append({"name": name, "in_use": name == in_use, **facts})
    return found
