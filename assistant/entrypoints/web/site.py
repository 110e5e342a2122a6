"""What the web surface is made of, handed down by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.templating import Jinja2Templates

from assistant.agent.deciding import Deciding
from assistant.agent.files import Files
from assistant.agent.handover import Handover
from assistant.agent.opinions import Opinions
from assistant.agent.present import Presenter
from assistant.agent.turn import Turns
from assistant.domain.attachment import said_size
from assistant.entrypoints.links import Links
from assistant.entrypoints.signatures import DeskHook
from assistant.entrypoints.tokens import Tokens
from assistant.entrypoints.web.live import Live
from assistant.governance.refusals import Refusals
from assistant.ports.clock import Clock
from assistant.ports.devices import DeviceFleet
from assistant.ports.identity import Directory, Workplace
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Event, Store
from kb.model import Article, Reader

TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")
TEMPLATES.env.filters["filesize"] = said_size
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
    fleet: DeviceFleet
    knowledge: Knowledge
    articles: Callable[[], list[Article]]
    tokens: Tokens
    links: Links
    clock: Clock
    upkeep: Upkeep
    refusals: Refusals
    files: Files
    opinions: Opinions
    subscribe: Callable[[Callable[[Sequence[Event]], None]], None]
    widget_assets: Path
    demo: bool
    allowed_origins: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    link_hosts: Callable[[], tuple[str, ...]]
    messages_per_minute: int
    desk_hook: DeskHook | None = None
    routers: tuple[APIRouter, ...] = ()
    """Routes of surfaces beside the web."""
    live: Live = field(default_factory=Live)

    @property
    def presenter(self) -> Presenter:
        """Shows stored replies; no surface shows one in another way."""
        return Presenter(self.knowledge, self.clock, self.link_hosts)

    def names(self) -> dict[str, str]:
        """Return everybody's name by id."""
        return {person.id: person.name for person in self.directory.people()}

    def reader(self, person_id: str) -> Reader:
        """Return the rights that a person has at this moment; none when the directory no longer knows them."""
        person = self.directory.person(person_id)
        return Reader(person.groups if person else frozenset())


def site_of(request: Request) -> Site:
    """Return the site that serves this request."""
    site: Site = request.app.state.site
    return site
