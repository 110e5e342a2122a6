"""The outermost layer of the web surface: who may call, how much it reads, the headers of every response, and the record of refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.entrypoints.web.errors import REASON, problem
from assistant.governance.refusals import Refusal

BODY_LIMIT = 1_000_000
TOO_LARGE = "the body is larger than 1 MB"
UPLOAD = re.compile(r"/v1/conversations/[^/]{1,64}/attachments")
"""Where a body may be as large as an attachment."""
AROUND_A_FILE = 16_384
"""What the form around a file may add to a body."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors {ancestors}",
    )
)
CALLED = ("/v1/", "/console", "/demo/", "/webhooks/", "/widget/")
"""Where something is done or shown to somebody in particular, and the widget's modules: no page of a site that is not listed may call it."""
SHARED = "/widget/"
"""What pages of other sites load: a script there, and the modules that it imports."""
BODIES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
ASKED_UNBIDDEN = re.compile(r"/(favicon\.ico|robots\.txt|apple-touch-icon[\w-]*\.png|\.well-known/[\w./-]*)")
"""What browsers ask for by themselves; that it is not there is no refusal."""
ENDED_BY_PROTOCOL = {
    1002: "not the protocol of sockets",
    1003: "not a kind of frame taken here",
    1007: "not valid UTF-8",
    1009: "the frame is too large",
}
ENDED_IN_ORDER = {1000, 1001, 1012}


class Gate:
    """Refuses foreign hosts, pages of other sites, unknown kinds of bodies, and bodies over 1 MB that are no attachment.

    Adds the security headers to every response, errors included, and notes every refusal, its own and the application's.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], origins: Sequence[str], note: Callable[[Refusal], None], file_limit: int) -> None:
        """Wrap an application that answers to ``hosts`` (``*.name`` means every host below it); pages of ``origins`` may call and frame it.

        An attachment may have ``file_limit`` bytes.
        """
        self._app = app
        self._file_limit = file_limit
        self._hosts = hosts
        self._origins = origins
        self._policy = POLICY.format(ancestors=" ".join(("'self'", *origins)))
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        if scope["type"] == "websocket":
            receive, answer = self._watched(scope, receive, send)
        else:
            answer = self._with_headers(scope, send)
        headers = Headers(scope=scope)
        if not self._answers_to(headers.get("host", "")):
            detail = "this service does not answer to that host name; FIRSTLINE_ALLOWED_HOSTS lists those it does"
            await self._refuse(400, detail, scope, receive, self._with_headers(scope, send))
        elif scope["type"] == "websocket":
            await self._app(scope, receive, answer)
        elif refused := self._refused(scope, headers):
            await self._refuse(*refused, scope, receive, answer)
        else:
            await self._app(scope, _limited(receive, *self._limit(scope)), answer)

    def _limit(self, scope: Scope) -> tuple[int, str]:
        """Return how long this request's body may be, and what is said of a longer one."""
        if scope["method"] == "POST" and self._file_limit and UPLOAD.fullmatch(scope["path"]):
            return self._file_limit + AROUND_A_FILE, f"the file is larger than {self._file_limit / 1_000_000:g} MB"
        return BODY_LIMIT, TOO_LARGE

    def _refused(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Return status and detail for a request that goes no further."""
        limit, too_large = self._limit(scope)
        if _too_large(headers.get("content-length", "0"), limit):
            return 413, too_large
        if scope["path"].startswith(CALLED) and not self._may_call(headers):
            return 403, "a page of another site may not call this"
        if scope["method"] in ("POST", "PUT", "PATCH") and _has_body(headers) and not _known_body(headers):
            return 415, f"the body must be one of {', '.join(BODIES)}, and say so"
        return None

    def _may_call(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        return origin is None or origin in self._origins or origin.partition("://")[2] == headers.get("host", "")

    def _answers_to(self, host: str) -> bool:
        name = re.sub(r":\d+$", "", host).lower()
        return any(known in ("*", name) or (known.startswith("*.") and name.endswith(known[1:])) for known in self._hosts)

    @staticmethod
    async def _refuse(status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"][REASON] = detail
        await JSONResponse(problem(status, detail), status, media_type="application/problem+json")(scope, receive, send)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", self._policy)
                headers["X-Content-Type-Options"] = "nosniff"
                shared = scope["path"].startswith(SHARED)
                headers["Cross-Origin-Resource-Policy"] = "cross-origin" if shared else "same-origin"
                if shared:
                    headers.add_vary_header("Origin")
                headers["Referrer-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith(("/static", "/widget")) else "no-store")
                self._note_status(scope, message["status"])
            await send(message)

        return send_with_headers

    def _watched(self, scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """Return both ends of a socket, with an eye on how it is closed."""

        async def receive_watched() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect" and message.get("code") in ENDED_BY_PROTOCOL:
                self._note_refusal(scope, message["code"], message.get("reason") or ENDED_BY_PROTOCOL[message["code"]])
            return message

        async def send_watched(message: Message) -> None:
            if message["type"] == "websocket.close" and message.get("code", 1000) not in ENDED_IN_ORDER:
                self._note_refusal(scope, message["code"], message.get("reason") or "closed")
            await send(message)

        return receive_watched, send_watched

    def _note_status(self, scope: Scope, status: int) -> None:
        reason = scope["state"].get(REASON, "")
        refused = 400 <= status < 500 or (reason and status < 400)
        if refused and not (status == HTTPStatus.NOT_FOUND and ASKED_UNBIDDEN.fullmatch(scope["path"])):
            self._note_refusal(scope, status, reason or HTTPStatus(status).phrase)

    def _note_refusal(self, scope: Scope, status: int, reason: str) -> None:
        what = f"{scope.get('method', 'socket')} {scope['path']}"
        self._note(Refusal(what, status, reason, scope["state"].get("person", "")))


def _too_large(length: str, limit: int) -> bool:
    return not length.isdigit() or len(length) > 18 or int(length) > limit


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _known_body(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in BODIES or (kind.startswith("application/") and kind.endswith("+json"))


def _limited(receive: Receive, limit: int, too_large: str) -> Receive:
    """Return ``receive`` with an end to it: a body without a length may not grow over the limit either."""
    read = 0

    async def receive_some() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise HTTPException(413, too_large)
        return message

    return receive_some
