"""What the Slack surface works with, handed down by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.agent.deciding import Deciding
from assistant.agent.overhearing import Overhearing
from assistant.agent.turn import Turns
from assistant.domain.configuration import Device, Person
from assistant.entrypoints.slack.calls import Calls
from assistant.entrypoints.slack.config import SlackConfig
from assistant.entrypoints.slack.identity import Identity, Known
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory, Workplace
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Store


@dataclass(frozen=True, slots=True)
class SlackParts:
    """Ready parts."""

    config: SlackConfig
    calls: Calls
    identity: Identity
    turns: Turns
    deciding: Deciding
    overhearing: Overhearing
    store: Store
    directory: Directory
    workplace: Workplace
    knowledge: Knowledge
    clock: Clock
    devices_of: Callable[[str], Sequence[Device]]
    console: str
    """Address of the console, for those who may go there."""
    messages_per_minute: int = 60

    def known(self, user: str) -> Known:
        """Return who a Slack user is."""
        return self.identity.of(user)

    def person(self, known: Known) -> Person | None:
        """Return the person as the directory knows them now; None for a guest."""
        return None if known.is_guest else self.directory.person(known.person)

    def devices(self, known: Known) -> list[tuple[str, str]]:
        """Return somebody's devices as they are chosen from."""
        return [] if known.is_guest else [(one.id, f"{one.name} ({one.os})") for one in self.devices_of(known.person)]

    def language(self, known: Known) -> str:
        """Return the language in which somebody wrote last, English before they have."""
        return self.overhearing.language_of(known.person)
