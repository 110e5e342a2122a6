"""A person whose connection keeps breaking: sends, is cut off at any moment, and resumes from the last event that came."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

WORDS = ("I can't connect to the VPN", "and on my phone?", "hello", "How do I share a calendar?", "the printer is jammed", "thanks")
PRESSES = ("yes", "no")
LONGEST_WAIT = 1.2
"""Seconds until a connection is cut at most, counted from when it was opened."""
SOON = 0.05
GIVES_UP = 60.0
PATIENCE, LAST_TRIES = 20.0, 2
"""Seconds for which a client that is cut off no more waits for a reply, and how often, before it counts as lost."""


class Broken(Exception):
    """The connection ended, as it is meant to."""


@dataclass
class Caller:
    """One conversation, as its client lived through it."""

    url: str
    token: str
    name: str
    drops: int
    """How often its socket is cut at least; it goes on being cut as long as the service is being restarted."""
    draw: random.Random
    over: threading.Event
    """Set when there are no more restarts."""
    conversation: str | None = None
    last: int = 0
    numbers: list[int] = field(default_factory=list)
    """Of every event that came, in the order in which it came."""
    replied: Counter[str] = field(default_factory=Counter)
    """Replies by the message that they answer."""
    sent: list[str] = field(default_factory=list)
    pending: dict[str, Any] | None = None
    offered: tuple[str, ...] = ()
    dropped: int = 0
    resumed: list[tuple[float, float, float]] = field(default_factory=list)
    """Of every resumption: when it ended by the monotonic clock, how many seconds since the first try to connect, and since it was connected."""
    errors: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Go on until every drop has happened and every message has its reply, or is lost."""
        last = 0
        while self._goes_on() or (self.pending is not None and last < LAST_TRIES):
            last += not self._goes_on()
            with suppress(Broken, OSError, TimeoutError, WebSocketException):
                await self._connected()
        with suppress(Broken):
            await self._connected(to_the_end=True)

    def _goes_on(self) -> bool:
        return self.dropped < self.drops or not self.over.is_set()

    async def _connected(self, to_the_end: bool = False) -> None:
        began = time.monotonic()
        async with self._socket() as socket:
            connected = time.monotonic()
            welcome = await self._welcomed(socket)
            while self.last < welcome["last_event_id"]:
                self._take(await self._frame(socket))
            now = time.monotonic()
            self.resumed.append((now, now - began, now - connected))
            if not to_the_end:
                await self._live(socket)

    @asynccontextmanager
    async def _socket(self) -> AsyncIterator[ClientConnection]:
        """Connect, and go on trying while the service is away; a refusal of the service itself is an error."""
        address, end = self.url.replace("http", "ws", 1), time.monotonic() + GIVES_UP
        while True:
            try:
                socket = await connect(f"{address}/v1/chat", origin=Origin(self.url), proxy=None, compression=None, open_timeout=5)
                break
            except (OSError, TimeoutError, WebSocketException):
                if time.monotonic() > end:
                    self.errors.append("the service did not come back")
                    raise
                await asyncio.sleep(SOON * (1 + self.draw.random()))
        try:
            yield socket
        finally:
            socket.transport.abort()
            await socket.wait_closed()

    async def _welcomed(self, socket: ClientConnection) -> dict[str, Any]:
        hello = {"type": "hello", "token": self.token, "conversation": self.conversation, "last_event_id": self.last}
        await socket.send(json.dumps({"v": 1, **hello}))
        return await self._frame(socket)

    async def _live(self, socket: ClientConnection) -> None:
        """Say something, or what was not answered yet once more; then be cut off after a time that is drawn."""
        if self.pending is None and self._goes_on():
            self.pending = self._next()
        if self.pending is not None:
            await socket.send(json.dumps({"v": 1, **self.pending}))
        end = time.monotonic() + self.draw.random() * LONGEST_WAIT
        if not self._goes_on():
            end = time.monotonic() + PATIENCE
        while (left := end - time.monotonic()) > 0 and (self._goes_on() or self.pending is not None):
            with suppress(TimeoutError):
                self._take(await asyncio.wait_for(self._frame(socket), left))
        self.dropped += 1

    def _next(self) -> dict[str, Any]:
        mark = f"{self.name}-{len(self.sent)}"
        self.sent.append(mark)
        press = self.draw.choice(PRESSES)
        if press in self.offered and self.draw.random() < 0.3:
            return {"type": "choice", "id": mark, "choice": press}
        return {"type": "message", "id": mark, "text": self.draw.choice(WORDS)}

    async def _frame(self, socket: ClientConnection) -> dict[str, Any]:
        try:
            frame: dict[str, Any] = json.loads(await socket.recv())
        except WebSocketException as error:
            code = getattr(getattr(error, "rcvd", None), "code", 1006)
            if code not in (1006, 1012, 1001):
                self.errors.append(f"closed with {code}")
            raise Broken from None
        if frame["type"] == "error":
            self.errors.append(str(frame["problem"].get("detail")))
        return frame

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] != "event":
            return
        self.conversation = frame["conversation"]
        self.numbers.append(frame["id"])
        self.last = max(self.last, frame["id"])
        reply = frame["event"].get("reply") if frame["event"]["type"] == "reply" else None
        if reply is None:
            return
        self.replied[reply["message"]] += 1
        self.offered = tuple(one["id"] for one in reply["choices"])
        if self.pending is not None and reply["message"] == self.pending["id"]:
            self.pending = None
