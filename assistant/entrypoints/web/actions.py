"""Actions over REST: one's own, the one-time code of one, and the requests that wait for an approver."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from assistant.agent.acting import view_of
from assistant.agent.deciding import Request
from assistant.domain.action import Action
from assistant.domain.reply import Reply
from assistant.entrypoints.web.rest import Me, OurSite, Sender, limited
from assistant.entrypoints.web.site import Site

CODE_LIMIT = 32
ID_LIMIT = 80
NOTE_LIMIT = 500
OWN_SINCE = timedelta(days=90)
router = APIRouter(prefix="/v1", tags=["actions"])


class CodeIn(BaseModel):
    """A one-time code. It is judged and forgotten: no message is made of it."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=CODE_LIMIT)


class DecisionIn(BaseModel):
    """An approver's decision over the action whose hash they saw."""

    model_config = ConfigDict(extra="forbid")

    approves: StrictBool
    hash: str = Field(pattern="^[0-9a-f]{64}$", description="The `hash` of the request as it was shown.")
    note: str = Field(default="", max_length=NOTE_LIMIT)


@router.get("/actions")
def actions(person: Me, site: OurSite) -> list[dict[str, Any]]:
    """List what the person had done or asked for in the last 90 days, newest first."""
    with site.store.read() as unit:
        mine = unit.actions.of_actor(person.id, site.clock.now() - OWN_SINCE)
    return [_facts(action) for action in reversed(mine)]


@router.post("/actions/{action_id}/code")
def code(action_id: str, body: CodeIn, person: Sender, site: OurSite) -> Reply:
    """Judge the one-time code that an action of the person waits for; the reply says what comes next, or what is wrong with the code."""
    return site.deciding.enter_code(person, action_id, body.code)


@router.get("/approvals")
def requests(person: Me, site: OurSite) -> list[dict[str, Any]]:
    """List the open requests, those that wait for this person first; others only for agents of the desk."""
    return [_request(site, found) for found in site.deciding.requests(person)]


@router.get("/approvals/{action_id}")
def request(action_id: str, person: Me, site: OurSite) -> dict[str, Any]:
    """Return one request, open or decided, that this person may see."""
    return _request(site, site.deciding.request(person, action_id))


@router.post("/approvals/{action_id}", dependencies=[Depends(limited)])
def decide(action_id: str, body: DecisionIn, person: Me, site: OurSite) -> dict[str, Any]:
    """Approve or refuse exactly what was shown; 409 says why that is not possible now."""
    site.deciding.request(person, action_id)
    site.deciding.decide(person, action_id, body.approves, body.hash, body.note)
    return _request(site, site.deciding.request(person, action_id))


def _facts(action: Action) -> dict[str, Any]:
    shown = view_of(action).model_dump(exclude={"needs", "channel"})
    return {**shown, "conversation": action.conversation, "created_at": _at(action.created_at), "changed_at": _at(action.changed_at)}


def _request(site: Site, found: Request) -> dict[str, Any]:
    approval, people = found.approval, site.deciding.stages(found)
    stages = [
        {
            "role": stage.role,
            "quorum": stage.quorum,
            "people": [one.name for one in people[number]],
            "votes": [
                {"approver": vote.approver, "instead_of": vote.instead_of, "approves": vote.approves, "at": _at(vote.at), "note": vote.note}
                for vote in approval.votes
                if vote.stage == number
            ],
        }
        for number, stage in enumerate(approval.stages)
    ]
    return {
        "action": _facts(found.action),
        "requester": {"id": approval.requester, "name": found.requester},
        "arguments": found.action.arguments,
        "hash": found.action.hash,
        "status": approval.status.value,
        "mine": found.mine,
        "stage": approval.stage,
        "stages": stages,
        "expires_at": _at(approval.expires_at),
    }


def _at(moment: datetime) -> str:
    return moment.isoformat()
