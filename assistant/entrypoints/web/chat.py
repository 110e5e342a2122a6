"""The chat socket: ``docs/guide/chat-protocol.md`` in code."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from anyio import to_thread
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from assistant.agent.present import cites
from assistant.agent.state import Inbound
from assistant.agent.turn import GROWING, UnknownConversation, UnknownPerson
from assistant.desk.fulfilment import NotYours
from assistant.desk.handoff import HOLDING
from assistant.domain.configuration import Person
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.actions import CODE_LIMIT, ID_LIMIT
from assistant.entrypoints.web.errors import problem
from assistant.entrypoints.web.hints import platform_hint
from assistant.entrypoints.web.limits import Limits
from assistant.entrypoints.web.live import QUEUE_LIMIT, WRITING
from assistant.entrypoints.web.rest import NUMBER_LIMIT, TEXT_LIMIT, device_facts
from assistant.entrypoints.web.site import Site
from assistant.ports.store import Event

HELLO_SECONDS = 5.0
FRAME_LIMIT = 524_288
BAD_FRAME, NO_TOKEN, NO_CONVERSATION, NO_HELLO, TOO_MANY = 4400, 4401, 4404, 4408, 4429
TURNS_AT_ONCE = 64
"""Turns that wait for their end on a thread each; everything else that needs a thread does not wait behind them."""
router = APIRouter()


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")
    v: Literal[1]


class Hello(_Frame):
    """The first frame."""

    type: Literal["hello"]
    token: str
    conversation: str | None = None
    last_event_id: int = Field(default=0, ge=0, le=NUMBER_LIMIT)
    platform: str = Field(default="", max_length=80)


class Said(_Frame):
    """A message in words."""

    type: Literal["message"]
    id: str = Field(min_length=1, max_length=64)
    text: str
    device: str = Field(default="", max_length=80)


class Chose(_Frame):
    """One of the choices that were offered."""

    type: Literal["choice"]
    id: str = Field(min_length=1, max_length=64)
    choice: str = Field(min_length=1, max_length=80)


class Code(_Frame):
    """The one-time code of an action. It is judged and forgotten, never a message."""

    type: Literal["code"]
    action: str = Field(min_length=1, max_length=ID_LIMIT)
    code: str = Field(min_length=1, max_length=CODE_LIMIT)


class Ping(_Frame):
    """Are you there?"""

    type: Literal["ping"]


FRAMES: TypeAdapter[Said | Chose | Code | Ping] = TypeAdapter(Said | Chose | Code | Ping)


class Refuse(Exception):
    """Close the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        """Remember both."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


def origin_allowed(socket: WebSocket, site: Site) -> bool:
    """Say whether the page that opens the socket may: our own pages and the configured ones."""
    origin = socket.headers.get("origin", "")
    own = {f"{scheme}://{socket.headers.get('host', '')}" for scheme in ("http", "https")}
    return origin in own or origin in site.allowed_origins


@router.websocket("/v1/chat")
async def chat(socket: WebSocket) -> None:
    """Serve one connection."""
    site: Site = socket.app.state.site
    if not origin_allowed(socket, site):
        await socket.close(1008, "a page of another site may not open a socket")  # before accept: HTTP 403
        return
    await socket.accept()
    if "token" in socket.query_params:
        await socket.close(NO_TOKEN, "the token does not belong in the address")
        return
    try:
        await _Connection(socket, site).serve()
    except Refuse as refused:
        with contextlib.suppress(RuntimeError):
            await socket.close(refused.code, refused.reason)
    except WebSocketDisconnect:
        pass


class _Connection:
    def __init__(self, socket: WebSocket, site: Site) -> None:
        self._socket = socket
        self._site = site
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE_LIMIT)
        self._sent = 0
        self._hint = ""
        self._held = False
        """Somebody of the desk has the conversation, so nobody is about to answer by machine."""
        self._conversation: str | None = None
        self._listening = contextlib.ExitStack()
        self._loop = asyncio.get_running_loop()

    async def serve(self) -> None:
        hello = await self._hello()
        self._hint = platform_hint(hello.platform, self._socket.headers)
        person, until = await to_thread.run_sync(self._identify, hello.token)
        self._socket.state.person = person.id
        with self._listening:
            await self._welcome(person, hello)
            pusher = asyncio.create_task(self._push(person))
            try:
                await self._listen(person, until)
            finally:
                pusher.cancel()
                with contextlib.suppress(asyncio.CancelledError, RuntimeError, WebSocketDisconnect):
                    await pusher

    async def _frame(self) -> Any:
        text = await self._socket.receive_text()
        if len(text.encode(errors="replace")) > FRAME_LIMIT:
            raise Refuse(1009, "the frame is too large")
        try:
            return from_json(text)  # unlike json.loads, this refuses half characters and bottomless nesting
        except ValueError:
            raise Refuse(BAD_FRAME, "the frame is not JSON") from None

    async def _taken(self) -> Said | Chose | Code | Ping:
        try:
            return FRAMES.validate_python(await self._frame())
        except ValidationError:
            raise Refuse(BAD_FRAME, "that frame is not part of the protocol") from None
        except KeyError:
            raise Refuse(BAD_FRAME, "frames are text") from None

    async def _hello(self) -> Hello:
        try:
            return Hello.model_validate(await asyncio.wait_for(self._frame(), HELLO_SECONDS))
        except TimeoutError:
            raise Refuse(NO_HELLO, "no hello in time") from None
        except KeyError:
            raise Refuse(BAD_FRAME, "frames are text") from None
        except ValidationError as error:
            missing_token = any(item["loc"] == ("token",) for item in error.errors())
            raise Refuse(NO_TOKEN, "a token is required") if missing_token else Refuse(BAD_FRAME, "hello comes first") from None

    def _identify(self, token: str) -> tuple[Person, datetime]:
        try:
            person_id, until = self._site.tokens.person_of(token)
        except TokenRefused as refused:
            raise Refuse(NO_TOKEN, str(refused)) from None
        person = self._site.directory.person(person_id)
        if person is None:
            raise Refuse(NO_TOKEN, "the directory does not know this person")
        return person, until

    async def _welcome(self, person: Person, hello: Hello) -> None:
        missed: list[Event] = []
        if hello.conversation:
            self._join(hello.conversation)
            missed = await to_thread.run_sync(self._events, person, hello.conversation, hello.last_event_id)
            self._held = await to_thread.run_sync(self._is_held, hello.conversation)
        devices = await to_thread.run_sync(self._site.fleet.devices_of, person.id)
        facts = {"person": {"id": person.id, "name": person.name}, "devices": [device_facts(device) for device in devices]}
        self._sent = hello.last_event_id
        last = missed[-1].number if missed else hello.last_event_id
        await self._send({"type": "welcome", **facts, "conversation": hello.conversation, "last_event_id": last})
        for event in missed:
            await self._send_event(event)

    def _events(self, person: Person, conversation_id: str, after: int) -> list[Event]:
        with self._site.store.read() as unit:
            conversation = unit.conversations.load(conversation_id)
            if conversation is None or conversation.person != person.id:
                raise Refuse(NO_CONVERSATION, "there is no such conversation of yours")
            stored = unit.conversations.events(conversation_id, after)
        return self._site.presenter.events(stored, self._site.reader(person.id))

    def _shown(self, person: Person, event: Event) -> Event:
        (shown,) = self._site.presenter.events([event], self._site.reader(person.id))
        return shown

    def _accepted(self, conversation_id: str) -> None:
        """Listen to a conversation before anything of it is pushed. Called from the turn's thread, it keeps the order of what the loop is told."""
        self._loop.call_soon_threadsafe(self._join, conversation_id)

    def _join(self, conversation_id: str) -> None:
        if conversation_id != self._conversation:
            self._listening.close()
            self._listening.enter_context(self._site.live.listening(conversation_id, self._queue))
            self._conversation, self._sent = conversation_id, 0

    async def _push(self, person: Person) -> None:
        while True:
            event = await self._queue.get()
            if event is None:
                await self._socket.close(1012, "too slow; come back")
                return
            if event.body["type"] == WRITING:
                await self._send({"type": "typing", "person": event.body["person"]})
                continue
            if event.body["type"] == GROWING:
                await self._send({"conversation": event.conversation, **event.body})
                continue
            await self._send_event(await to_thread.run_sync(self._shown, person, event) if cites(event) else event)

    async def _send_event(self, event: Event) -> None:
        if event.conversation == self._conversation and event.number > self._sent:
            self._sent = event.number
            if event.body["type"] == HOLDING:
                self._held = bool(event.body["holds"])
            await self._send(
                {"type": "event", "id": event.number, "conversation": event.conversation, "at": event.at.isoformat(), "event": event.body}
            )

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps({"v": 1, **frame}, ensure_ascii=False))

    async def _listen(self, person: Person, until: datetime) -> None:
        limits: Limits = self._socket.app.state.limits
        frames: Limits = self._socket.app.state.frames
        while True:
            frame = await self._taken()
            if datetime.now(UTC) > until:
                raise Refuse(NO_TOKEN, "the token has expired")
            if not frames.admit(person.id):
                raise Refuse(TOO_MANY, "too many frames; wait a minute")
            if isinstance(frame, Ping):
                await self._send({"type": "pong"})
            elif isinstance(frame, Said) and len(frame.text) > TEXT_LIMIT:
                await self._send({"type": "error", "problem": problem(413, f"A message may have {TEXT_LIMIT:,} characters.")})
            elif not limits.admit(person.id):
                raise Refuse(TOO_MANY, "too many messages; wait a minute")
            elif isinstance(frame, Code):
                await self._send(await to_thread.run_sync(self._judged, person.id, frame))
            else:
                await self._turn(person, frame)

    def _judged(self, person_id: str, frame: Code) -> dict[str, Any]:
        """Return what became of a code, for this socket alone; that the action goes on comes as an event."""
        about = {"type": "code", "action": frame.action}
        person = self._site.directory.person(person_id)
        if person is None:
            raise Refuse(NO_TOKEN, "the directory does not know this person")
        try:
            return about | {"reply": self._site.deciding.enter_code(person, frame.action, frame.code).model_dump(mode="json")}
        except NotYours:
            return about | {"problem": problem(404, "there is no such action of yours")}
        except Exception as error:
            reference = f"E-{secrets.token_hex(4)}"
            logging.getLogger("firstline.web").error("reference=%s a code could not be judged: %s", reference, type(error).__name__)
            return about | {"problem": problem(503, "Your code could not be checked. Try again in a moment.", reference)}

    def _is_held(self, conversation_id: str) -> bool:
        with self._site.store.read() as unit:
            return unit.handoffs.holding(conversation_id) is not None

    async def _turn(self, person: Person, frame: Said | Chose) -> None:
        said = Inbound(frame.id, frame.text, device=frame.device) if isinstance(frame, Said) else Inbound(frame.id, choice=frame.choice)
        inbound = replace(said, hint=self._hint)
        if not self._held:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # what was said is answered, also when its sender is gone by now
                await self._send({"type": "typing"})
        try:
            take = partial(self._site.turns.take, person.id, self._conversation, inbound, "widget", self._accepted)
            reply = await to_thread.run_sync(take, limiter=self._socket.app.state.turns)
        except UnknownConversation:
            raise Refuse(NO_CONVERSATION, "there is no such conversation of yours") from None
        except UnknownPerson:
            raise Refuse(NO_TOKEN, "the directory does not know this person") from None
        except Exception:
            logging.getLogger("firstline.web").exception("a message could not be accepted")
            await self._send({"type": "error", "problem": problem(503, "Your message could not be stored. It is still in the box; try again.")})
            return
        if reply.conversation != self._conversation:
            self._join(reply.conversation)
            for event in await to_thread.run_sync(self._events, person, reply.conversation, 0):
                await self._send_event(event)
