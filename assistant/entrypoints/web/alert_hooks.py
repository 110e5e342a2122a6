"""Alerts of monitoring systems over HTTP: from known sources, each delivery once, stored before it is answered."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse

from assistant.desk.correlation.following import strayed
from assistant.entrypoints.alert_sources.mapping import Malformed
from assistant.entrypoints.alert_sources.payloads import Delivered
from assistant.entrypoints.alert_sources.source import Source
from assistant.entrypoints.signatures import SignatureRefused
from assistant.entrypoints.web.site import Site, site_of

NAMED = 50
"""Of the alerts of a delivery that were refused or kept aside, so many are named in the answer."""
UNPROCESSABLE = 422
router = APIRouter(prefix="/webhooks/alerts", tags=["webhooks"])


@router.post("/{source}")
async def deliver(request: Request, source: Annotated[str, Path(max_length=40)], site: Annotated[Site, Depends(site_of)]) -> Response:
    """Take in the alerts of a delivery.

    Accepted means stored: the answer comes after the commit. A delivery that came before is answered and changes nothing. Alerts from the
    past or the future are kept aside; those that cannot be read are named, and the others are taken. Where all are bad the answer is 422.
    """
    known = site.alert_sources.get(source)
    if known is None:
        raise HTTPException(404, "no source of alerts has this name; FIRSTLINE_ALERT_SOURCES names those that there are")
    body, now = await request.body(), site.clock.now()
    try:
        delivery = known.admit(request.headers, body, now)
    except SignatureRefused as error:
        raise HTTPException(401, str(error)) from None
    return await to_thread.run_sync(_taken, site, known, body, delivery)


def _taken(site: Site, source: Source, body: bytes, delivery: str) -> Response:
    alerting = site.practices.alerts.alerting
    now = site.clock.now()
    try:
        said = source.read(body, now)
    except Malformed as error:
        raise HTTPException(UNPROCESSABLE, f"nothing was taken: {error}") from None
    if said.bad and not said.reports:
        raise HTTPException(UNPROCESSABLE, f"nothing was taken: {said.bad[0].why}" + (f" (and {len(said.bad) - 1} more)" if said.bad[1:] else ""))
    first = alerting.receive(source.name, said.id or delivery, said.reports)
    return JSONResponse(_answer(site, said, first=first), 200)


def _answer(site: Site, said: Delivered, *, first: bool) -> dict[str, Any]:
    rules = site.practices.alerts.alerting.rules()
    aside = [{"alert": number, "why": why} for number, one in enumerate(said.reports) if (why := strayed(one, rules))]
    bad = [{"index": one.index, "why": one.why} for one in said.bad[:NAMED]]
    if not first:
        return {"status": "known", "accepted": 0, "detail": "this delivery came before; nothing was changed"}
    return {"status": "accepted", "accepted": len(said.reports) - len(aside), "aside": aside[:NAMED], "refused": bad, "refused_count": len(said.bad)}
