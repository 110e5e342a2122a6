"""What the web surface is made of, handed down by the composition root."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.templating import Jinja2Templates

from assistant.agent.deciding import Deciding
from assistant.agent.drafting import GapDrafting
from assistant.agent.files import Files
from assistant.agent.handover import Handover
from assistant.agent.opinions import Opinions
from assistant.agent.present import Presenter
from assistant.agent.trying import Trying
from assistant.agent.tuning import Retuning
from assistant.agent.turn import Turns
from assistant.desk.authoring import Authoring
from assistant.desk.gaps.gathering import Gathering
from assistant.domain.attachment import said_size
from assistant.domain.configuration import Person
from assistant.entrypoints.alert_sources.source import Source
from assistant.entrypoints.links import Links
from assistant.entrypoints.signatures import DeskHook
from assistant.entrypoints.tokens import Tokens
from assistant.entrypoints.web.live import Live
from assistant.entrypoints.web.sessions import Sessions
from assistant.entrypoints.web.watching import Watching
from assistant.governance.refusals import Refusals
from assistant.ports.clock import Clock
from assistant.ports.devices import PeoplesDevices
from assistant.ports.identity import Directory, Workplace
from assistant.ports.knowledge import Knowledge
from assistant.ports.sign_in import IdentityProvider
from assistant.ports.store import Event, Store
from assistant.workflows.passing import Passing
from assistant.workflows.practices import Practices
from assistant.workflows.reviewing import Reviewer
from kb.drafts import Draft
from kb.lint.findings import Findings
from kb.model import Article, Reader

TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")
TEMPLATES.env.filters["filesize"] = said_size
NAMES_SECONDS = 10.0
STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What the service does beside answering: start, follow the tables and the desk, settle silence, say how it is, stop."""

    start: Callable[[], None]
    follow: Callable[[], None]
    settle: Callable[[], None]
    health: Callable[[], dict[str, Any]]
    stop: Callable[[], None]
    follow_desk: Callable[[], None]
    follow_alerts: Callable[[], None]


@dataclass(slots=True)
class Names:
    """Everybody's name, asked for anew after ten seconds. Rights are never remembered: they are looked up at every request."""

    _known: dict[str, str] = field(default_factory=dict, init=False)
    _asked: float = field(default=float("-inf"), init=False)

    def of(self, directory: Directory) -> dict[str, str]:
        """Return the names."""
        if time.monotonic() - self._asked > NAMES_SECONDS:
            self._known = {person.id: person.name for person in directory.people()}
            self._asked = time.monotonic()
        return dict(self._known)


@dataclass(frozen=True, slots=True)
class Site:
    """Ready parts for the web surface."""

    turns: Turns
    handover: Handover
    deciding: Deciding
    switched_off: Callable[[], dict[str, str]]
    """The tools that cannot be used in this installation, each with the reason."""
    store: Store
    directory: Directory
    workplace: Workplace
    fleet: PeoplesDevices
    knowledge: Knowledge
    articles: Callable[[], list[Article]]
    tokens: Tokens
    sessions: Sessions
    links: Links
    clock: Clock
    upkeep: Upkeep
    refusals: Refusals
    files: Files
    authoring: Authoring
    gap_drafting: GapDrafting
    trying: Trying
    compare_draft: Callable[[Draft, Reader], Findings]
    """Says what a draft says twice or against articles near it."""
    opinions: Opinions
    retuning: Retuning
    gathering: Gathering
    agent_minutes: Mapping[str, float]
    """What a ticket of a category costs the desk."""
    reviewer: Reviewer
    practices: Practices
    """What the service desk does by itself."""
    subscribe: Callable[[Callable[[Sequence[Event]], None]], None]
    widget_assets: Path
    demo: bool
    passing: Passing | None
    """Lets played time pass; only in a demo with a clock of its own."""
    allowed_origins: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    link_hosts: Callable[[], tuple[str, ...]]
    messages_per_minute: int
    watching: Watching
    url: str
    """Where people reach the service: for links in files that leave it, and where an identity provider sends them back to."""
    provider: IdentityProvider | None = None
    remember_groups: Callable[[Person, frozenset[str], datetime], None] | None = None
    """Takes the groups of a token where they give the roles."""
    desk_hook: DeskHook | None = None
    ticket_hook: DeskHook | None = None
    """Checks the tickets that other systems send."""
    hr_hook: DeskHook | None = None
    """Checks what HR's system says."""
    alert_sources: Mapping[str, Source] = field(default_factory=dict)
    """Who may deliver alerts, by name."""
    routers: tuple[APIRouter, ...] = ()
    """Routes of surfaces beside the web."""
    simulated: bool = False
    """What the pages show was played, with people and conversations that do not exist; every page of the console says so."""
    live: Live = field(default_factory=Live)
    remembered: Names = field(default_factory=Names)

    @property
    def presenter(self) -> Presenter:
        """Shows stored replies; no surface shows one in another way."""
        return Presenter(self.knowledge, self.clock, self.link_hosts)

    def names(self) -> dict[str, str]:
        """Return everybody's name by id, as the directory told it within the last ten seconds: every page shows names."""
        return self.remembered.of(self.directory)

    def reader(self, person_id: str) -> Reader:
        """Return the rights that a person has at this moment; none when the directory no longer knows them."""
        person = self.directory.person(person_id)
        return Reader(person.groups if person else frozenset())


def site_of(request: Request) -> Site:
    """Return the site that serves this request."""
    site: Site = request.app.state.site
    return site
