"""The other side: a desk, accounts and mail over HTTP that answer, fail, stall and lose answers as they are told."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LATE_SECONDS = 1.2
"""Longer than the worker waits for an answer."""
MODES = ("429", "500_before_commit", "503_html", "timeout_after_commit", "late_commit", "200_error_body", "dropped_after_commit")


@dataclass
class Ticket:
    """One ticket there."""

    number: int
    key: str
    reference: str
    at: float
    status: str = "open"
    notes: list[tuple[str, str]] = field(default_factory=list)
    links: set[int] = field(default_factory=set)
    closings: int = 0


@dataclass
class Remote:
    """What the other side holds. ``keys``: whether it honours idempotency keys; ``lag``: seconds until its search shows a ticket."""

    keys: bool
    lag: float = 0.0
    tickets: dict[int, Ticket] = field(default_factory=dict)
    members: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each membership was really begun."""
    now: set[tuple[str, str]] = field(default_factory=set)
    mails: Counter[str] = field(default_factory=Counter)
    """Deliveries by message id."""
    resets: Counter[str] = field(default_factory=Counter)
    """How often each password was reset; once more than asked is a newer password, which is the one that counts."""
    faults: deque[tuple[str, str]] = field(default_factory=deque)
    """How the next calls go wrong, each with the kind of call that it is for, "" for any."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, key: str, reference: str) -> Ticket:
        """Create a ticket; with keys, the same one for the same key."""
        with self.lock:
            known = next((one for one in self.tickets.values() if one.key == key), None) if self.keys else None
            if known is not None:
                return known
            made = Ticket(len(self.tickets) + 1, key, reference, time.monotonic())
            self.tickets[made.number] = made
            return made

    def found(self, key: str) -> list[Ticket]:
        """Return what the search shows of a key."""
        shown = time.monotonic() - self.lag
        with self.lock:
            return [one for one in self.tickets.values() if one.key == key and one.at <= shown]

    def note(self, number: int, key: str, text: str) -> None:
        """Add a note; one with a known key is the same note."""
        with self.lock:
            notes = self.tickets[number].notes
            if not any(known == key for known, _ in notes):
                notes.append((key, text))

    def close(self, number: int, status: str) -> None:
        """Set a status."""
        with self.lock:
            ticket = self.tickets[number]
            ticket.closings += ticket.status != status and status != "open"
            ticket.status = status

    def link(self, number: int, other: int) -> None:
        """Link two tickets."""
        with self.lock:
            self.tickets[number].links.add(other)

    def grant(self, person: str, group: str) -> bool:
        """Begin a membership; return whether there was none."""
        with self.lock:
            fresh = (person, group) not in self.now
            self.now.add((person, group))
            self.members[person, group] += fresh
            return fresh

    def mail(self, key: str) -> None:
        """Take a mail; one with a known message id is the same mail."""
        with self.lock:
            self.mails[key] += 1

    def reset(self, person: str) -> None:
        """Reset a password."""
        with self.lock:
            self.resets[person] += 1

    def next_fault(self, kind: str) -> str:
        """Return how a call of this kind goes wrong, "" for not at all."""
        with self.lock:
            meant = next((fault for fault in self.faults if fault[0] in ("", kind)), None)
            if meant is None:
                return ""
            self.faults.remove(meant)
            return meant[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Search or read; reading never fails here."""
        remote, parts = self.server.remote, urlsplit(self.path)
        if parts.path == "/tickets":
            found = remote.found(parse_qs(parts.query)["key"][0])
            return self._say(200, {"tickets": [_plain(one) for one in found]})
        ticket = remote.tickets.get(int(parts.path.rsplit("/", 1)[-1]))
        return self._say(200, _plain(ticket)) if ticket else self._say(404, {"error": "no such ticket"})

    def do_POST(self) -> None:
        """Change something, in the way that the next fault says."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        mode, change = self.server.remote.next_fault(self.path.rstrip("/").rsplit("/", 1)[-1]), self._change
        if mode == "429":
            return self._say(429, {"error": "slow down"}, {"Retry-After": "1"})
        if mode == "500_before_commit":
            return self._say(500, {"error": "nothing was stored"})
        if mode == "503_html":
            return self._raw(503, b"<html>maintenance</html>", "text/html")
        if mode == "late_commit":
            threading.Timer(LATE_SECONDS + 0.3, change, (body,)).start()
            time.sleep(LATE_SECONDS)
            return self._hang_up()
        if mode == "200_error_body":
            return self._say(200, {"error": "not now, but the status says otherwise"})
        answer = change(body)
        if mode == "timeout_after_commit":
            time.sleep(LATE_SECONDS)
            return self._hang_up()
        if mode == "dropped_after_commit":
            return self._hang_up()
        return self._say(200, answer)

    def _change(self, body: dict[str, Any]) -> dict[str, Any]:
        remote, place = self.server.remote, self.path.strip("/").split("/")
        if place[0] == "tickets" and len(place) == 1:
            return _plain(remote.create(body["key"], body["reference"]))
        if place[0] == "mail":
            remote.mail(body["key"])
            return {"sent": True}
        if place[0] == "grant":
            return {"changed": remote.grant(body["person"], body["group"])}
        if place[0] == "reset":
            remote.reset(body["person"])
            return {"changed": True}
        number = int(place[1])
        if place[2] == "notes":
            remote.note(number, body["key"], body["text"])
        elif place[2] == "status":
            remote.close(number, body["status"])
        else:
            remote.link(number, int(body["other"]))
        return _plain(remote.tickets[number])

    def _say(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(body).encode(), "application/json", headers)

    def _raw(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, remote: Remote) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.remote = remote

    def handle_error(self, *_: Any) -> None:
        """A worker that was killed in the middle of a call is no error here."""


def _plain(ticket: Ticket) -> dict[str, Any]:
    return {"id": str(ticket.number), "key": ticket.key, "reference": ticket.reference, "status": ticket.status, "notes": len(ticket.notes)}


@contextmanager
def serving(remote: Remote) -> Iterator[str]:
    """Serve the other side inside the block; yields its address."""
    server = _Server(remote)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
