"""Channels with their other side, as the contract of channels looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from assistant.adapters.memory.channels import CollectingChannel
from assistant.ports.channels import Channel, Delivery, Place
from assistant.ports.outside import Refused, Unavailable, Uncertain

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


BENCHES: dict[str, Callable[[Path], AbstractContextManager[Bench]]] = {"collecting": collecting}
