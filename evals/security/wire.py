"""HTTP and WebSocket as bytes: says what a well-behaved client library would not let one say."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.security.served import Served

SECONDS = 15.0
MOST_BYTES = 2_000_000
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; status 0 when it closed the connection without a word."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def ask(served: Served, method: str, target: str, headers: Sequence[Header] = (), body: bytes = b"", host: str = "") -> Answer:
    """Send one request exactly as given, byte for byte, and return the answer."""
    with socket.create_connection(("127.0.0.1", served.port), SECONDS) as connection:
        said = [("Host", host or served.host), ("Connection", "close"), *headers]
        if body and not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
            said.append(("Content-Length", str(len(body))))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in said)]
        with contextlib.suppress(OSError):
            connection.sendall("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)
        return _read(connection)


def _read(connection: socket.socket) -> Answer:
    received = bytearray()
    with contextlib.suppress(OSError):
        while len(received) < MOST_BYTES and (piece := connection.recv(65_536)):
            received += piece
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return Answer(*_head(head), body)


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return status, {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}


@dataclass
class Socket:
    """A chat socket after its handshake. ``status`` is 101, or why the handshake was refused."""

    connection: socket.socket
    status: int
    _received: bytearray = field(default_factory=bytearray)

    def send(self, frame: Any) -> None:
        """Send a frame as JSON; bytes and text as they are."""
        self.frame(TEXT, frame if isinstance(frame, bytes) else (frame if isinstance(frame, str) else json.dumps(frame)).encode())

    def frame(self, opcode: int, payload: bytes, masked: bool = True, first: int = 0x80) -> None:
        """Send one WebSocket frame; ``first`` holds the bits before the opcode."""
        size, length = len(payload), b""
        marker = size if size < 126 else 126 if size < 65_536 else 127
        if marker >= 126:
            length = struct.pack(">H" if marker == 126 else ">Q", size)
        mask = os.urandom(4) if masked else b""
        self.connection.sendall(
            bytes((first | opcode, marker | (0x80 if masked else 0))) + length + mask + (_masked(payload, mask) if masked else payload)
        )

    def replies(self) -> Iterator[dict[str, Any]]:
        """Yield what the service sends until it closes."""
        while True:
            opcode, payload = self._frame()
            if opcode == CLOSE:
                raise Closed(struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005)
            if opcode == TEXT:
                yield json.loads(payload)

    def closed(self) -> int:
        """Return the code with which the service closes the socket; 0 when it does not within 15 seconds."""
        try:
            for _ in self.replies():
                pass
        except Closed as closed:
            return closed.code
        except TimeoutError:
            return 0
        return 0

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        size = second & 0x7F
        if size >= 126:
            (size,) = struct.unpack(">H" if size == 126 else ">Q", self._take(2 if size == 126 else 8))
        return first & 0x0F, self._take(size)

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            try:
                piece = self.connection.recv(65_536)
            except ConnectionError:
                piece = b""
            if not piece:
                raise Closed(1006)
            self._received += piece
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken


class Closed(Exception):
    """The service closed the socket with this code; 1006 when it just went away."""

    def __init__(self, code: int) -> None:
        """Remember the code."""
        super().__init__(str(code))
        self.code = code


def _masked(payload: bytes, mask: bytes) -> bytes:
    repeated = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ repeated).to_bytes(len(payload), "big")


@contextlib.contextmanager
def opened(served: Served, origin: str | None = None, query: str = "", headers: Sequence[Header] = (), host: str = "") -> Iterator[Socket]:
    """Open the chat socket without saying hello; the origin is the service's own page, or none when it is empty."""
    shown = served.url if origin is None else origin
    said = [("Host", host or served.host), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    said += [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), *([("Origin", shown)] if shown else []), *headers]
    lines = [f"GET /v1/chat{query} HTTP/1.1", *(f"{name}: {value}" for name, value in said)]
    with socket.create_connection(("127.0.0.1", served.port), SECONDS) as connection:
        connection.sendall("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n")
        received = bytearray()
        while b"\r\n\r\n" not in received and (piece := connection.recv(65_536)):
            received += piece
        head, _, rest = bytes(received).partition(b"\r\n\r\n")
        yield Socket(connection, _head(head)[0], bytearray(rest))
