"""The running service: an assistant behind the web surface, with its upkeep."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.agent.silence import settle_silence
from assistant.bootstrap import Assistant
from assistant.entrypoints.tokens import Tokens
from assistant.entrypoints.web.site import Site, Upkeep
from assistant.governance.audit import Anchor
from assistant.governance.refusals import Refusals
from assistant.learning import learn_weekly
from kb.keeper import Health
from kb.model import Reader

if TYPE_CHECKING:
    from fastapi import FastAPI

OWNER_WAIT_SECONDS = 10.0
LEFT_BEHIND_DEADLINES = 3


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
    _recovered: bool = field(default=False, init=False)
    _anchored: int = field(default=0, init=False)

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
        address_file(self.assistant.settings.home).write_text(json.dumps({"url": self.url, "pid": os.getpid()}))

    def follow(self) -> None:
        """Bring the indexes up to the tables; the first time compare them and answer what a crash left unanswered."""
        keeper = self.assistant.knowledge_base.keeper
        keeper.catch_up()
        if not self._recovered:
            keeper.repair()
            self.assistant.turns.recover()
            self._recovered = True

    def settle(self) -> None:
        """Settle silent conversations, answer what was left behind, learn the ranking once a week, and anchor the audit's head."""
        settle_silence(self.assistant.parts)
        self.assistant.turns.recover(older_than=timedelta(seconds=LEFT_BEHIND_DEADLINES * self.assistant.timings.deadline_seconds))
        self.anchor()
        if self._recovered:
            learn_weekly(self.assistant)

    def anchor(self) -> None:
        """Write the audit's head to the anchors file when it has moved."""
        with self.assistant.store.read() as unit:
            head = unit.audit.head()
        if head is not None and head.number > self._anchored:
            self.assistant.anchors.add(Anchor.of(head, self.assistant.secret))
            self._anchored = head.number

    def health(self) -> dict[str, Any]:
        """Return what ``/healthz`` says. Anybody may read it, so it counts only the articles that anybody may read."""
        state, why = self.assistant.knowledge_base.keeper.health()
        ready = "ready" if state is Health.READY else "degraded"
        try:
            articles = sum(article.audience.admits(Reader()) for article in self.assistant.knowledge_base.store.articles())
        except Exception as error:  # whatever is wrong with the database is what this call is asked for
            return {"status": "failing", "database": type(error).__name__, "vector_search": state.value, "detail": str(error)}
        return {"status": ready, "articles": articles, "vector_search": state.value, "detail": why, "caught_up": self._recovered}

    def stop(self) -> None:
        """Finish turns, anchor the audit and let go."""
        self.anchor()
        address_file(self.assistant.settings.home).unlink(missing_ok=True)
        self.assistant.close()


def open_site(assistant: Assistant, service: Service) -> Site:
    """Return the parts of the web surface."""
    from widget import ASSETS

    settings = assistant.settings
    return Site(
        turns=assistant.turns,
        store=assistant.store,
        directory=assistant.directory,
        workplace=assistant.workplace,
        fleet=assistant.workplace,
        knowledge=assistant.knowledge,
        articles=assistant.knowledge_base.store.articles,
        tokens=Tokens(assistant.secret, settings.token_minutes),
        clock=assistant.clock,
        upkeep=Upkeep(service.start, service.follow, service.settle, service.health, service.stop),
        refusals=Refusals(assistant.store, assistant.clock),
        subscribe=assistant.subscribers.append,
        widget_assets=ASSETS,
        demo=settings.demo,
        allowed_origins=tuple(settings.allowed_origins),
        allowed_hosts=tuple(settings.allowed_hosts),
        link_hosts=assistant.link_hosts,
        messages_per_minute=settings.messages_per_minute,
    )


def open_app(assistant: Assistant, url: str) -> FastAPI:
    """Return the web application over an assistant."""
    from assistant.entrypoints.web.app import create_app

    return create_app(open_site(assistant, Service(assistant, url)))
