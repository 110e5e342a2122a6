"""The REST form of a turn."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from assistant.agent.state import Inbound
from assistant.agent.turn import UnknownConversation
from assistant.domain.attachment import ENDINGS as MEDIA
from assistant.domain.configuration import Device, Person
from assistant.domain.reply import Reply
from assistant.entrypoints.web.hints import platform_hint
from assistant.entrypoints.web.limits import Limits
from assistant.entrypoints.web.site import Site, site_of
from assistant.governance.rendering import render
from kb.model import Reader

TEXT_LIMIT = 100_000
NUMBER_LIMIT = 2**63 - 1
PAGE, FIND_LIMIT = 50, 200
FOUND_AMONG = 1_000
"""Words are looked for in so many of a person's latest conversations."""
router = APIRouter(prefix="/v1", tags=["chat"])


class MessageIn(BaseModel):
    """A message: words, or one of the choices that were offered."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=TEXT_LIMIT)
    choice: str = Field(default="", max_length=80)
    id: str = Field(default="", max_length=64, description="Your own id; the same id returns the same reply.")
    device: str = Field(default="", max_length=80, description="One of your devices, when it is not the one assumed.")

    def inbound(self, request: Request) -> Inbound:
        """Return the message as the agent takes it, with what the request's headers say of the system it came from."""
        return Inbound(self.id or secrets.token_hex(16), self.text, self.choice, self.device, platform_hint("", request.headers))


class MessageToSend(MessageIn):
    """A message that must say something."""

    @model_validator(mode="after")
    def _says_something(self) -> MessageToSend:
        if bool(self.choice) == bool(self.text) and self.choice:
            raise ValueError("give either text or choice")
        return self


def bearer(request: Request, authorization: Annotated[str, Header()] = "") -> Person:
    """Return the person whose token came with the request."""
    scheme, _, token = authorization.partition(" ")
    site = site_of(request)
    person_id, _ = site.tokens.person_of(token.strip() if scheme.lower() == "bearer" else "")
    person = site.directory.person(person_id)
    if person is None:
        from assistant.agent.turn import UnknownPerson

        raise UnknownPerson(person_id)
    request.state.person = person.id
    return person


Me = Annotated[Person, Depends(bearer)]
OurSite = Annotated[Site, Depends(site_of)]


def limited(request: Request, person: Me) -> Person:
    """Return the person, unless they send faster than is allowed."""
    limits: Limits = request.app.state.limits
    if not limits.admit(person.id):
        raise HTTPException(429, "too many messages; wait a minute", headers={"Retry-After": "60"})
    return person


Sender = Annotated[Person, Depends(limited)]


def device_facts(device: Device) -> dict[str, Any]:
    """Return a device as clients see it."""
    return {"id": device.id, "name": device.name, "os": device.os, "platform": device.platform.value, "primary": device.primary}


@router.get("/me")
def me(person: Me, site: OurSite) -> dict[str, Any]:
    """Say who the token's bearer is and which devices are theirs."""
    devices = [device_facts(device) for device in site.fleet.devices_of(person.id)]
    limits = site.files.limits
    taken = {"max_bytes": limits.file_bytes, "per_conversation": limits.per_conversation, "kinds": list(MEDIA) if limits.file_bytes else []}
    return {"person": {"id": person.id, "name": person.name}, "devices": devices, "attachments": taken}


@router.get("/conversations")
def conversations(
    person: Me, site: OurSite, before: AwareDatetime | None = None, find: Annotated[str, Query(max_length=FIND_LIMIT)] = ""
) -> list[dict[str, Any]]:
    """List the person's conversations, last changed first: a page before a time, or those whose issues hold all of some words."""
    words = find.casefold().split()
    with site.store.read() as unit:
        found = unit.conversations.of_person(person.id, FOUND_AMONG if words else PAGE, before)
    if words:
        found = [one for one in found if all(word in str(one.memory.get("issue", "")).casefold() for word in words)][:PAGE]
    return [
        {
            "conversation": c.id,
            "state": c.state.value,
            "issue": c.memory.get("issue", ""),
            "changed_at": c.changed_at.isoformat(),
            "ticket": c.episode.ticket,
            "channel": c.channel,
            "opened_at": c.opened_at.isoformat(),
            "outcome": c.episode.outcome.value if c.episode.outcome else "",
        }
        for c in found
    ]


@router.post("/conversations", status_code=201)
async def begin(request: Request, body: MessageIn, person: Sender, site: OurSite) -> Reply:
    """Begin a conversation, with its first message or with a greeting."""
    if body.text or body.choice:
        return await to_thread.run_sync(site.turns.take, person.id, None, body.inbound(request), "rest")
    return await to_thread.run_sync(site.turns.begin, person.id, "rest")


@router.post("/conversations/{conversation_id}/messages", response_model=Reply)
async def send(
    request: Request, conversation_id: str, body: MessageToSend, person: Sender, site: OurSite, accept: Annotated[str, Header()] = ""
) -> Any:
    """Send a message; the reply comes as JSON, or as server-sent events when the client accepts those."""
    inbound = body.inbound(request)
    if "text/event-stream" in accept:
        await to_thread.run_sync(_own, site, person, conversation_id)
        return StreamingResponse(
            _stream(site, person, conversation_id, inbound), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )
    return await to_thread.run_sync(site.turns.take, person.id, conversation_id, inbound, "rest")


async def _stream(site: Site, person: Person, conversation_id: str, inbound: Inbound) -> AsyncIterator[str]:
    turn = asyncio.ensure_future(to_thread.run_sync(site.turns.take, person.id, conversation_id, inbound, "rest"))
    yield 'event: typing\ndata: {"v":1,"type":"typing"}\n\n'
    reply = await turn
    yield f"event: reply\ndata: {reply.model_dump_json()}\n\n"


def _own(site: Site, person: Person, conversation_id: str) -> None:
    with site.store.read() as unit:
        conversation = unit.conversations.load(conversation_id)
    if conversation is None or conversation.person != person.id:
        raise UnknownConversation(conversation_id)


@router.get("/conversations/{conversation_id}/events")
def events(conversation_id: str, person: Me, site: OurSite, after: Annotated[int, Query(ge=0, le=NUMBER_LIMIT)] = 0) -> list[dict[str, Any]]:
    """Return the conversation's events after a number; what their replies cite is checked now."""
    _own(site, person, conversation_id)
    with site.store.read() as unit:
        stored = unit.conversations.events(conversation_id, after)
    shown = site.presenter.events(stored, Reader(person.groups))
    return [{"id": e.number, "conversation": e.conversation, "at": e.at.isoformat(), "event": e.body} for e in shown]


@router.get("/articles/{article_id:path}")
def article(article_id: str, person: Me, site: OurSite, revision: Annotated[int | None, Query(ge=1, le=NUMBER_LIMIT)] = None) -> dict[str, Any]:
    """Return an article that the person may read."""
    found = site.knowledge.article(article_id, Reader(person.groups), revision)
    if found is None:
        raise HTTPException(404, "there is no such article for you")
    head, text = found
    return {
        "article": head.id,
        "revision": revision or head.revision,
        "title": head.title,
        "text": text,
        "html": render(text, site.link_hosts()),
        "owner": head.owner,
        "review_by": head.review_by.isoformat() if head.review_by else "",
        "overdue": head.overdue(site.clock.now().date()),
        "platforms": sorted(platform.value for platform in head.platforms),
        "updated": head.updated_at.isoformat(),
    }
