"""The web application: routes, headers, start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from assistant import __version__
from assistant.entrypoints.web import (
    actions,
    alert_hooks,
    alert_pages,
    attachments,
    audit_pages,
    author_pages,
    change_pages,
    chat,
    connector_pages,
    console,
    decisions,
    demo_clock,
    errors,
    experiment_pages,
    feedback,
    gap_pages,
    helpcentre,
    history_pages,
    hr_hook,
    joiner_pages,
    ledger_pages,
    live_console,
    policy_pages,
    problem_pages,
    rest,
    review_pages,
    rollout_pages,
    sign_in,
    ticket_hook,
    triage_pages,
    trial_pages,
    tuning_pages,
    webhooks,
    week_pages,
)
from assistant.entrypoints.web.assets import Assets
from assistant.entrypoints.web.gate import Gate
from assistant.entrypoints.web.limits import Limits
from assistant.entrypoints.web.site import STATIC, TEMPLATES, Site

FOLLOW_SECONDS = 0.5
SETTLE_SECONDS = 30.0
REFUSALS_SECONDS = 0.5
DESK_SECONDS = 1.0
ALERT_SECONDS = 0.5
PARTS: tuple[ModuleType, ...] = (
    rest,
    attachments,
    feedback,
    actions,
    chat,
    sign_in,
    console,
    decisions,
    gap_pages,
    live_console,
    week_pages,
    review_pages,
    ledger_pages,
    author_pages,
    history_pages,
    trial_pages,
    experiment_pages,
    policy_pages,
    problem_pages,
    connector_pages,
    audit_pages,
    triage_pages,
    tuning_pages,
    rollout_pages,
    helpcentre,
    demo_clock,
    ticket_hook,
    webhooks,
    hr_hook,
    joiner_pages,
    alert_hooks,
    alert_pages,
    change_pages,
)
"""The modules whose routes make up the service, in the order in which they are asked."""
FRAMES_FOR_A_MESSAGE = 10
"""Pings included: more frames than this for each message that is allowed end a socket."""
log = logging.getLogger("firstline.web")


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        try:
            await to_thread.run_sync(work)
        except Exception:
            log.exception("a background task failed; it will be tried again")
        await asyncio.sleep(seconds)


class _Application(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """Put the gate outside of everything, also of the answer to an unexpected error."""
        site: Site = self.state.site
        return Gate(super().build_middleware_stack(), site.allowed_hosts, site.allowed_origins, site.refusals.note, site.files.limits.file_bytes)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start the service's upkeep, and stop it in order."""
    site: Site = app.state.site
    site.live.attach(asyncio.get_running_loop())
    site.subscribe(site.live.publish)
    await to_thread.run_sync(site.upkeep.start)
    upkeep = site.upkeep
    regular = (
        (FOLLOW_SECONDS, upkeep.follow),
        (SETTLE_SECONDS, upkeep.settle),
        (REFUSALS_SECONDS, site.refusals.write),
        (DESK_SECONDS, upkeep.follow_desk),
        (ALERT_SECONDS, upkeep.follow_alerts),
    )
    tasks = [asyncio.create_task(_every(seconds, work)) for seconds, work in regular]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):  # what cannot be written now was said in the log
            await to_thread.run_sync(site.refusals.write)
        await to_thread.run_sync(site.upkeep.stop)


def create_app(site: Site) -> FastAPI:
    """Return the application over a site's parts."""

    app = _Application(
        title="Firstline",
        version=__version__,
        summary="IT self-service: answers with citations, tickets, gaps",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.site = site
    app.state.limits = Limits(site.messages_per_minute)
    app.state.file_checks = CapacityLimiter(attachments.CHECKS)
    app.state.turns = CapacityLimiter(chat.TURNS_AT_ONCE)
    app.state.frames = Limits(FRAMES_FOR_A_MESSAGE * site.messages_per_minute)
    errors.install(app)
    if site.allowed_origins:
        methods, headers = ["GET", "POST", "DELETE"], ["Authorization", "Content-Type"]
        app.add_middleware(CORSMiddleware, allow_origins=list(site.allowed_origins), allow_methods=methods, allow_headers=headers)
    app.state.pages = frozenset(route.path for part in PARTS for route in part.router.routes if isinstance(route, APIRoute))
    for part in PARTS:
        app.include_router(part.router)
    for router in (attachments.desk, sign_in.leaving, *site.routers):
        app.include_router(router)

    @app.get("/healthz", tags=["operation"])
    def healthz() -> JSONResponse:
        """Say whether the service is ready, and what of it is degraded."""
        facts: dict[str, Any] = site.upkeep.health()
        return JSONResponse(facts, 200 if facts["status"] != "failing" else 503)

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        """Show the API as a page that needs nothing from elsewhere."""
        return TEMPLATES.TemplateResponse(request, "api.html", {"api": app.openapi()})

    app.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/widget", Assets(site.widget_assets))
    return app
