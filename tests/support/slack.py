"""The demo company in Slack: a service with its Slack surface, our own Slack before it, and people of the company at theirs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from evals.slack.people import Somebody
from evals.slack.server import SlackServer
from evals.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, TEAM, Workspace
from tests.support.service import LocalService, served_here

Found = TypeVar("Found")
SECONDS = 40.0


def slack_settings(server: SlackServer, transport: str) -> dict[str, Any]:
    """Return the settings with which a service works in this workspace."""
    tokens = {"slack_bot_token": BOT_TOKEN, "slack_app_token": APP_TOKEN, "slack_signing_secret": SIGNING_SECRET}
    return {**tokens, "slack_transport": transport, "slack_workspaces": [TEAM], "slack_api": server.api}


@dataclass
class Office:
    """A served company and its workspace."""

    server: SlackServer
    service: LocalService
    transport: str
    _there: dict[str, Somebody] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.server.workspace

    def somebody(self, person: str) -> Somebody:
        """Return a person of the company at their Slack."""
        if person not in self._there:
            known = self.service.assistant.directory.person(person)
            assert known is not None, person
            self._there[person] = Somebody(self.server, self.workspace.add_user(known.name, known.email))
        return self._there[person]

    def stranger(self, name: str = "Alex Ohne", **flags: Any) -> Somebody:
        """Return somebody of whom the company knows nothing."""
        return Somebody(self.server, self.workspace.add_user(name, "alex@elsewhere.test", **flags))

    def channel(self, name: str, channel_id: str = "") -> str:
        """Return a new channel."""
        return self.workspace.add_channel(name, channel_id=channel_id)

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Return the arguments of every call of a method so far."""
        return [one.arguments for one in self.workspace.calls if one.method == method]


def until(look: Callable[[], Found | None], seconds: float = SECONDS, why: str = "it did not come about") -> Found:
    """Wait until something is found and return it."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, why
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def office(home: Path, transport: str, workspace: Workspace | None = None, **settings: Any) -> Iterator[Office]:
    """Serve the company of a state folder with a workspace before it, over ``socket`` or ``http``."""
    with SlackServer(workspace or Workspace()) as server, served_here(home, **slack_settings(server, transport), **settings) as service:
        if transport == "http":
            server.target = f"{service.url}/slack/events"
        else:
            until(lambda: server.sockets, why="nothing connected over Socket Mode")
        yield Office(server, service, transport)
