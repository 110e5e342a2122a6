"""A person's end of the chat: a WebSocket client of docs/guide/chat-protocol.md that sees what the channel shows, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

REPLY_SECONDS = 30.0
IDLE_SECONDS = 0.05


class ChannelBroken(RuntimeError):
    """The service closed the socket, sent a problem, or said nothing in time."""


class Talking(Protocol):
    """One person's end of a channel."""

    conversation: str
    seconds: list[float]
    seen: list[dict[str, Any]]

    def say(self, text: str, device: str = "") -> dict[str, Any]: ...  # noqa: D102
    def press(self, choice: str) -> dict[str, Any]: ...  # noqa: D102
    def enter(self, action: str, code: str) -> dict[str, Any]: ...  # noqa: D102
    def next_reply(self, seconds: float) -> dict[str, Any] | None: ...  # noqa: D102


class CannotSay(Exception):
    """The channel has, by its nature, no way to do what the case does next; the message says what."""


@dataclass
class Chat:
    """One connection of one person. ``seconds`` holds how long each message waited for its reply."""

    socket: ClientConnection
    conversation: str = ""
    sent: int = 0
    seconds: list[float] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    """Every event that was shown, in order."""

    def say(self, text: str, device: str = "") -> dict[str, Any]:
        """Send words and return the reply to them.

        Raises:
            ChannelBroken: no reply came.
        """
        return self._exchange({"type": "message", "text": text, **({"device": device} if device else {})})

    def press(self, choice: str) -> dict[str, Any]:
        """Press a button and return the reply to that.

        Raises:
            ChannelBroken: no reply came.
        """
        return self._exchange({"type": "choice", "choice": choice})

    def enter(self, action: str, code: str) -> dict[str, Any]:
        """Enter a one-time code; return the frame that answers it, on this socket alone.

        Raises:
            ChannelBroken: no answer came.
        """
        self._send({"type": "code", "action": action, "code": code})
        return self._until(lambda frame: frame["type"] == "code")

    def next_reply(self, seconds: float) -> dict[str, Any] | None:
        """Return the next reply that comes by itself, as when an action has ended; None when there is none in time."""
        try:
            frame = self._until(lambda frame: _reply_of(frame) is not None, seconds)
        except ChannelBroken:
            return None
        return _reply_of(frame)

    def _exchange(self, frame: dict[str, Any]) -> dict[str, Any]:
        self.sent += 1
        name, began = f"m{self.sent}", time.perf_counter()
        self._send({**frame, "id": name})
        got = self._until(lambda one: (_reply_of(one) or {}).get("message") == name)
        self.seconds.append(time.perf_counter() - began)
        reply = _reply_of(got)
        assert reply is not None
        self.conversation = reply["conversation"]
        return reply

    def _send(self, frame: dict[str, Any]) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            self.socket.send(json.dumps({"v": 1, **frame}))
        except ConnectionClosed as closed:
            raise ChannelBroken(f"the socket was closed: {closed}") from None

    def _until(self, wanted: Any, seconds: float = REPLY_SECONDS) -> dict[str, Any]:
        for frame in self._frames(seconds):
            if frame["type"] == "event":
                self.seen.append(frame["event"])
            if frame["type"] == "error":
                raise ChannelBroken(f"the service answered with a problem: {frame['problem'].get('detail')}")
            if wanted(frame):
                return frame
        raise ChannelBroken(f"nothing came within {seconds:g} seconds")

    def _frames(self, seconds: float) -> Iterator[dict[str, Any]]:
        from websockets.exceptions import ConnectionClosed

        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                yield json.loads(self.socket.recv(timeout=left))
            except TimeoutError:
                return
            except ConnectionClosed as closed:
                raise ChannelBroken(f"the socket was closed: {closed}") from None


def _reply_of(frame: dict[str, Any]) -> dict[str, Any] | None:
    event = frame.get("event", {}) if frame["type"] == "event" else {}
    return event.get("reply") if event.get("type") == "reply" else None


@contextmanager
def connected(port: int, token: str) -> Iterator[Chat]:
    """Open the chat of the person whose token it is.

    Raises:
        ChannelBroken: the service does not welcome them.
    """
    from websockets.sync.client import connect
    from websockets.typing import Origin

    url = f"127.0.0.1:{port}"
    with connect(f"ws://{url}/v1/chat", origin=Origin(f"http://{url}"), proxy=None, max_size=None) as socket:
        chat = Chat(socket)
        chat._send({"type": "hello", "token": token, "conversation": None, "last_event_id": 0})
        chat._until(lambda frame: frame["type"] == "welcome")
        yield chat
