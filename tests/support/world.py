"""The demo company as tests use it: the real knowledge base, the real database, the real desk, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from assistant.adapters.memory.clock import FixedClock
from assistant.agent.state import Inbound
from assistant.bootstrap import Assistant, open_assistant
from assistant.domain.conversation import Conversation, Episode
from assistant.domain.reply import Reply
from assistant.domain.ticket import Ticket
from assistant.governance.anchoring import examine
from assistant.modelling import Opens, open_chat
from assistant.settings import Settings
from kb.model import UnresolvedIntent
from tests.support.service import PATIENT_SECONDS

MONDAY = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
"""A Monday morning on which the open tickets of the demo company are a few days old."""
MESSAGE_NUMBERS = count(1)
"""Of the whole run: a person's message ids are never used twice, as those of a real client."""
LONG_AGO, FAR_AHEAD = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """An assistant over a copy of the demo company, with its clock."""

    assistant: Assistant
    clock: FixedClock
    home: Path

    def talk(self, person: str) -> Talk:
        """Begin to talk as a person."""
        return Talk(self, person)

    def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket as it is now."""
        with self.assistant.store.read() as unit:
            found = unit.tickets.ticket(ticket_id)
        assert found is not None, ticket_id
        return found

    def tickets_of(self, person: str) -> list[Ticket]:
        """Return all tickets of a person, newest first."""
        with self.assistant.store.read() as unit:
            return unit.tickets.of_requester(person, open_only=False)

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation as it is stored now."""
        with self.assistant.store.read() as unit:
            found = unit.conversations.load(conversation_id)
        assert found is not None, conversation_id
        return found

    def episodes(self, conversation_id: str) -> list[Episode]:
        """Return the episodes of a conversation."""
        with self.assistant.store.read() as unit:
            return unit.conversations.episodes(conversation_id)

    def unresolved(self) -> list[UnresolvedIntent]:
        """Return everything that could not be resolved so far, oldest first."""
        with self.assistant.store.read() as unit:
            return unit.intents.between(LONG_AGO, FAR_AHEAD)

    def audit_faults(self) -> list[str]:
        """Return everything that is wrong with the audit."""
        return examine(self.assistant.store, self.assistant.anchors, self.assistant.secret).faults


class Talk:
    """One person talking to the assistant; ``last`` is the latest reply."""

    def __init__(self, world: World, person: str, conversation: str | None = None) -> None:
        self.world = world
        self.person = person
        self.conversation = conversation
        self.replies: list[Reply] = []

    @property
    def last(self) -> Reply:
        """The latest reply."""
        return self.replies[-1]

    def say(self, text: str, *, device: str = "") -> Reply:
        """Send words."""
        return self._send(Inbound(self._id(), text, device=device))

    def press(self, choice: str) -> Reply:
        """Press one of the choices that the latest reply offers."""
        assert choice in [offered.id for offered in self.last.choices], f"{choice} was not offered: {self.last}"
        return self._send(Inbound(self._id(), choice=choice))

    def _id(self) -> str:
        return f"m{next(MESSAGE_NUMBERS)}"

    def _send(self, inbound: Inbound) -> Reply:
        reply = self.world.assistant.turns.take(self.person, self.conversation, inbound, "test")
        self.conversation = reply.conversation
        self.replies.append(reply)
        return reply


def cited(reply: Reply) -> set[str]:
    """Return the articles that a reply cites."""
    return {citation.article for citation in reply.citations}


def offered(reply: Reply) -> Sequence[str]:
    """Return the ids of the choices of a reply."""
    return [choice.id for choice in reply.choices]


@contextmanager
def opened_world(home: Path, at: datetime = MONDAY, opens: Opens = open_chat, **settings: object) -> Iterator[World]:
    """Open the assistant of a state folder at a moment; its indexes are brought up to date first. ``opens`` opens its chat models."""
    clock = FixedClock(at)
    assistant = open_assistant(Settings(**{"home": home, "deadline_seconds": PATIENT_SECONDS, **settings}), clock, opens)  # type: ignore[arg-type]
    assert assistant.knowledge_base.keeper.own()
    assistant.knowledge_base.keeper.catch_up()
    try:
        yield World(assistant, clock, home)
    finally:
        assistant.close()
