"""Errors in the problem+json form (RFC 9457) for programs, as a page for people."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from assistant.agent.turn import UnknownConversation, UnknownPerson
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.site import TEMPLATES

log = logging.getLogger("firstline.web")
REASON = "refused"
"""Where a request's state says why it was refused; the gate notes it."""


def problem(status: int, detail: str, reference: str = "") -> dict[str, Any]:
    """Return the body of a problem."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "reference": reference}


def answer(request: Request, status: int, detail: str, reference: str = "", headers: dict[str, str] | None = None) -> Response:
    """Answer with a page under ``/console`` and ``/``, with problem+json elsewhere."""
    setattr(request.state, REASON, detail)
    if request.url.path.startswith("/v1") or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(problem(status, detail, reference), status, media_type="application/problem+json", headers=headers)
    if status == HTTPStatus.UNAUTHORIZED and request.url.path.startswith("/console"):
        return RedirectResponse("/console/sign-in", HTTPStatus.SEE_OTHER)
    context = {"title": HTTPStatus(status).phrase, "detail": detail, "reference": reference, "viewer": None}
    return TEMPLATES.TemplateResponse(request, "error.html", context, status_code=status)


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(TokenRefused)
    async def refused(request: Request, error: TokenRefused) -> Response:
        return answer(request, 401, str(error), headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(UnknownPerson)
    async def nobody(request: Request, _error: UnknownPerson) -> Response:
        return answer(request, 401, "the directory does not know this person")

    @app.exception_handler(UnknownConversation)
    async def no_conversation(request: Request, _error: UnknownConversation) -> Response:
        return answer(request, 404, "there is no such conversation of yours")

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        return answer(request, error.status_code, str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        places = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()[:5])
        return answer(request, 422, places)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        reference = f"E-{secrets.token_hex(4)}"
        log.error("reference=%s %s %s", reference, request.method, request.url.path, exc_info=error)
        if type(error).__module__.startswith("sqlalchemy"):
            return answer(
                request, 503, "The database cannot be used now, so nothing was stored. Try again in a moment.", reference, {"Retry-After": "5"}
            )
        return answer(request, 500, "Something went wrong on our side. Nothing of yours is lost.", reference)
