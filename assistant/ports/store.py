"""Durable state of conversations. One unit of work is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from assistant.domain.audit import AuditEntry, AuditRecord
from assistant.domain.conversation import Conversation, Episode, State
from assistant.ports.ticketing import Tickets
from kb.ports import IntentLog


class ConversationChanged(Exception):
    """Another turn changed the conversation meanwhile; load it again."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was accepted. ``reply`` is its stored reply envelope, None while it is pending."""

    id: str
    conversation: str
    text: str
    choice: str
    device: str
    at: datetime
    reply: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered event of a conversation, as channels resume from it."""

    number: int
    conversation: str
    at: datetime
    body: dict[str, Any]


class Conversations(Protocol):
    """Conversations, their messages and their events."""

    def begin(self, conversation: Conversation) -> None:
        """Store a new conversation with its first episode."""

    def load(self, conversation_id: str) -> Conversation | None:
        """Return a conversation with its current episode, or None."""

    def of_person(self, person: str, limit: int = 50) -> list[Conversation]:
        """Return a person's conversations, last changed first."""

    def save(self, conversation: Conversation) -> None:
        """Store a changed conversation and its current episode, raising its version by one.

        Raises:
            ConversationChanged: its version is not the stored one.
        """

    def silent_since(self, state: State, moment: datetime) -> list[Conversation]:
        """Return the conversations in a state that have not changed since the moment."""

    def accept(self, message: Message) -> Message:
        """Store a message, or return the stored one when its id was accepted before."""

    def pending(self) -> list[Message]:
        """Return the messages without a reply, oldest first."""

    def message(self, conversation_id: str, message_id: str) -> Message | None:
        """Return one message or None."""

    def message_of(self, person: str, message_id: str) -> Message | None:
        """Return the message that a person sent under this id in any of their conversations, or None."""

    def answer(self, message: Message, reply: dict[str, Any]) -> None:
        """Store the reply of a message."""

    def emit(self, conversation_id: str, at: datetime, body: dict[str, Any]) -> Event:
        """Append an event with the conversation's next number."""

    def events(self, conversation_id: str, after: int = 0) -> list[Event]:
        """Return the events after a number, in order."""

    def episodes(self, conversation_id: str) -> list[Episode]:
        """Return all episodes of a conversation, in order."""

    def mark_reopened(self, conversation_id: str, number: int) -> None:
        """Deduct the outcome of an episode: the person came back."""


class Audit(Protocol):
    """The append-only, hash-chained record of decisions."""

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Append entries to the chain."""

    def read(self, after: int = 0, limit: int = 1_000) -> list[AuditRecord]:
        """Return records in order, for verification and replay."""

    def head(self) -> AuditRecord | None:
        """Return the last record, None while there is none."""


class UnitOfWork(Protocol):
    """The repositories of one transaction."""

    @property
    def conversations(self) -> Conversations:
        """Conversations, messages, events."""

    @property
    def tickets(self) -> Tickets:
        """The built-in desk."""

    @property
    def audit(self) -> Audit:
        """The audit."""

    @property
    def intents(self) -> IntentLog:
        """Unresolved intents."""


class Store(Protocol):
    """Opens units of work."""

    def write(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a transaction; commits at the end of the block, rolls back when the block raises."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a consistent read; nothing is committed."""
