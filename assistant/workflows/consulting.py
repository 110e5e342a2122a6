"""Asks approvers where they talk, and shows them there how it was decided. Mail asks them as well, so nothing depends on this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.fulfilment import APPROVAL
from assistant.domain.action import Status
from assistant.ports.channels import Channel, Consults, Posted
from assistant.ports.identity import Directory
from assistant.ports.store import Event, OutboxEntry, UnitOfWork
from assistant.workflows.errands import DONE, Call, Ended


@dataclass(frozen=True, slots=True)
class _OnChannels:
    channels: Mapping[str, Channel] = field(default_factory=dict)
    directory: Directory | None = None
    patience: timedelta = timedelta(hours=24)

    @property
    def consulting(self) -> list[Consults]:
        """The channels on which approvers can be asked."""
        return [one for one in self.channels.values() if isinstance(one, Consults)]

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}


class AskApprover(_OnChannels):
    """``approval.ask``: the request itself, in a message to one approver."""

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. Nobody is asked about what is decided already."""
        del at
        action = unit.actions.load(entry.body["action"])
        return None if self.consulting and action is not None and action.status is Status.AWAITING else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A second call looks for the first one's message."""
        assert self.directory is not None, "approvers are people of the directory"
        person = self.directory.person(call.entry.body["person"])
        found = [one.ask(person, call.entry.body["action"], call.entry.key, call.uncertain) for one in self.consulting] if person is not None else []
        return {"posts": [[post.channel, post.place, post.post] for post in found if post is not None]}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. The message is remembered, so that it can be changed."""
        if ended.state == DONE:
            for channel, place, post in ended.result.get("posts", ()):
                unit.posts.note(Posted(channel, f"{APPROVAL}{entry.body['action']}", place, post, at))
        return []


class ShowStanding(_OnChannels):
    """``approval.show``: how a request stands, in every message that asked for it."""

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. Without messages nothing has to be changed."""
        del at
        asked = any(unit.posts.about(name, f"{APPROVAL}{entry.body['action']}") for name in self.channels)
        return None if asked else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Changing a message twice is the same as once."""
        for one in self.consulting:
            one.show_standing(call.entry.body["action"])
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []
