"""Files tickets that other systems send: signed, fresh, each delivery once. What they say is data: it fills a ticket, and triage reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from assistant.desk.requests import file_reported
from assistant.domain.configuration import Person
from assistant.entrypoints.signatures import DeskHook, SignatureRefused
from assistant.entrypoints.web.site import Site, site_of

SYSTEM = "tickets"
BODY_LIMIT = 262_144
LONGEST = {"requester": 200, "subject": 200, "text": 200_000, "category": 80}
NEEDED = ("requester", "subject", "text")
router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@dataclass(frozen=True, slots=True)
class Sent:
    """A ticket as another system describes it; ``requester`` is the id or the e-mail address of a person."""

    requester: str
    subject: str
    text: str
    category: str = ""


@router.post("/tickets", status_code=201)
async def tickets(request: Request, response: Response, site: Annotated[Site, Depends(site_of)]) -> dict[str, str]:
    """File a ticket for a person of the directory. A delivery that came before is answered with the ticket that it made (200).

    The body is JSON with ``requester``, ``subject`` and ``text``, and ``category`` if it is known. The headers are those of ``/webhooks/desk``.
    """
    hook = site.ticket_hook
    if hook is None:
        raise HTTPException(404, "no system files tickets here; FIRSTLINE_TICKET_HOOK_SECRET is not set")
    body = await _body(request)
    delivery = _delivery(hook, request, body, site)
    sent = read_sent(body)
    made, fresh = await to_thread.run_sync(_file, site, sent, delivery)
    response.status_code = 201 if fresh else 200
    return {"ticket": made}


def _delivery(hook: DeskHook, request: Request, body: bytes, site: Site) -> str:
    try:
        return hook.delivery(request.headers, body, site.clock.now())
    except SignatureRefused as error:
        raise HTTPException(401, str(error)) from None


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, f"the ticket is longer than {BODY_LIMIT} bytes")
    return body


def read_sent(body: bytes) -> Sent:
    """Return the ticket that a body describes.

    Raises:
        HTTPException: it describes none; the sentence says why and holds nothing of it.
    """
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(422, "the body is no JSON") from None
    if not isinstance(said, dict):
        raise HTTPException(422, "the body has to be a JSON object")
    found = {}
    for name, longest in LONGEST.items():
        value = said.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            raise HTTPException(422, f"{name} has to be a text of at most {longest} characters")
        if name in NEEDED and not value.strip():
            raise HTTPException(422, f"{name} is missing")
        found[name] = value.strip()
    return Sent(**found)


def _file(site: Site, sent: Sent, delivery: str) -> tuple[str, bool]:
    requester = _person(site, sent.requester)
    at = site.clock.now()
    with site.store.write() as unit:
        fresh = unit.outside.deliver(SYSTEM, delivery, at)
        key = f"hook:{delivery}"
        made = file_reported(unit.tickets, key, requester.id, sent.subject, sent.text, sent.category, site.workplace.queues(), at, again=not fresh)
    return made.id, fresh


def _person(site: Site, named: str) -> Person:
    """Return the person of this id or address. Whom the directory does not know nothing is filed for."""
    known = site.directory.person(named)
    if known is None and "@" in named:
        known = next((one for one in site.directory.people() if one.email and one.email.casefold() == named.casefold()), None)
    if known is None:
        raise HTTPException(422, "the directory knows no such requester")
    return known
