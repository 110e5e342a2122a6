"""Conversations that people of the desk answer in: the list of who waits, and one conversation live."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, RedirectResponse

from assistant.agent.handover import WORDS_LIMIT
from assistant.agent.turn import UnknownConversation
from assistant.desk.handoff import HeldByAnother, NotForYou, NotHeld
from assistant.desk.opinions import HELPFUL, LABELS, Reason
from assistant.domain.configuration import Person
from assistant.domain.conversation import Conversation
from assistant.domain.handoff import Handoff, Holding
from assistant.domain.ticket import Ticket
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, agent, same_origin, show
from assistant.entrypoints.web.live import QUEUE_LIMIT, WRITING
from assistant.entrypoints.web.sessions import SESSION
from assistant.entrypoints.web.site import TEMPLATES, Site
from assistant.ports.store import Event, UnitOfWork
from kb.model import Reader

NO_SESSION, REFUSED = 4401, 1008
COUNTED_DAYS = 30
SHOWN = 50
"""Rows of each list on one page."""
WRITING_SECONDS = 2.0
"""That somebody writes is not said more often."""
ASIDE: dict[str, Callable[[dict[str, Any]], str]] = {
    "attachment_removed": lambda _body: "Removed a file.",
    "feedback": lambda body: _opinion(body),
}
"""What the person did beside talking, as a line."""
PART: Any = TEMPLATES.env.get_template("_conversation.html").module
router = APIRouter(prefix="/console/conversations", include_in_schema=False)
Page = Annotated[int, Query(ge=1, le=10_000)]
Agent = Annotated[Person, Depends(agent)]
FROM_HERE = [Depends(same_origin)]


@router.get("")
def conversations(request: Request, site: OurSite, person: Agent, page: Page = 1) -> Response:
    """List the conversations in which somebody waits for a person, then those that people have; and why they came to people lately."""
    now = site.clock.now()
    with site.store.read() as unit:
        queue, holdings = unit.handoffs.waiting(), unit.handoffs.held()
        waiting = [_row(unit, handoff.conversation, handoff) for handoff in queue[(page - 1) * SHOWN : page * SHOWN]]
        held = [_row(unit, one.conversation, _last(unit, one.conversation), one) for one in holdings[(page - 1) * SHOWN : page * SHOWN]]
        counts = unit.handoffs.counts(now - timedelta(days=COUNTED_DAYS), now + timedelta(seconds=1))
    names, queues = site.names(), {queue.id: queue.name for queue in site.workplace.queues()}
    context: dict[str, Any] = {
        "waiting": [row for row in waiting if row],
        "held": [row for row in held if row],
        "names": names,
        "queues": queues,
        "reasons": [(reason.label, count) for reason, count in counts.items()],
        "days": COUNTED_DAYS,
        "in_all": len(queue),
        "held_in_all": len(holdings),
        "page": page,
        "pages": max(1, -(-max(len(queue), len(holdings)) // SHOWN)),
        "me": person.id,
    }
    return show(request, "conversations.html", person, "conversations", **context)


@router.get("/{conversation_id}")
def conversation(request: Request, site: OurSite, person: Agent, conversation_id: str) -> Response:
    """Show one conversation, and the ticket beside it with everything that was tried."""
    shown = _Shown.of(site, person, conversation_id)
    return show(request, "conversation.html", person, "conversations", shown=shown.facts())


@router.post("/{conversation_id}/take", dependencies=FROM_HERE)
def take(request: Request, site: OurSite, person: Agent, conversation_id: str) -> Response:
    """Take the conversation: from now on the assistant does not speak in it."""
    with _refusals(site):
        site.handover.take(person.id, conversation_id)
    return _done(request, conversation_id, "#answer")


@router.post("/{conversation_id}/say", dependencies=FROM_HERE)
def say(
    request: Request,
    site: OurSite,
    person: Agent,
    conversation_id: str,
    text: Annotated[str, Form(min_length=1, max_length=2 * WORDS_LIMIT)],
    message: Annotated[str, Form(min_length=1, max_length=64)],
) -> Response:
    """Say something to the person who asked; the same ``message`` id says it once."""
    if len(text.replace("\r\n", "\n")) > WORDS_LIMIT:
        raise HTTPException(422, f"An answer may have {WORDS_LIMIT:,} characters.")
    if not text.strip():
        raise HTTPException(422, "Write something first.")
    with _refusals(site):
        site.handover.say(person.id, conversation_id, message, text)
    return _done(request, conversation_id)


@router.post("/{conversation_id}/give-back", dependencies=FROM_HERE)
def give_back(request: Request, site: OurSite, person: Agent, conversation_id: str, solved: Annotated[bool, Form()] = False) -> Response:
    """Give the conversation back: the assistant answers again from the next message on."""
    with _refusals(site):
        site.handover.give_back(person.id, conversation_id, solved=solved)
    return _done(request, conversation_id)


@contextlib.contextmanager
def _refusals(site: Site) -> Iterator[None]:
    try:
        yield
    except NotForYou as refused:
        raise HTTPException(403, str(refused)) from None
    except HeldByAnother as refused:
        who = refused.holding.person
        raise HTTPException(409, f"{site.names().get(who, who)} has this conversation. Nothing of yours was sent.") from None
    except NotHeld:
        raise HTTPException(409, "You do not have this conversation now, so nothing was sent. Take it first.") from None


def _done(request: Request, conversation_id: str, place: str = "") -> Response:
    """Answer a form with its page, where the keyboard goes on at ``place``."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"/console/conversations/{conversation_id}{place}", SEE_OTHER)
    return JSONResponse({})


def _opinion(body: dict[str, Any]) -> str:
    helped = "it helped" if body["verdict"] == HELPFUL else f"it did not help ({LABELS[Reason(body['reason'])]})"
    return f"Said of an answer: {helped}."


def _last(unit: UnitOfWork, conversation_id: str) -> Handoff | None:
    return next(iter(reversed(unit.handoffs.of_conversation(conversation_id))), None)


def _row(unit: UnitOfWork, conversation_id: str, handoff: Handoff | None, holding: Holding | None = None) -> dict[str, Any] | None:
    found = unit.conversations.load(conversation_id)
    if found is None:
        return None
    ticket = unit.tickets.ticket(found.episode.ticket) if found.episode.ticket else None
    return {
        "id": found.id,
        "person": found.person,
        "subject": ticket.subject if ticket is not None else str(found.memory.get("issue", "")) or "Wants to talk to a person",
        "ticket": ticket.id if ticket is not None else "",
        "queue": ticket.queue if ticket is not None else "",
        "reason": handoff.reason.label if handoff is not None else "",
        "since": handoff.at if handoff is not None else found.changed_at,
        "holder": holding.person if holding is not None else "",
        "held_since": holding.since if holding is not None else None,
        "heard": found.changed_at,
    }


class _Shown:
    """One conversation as an agent may see it now, with the agent's own rights to what it cites."""

    def __init__(self, site: Site, person: Person, found: Conversation, unit: UnitOfWork) -> None:
        self._site, self._person, self._found = site, person, found
        self._events = unit.conversations.events(found.id)
        self._holding = unit.handoffs.holding(found.id)
        self._handoffs = unit.handoffs.of_conversation(found.id)
        self._ticket: Ticket | None = unit.tickets.ticket(self._ticket_id(unit)) if self._ticket_id(unit) else None
        self._files = unit.attachments.of_conversation(found.id)
        self._names = site.names()
        self._reader = Reader(person.groups)

    @classmethod
    def of(cls, site: Site, person: Person, conversation_id: str) -> _Shown:
        """Load it. A conversation that no ticket came of is between its person and the assistant."""
        with site.store.read() as unit:
            found = unit.conversations.load(conversation_id)
            if found is None or not (unit.handoffs.of_conversation(found.id) or any(e.ticket for e in unit.conversations.episodes(found.id))):
                raise HTTPException(404, "There is no such conversation, or the desk has nothing to do with it.")
            return cls(site, person, found, unit)

    def _ticket_id(self, unit: UnitOfWork) -> str:
        tickets = [episode.ticket for episode in unit.conversations.episodes(self._found.id) if episode.ticket]
        return self._found.episode.ticket or (tickets[-1] if tickets else "")

    def turns(self, after: int = 0) -> list[dict[str, Any]]:
        """Return what was said after an event, as the templates show it."""
        fresh = [event for event in self._events if event.number > after]
        return [self._turn(event) for event in self._site.presenter.events(fresh, self._reader)]

    def _turn(self, event: Event) -> dict[str, Any]:
        body: dict[str, Any] = {"id": event.number, "at": event.at, "kind": event.body["type"], "who": "Firstline", "text": "", "html": ""}
        if event.body["type"] in ASIDE:
            return {**body, "text": ASIDE[event.body["type"]](event.body)}
        if event.body["type"] == "attachment":
            file = event.body["attachment"]
            return {**body, "who": self._asker, "file": file, "there": any(one.id == file["id"] for one in self._files)}
        if event.body["type"] == "message":
            return {**body, "who": self._asker, "text": event.body["text"], "pressed": bool(event.body["choice"])}
        if event.body["type"] == "reply":
            reply = event.body["reply"]
            return {**body, "html": reply["html"], "sources": [view for view in reply["citations"] if view["article"]]}
        if event.body["type"] == "person":
            return {**body, "who": event.body["person"]["name"], "html": event.body["html"], "mine": event.body["person"]["id"] == self._person.id}
        return {**body, "text": event.body.get("text", "")}

    @property
    def _asker(self) -> str:
        return self._names.get(self._found.person, self._found.person)

    def facts(self) -> dict[str, Any]:
        """Return everything that the page shows."""
        ticket, holder = self._ticket, self._holding.person if self._holding is not None else ""
        body = self._site.presenter.ticket(ticket.body, self._events, self._reader) if ticket is not None else None
        waits = next((one for one in reversed(self._handoffs) if one.waits and one.ended_at is None), None)
        return {
            "id": self._found.id,
            "asker": self._asker,
            "own": self._found.person == self._person.id,
            "holder": self._names.get(holder, holder),
            "mine": holder == self._person.id,
            "held_since": self._holding.since if self._holding is not None else None,
            "waits": waits,
            "reason": self._handoffs[-1].reason.label if self._handoffs else "",
            "handoffs": [{"at": one.at, "reason": one.reason.label, "by": self._names.get(one.taken_by, one.taken_by)} for one in self._handoffs],
            "ticket": ticket,
            "queue": next((q.name for q in self._site.workplace.queues() if ticket is not None and q.id == ticket.queue), ""),
            "body": body,
            "turns": self.turns(),
            "files": self._files,
            "last": self._events[-1].number if self._events else 0,
            "message": secrets.token_hex(8),
            "limit": WORDS_LIMIT,
        }


@router.websocket("/{conversation_id}/live")
async def live(socket: WebSocket, conversation_id: str, after: int = 0) -> None:
    """Push what happens in a conversation to an agent's page: each event once, those after ``after`` first, with the rights of that moment."""
    site: Site = socket.app.state.site
    if socket.headers.get("origin", "").partition("://")[2] != socket.headers.get("host", ""):
        await socket.close(REFUSED)  # before accept: HTTP 403
        return
    await socket.accept()
    queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE_LIMIT)
    with contextlib.suppress(WebSocketDisconnect, RuntimeError), site.live.listening(conversation_id, queue):
        await _follow(socket, site, conversation_id, max(0, after), queue)


async def _follow(socket: WebSocket, site: Site, conversation_id: str, after: int, queue: asyncio.Queue[Event | None]) -> None:
    closed = asyncio.create_task(_listen(socket, site, conversation_id))
    try:
        while True:
            try:
                frames = await to_thread.run_sync(_frames, site, socket.cookies.get(SESSION, ""), conversation_id, after)
            except (TokenRefused, HTTPException, UnknownConversation):
                await socket.close(NO_SESSION, "sign in again")
                return
            for frame in frames:
                after = frame["id"]
                await socket.send_json(frame)
            waited = asyncio.create_task(queue.get())
            await asyncio.wait({waited, closed}, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                waited.cancel()
                return
            while not queue.empty():  # what they say is read from the store
                queue.get_nowait()
    finally:
        closed.cancel()


async def _listen(socket: WebSocket, site: Site, conversation_id: str) -> None:
    """Pass on that the agent is writing, until the page goes away or says anything else."""
    passed_on = 0.0
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, KeyError, TokenRefused):
        while await socket.receive_text() == WRITING:
            if time.monotonic() - passed_on >= WRITING_SECONDS:
                passed_on = time.monotonic()
                await to_thread.run_sync(_tell_writing, site, socket.cookies.get(SESSION, ""), conversation_id)


def _tell_writing(site: Site, token: str, conversation_id: str) -> None:
    person_id, _ = site.sessions.person_of(token)
    with site.store.read() as unit:
        holding = unit.handoffs.holding(conversation_id)
    if holding is not None and holding.person == person_id:
        person = {"id": person_id, "name": site.names().get(person_id, person_id)}
        site.live.publish([Event(0, conversation_id, site.clock.now(), {"type": WRITING, "person": person})])


def _frames(site: Site, token: str, conversation_id: str, after: int) -> list[dict[str, Any]]:
    """Return the frames for everything after an event: the turns, and with the last one what stands around them now."""
    person_id, until = site.sessions.person_of(token)
    person = site.directory.person(person_id)
    if person is None or not person.is_agent or datetime.now(UTC) > until:
        raise TokenRefused("the session has ended")
    shown = _Shown.of(site, person, conversation_id)
    frames = [{"id": turn["id"], "turn": str(PART.turn(turn))} for turn in shown.turns(after)]
    if frames:
        facts = shown.facts()
        frames[-1] |= {"head": str(PART.head(facts)), "controls": str(PART.controls(facts)), "beside": str(PART.beside(facts))}
    return frames
