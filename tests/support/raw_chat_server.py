"""A server on loopback that plays exact bytes to whoever asks a chat model, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from assistant.adapters.memory.scripted_chat import PIECE, Said

RESET = "reset"
DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class Wait:
    """Say nothing for so long."""

    seconds: float


@dataclass(frozen=True)
class Drip:
    """Say something a byte at a time."""

    words: bytes


Step = bytes | Wait | Drip | str
Play = list[Step]


@dataclass
class Heard:
    """One request."""

    line: str
    headers: dict[str, str]
    body: dict[str, Any]


def head(status: int = 200, kind: str = "text/event-stream", **headers: str) -> bytes:
    """The head of a response whose end is the end of the connection."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nConnection: close\r\n{more}\r\n".encode()


def event(**choice: Any) -> bytes:
    """One event with one choice: ``delta`` and whatever else."""
    return b"data: " + json.dumps(whole_event(**choice)).encode() + b"\n\n"


def whole_event(**choice: Any) -> dict[str, Any]:
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [{"index": 0, "finish_reason": None, **choice}]}


def text(*pieces: str) -> list[bytes]:
    """An event for each piece of text."""
    return [event(delta={"content": piece}) for piece in pieces]


def finish(reason: str = "stop") -> bytes:
    """The event that says why the reply ends."""
    return event(delta={}, finish_reason=reason)


def usage(read: int, written: int) -> bytes:
    """The event with the number of tokens and no choice."""
    tokens = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return (
        b"data: "
        + json.dumps({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [], "usage": tokens}).encode()
        + b"\n\n"
    )


DONE = b"data: [DONE]\n\n"


def fragment(index: int | None = 0, **fields: Any) -> dict[str, Any]:
    """A fragment of a tool call."""
    made: dict[str, Any] = {} if index is None else {"index": index}
    function = {name: value for name, value in fields.items() if name in ("name", "arguments")}
    return {**made, **{name: value for name, value in fields.items() if name not in function}, "function": function}


def calls(*fragments: dict[str, Any]) -> bytes:
    """An event with fragments of tool calls."""
    return event(delta={"tool_calls": list(fragments)})


def whole(body: object, status: int = 200, **headers: str) -> bytes:
    """A JSON response in one piece."""
    return head(status, "application/json", **headers) + json.dumps(body).encode()


def rendered(said: Said) -> Play:
    """The steps that play a scripted reply as a well-behaved server would."""
    steps: Play = [head(), event(delta={"role": "assistant", "content": None})]
    pieces = text(*PIECE.findall(said.text))
    for at, (tool, arguments) in enumerate(said.calls):
        words = arguments if isinstance(arguments, str) else json.dumps(arguments)
        pieces.append(calls(fragment(at, id=f"id_{at}", type="function", name=tool, arguments=words)))
    for at, piece in enumerate(pieces):
        if said.breaks_after == at:
            return [*steps, RESET]
        steps += [Wait(said.pause), piece] if said.pause else [piece]
    if said.breaks_after is not None:
        return [*steps, RESET]
    steps.append(finish("tool_calls" if said.calls else "stop"))
    if said.usage:
        steps.append(usage(said.usage.read, said.usage.written))
    return [*steps, DONE]


@dataclass
class RawChatServer:
    """Plays the next of ``plays``, or asks ``answer``; ``heard`` holds the requests; ``open`` the connections that are open."""

    plays: list[Play] = field(default_factory=list)
    answer: Callable[[Heard], Play] | None = None
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def play(self, *steps: Step | Iterable[bytes]) -> None:
        """Play these steps to the next request that has no play yet."""
        flat: Play = []
        for step in steps:
            flat += [step] if isinstance(step, (bytes, str, Wait, Drip)) else list(step)
        self.plays.append(flat)

    def next(self, heard: Heard) -> Play:
        with self.lock:
            self.heard.append(heard)
            if self.answer:
                return self.answer(heard)
            return self.plays.pop(0) if self.plays else [head(500)]


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: RawChatServer = self.server.raw  # type: ignore[attr-defined]
        with server.lock:
            server.open += 1
        try:
            heard = self._heard()
            if heard:
                self._play(server.next(heard))
        except OSError:
            pass
        finally:
            with server.lock:
                server.open -= 1

    def _heard(self) -> Heard | None:
        line = self.rfile.readline().decode().strip()
        headers: dict[str, str] = {}
        while more := self.rfile.readline().decode().strip():
            name, _, value = more.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Heard(line, headers, json.loads(body) if body else {}) if line else None

    def _play(self, play: Play) -> None:
        for step in play:
            if isinstance(step, Wait):
                time.sleep(step.seconds)
            elif isinstance(step, Drip):
                for at in range(len(step.words)):
                    self.connection.sendall(step.words[at : at + 1])
                    time.sleep(DRIP_SECONDS)
            elif step == RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            elif isinstance(step, bytes):
                self.connection.sendall(step)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    context: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        return (self.context.wrap_socket(connection, server_side=True) if self.context else connection), address


@contextlib.contextmanager
def running_raw_chat(context: ssl.SSLContext | None = None) -> Iterator[RawChatServer]:
    """A server for the time of a test, over TLS with a context."""
    with _Server(("127.0.0.1", 0), _Connection) as server:
        server.context = context
        raw = RawChatServer(port=server.server_address[1])
        server.raw = raw  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield raw
        finally:
            server.shutdown()
            thread.join()
