"""A person's end of a channel that shows events elsewhere than on our socket: what was shown is found by its number in the log."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evals.conversations.channel import REPLY_SECONDS, ChannelBroken
from evals.conversations.stage import Stage

if TYPE_CHECKING:
    from assistant.ports.store import Event

POLL_SECONDS = 0.02
Reply = dict[str, Any]


@dataclass
class StoredChat(ABC):
    """A ``Talking`` whose replies count once ``shown`` names them; what they hold is read from the log, with the person's rights of that moment."""

    stage: Stage
    person: str
    conversation: str = ""
    seconds: list[float] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    last: Reply = field(default_factory=dict)
    _number: int = 0

    @abstractmethod
    def shown(self) -> list[tuple[str, int]]:
        """Return the conversations and numbers of all events that the channel has shown to the person so far."""

    def next_reply(self, seconds: float) -> Reply | None:
        """Return the next reply that the channel shows; None when it shows none in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for conversation, number in sorted(self.shown(), key=lambda one: one[1]):
                if conversation != self.conversation or number <= self._number:
                    continue
                self._number = number
                event = self._event(number)
                if event is not None and event.body["type"] == "reply":
                    self.seen.append(event.body)
                    self.last = event.body["reply"]
                    return self.last
            time.sleep(POLL_SECONDS)
        return None

    def await_reply(self, message: str, began: float) -> Reply:
        """Return the reply to a message (to whichever comes next where its id is not known: ""), once the channel shows it.

        Raises:
            ChannelBroken: it does not.
        """
        while (left := began + REPLY_SECONDS - time.monotonic()) > 0:
            reply = self.next_reply(left)
            if reply is not None and reply["message"] and message in ("", reply["message"]):
                self.seconds.append(time.monotonic() - began)
                return reply
        raise ChannelBroken(f"no reply was shown within {REPLY_SECONDS:g} seconds")

    def _event(self, number: int) -> Event | None:
        from assistant.agent.present import Presenter
        from kb.model import Reader

        assistant = self.stage.assistant
        with assistant.store.read() as unit:
            found = [one for one in unit.conversations.events(self.conversation, number - 1) if one.number == number]
        person = assistant.directory.person(self.person)
        presenter = Presenter(assistant.knowledge, assistant.clock, assistant.link_hosts)
        return next(iter(presenter.events(found, Reader(person.groups if person else frozenset()))), None)
