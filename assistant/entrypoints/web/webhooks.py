"""Reports of other systems over HTTP: signed, fresh, and each taken in once."""

from __future__ import annotations

import json
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request

from assistant.desk.following import note_reported
from assistant.entrypoints.signatures import DeskHook, SignatureRefused
from assistant.entrypoints.web.site import Site, site_of

BODY_LIMIT = 65_536
TICKET_LIMIT = 80
router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post("/desk")
async def desk(request: Request, site: Annotated[Site, Depends(site_of)]) -> dict[str, str]:
    """Take in that something happened in a ticket of the desk; what it was is then read from the desk itself.

    A delivery that came before is answered like the first. A ticket that is none of ours is no error.
    """
    hook = site.desk_hook
    if hook is None:
        raise HTTPException(404, "no desk reports here")
    body = await _body(request)
    try:
        delivery = hook.delivery(request.headers, body, site.clock.now())
    except SignatureRefused as error:
        raise HTTPException(401, str(error)) from None
    ticket = _ticket(body)
    if not ticket:
        raise HTTPException(422, "the report names no ticket")
    await to_thread.run_sync(_note, site, hook, ticket, delivery)
    return {"status": "accepted"}


def _note(site: Site, hook: DeskHook, ticket: str, delivery: str) -> None:
    with site.store.write() as unit:
        note_reported(unit, hook.system, ticket, delivery, site.clock.now())


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, "the report is too long")
    return body


def _ticket(body: bytes) -> str:
    """Return the ticket that a report names: in ``ticket``, or as Zendesk's events do in ``detail.id``; "" when it names none."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict):
        return ""
    detail = said.get("detail")
    named = said.get("ticket") or (detail.get("id") if isinstance(detail, dict) else None)
    return str(named) if isinstance(named, str | int) and not isinstance(named, bool) and len(str(named)) <= TICKET_LIMIT else ""
