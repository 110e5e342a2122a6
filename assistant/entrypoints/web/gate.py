"""The outermost layer of the web surface: the hosts it answers to, how much it reads, the headers of every response."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.entrypoints.web.errors import problem

BODY_LIMIT = 1_000_000
TOO_LARGE = "the body is larger than 1 MB"
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


class Gate:
    """Refuses foreign hosts and bodies over 1 MB, and adds the security headers to every response, errors included."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], ancestors: str) -> None:
        """Wrap an application that answers to ``hosts`` (``*.name`` means every host below it); ``ancestors`` may frame its pages."""
        self._app = app
        self._hosts = hosts
        self._policy = POLICY.format(ancestors=ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._answers_to(headers.get("host", "")):
            detail = "this service does not answer to that host name; FIRSTLINE_ALLOWED_HOSTS lists those it does"
            await self._refuse(400, detail, scope, receive, self._with_headers(scope, send))
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        elif _too_large(headers.get("content-length", "0")):
            await self._refuse(413, TOO_LARGE, scope, receive, self._with_headers(scope, send))
        else:
            await self._app(scope, _limited(receive), self._with_headers(scope, send))

    def _answers_to(self, host: str) -> bool:
        name = re.sub(r":\d+$", "", host).lower()
        return any(known in ("*", name) or (known.startswith("*.") and name.endswith(known[1:])) for known in self._hosts)

    @staticmethod
    async def _refuse(status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse(problem(status, detail), status, media_type="application/problem+json")(scope, receive, send)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith(("/static", "/widget")) else "no-store")
            await send(message)

        return send_with_headers


def _too_large(length: str) -> bool:
    return not length.isdigit() or int(length) > BODY_LIMIT


def _limited(receive: Receive) -> Receive:
    """Return ``receive`` with an end to it: a body without a length may not grow over the limit either."""
    read = 0

    async def receive_some() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > BODY_LIMIT:
            raise HTTPException(413, TOO_LARGE)
        return message

    return receive_some
