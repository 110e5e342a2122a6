"""Slack as it is served: the Bolt app behind Socket Mode or HTTP, its workers' handler, and the channel that shows replies."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.entrypoints.slack.announcing import announce
from assistant.entrypoints.slack.app import open_bolt
from assistant.entrypoints.slack.channel import SlackChannel
from assistant.entrypoints.slack.pace import Pace
from assistant.entrypoints.slack.parts import SlackParts
from assistant.entrypoints.slack.places import SLACK
from assistant.entrypoints.slack.signing import is_signed
from assistant.entrypoints.slack.working import Working

if TYPE_CHECKING:
    from fastapi import APIRouter
    from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

    from assistant.domain.configuration import Person
    from assistant.entrypoints.inbox import Inbox
    from assistant.ports.channels import Announcement, Delivery, Posted, Received

log = logging.getLogger("firstline.slack")
BODY_LIMIT = 1_048_576
STOP_SECONDS = 5.0
RETRY_SECONDS = 5.0
PATH = "/slack/events"


@dataclass
class SlackSurface:
    """One workspace's surface: a ``Surface`` on which approvers can be asked as well."""

    parts: SlackParts
    channel: SlackChannel
    name: str = SLACK
    _working: Working = field(init=False)
    _inbox: Inbox | None = field(default=None, init=False)
    _pace: Pace = field(default_factory=Pace, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _socket: AsyncSocketModeHandler | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Make the handler of what arrives."""
        self._working = Working(self.parts)

    def deliver(self, delivery: Delivery) -> str:
        """See ``Channel``."""
        return self.channel.deliver(delivery)

    def ask(self, person: Person, action: str, key: str, uncertain: bool) -> Posted | None:
        """See ``Consults``."""
        return self._working.consulting.ask(person, action, key, uncertain)

    def show_standing(self, action: str) -> None:
        """See ``Consults``."""
        self._working.consulting.show_standing(action)

    def announce(self, place: str, announcement: Announcement, key: str, uncertain: bool) -> str:
        """See ``Announces``."""
        return announce(self.parts.calls, place, announcement, key, uncertain)

    def handle(self, received: Received) -> None:
        """See ``Handler``. What arrives meanwhile is acknowledged first."""
        self._pace.wait_for_gap()
        self._working.handle(received)

    def give_up(self, received: Received, why: str) -> None:
        """See ``Handler``."""
        self._working.give_up(received, why)

    def health(self) -> dict[str, Any]:
        """See ``Surface``. Over HTTP it is Slack's Web API that is asked."""
        if self.parts.config.by_socket:
            return {"state": "ready", "detail": "Socket Mode"} if self.connected else {"state": "connecting", "detail": "Slack is not connected"}
        return {"state": "ready", "detail": f"deliveries come to {PATH}"}

    def reach(self) -> dict[str, Any]:
        """Call Slack and return what it says of our workspace: ``team``, ``team_id``.

        Raises:
            Refused, Unavailable: it cannot be used, or not be reached.
        """
        return {"team": "", "team_id": "", **self.parts.calls.own()}

    def _put(self, received: Received) -> bool:
        if self._inbox is None:
            raise RuntimeError("nothing is taken in before the service has started")
        self._pace.arrived()
        return self._inbox.put(received)

    # -- HTTP -----------------------------------------------------------------------------------------------------------

    @cached_property
    def router(self) -> APIRouter | None:
        """The route that Slack delivers to over HTTP: signed, fresh, and not too long. None in Socket Mode."""
        if self.parts.config.by_socket:
            return None
        from fastapi import APIRouter, Request, Response
        from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler

        bolt, secret = AsyncSlackRequestHandler(open_bolt(self.parts, self._put)), self.parts.config.signing_secret
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

    def start(self, inbox: Inbox) -> None:
        """See ``Surface``. It goes on trying while Slack cannot be reached; over HTTP nothing has to be begun."""
        self._inbox = inbox
        self._stopping.clear()
        if self.parts.config.by_socket:
            self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="slack", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """See ``Surface``."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._inbox = None

    @property
    def connected(self) -> bool:
        """Say whether deliveries can arrive now."""
        if not self.parts.config.by_socket:
            return True
        socket = self._socket
        session = socket.client.current_session if socket is not None else None
        return session is not None and not session.closed

    async def _serve(self) -> None:
        from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

        bolt = open_bolt(self.parts, self._put)
        while not self._stopping.is_set():
            socket = AsyncSocketModeHandler(bolt, self.parts.config.app_token, logger=bolt.logger)
            try:
                await socket.connect_async()  # type: ignore[no-untyped-call]
                break
            except Exception as error:
                log.error("Slack cannot be reached: %s; it is tried again in %.0f seconds", type(error).__name__, RETRY_SECONDS)
                await socket.client.close()  # type: ignore[no-untyped-call]
                await self._pause(RETRY_SECONDS)
        else:
            return
        self._socket = socket
        log.info("Slack is connected")
        while not self._stopping.is_set():
            await self._pause(0.2)
        await socket.close_async()  # type: ignore[no-untyped-call]

    async def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._stopping.is_set():
            await asyncio.sleep(0.05)
