"""A client of the chat socket that does what docs/guide/chat-protocol.md says and nothing else."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.service import Address

PATIENCE = 30.0


@contextlib.contextmanager
def opened(service: Address, origin: str | None = "", query: str = "", **options: Any) -> Iterator[ClientConnection]:
    """Open a socket without saying hello; the origin is the service's own page unless another is given."""
    address = service.url.replace("http", "ws", 1)
    shown = service.url if origin == "" else origin
    settings = {"max_size": None, "proxy": None, "compression": None, "close_timeout": 3} | options
    with connect(f"{address}/v1/chat{query}", origin=shown, **settings) as socket:  # type: ignore[arg-type]
        yield socket


class Chat:
    """One person's conversation over sockets that may be dropped and opened again."""

    def __init__(self, service: Address, person: str, conversation: str | None = None) -> None:
        self.service = service
        self.person = person
        self.conversation = conversation
        self.last_event = 0
        self.events: list[dict[str, Any]] = []
        self._socket: ClientConnection | None = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Chat:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def connect(self) -> dict[str, Any]:
        """Open a socket, say hello and return the welcome."""
        self._socket = self._stack.enter_context(opened(self.service))
        hello = {"type": "hello", "token": self.service.token(self.person), "conversation": self.conversation, "last_event_id": self.last_event}
        self.send(hello)
        return self.frame()

    def drop(self) -> None:
        """Lose the connection."""
        self._stack.close()
        self._socket = None

    def cut(self) -> None:
        """Lose the connection without a closing handshake."""
        assert self._socket is not None
        with contextlib.suppress(OSError):
            self._socket.socket.shutdown(2)
        self.drop()

    def send(self, frame: dict[str, Any]) -> None:
        """Send one frame."""
        assert self._socket is not None
        self._socket.send(json.dumps({"v": 1, **frame}, ensure_ascii=False))

    def say(self, text: str, message: str = "", **more: str) -> str:
        """Send words and return their id."""
        message = message or secrets.token_hex(8)
        self.send({"type": "message", "id": message, "text": text, **more})
        return message

    def choose(self, choice: str, message: str = "") -> str:
        """Press one of the choices and return the press's id."""
        message = message or secrets.token_hex(8)
        self.send({"type": "choice", "id": message, "choice": choice})
        return message

    def frame(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """Return the next frame; events are kept."""
        assert self._socket is not None
        frame: dict[str, Any] = json.loads(self._socket.recv(timeout))
        if frame["type"] == "event":
            if frame["conversation"] != self.conversation:
                self.conversation = frame["conversation"]
            self.last_event = frame["id"]
            self.events.append(frame)
        return frame

    def reply_to(self, message: str) -> dict[str, Any]:
        """Read on until the reply to a message is there."""
        while True:
            for event in self.events:
                if event["event"]["type"] == "reply" and event["event"]["reply"]["message"] == message:
                    reply: dict[str, Any] = event["event"]["reply"]
                    return reply
            frame = self.frame()
            assert frame["type"] in ("typing", "event", "pong"), frame

    def ask(self, text: str, **more: str) -> dict[str, Any]:
        """Say something and return the reply."""
        return self.reply_to(self.say(text, **more))

    def press(self, choice: str) -> dict[str, Any]:
        """Press a choice and return the reply."""
        return self.reply_to(self.choose(choice))
