"""Errors in the problem+json form (RFC 9457) for programs, as a page for people."""

from __future__ import annotations

import logging
import re
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from assistant.agent.files import UnknownAttachment
from assistant.agent.opinions import NoSuchAnswer
from assistant.agent.turn import UnknownConversation, UnknownPerson
from assistant.desk.attaching import OnTicket
from assistant.desk.fulfilment import NotYours
from assistant.domain.attachment import FileRefused, Trouble
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.site import TEMPLATES
from assistant.governance.approvals import NotAllowed
from assistant.ports.outside import Unavailable

log = logging.getLogger("firstline.web")
OWN_PAGE = re.compile(r"/console/[A-Za-z0-9_.~-][A-Za-z0-9/_.~?=&%+-]{0,400}")
REASON = "refused"
"""Where a request's state says why it was refused; the gate notes it."""


def problem(status: int, detail: str, reference: str = "") -> dict[str, Any]:
    """Return the body of a problem."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "reference": reference}


def answer(request: Request, status: int, detail: str, reference: str = "", headers: dict[str, str] | None = None, code: str = "") -> Response:
    """Answer with a page under ``/console`` and ``/``, with problem+json elsewhere; its ``code`` is what ``detail`` says, for programs."""
    browser = "text/html" in request.headers.get("accept", "")
    if status == HTTPStatus.UNAUTHORIZED and browser and _arrives(request):
        return TEMPLATES.TemplateResponse(request, "arriving.html", {"address": _asked(request)})
    setattr(request.state, REASON, detail)
    if status == HTTPStatus.UNAUTHORIZED and "hx-request" in request.headers:
        return Response(status_code=status, headers={"HX-Redirect": "/console/sign-in"})
    if request.url.path.startswith("/v1") or not browser:
        said = problem(status, detail, reference) | ({"code": code} if code else {})
        return JSONResponse(said, status, media_type="application/problem+json", headers=headers)
    if status == HTTPStatus.UNAUTHORIZED and request.url.path.startswith("/console"):
        return _to_sign_in(request)
    context = {"title": HTTPStatus(status).phrase, "detail": detail, "reference": reference, "viewer": None}
    return TEMPLATES.TemplateResponse(request, "error.html", context, status_code=status)


def _asked(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _arrives(request: Request) -> bool:
    """Say whether a browser follows a link from elsewhere, such as a mail: it shows the session only once one of our own pages leads on."""
    elsewhere = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return elsewhere and request.method == "GET" and own_page(_asked(request))


def _to_sign_in(request: Request) -> Response:
    """Lead to the sign-in page, and from there back to a page that was asked for."""
    back = f"?next={quote(_asked(request), safe='/')}" if request.method == "GET" and own_page(_asked(request)) else ""
    return RedirectResponse(f"/console/sign-in{back}", HTTPStatus.SEE_OTHER)


def own_page(address: str) -> bool:
    """Say whether an address is a page of our console, where a sign-in may lead to."""
    return bool(OWN_PAGE.fullmatch(address)) and ".." not in address


STATUS = {
    Trouble.TOO_LARGE: 413,
    Trouble.KIND: 415,
    Trouble.MANY_HERE: 409,
    Trouble.MANY_TODAY: 409,
    Trouble.STRANGER: 403,
    Trouble.NOTHING_KEPT: 403,
    Trouble.UNSCANNED: 503,
}
"""How a file is refused; for all other reasons with 422."""
KNOWN: dict[type[Exception], tuple[int, str]] = {
    UnknownPerson: (401, "the directory does not know this person"),
    UnknownConversation: (404, "there is no such conversation of yours"),
    NotYours: (404, "there is no such action, or none that is yours to see"),
    UnknownAttachment: (404, "there is no such file, or none that is yours to see"),
    OnTicket: (409, "People of the service desk have this file already. Ask them in the conversation if it should go."),
    NoSuchAnswer: (404, "there is no such answer in a conversation of yours"),
    Unavailable: (503, "Another system that this needs cannot be reached now. Nothing was changed. Try again in a moment."),
}


async def _known(request: Request, error: Exception) -> Response:
    return answer(request, *KNOWN[type(error)])


async def _not_now(request: Request, error: Exception) -> Response:
    return answer(request, 409, str(error))


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(TokenRefused)
    async def refused(request: Request, error: TokenRefused) -> Response:
        return answer(request, 401, str(error), headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(FileRefused)
    async def not_taken(request: Request, refused: FileRefused) -> Response:
        later = {"Retry-After": "60"} if refused.trouble is Trouble.UNSCANNED else None
        return answer(request, STATUS.get(refused.trouble, 422), str(refused), headers=later, code=refused.trouble.value)

    for kind in KNOWN:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(NotAllowed, _not_now)

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
