"""Pages on which approvers decide and agents look after actions. Opening a page changes nothing; only its buttons do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.agent.deciding import Request as Asked
from assistant.agent.tools.registry import TOOLS, undoing
from assistant.desk.fulfilment import OPERATOR, SYSTEM, NotYours
from assistant.domain.action import Action, Status
from assistant.domain.approval import ApprovalStatus, Stage, Vote
from assistant.domain.audit import AuditLine
from assistant.domain.configuration import Person
from assistant.entrypoints.web.actions import ID_LIMIT, NOTE_LIMIT
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, agent, approver, same_origin, show
from assistant.entrypoints.web.site import Site
from assistant.governance.approvals import NotAllowed
from assistant.ports.audit import AuditUnreadable
from assistant.ports.store import OutboxEntry, UnitOfWork

LOOK_AFTER = timedelta(days=14)
SHOWN = 50
"""Rows on one page of a list."""
UNSETTLED = (Status.UNKNOWN, Status.FAILED)
After = Annotated[str, Query(max_length=80)]
Page = Annotated[int, Query(ge=1, le=10_000)]
router = APIRouter(prefix="/console", include_in_schema=False)
Viewer = Annotated[Person, Depends(approver)]
Agent = Annotated[Person, Depends(agent)]
FROM_HERE = [Depends(same_origin)]


# -- approvers ----------------------------------------------------------------------------------------------------------


@router.get("/approvals")
def approvals(request: Request, site: OurSite, person: Viewer, page: Page = 1) -> Response:
    """List the open requests, those that wait for this person first."""
    found = site.deciding.requests(person)
    rows = [_row(site, one, person) for one in found[(page - 1) * SHOWN : page * SHOWN]]
    context: dict[str, Any] = {
        "mine": [row for row in rows if row["mine"]],
        "others": [row for row in rows if not row["mine"]],
        "waiting": sum(one.mine for one in found),
        "page": page,
        "pages": max(1, -(-len(found) // SHOWN)),
    }
    return show(request, "approvals.html", person, "approvals", **context)


@router.get("/approvals/{action_id}")
def approval(request: Request, site: OurSite, person: Viewer, action_id: str) -> Response:
    """Show one request as it would be carried out. Nothing is decided by opening it."""
    return _approval_page(request, site, person, action_id)


@router.post("/approvals/{action_id}", dependencies=FROM_HERE)
def decide(
    request: Request,
    site: OurSite,
    person: Viewer,
    action_id: str,
    decision: Annotated[Literal["approve", "refuse"], Form()],
    hash: Annotated[str, Form(max_length=64)],
    note: Annotated[str, Form(max_length=NOTE_LIMIT)] = "",
) -> Response:
    """Approve or refuse exactly what the form showed."""
    site.deciding.request(person, action_id)
    try:
        site.deciding.decide(person, action_id, decision == "approve", hash, note.strip())
    except NotAllowed as refused:
        return _approval_page(request, site, person, action_id, str(refused), note, 409)
    return RedirectResponse(f"/console/approvals/{action_id}", SEE_OTHER)


def _approval_page(request: Request, site: Site, person: Person, action_id: str, error: str = "", note: str = "", status: int = 200) -> Response:
    found = site.deciding.request(person, action_id)
    context: dict[str, Any] = {
        **_row(site, found, person),
        "action": found.action,
        "about": TOOLS[found.action.tool].about,
        "stages": _stages(site, found),
        "limit": NOTE_LIMIT,
        "note": note,
        "error": error,
    }
    return show(request, "approval.html", person, "approvals", status, **context)


def _row(site: Site, found: Asked, person: Person) -> dict[str, Any]:
    approval, known = found.approval, site.directory.person
    asker = known(approval.requester)
    voted = next((vote for vote in approval.votes if person.id in (vote.approver, vote.instead_of)), None)
    late = approval.status is ApprovalStatus.OPEN and site.clock.now() >= approval.expires_at
    return {
        "id": found.action.id,
        "title": found.action.plan.title,
        "requester": found.requester,
        "asker": asker,
        "own": person.id == approval.requester,
        "status": ApprovalStatus.EXPIRED.value if late else approval.status.value,
        "stage": min(approval.stage + 1, len(approval.stages)),
        "stage_count": len(approval.stages),
        "waits_for": _role(site, found, approval.stages[min(approval.stage, len(approval.stages) - 1)]),
        "created_at": approval.created_at,
        "expires_at": approval.expires_at,
        "mine": found.mine and not late and voted is None,
        "voted": voted,
    }


def _role(site: Site, found: Asked, stage: Stage) -> str:
    kind, _, name = stage.role.partition(":")
    if kind == "person":
        named = site.directory.person(name)
        return named.name if named is not None else name
    return {"manager": f"the manager of {found.requester}", "owner": "the owner of this access"}.get(kind, f"somebody of {name}")


def _stages(site: Site, found: Asked) -> list[dict[str, Any]]:
    approval, people = found.approval, site.deciding.stages(found)
    return [
        {
            "role": _role(site, found, stage),
            "quorum": stage.quorum,
            "people": [one.name for one in people[number]],
            "votes": [_vote(site, vote) for vote in approval.votes if vote.stage == number],
            "current": approval.status is ApprovalStatus.OPEN and approval.stage == number,
            "done": sum(vote.approves and vote.stage == number for vote in approval.votes) >= stage.quorum,
        }
        for number, stage in enumerate(approval.stages)
    ]


def _vote(site: Site, vote: Vote) -> dict[str, Any]:
    names = _names(site)
    return {
        "who": names.get(vote.approver, vote.approver),
        "instead_of": names.get(vote.instead_of, vote.instead_of),
        "approves": vote.approves,
        "at": vote.at,
        "note": vote.note,
    }


# -- the desk -----------------------------------------------------------------------------------------------------------


@router.get("/actions")
def actions(request: Request, site: OurSite, person: Agent, status: Status | Literal[""] = "", after: After = "") -> Response:
    """List actions, those that somebody has to look at first; with a status only those that stand so."""
    since = site.clock.now() - LOOK_AFTER
    with site.store.read() as unit:
        latest = unit.actions.latest(SHOWN + 1, Status(status) if status else None, after)
        first = not (status or after)
        troubled = [one for kind in UNSETTLED for one in unit.actions.latest(SHOWN, kind) if one.changed_at >= since] if first else []
        errands = [_errand(unit, entry) for entry in unit.outbox.unsettled() if (entry.done_at or entry.created_at) >= since] if first else []
    names = _names(site)
    context: dict[str, Any] = {
        "troubled": [_listed(names, one) for one in troubled],
        "errands": errands,
        "actions": [_listed(names, one) for one in latest[:SHOWN]],
        "more": latest[SHOWN - 1].id if len(latest) > SHOWN else "",
        "after": after,
        "filter": str(status),
        "days": LOOK_AFTER.days,
        "switched_off": site.switched_off(),
    }
    return show(request, "actions.html", person, "actions", **context)


@router.get("/actions/{action_id}")
def action(request: Request, site: OurSite, person: Agent, action_id: str) -> Response:
    """Show one action: what it does, how it ended, and everything the audit holds of it."""
    return _action_page(request, site, person, action_id)


@router.post("/actions/{action_id}/undo", dependencies=FROM_HERE)
def undo(request: Request, site: OurSite, person: Agent, action_id: str) -> Response:
    """Take a done action back."""
    try:
        made = site.deciding.undo(action_id, person)
    except NotAllowed as refused:
        return _action_page(request, site, person, action_id, str(refused), 409)
    return RedirectResponse(f"/console/actions/{made.id}", SEE_OTHER)


def _action_page(request: Request, site: Site, person: Person, action_id: str, error: str = "", status: int = 200) -> Response:
    if len(action_id) > ID_LIMIT:
        raise NotYours(action_id)
    with site.store.read() as unit:
        found, approval = unit.actions.load(action_id), unit.approvals.load(action_id)
        if found is None:
            raise HTTPException(404, "There is no such action.")
        taken_back = [one.id for one in unit.actions.of_conversation(found.conversation) if one.reverts == action_id]
        conversation = unit.conversations.load(found.conversation)
        trail, unreadable = _trail(unit, action_id)
    names, back = _names(site), undoing(found) if found.status is Status.DONE else None
    context: dict[str, Any] = {
        **_listed(names, found),
        "action": found,
        "about": TOOLS[found.tool].about if found.tool in TOOLS else "",
        "why": str(found.result.get("why", "")),
        "conversation": found.conversation,
        "ticket": conversation.episode.ticket if conversation is not None else "",
        "approval": approval,
        "taken_back": taken_back,
        "undo": TOOLS[back[0]].about if back is not None else "",
        "trail": [_step(names, line) for line in trail],
        "unreadable": unreadable,
        "error": error,
    }
    return show(request, "action.html", person, "actions", status, **context)


def _names(site: Site) -> dict[str, str]:
    return site.names() | {SYSTEM: "Firstline", OPERATOR: "the operator"}


def _listed(names: dict[str, str], one: Action) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.plan.title,
        "tool": one.tool,
        "status": one.status.value,
        "actor": names.get(one.actor, one.actor),
        "subject": names.get(one.subject, one.subject),
        "changed_at": one.changed_at,
        "created_at": one.created_at,
    }


def _errand(unit: UnitOfWork, entry: OutboxEntry) -> dict[str, Any]:
    """Return what is known of an errand that did not come off: ids and the reason, never the words that it carries."""
    about = unit.actions.load(str(entry.body.get("action", "")))
    return {
        "kind": entry.kind,
        "state": entry.state,
        "at": entry.done_at or entry.created_at,
        "why": str(entry.result.get("why", "")),
        "action": about.id if about is not None else "",
        "title": about.plan.title if about is not None else "",
        "ticket": str(entry.body.get("ticket", "")),
    }


def _trail(unit: UnitOfWork, action_id: str) -> tuple[list[AuditLine], str]:
    try:
        return unit.audit.of_action(action_id), ""
    except (AuditUnreadable, ValueError) as error:
        return [], str(error)


def _step(names: dict[str, str], line: AuditLine) -> dict[str, Any]:
    facts = line.facts
    actor = str(facts.get("actor", ""))
    return {
        "number": line.number,
        "at": datetime.fromisoformat(str(facts["at"])),
        "who": names.get(actor, actor),
        "step": facts.get("step", ""),
        "decision": facts.get("decision", ""),
        "rule": facts.get("rule", ""),
        "policy": facts.get("policy", ""),
        "agreed": [names.get(one["approver"], one["approver"]) for one in facts.get("approvals", ())],
    }
