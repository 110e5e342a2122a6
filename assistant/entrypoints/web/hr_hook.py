"""What HR's system says about joiners and leavers: signed, fresh, and each delivery taken in once. Its words are data and decide nothing."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request

from assistant.desk.onboarding.arrivals import Arrival, ArrivalRefused, read_arrival
from assistant.entrypoints.signatures import SignatureRefused
from assistant.entrypoints.web.site import Site, site_of
from assistant.ports.outside import Refused, Unavailable

BODY_LIMIT = 65_536
router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post("/hr")
async def hr(request: Request, site: Annotated[Site, Depends(site_of)]) -> dict[str, str]:
    """Take in that somebody joins, comes on another day, does not come, or leaves; docs/guide/joiners.md has the fields.

    A delivery that came before is answered like the first. What is refused was not stored, and may be sent again.
    """
    hook = site.hr_hook
    if hook is None:
        raise HTTPException(404, "no messages of HR are taken here")
    body, now = await _body(request), site.clock.now()
    try:
        delivery = hook.delivery(request.headers, body, now)
        arrival = read_arrival(body, now)
    except SignatureRefused as error:
        raise HTTPException(401, str(error)) from None
    except ArrivalRefused as error:
        raise HTTPException(422, str(error)) from None
    return {"status": "accepted", "case": await to_thread.run_sync(_taken_in, site, arrival, delivery)}


def _taken_in(site: Site, arrival: Arrival, delivery: str) -> str:
    try:
        case = site.practices.joiners.deliver(arrival, delivery)
    except ArrivalRefused as error:
        raise HTTPException(422, str(error)) from None
    except (Unavailable, Refused):
        raise HTTPException(503, "the directory cannot be asked now; send it again later") from None
    return case.id if case is not None else ""


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, "the message is too long")
    return body
