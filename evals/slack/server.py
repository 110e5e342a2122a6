"""Our own Slack on loopback: the Web API over HTTP, Socket Mode, and the sender of signed events. The real Slack libraries talk to it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from assistant.entrypoints.slack.signing import signature_of
from evals.slack.workspace import APP, APP_TOKEN, BOT_TOKEN, BOT_USER, SIGNING_SECRET, TEAM, Fault, Node, Workspace

T = TypeVar("T")
ACK_SECONDS = 3.0
"""After this time Slack counts a delivery as failed."""
DELIVERIES = 4
"""The first, and three more."""
NESTED = ("blocks", "view", "metadata", "attachments", "prompts")


@dataclass(frozen=True)
class Acked:
    """How a delivery was answered; ``status`` 0 when it was not."""

    status: int
    body: Any
    seconds: float


@dataclass
class SlackServer:
    """A workspace behind loopback addresses. ``target`` is where HTTP deliveries go; without one they go over Socket Mode."""

    workspace: Workspace = field(default_factory=Workspace)
    target: str = ""
    port: int = 0
    responses: list[Node] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _acks: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    # -- running --------------------------------------------------------------------------------------------------------

    def __enter__(self) -> SlackServer:
        """Serve from a thread of its own."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="slack", daemon=True)
        self._thread.start()
        self.wait(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def wait(self, coroutine: Coroutine[Any, Any, T], seconds: float = 30.0) -> T:
        """Run a coroutine on the server's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    @property
    def api(self) -> str:
        """The base address of the Web API."""
        return f"http://127.0.0.1:{self.port}/api/"

    async def _start(self) -> None:
        routes = web.Application()
        routes.add_routes(
            [
                web.post("/api/{method}", self._call),
                web.get("/api/{method}", self._call),
                web.get("/link", self._link),
                web.post("/respond/{id}", self._respond),
            ]
        )
        self._runner = web.AppRunner(routes, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def _stop(self) -> None:
        for one in list(self.sockets):
            await one.close()
        await self._client.close()
        await self._runner.cleanup()

    # -- what the app calls ---------------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method, arguments = request.match_info["method"], await _arguments(request)
        token = (request.headers.get("Authorization") or "").removeprefix("Bearer ") or str(arguments.pop("token", ""))
        arguments.pop("token", None)
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return web.json_response({"ok": False, "error": "invalid_auth"})
            return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self.port}/link?ticket={uuid.uuid4().hex}"})
        if token != BOT_TOKEN:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        answer, fault = self.workspace.call(method, arguments)
        return self._answered(request, answer, fault)

    def _answered(self, request: web.Request, answer: Node, fault: Fault | None) -> web.StreamResponse:
        if fault is None:
            return web.json_response(answer)
        if fault.lost:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.status >= 500:
            return web.Response(status=fault.status, text="upstream trouble", headers=fault.headers)
        return web.json_response(answer, status=fault.status, headers=fault.headers)

    async def _respond(self, request: web.Request) -> web.Response:
        self.responses.append({"id": request.match_info["id"], **await request.json()})
        return web.Response(text="ok")

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        self.sockets.append(socket)
        shown = {"host": "local", "approximate_connection_time": 3600}
        await socket.send_json({"type": "hello", "num_connections": len(self.sockets), "debug_info": shown, "connection_info": {"app_id": APP}})
        async for frame in socket:
            if frame.type == aiohttp.WSMsgType.TEXT and frame.data.startswith("{"):
                said = json.loads(frame.data)
                waiting = self._acks.pop(said.get("envelope_id", ""), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(said.get("payload"))
        self.sockets.remove(socket)
        return socket

    async def refresh(self) -> None:
        """Ask the app to connect anew, as Slack does every few hours."""
        for one in list(self.sockets):
            await one.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "local"}})

    async def cut(self) -> None:
        """Lose every connection without a word."""
        for one in list(self.sockets):
            transport = one._req.transport if one._req is not None else None
            if transport is not None:
                transport.abort()

    # -- what the app is sent -------------------------------------------------------------------------------------------

    async def deliver(self, kind: str, payload: Node, retry: int = 0) -> Acked:
        """Deliver one thing once: ``events_api``, ``interactive`` or ``slash_commands``."""
        begun = time.perf_counter()
        try:
            status, body = await asyncio.wait_for(self._send(kind, payload, retry), ACK_SECONDS)
        except (TimeoutError, aiohttp.ClientError, ConnectionError):
            return Acked(0, None, time.perf_counter() - begun)
        return Acked(status, body, time.perf_counter() - begun)

    async def _send(self, kind: str, payload: Node, retry: int) -> tuple[int, Any]:
        return await (self.post(kind, payload, retry) if self.target else self._push(kind, payload, retry))

    async def post(self, kind: str, payload: Node, retry: int = 0, secret: str = SIGNING_SECRET, age: float = 0.0, **headers: str) -> tuple[int, Any]:
        """Deliver over HTTP, signed ``age`` seconds ago."""
        body, form = _body(kind, payload), "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"
        moment = str(int(time.time() - age))
        signed = {"X-Slack-Request-Timestamp": moment, "X-Slack-Signature": signature_of(secret, moment, body)}
        again = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        sent = {"Content-Type": form, **signed, **again, **headers}
        async with self._client.post(self.target, data=body, headers=sent) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text

    async def _push(self, kind: str, payload: Node, retry: int) -> tuple[int, Any]:
        name = str(uuid.uuid4())
        envelope = {"type": kind, "envelope_id": name, "payload": payload, "accepts_response_payload": kind != "events_api"}
        again = {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""} if kind == "events_api" else {}
        acked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[name] = acked
        while not self.sockets:
            await asyncio.sleep(0.02)
        await self.sockets[-1].send_json({**envelope, **again})
        return 200, await acked

    def send(self, kind: str, payload: Node) -> Acked:
        """Deliver as Slack does: until it is acknowledged, four times at most."""
        for retry in range(DELIVERIES):
            acked = self.wait(self.deliver(kind, payload, retry))
            if acked.status == 200 or kind != "events_api":
                break
        return acked


async def _arguments(request: web.Request) -> Node:
    given: Node = dict(request.query)
    if request.content_type == "application/json":
        given.update(await request.json())
        return given
    for name, value in (await request.post()).items():
        given[name] = json.loads(value) if name in NESTED and isinstance(value, str) else value
    return given


def _body(kind: str, payload: Node) -> bytes:
    if kind == "events_api":
        return json.dumps(payload).encode()
    return urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)}).encode()


def event_of(kind: str, event: Node, event_id: str = "") -> Node:
    """Return the envelope of an event."""
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": APP,
        "event_id": event_id or f"Ev{uuid.uuid4().hex[:10].upper()}",
        "event_time": int(time.time()),
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}],
        "event": {**event, "type": kind},
    }
