"""Channels with their other side, as the contract of channels looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from assistant.adapters.memory.channels import CollectingChannel
from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.store import MemoryStore
from assistant.entrypoints.slack.calls import Calls
from assistant.entrypoints.slack.channel import SlackChannel
from assistant.entrypoints.slack.places import Spot
from assistant.ports.channels import Channel, Delivery, Place
from assistant.ports.outside import Refused, Unavailable, Uncertain
from evals.slack.people import labels, words
from evals.slack.server import SlackServer
from evals.slack.workspace import BOT_TOKEN, TEAM, Fault, Workspace
from tests.support.mail_bench import mail_bench

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Failure = Literal["refused", "unavailable", "uncertain"]


class Bench(Protocol):
    """A channel, and what its people see."""

    @property
    def channel(self) -> Channel: ...
    @property
    def person(self) -> str:
        """Somebody who talks there."""

    @property
    def own_place(self) -> Place:
        """Where nobody else reads."""

    @property
    def public_place(self) -> Place | None:
        """Where others read too, None where there is no such place."""

    @property
    def searchable(self) -> bool:
        """A post can be found again by its key."""

    def shown(self, place: Place) -> list[str]:
        """Return the words of each post in a place, with the labels of its buttons, oldest first."""

    def shown_alone(self) -> list[str]:
        """Return the words of what only the person was shown on account of a public place."""

    def fail(self, how: Failure) -> None:
        """Let the next call end so. ``uncertain``: the post is taken and the answer is lost."""

    def says_where_the_rest_is(self, shown: str) -> bool:
        """Say whether the words tell where to read on."""


@dataclass
class CollectingBench:
    """The fake of the port."""

    channel: CollectingChannel = field(default_factory=CollectingChannel)
    person: str = "maria.santos"
    own_place: Place = Place("collecting", "D1/1.1")
    public_place: Place | None = Place("collecting", "C1/1.1", public=True)
    searchable: bool = True

    def shown(self, place: Place) -> list[str]:
        return [_words(one) for one in self.channel.delivered if one.thread.place == place and not one.confidential]

    def shown_alone(self) -> list[str]:
        return [_words(one) for one in self.channel.delivered if one.confidential]

    def fail(self, how: Failure) -> None:
        failures = {"refused": Refused("no such place"), "unavailable": Unavailable("busy", 1.0), "uncertain": Uncertain("lost")}
        self.channel.fails.append(failures[how])

    def says_where_the_rest_is(self, shown: str) -> bool:
        return False


def _words(delivery: Delivery) -> str:
    body = delivery.event.body
    if body["type"] != "reply":
        return f"{body['person']['name']} {body['text']}"
    reply = body["reply"]
    return "\n".join((reply["text"], *(one["title"] for one in reply["citations"]), *(one["label"] for one in reply["choices"])))


@contextmanager
def collecting(_folder: Path) -> Iterator[Bench]:
    """The fake."""
    yield CollectingBench()


@dataclass
class SlackBench:
    """Slack's channel before a workspace of our own."""

    channel: Channel
    workspace: Workspace
    own_place: Place
    public_place: Place | None
    direct: str
    person: str = "maria.santos"
    searchable: bool = True

    def shown(self, place: Place) -> list[str]:
        spot = Spot.of(place)
        return [_of_blocks(one) for one in self.workspace.by_bot(spot.channel, spot.thread)]

    def shown_alone(self) -> list[str]:
        return [_of_blocks(one) for one in self.workspace.by_bot(self.direct)]

    def fail(self, how: Failure) -> None:
        faults = {
            "refused": Fault("chat.postMessage", error="restricted_action"),
            "unavailable": Fault("chat.postMessage", status=429, headers={"Retry-After": "3"}),
            "uncertain": Fault("chat.postMessage", lost=True),
        }
        self.workspace.faults.append(faults[how])

    def says_where_the_rest_is(self, shown: str) -> bool:
        return "Its sources have the rest" in shown


def _of_blocks(message: dict[str, object]) -> str:
    return "\n".join((words(message) or str(message["text"]), *labels(message)))


@contextmanager
def slack(_folder: Path) -> Iterator[Bench]:
    """Slack, over the real library."""
    with SlackServer() as server:
        workspace = server.workspace
        user, channel = workspace.add_user("Maria Santos", "maria.santos@home.test"), workspace.add_channel("help")
        direct = workspace.direct(user)
        roots = {
            one: workspace.put(one, {"type": "message", "user": user, "text": "?", "ts": workspace.ts(), "channel": one})["ts"]
            for one in (direct, channel)
        }
        own, public = (Spot(TEAM, one, roots[one], user).place for one in (direct, channel))
        made = SlackChannel(Calls(BOT_TOKEN, server.api), MemoryStore(0.8), FixedClock(NOON), lambda: (), lambda _person: ())
        yield SlackBench(made, workspace, own, public, direct)
        assert workspace.violations == []


BENCHES: dict[str, Callable[[Path], AbstractContextManager[Bench]]] = {"collecting": collecting, "mail": mail_bench, "slack": slack}
