"""The running service: an assistant behind the web surface, with its upkeep."""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.adapters.clock import DemoClock
from assistant.adapters.store.signed_roles import SignedRoles
from assistant.agent.handover import Handover
from assistant.agent.opinions import Opinions
from assistant.agent.silence import settle_silence
from assistant.agent.tools.registry import switched_off
from assistant.agent.tuning import Retuning
from assistant.alert_process import AlertProcess
from assistant.bootstrap import Assistant
from assistant.connections import alert_sources, desk_hook, hr_hook, open_provider, ticket_hook
from assistant.desk.following import follow_desk, take_over
from assistant.desk.gaps import watching as spikes
from assistant.desk.triage.filing import moved_there
from assistant.doctor import examine
from assistant.entrypoints.inbox import Inbox
from assistant.entrypoints.links import Links
from assistant.entrypoints.surface import Surface
from assistant.entrypoints.tokens import Tokens
from assistant.entrypoints.web.long_work import LongWork, Progress
from assistant.entrypoints.web.sessions import Sessions
from assistant.entrypoints.web.site import Site, Upkeep
from assistant.entrypoints.web.watching import Finding, Watching
from assistant.governance.anchoring import AnchorRefused, Examination, adopt, anchor_head
from assistant.governance.anchoring import examine as verify
from assistant.governance.refusals import Refusals
from assistant.learning import follow_ranking, learn_weekly, look_at_experiments, retuning_of
from assistant.ports.audit import AuditUnreadable
from assistant.privacy import retain_daily
from assistant.surfaces import open_surfaces
from assistant.workflows.passing import Passing
from assistant.workflows.standing import standing
from kb.keeper import Health
from kb.model import Reader

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.workflows.durable import Durable

log = logging.getLogger("firstline")
OWNER_WAIT_SECONDS = 10.0
LEFT_BEHIND_DEADLINES = 3
GATHER_SECONDS = 120.0
HOLDER_LENGTH = 16
SIMULATED = "simulated.json"
"""In a state folder whose conversations were played (``firstline demo simulate``)."""


class IndexOwned(RuntimeError):
    """Another Firstline serves from this state folder."""


def address_file(home: Path) -> Path:
    """Return where a running service writes its address for commands on the same host."""
    return home / "service.json"


@dataclass(slots=True)
class Service:
    """Keeps an assistant going: owns the indexes, follows the tables, settles silence, anchors the audit."""

    assistant: Assistant
    url: str
    surfaces: Sequence[Surface] = ()
    _recovered: bool = field(default=False, init=False)
    _asks_desk_at: float = field(default=0.0, init=False)
    _gathered_at: datetime | None = field(default=None, init=False)
    _durable: Durable | None = field(default=None, init=False)
    _adopted: bool = field(default=False, init=False)
    _audit: str = field(default="ready", init=False)
    _inbox: Inbox | None = field(default=None, init=False)
    retuning: Retuning = field(init=False)
    alerts: AlertProcess = field(init=False)

    def __post_init__(self) -> None:
        """Keep the report of calibration and proposals that the console shows, and where alerts are worked on."""
        self.retuning = retuning_of(self.assistant)
        self.alerts = AlertProcess(self.assistant.practices.alerts.alerting)

    def start(self) -> None:
        """Own the indexes, make lexical search ready, and announce the address.

        Raises:
            IndexOwned: another process keeps the indexes of this state folder.
        """
        keeper, until = self.assistant.knowledge_base.keeper, time.monotonic() + OWNER_WAIT_SECONDS
        while not keeper.own():
            if time.monotonic() > until:
                raise IndexOwned(f"another Firstline serves from {self.assistant.settings.home}; stop it or use another FIRSTLINE_HOME")
            time.sleep(0.1)
        keeper.catch_up_lexical()
        self.assistant.channels.update({surface.name: surface for surface in self.surfaces})
        self._serve_workflows()
        self._listen()
        address_file(self.assistant.settings.home).write_text(json.dumps({"url": self.url, "pid": os.getpid()}))

    @property
    def _holder(self) -> str:
        """The name under which this service keeps work for itself: the same after a restart, another on another host or for another folder."""
        place = f"{platform.node()}\n{self.assistant.settings.home.resolve()}"
        return sha256(place.encode()).hexdigest()[:HOLDER_LENGTH]

    def _listen(self) -> None:
        """Handle what arrives on the surfaces beside the web, beginning with what a crash left."""
        if self.surfaces:
            self._inbox = Inbox(self.assistant.store, self.assistant.clock, {surface.name: surface for surface in self.surfaces}, self._holder)
            self._inbox.start()
            for surface in self.surfaces:
                surface.start(self._inbox)

    def _serve_workflows(self) -> None:
        """Carry out the outbox from now on; commands that run beside the service leave that to it."""
        from assistant.workflows.durable import Durable

        assistant = self.assistant
        carrier = replace(assistant.carrier, holder=self._holder)
        assistant.reviewer.follow_schedule()
        assistant.practices.changes.follow_schedule()
        assistant.practices.rollout.follow()
        assistant.practices.alerts.retuning.follow_schedule()
        assistant.practices.triage.follow_schedule()
        self._durable = Durable(carrier, assistant.settings.workflows_database, ahead=not assistant.settings.demo_clock)
        self._durable.start()
        assistant.subscribers.append(lambda _events: self._kick())

    def _kick(self) -> None:
        if self._durable is not None:
            self._durable.kick()

    def passing(self) -> Passing | None:
        """Return what lets time pass; None where nobody may set the clock."""
        clock = self.assistant.clock
        parts = self.assistant
        return Passing(clock, parts.store, self._kick, parts.practices.alerts.alerting.follow) if isinstance(clock, DemoClock) else None

    def follow(self) -> None:
        """Bring the indexes up to the tables; the first time compare them and answer what a crash left unanswered."""
        keeper = self.assistant.knowledge_base.keeper
        keeper.catch_up()
        if not self._recovered:
            keeper.repair()
            self.assistant.turns.recover()
            settle_silence(self.assistant.parts)
            self._recovered = True

    def settle(self) -> None:
        """Settle silent holders, answer what was left behind, learn once a week, keep nothing too long, and anchor the audit's head."""
        Handover(self.assistant.parts).release_silent()
        self.assistant.turns.recover(older_than=timedelta(seconds=LEFT_BEHIND_DEADLINES * self.assistant.timings.deadline_seconds))
        self.anchor()
        retain_daily(self.assistant)
        self.assistant.practices.joiners.look()
        if self._recovered:
            learn_weekly(self.assistant)
            follow_ranking(self.assistant)
            look_at_experiments(self.assistant)
            self.retuning.refresh()
            self.gather()

    def gather(self) -> None:
        """Every other minute put what could not be resolved into gaps, and look whether something spikes."""
        parts, last = self.assistant, self._gathered_at
        now = parts.clock.now()
        if last is not None and abs((now - last).total_seconds()) < GATHER_SECONDS:
            return
        self._gathered_at = now
        gathering = parts.gathering
        gathering.gather()
        gathering.tidy()
        spikes.Watching(parts.store, parts.directory, parts.clock).look()

    def follow_desk(self) -> None:
        """Show in conversations what people did in the desk elsewhere: what was reported at once, everything when it is time to ask."""
        parts, now = self.assistant, time.monotonic()
        if parts.desk is None:
            return
        if now < self._asks_desk_at:
            events = take_over(parts.store, parts.desk, parts.clock.now(), moved_there)
        else:
            events = follow_desk(parts.store, parts.desk, parts.clock.now(), moved_there)
            self._asks_desk_at = now + parts.settings.desk_follow_seconds
        parts.parts.notify(events)

    def anchor(self) -> None:
        """Write the audit's head to the anchors file when it has moved; why that cannot be done stands in the log and in ``health``."""
        parts = self.assistant
        try:
            if not self._adopted:
                adopt(parts.store, parts.anchors, parts.secret)
            self._adopted = False  # until the copy of the next one is written
            anchor_head(parts.store, parts.anchors, parts.secret, parts.clock.now())
            self._adopted = True
        except (AnchorRefused, AuditUnreadable, OSError, ValueError) as error:
            log.error("the audit cannot be anchored: %s", error)
            self._audit = "changed" if isinstance(error, AnchorRefused | AuditUnreadable) else "not anchored"
            return
        self._audit = "ready"

    def health(self) -> dict[str, Any]:
        """Return what ``/healthz`` says. Anybody may read it, so it counts only the articles that anybody may read."""
        state, why = self.assistant.knowledge_base.keeper.health()
        ready = "ready" if state is Health.READY and self._audit == "ready" else "degraded"
        try:
            outbox = standing(self.assistant.store, self.assistant.clock.now())
            articles = sum(article.audience.admits(Reader()) for article in self.assistant.knowledge_base.store.articles())
        except Exception as error:  # whatever is wrong with the database is what this call is asked for
            log.error("the database cannot be read: %s", type(error).__name__, exc_info=error)
            return {"status": "failing", "database": type(error).__name__, "vector_search": state.value, "detail": "the log says more"}
        channels = {surface.name: surface.health() for surface in self.surfaces}
        facts = {"vector_search": state.value, "detail": why, "audit": self._audit, "caught_up": self._recovered, "outbox": outbox.facts()} | (
            {"channels": channels} if channels else {}
        )
        late = outbox.late or any(one["state"] == "failing" for one in channels.values())
        return {"status": "degraded" if late else ready, "articles": articles, **facts}

    def stop(self) -> None:
        """Finish turns, anchor the audit and let go; what the outbox still holds goes on at the next start."""
        for surface in self.surfaces:
            surface.stop()
        if self._inbox is not None:
            self._inbox.stop()
            self._inbox = None
        if self._durable is not None:
            self._durable.stop()
            self._durable = None
        self.alerts.stop()
        self.anchor()
        address_file(self.assistant.settings.home).unlink(missing_ok=True)
        self.assistant.close()


def open_site(assistant: Assistant, service: Service) -> Site:
    """Return the parts of the web surface."""
    from widget import ASSETS

    settings = assistant.settings
    tokens = Tokens(assistant.secret, settings.token_minutes, settings.token_keys)
    signed = assistant.directory if isinstance(assistant.directory, SignedRoles) else None
    return Site(
        turns=assistant.turns,
        handover=Handover(assistant.parts),
        deciding=assistant.deciding,
        switched_off=lambda: switched_off(assistant.policy, assistant.acting.hands),
        store=assistant.store,
        directory=assistant.directory,
        workplace=assistant.workplace,
        fleet=assistant.parts.fleet,
        knowledge=assistant.knowledge,
        articles=assistant.knowledge_base.store.articles,
        tokens=tokens,
        sessions=Sessions(assistant.secret, tokens),
        links=Links(assistant.secret),
        clock=assistant.clock,
        upkeep=Upkeep(service.start, service.follow, service.settle, service.health, service.stop, service.follow_desk, service.alerts.keep_up),
        refusals=Refusals(assistant.store, assistant.clock),
        files=assistant.files,
        gathering=assistant.gathering,
        agent_minutes=settings.agent_minutes,
        authoring=assistant.authors.authoring,
        gap_drafting=assistant.authors.drafting,
        trying=assistant.authors.trying,
        compare_draft=assistant.authors.compare,
        reviewer=assistant.reviewer,
        practices=assistant.practices,
        retuning=service.retuning,
        opinions=Opinions(assistant.store, assistant.clock, assistant.parts.notify),
        desk_hook=desk_hook(settings, assistant.desk),
        ticket_hook=ticket_hook(settings),
        hr_hook=hr_hook(settings),
        alert_sources=alert_sources(settings),
        subscribe=assistant.subscribers.append,
        widget_assets=ASSETS,
        demo=settings.demo,
        passing=service.passing(),
        simulated=(settings.home / SIMULATED).exists(),
        allowed_origins=tuple(settings.allowed_origins),
        allowed_hosts=tuple(settings.allowed_hosts),
        link_hosts=assistant.link_hosts,
        messages_per_minute=settings.messages_per_minute,
        watching=_watching(assistant, service),
        url=settings.url,
        provider=open_provider(settings, assistant.clock),
        remember_groups=signed.remember if signed is not None else None,
        routers=tuple(surface.router for surface in service.surfaces if surface.router is not None),
    )


def _watching(assistant: Assistant, service: Service) -> Watching:
    """Return what operators and auditors look at."""

    def checked(_progress: Progress) -> Sequence[Finding]:
        return tuple(one for one in examine(assistant, owned_here=False) if one.name != "indexes")  # it only says that we run

    def verified(progress: Progress) -> Examination:
        return verify(assistant.store, assistant.anchors, assistant.secret, progress)

    return Watching(
        in_force=assistant.in_force.of,
        policies=assistant.policies,
        checks=LongWork("the checks", checked, assistant.clock.now),
        ingest_runs=assistant.knowledge_base.ingest_log.latest,
        chain=LongWork("the check of the chain", verified, assistant.clock.now),
        channels=lambda: {surface.name: surface.health() for surface in service.surfaces},
    )


def open_app(assistant: Assistant, url: str, surfaces: Sequence[Surface] | None = None) -> FastAPI:
    """Return the web application over an assistant, with the surfaces that its settings name, or these."""
    from assistant.entrypoints.web.app import create_app

    return create_app(open_site(assistant, Service(assistant, url, open_surfaces(assistant) if surfaces is None else surfaces)))
