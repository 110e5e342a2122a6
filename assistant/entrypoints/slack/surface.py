"""Slack as it is served: the Bolt app behind Socket Mode or HTTP, its workers' handler, and the channel that shows replies."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assistant.entrypoints.slack.app import Put, open_bolt
from assistant.entrypoints.slack.channel import SlackChannel
from assistant.entrypoints.slack.consulting import ABOUT, Consulting
from assistant.entrypoints.slack.parts import SlackParts
from assistant.entrypoints.slack.places import SLACK
from assistant.entrypoints.slack.signing import is_signed
from assistant.entrypoints.slack.working import Working

if TYPE_CHECKING:
    from fastapi import APIRouter
    from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

log = logging.getLogger("firstline.slack")
BODY_LIMIT = 1_048_576
START_SECONDS = 20.0
STOP_SECONDS = 5.0
RETRY_SECONDS = 5.0
PATH = "/slack/events"
__all__ = ["ABOUT", "SLACK", "Consulting", "SlackSurface"]


@dataclass
class SlackSurface:
    """One workspace's surface. ``put`` stores what arrives; ``handler`` and ``channel`` go to the inbox and to the errands."""

    parts: SlackParts
    put: Put
    channel: SlackChannel
    handler: Working = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _socket: AsyncSocketModeHandler | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Make the handler."""
        self.handler = Working(self.parts)

    # -- HTTP -----------------------------------------------------------------------------------------------------------

    def router(self) -> APIRouter:
        """Return the route that Slack delivers to where it delivers over HTTP: signed, fresh, and not too long."""
        from fastapi import APIRouter, Request, Response
        from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler

        bolt, secret = AsyncSlackRequestHandler(open_bolt(self.parts, self.put)), self.parts.config.signing_secret
        router = APIRouter(include_in_schema=False)

        async def events(request: Any) -> Any:
            body = b""
            async for part in request.stream():
                body += part
                if len(body) > BODY_LIMIT:
                    return Response(status_code=413)
            moment, signature = (request.headers.get(f"x-slack-{name}", "") for name in ("request-timestamp", "signature"))
            if not is_signed(secret, moment, signature, body, time.time()):
                return Response(status_code=401)
            request._body = body
            return await bolt.handle(request)

        events.__annotations__["request"] = Request
        router.add_api_route(PATH, events, methods=["POST"], response_model=None)
        return router

    # -- Socket Mode ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to listen over Socket Mode, on a thread of its own, and go on trying while Slack cannot be reached. Over HTTP nothing has to be begun."""
        if not self.parts.config.by_socket:
            return
        ready = threading.Event()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._listen, args=(ready,), name="slack", daemon=True)
        self._thread.start()
        ready.wait(START_SECONDS)

    def stop(self) -> None:
        """Take nothing more in."""
        self._stopping.set()
        if self._loop is not None and self._thread is not None:
            self._thread.join(STOP_SECONDS)

    @property
    def connected(self) -> bool:
        """Say whether deliveries can arrive now."""
        if not self.parts.config.by_socket:
            return True
        socket = self._socket
        session = socket.client.current_session if socket is not None else None
        return session is not None and not session.closed

    def _listen(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._serve(ready))
        finally:
            self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

        bolt = open_bolt(self.parts, self.put)
        while not self._stopping.is_set():
            socket = AsyncSocketModeHandler(bolt, self.parts.config.app_token, logger=bolt.logger)
            try:
                await socket.connect_async()
                break
            except Exception as error:
                log.error("Slack cannot be reached: %s; it is tried again in %.0f seconds", type(error).__name__, RETRY_SECONDS)
                await socket.client.close()
                await self._pause(RETRY_SECONDS)
        else:
            return
        self._socket = socket
        ready.set()
        log.info("Slack is connected")
        while not self._stopping.is_set():
            await self._pause(0.2)
        await socket.close_async()

    async def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._stopping.is_set():
            await asyncio.sleep(0.05)
