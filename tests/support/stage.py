"""A stage for the widget: a page on one origin, a service on another that says what a scene wants, and nothing between them but the protocol."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from typing import Any

import jwt
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import WebSocketRoute

from assistant.governance.rendering import render
from widget import ASSETS

KEY = "a key of the stage, long enough for HS256"
PAGE = """<!doctype html>
<html lang="{lang}" dir="{direction}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Intranet</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">
<script src="{service}/widget/widget.js" data-token-url="/helpdesk-token" {attributes} defer></script>{head}</head>
<body><header>Lindqvist Instruments</header><main><h1>Intranet</h1>{words}</main></body></html>"""
STYLE = """:root { color-scheme: light dark; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
header { padding: 12px 24px; border-bottom: 1px solid light-dark(#ddd, #444); font-weight: 600; }
main { max-width: 720px; padding: 24px; }"""
WORDS = (
    "<p>The canteen on floor 1 is open from 11.30 to 13.30. The next all-hands meeting is on Thursday at ten, in the large hall and online.</p>" * 3
)
Answer = tuple[int, Any]


@dataclass
class Page:
    """Something that is not JSON."""

    text: str
    kind: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Origin:
    """One of the two servers: what it answers by method and path, and what it was asked."""

    server: ThreadingHTTPServer
    headers: dict[str, str]
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The origin."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, method: str, path: str) -> Answer:
        """Return what a call gets; the paths of answers are patterns."""
        return next(
            (answer for (verb, pattern), answer in reversed(self.answers.items()) if verb == method and re.fullmatch(pattern, path)), (404, {})
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    origin: Origin

    def handle_error(self, *_: Any) -> None:
        """Browsers hang up in the middle of an answer when a page is left."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        """What was asked is kept by the origin."""

    def _any(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        file = ASSETS / path.removeprefix("/widget/")
        if self.command == "OPTIONS":
            self._body(204, b"", "text/plain")
        elif path.startswith("/widget/") and file.is_file():
            self._body(200, file.read_bytes(), guess_type(file)[0] or "text/plain", **{"Cache-Control": "max-age=600"})
        else:
            self.server.origin.asked.append((self.command, path, sent))
            self._answer(*self.server.origin.answer(self.command, path))

    def _answer(self, status: int, body: Any) -> None:
        if isinstance(body, Page):
            self._body(status, body.text.encode(), body.kind, **body.headers)
        else:
            self._body(status, b"" if body is None else json.dumps(body).encode(), "application/json")

    def _body(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in (self.server.origin.headers | {"Content-Type": kind, "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_OPTIONS = _any


def _serve(caller: str = "") -> Origin:
    """Start a server; pages of the origin ``caller`` may call it."""
    allowed = {
        "Access-Control-Allow-Origin": caller,
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
    }
    server = _Server(("127.0.0.1", 0), _Handler)
    server.origin = Origin(server, allowed if caller else {})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.origin


@dataclass
class Stage:
    """The two origins. The page has the strict policy that docs/guide/widget.md asks for and no more."""

    page: Origin
    service: Origin

    def set(self, lang: str = "en", attributes: str = "", words: str = WORDS, head: str = "", strict: bool = True) -> None:
        """Write the page anew and forget what scenes before this one answered; a page that is not strict has no policy at all."""
        direction = "rtl" if lang == "ar" else "ltr"
        html = PAGE.format(lang=lang, direction=direction, service=self.service.url, attributes=attributes, words=words, head=head)
        policy = (
            f"default-src 'none'; script-src {self.service.url}; style-src 'self' {self.service.url}; img-src data:; "
            f"connect-src 'self' {self.service.url} {self.service.url.replace('http', 'ws')}"
        )
        self.page.answers = {
            ("GET", "/"): (200, Page(html, "text/html; charset=utf-8", {"Content-Security-Policy": policy} if strict else {})),
            ("GET", "/page.css"): (200, Page(STYLE, "text/css")),
        }
        self.sign_in("maria.santos")
        taken = {"max_bytes": 10_000_000, "per_conversation": 20, "kinds": ["image/png", "application/pdf", "text/plain"]}
        self.service.answers = {("GET", "/v1/conversations"): (200, []), ("GET", "/v1/me"): (200, {"attachments": taken})}
        self.service.asked.clear()

    def sign_in(self, person: str) -> None:
        """Let the page's back end give out tokens for somebody."""
        now = int(time.time())
        token = jwt.encode({"sub": person, "aud": "firstline", "iat": now, "exp": now + 900}, KEY, algorithm="HS256")
        self.page.answers["POST", "/helpdesk-token"] = (200, {"token": token, "expires_at": now + 900})


@contextmanager
def stage() -> Iterator[Stage]:
    """Both servers, for as long as the block runs."""
    with ExitStack() as stack:
        page = _serve()
        stack.callback(page.server.server_close)
        stack.callback(page.server.shutdown)
        service = _serve(page.url)
        stack.callback(service.server.server_close)
        stack.callback(service.server.shutdown)
        yield Stage(page, service)


DEVICES = [
    {"id": "LT-2417", "name": "Dell Latitude 5450", "os": "Windows 11", "platform": "windows", "primary": True},
    {"id": "MB-0032", "name": "Samsung Galaxy A55", "os": "Android 15", "platform": "android", "primary": False},
]
PERSON = {"id": "maria.santos", "name": "Maria Santos"}
CONVERSATION = "c_stage"


@dataclass
class Socket:
    """The service's end of the chat socket: a conversation's events, and what it says after them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)
    close: int = 0
    conversation: str = CONVERSATION
    heard: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    _open: list[WebSocketRoute] = field(default_factory=list)

    def carry(self, page: BrowserPage) -> None:
        """Answer every chat socket of a page."""
        page.route_web_socket("**/v1/chat", self._opened)

    def say(self, *events: dict[str, Any]) -> None:
        """Let more happen in the conversation, on every open socket."""
        for event in events:
            self.events.append(event)
            for socket in self._open:
                self._send(socket, self._frame(len(self.events), event))

    def drop(self) -> None:
        """Lose the line; it cannot be had again until ``cut`` is taken back."""
        self.cut = True
        for socket in self._open:
            socket.close()
        self._open.clear()

    def _opened(self, socket: WebSocketRoute) -> None:
        if self.cut:
            socket.close()
            return
        self._open.append(socket)
        socket.on_message(lambda text: self._heard(socket, json.loads(text)))
        socket.on_close(lambda *_: self._open.remove(socket) if socket in self._open else None)

    def _heard(self, socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        self.heard.append(frame)
        if frame["type"] == "hello":
            self._hello(socket, frame)
        elif frame["type"] in ("message", "choice"):
            text = frame.get("text") or frame["choice"]
            self.say({"type": "message", "message": frame["id"], "text": text, "choice": frame.get("choice", "")})
            for one in self.after:
                self._send(socket, one)

    def _hello(self, socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        if self.close:
            socket.close(code=self.close)
            return
        known = frame["conversation"]
        last = len(self.events) if known else 0
        self._send(socket, {"type": "welcome", "person": PERSON, "devices": DEVICES, "conversation": known, "last_event_id": last})
        for number, event in enumerate(self.events, 1):
            if number > frame["last_event_id"]:
                self._send(socket, self._frame(number, event))
        for one in self.after:
            self._send(socket, one)

    def _frame(self, number: int, event: dict[str, Any]) -> dict[str, Any]:
        at = datetime.now(UTC) - timedelta(minutes=5)
        return {"type": "event", "id": number, "conversation": self.conversation, "at": at.isoformat(), "event": event}

    @staticmethod
    def _send(socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        socket.send(json.dumps({"v": 1, **frame}))


def said(text: str, message: str = "m1", choice: str = "") -> dict[str, Any]:
    """An event: the person said or pressed something."""
    return {"type": "message", "message": message, "text": text, "choice": choice}


def replied(text: str, kind: str = "answer", state: str = "awaiting_confirmation", message: str = "m1", **more: Any) -> dict[str, Any]:
    """An event: the assistant replied, in Markdown."""
    empty = {"citations": [], "confidence": None, "choices": [], "ticket": None, "device": None, "action": None, "reference": "", "language": "en"}
    reply = {
        "conversation": CONVERSATION,
        "state": state,
        "kind": kind,
        "text": text,
        "html": render(text, {"lindqvist.example"}),
        "message": message,
    }
    return {"type": "reply", "reply": empty | reply | more}
