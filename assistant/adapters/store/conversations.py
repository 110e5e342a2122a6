"""Conversations, messages and events in tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from assistant.adapters.store.outcomes import SqlOutcomes
from assistant.adapters.store.tables import conversations, episodes, events, messages
from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.ports.store import ConversationChanged, Event, Message


@dataclass(frozen=True, slots=True)
class SqlConversations:
    """The ``Conversations`` protocol on a connection whose owner commits. ``emitted`` is told of every event in the same transaction."""

    connection: Connection
    emitted: Callable[[Event], None] = lambda _event: None

    def begin(self, conversation: Conversation) -> None:
        """See the port."""
        self.connection.execute(insert(conversations).values(**_head(conversation)))
        self.connection.execute(insert(episodes).values(conversation=conversation.id, **_episode_row(conversation.episode)))

    def load(self, conversation_id: str) -> Conversation | None:
        """See the port."""
        row = self.connection.execute(_with_episode().where(conversations.c.id == conversation_id)).mappings().first()
        return _conversation(row) if row else None

    def of_person(self, person: str, limit: int = 50, before: datetime | None = None) -> list[Conversation]:
        """See the port."""
        query = _with_episode().where(conversations.c.person == person).order_by(conversations.c.changed_at.desc(), conversations.c.id).limit(limit)
        if before is not None:
            query = query.where(conversations.c.changed_at < before)
        return [_conversation(row) for row in self.connection.execute(query).mappings()]

    def save(self, conversation: Conversation) -> None:
        """See the port."""
        head = _head(conversation) | {"version": conversation.version + 1}
        query = update(conversations).where(conversations.c.id == conversation.id, conversations.c.version == conversation.version).values(**head)
        if self.connection.execute(query).rowcount != 1:
            raise ConversationChanged(conversation.id)
        row = _episode_row(conversation.episode)
        where = (episodes.c.conversation == conversation.id) & (episodes.c.number == conversation.episode.number)
        if self.connection.execute(update(episodes).where(where).values(**row)).rowcount == 0:
            self.connection.execute(insert(episodes).values(conversation=conversation.id, **row))
        SqlOutcomes(self.connection).count(conversation)

    def under_way(self, before: datetime) -> int:
        """See the port."""
        mine = (episodes.c.conversation == conversations.c.id) & (episodes.c.number == conversations.c.episode)
        query = select(func.count()).select_from(conversations.join(episodes, mine))
        found = self.connection.execute(query.where(conversations.c.opened_at < before, episodes.c.closed_at.is_(None)))
        return int(found.scalar_one())

    def silent_since(self, state: State, moment: datetime) -> list[Conversation]:
        """See the port."""
        query = _with_episode().where(conversations.c.state == state.value, conversations.c.changed_at <= moment)
        return [_conversation(row) for row in self.connection.execute(query).mappings()]

    def accept(self, message: Message) -> Message:
        """See the port."""
        known = self.message(message.conversation, message.id)
        if known is not None:
            return known
        row = {"text": message.text, "choice": message.choice, "device": message.device, "at": message.at, "answered": False}
        self.connection.execute(insert(messages).values(conversation=message.conversation, id=message.id, **row))
        return message

    def pending(self) -> list[Message]:
        """See the port."""
        query = select(messages).where(messages.c.answered.is_(False)).order_by(messages.c.number)
        return [_message(row) for row in self.connection.execute(query).mappings()]

    def message(self, conversation_id: str, message_id: str) -> Message | None:
        """See the port."""
        query = select(messages).where(messages.c.conversation == conversation_id, messages.c.id == message_id)
        row = self.connection.execute(query).mappings().first()
        return _message(row) if row else None

    def message_of(self, person: str, message_id: str) -> Message | None:
        """See the port."""
        mine = select(messages).join(conversations, conversations.c.id == messages.c.conversation).where(conversations.c.person == person)
        row = self.connection.execute(mine.where(messages.c.id == message_id)).mappings().first()
        return _message(row) if row else None

    def answer(self, message: Message, reply: dict[str, Any]) -> None:
        """See the port."""
        where = (messages.c.conversation == message.conversation) & (messages.c.id == message.id)
        self.connection.execute(update(messages).where(where).values(answered=True, reply=reply))

    def emit(self, conversation_id: str, at: datetime, body: dict[str, Any]) -> Event:
        """See the port."""
        last = self.connection.execute(select(func.max(events.c.number)).where(events.c.conversation == conversation_id)).scalar() or 0
        self.connection.execute(insert(events).values(conversation=conversation_id, number=last + 1, at=at, body=body))
        event = Event(last + 1, conversation_id, at, body)
        self.emitted(event)
        return event

    def events(self, conversation_id: str, after: int = 0) -> list[Event]:
        """See the port."""
        query = select(events).where(events.c.conversation == conversation_id, events.c.number > after).order_by(events.c.number)
        return [Event(row["number"], row["conversation"], row["at"], row["body"]) for row in self.connection.execute(query).mappings()]

    def episodes(self, conversation_id: str) -> list[Episode]:
        """See the port."""
        query = select(episodes).where(episodes.c.conversation == conversation_id).order_by(episodes.c.number)
        return [_episode(row) for row in self.connection.execute(query).mappings()]

    def mark_reopened(self, conversation_id: str, number: int, at: datetime) -> None:
        """See the port."""
        where = (episodes.c.conversation == conversation_id) & (episodes.c.number == number)
        self.connection.execute(update(episodes).where(where).values(reopened=True))
        SqlOutcomes(self.connection).reopen(conversation_id, number, at)


def _with_episode() -> Any:
    columns = [column.label(f"episode_{column.name}") for column in episodes.c if column.name != "conversation"]
    on = (episodes.c.conversation == conversations.c.id) & (episodes.c.number == conversations.c.episode)
    return select(conversations, *columns).join(episodes, on)


def _head(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "person": conversation.person,
        "channel": conversation.channel,
        "state": conversation.state.value,
        "before": conversation.before.value,
        "opened_at": conversation.opened_at,
        "changed_at": conversation.changed_at,
        "version": conversation.version,
        "episode": conversation.episode.number,
        "memory": conversation.memory,
    }


def _episode_row(episode: Episode) -> dict[str, Any]:
    return {
        "number": episode.number,
        "opened_at": episode.opened_at,
        "closed_at": episode.closed_at,
        "outcome": episode.outcome.value if episode.outcome else None,
        "reopened": episode.reopened,
        "ticket": episode.ticket,
        "summary": episode.summary,
    }


def _episode(row: Any, prefix: str = "") -> Episode:
    outcome = row[f"{prefix}outcome"]
    return Episode(
        number=row[f"{prefix}number"],
        opened_at=row[f"{prefix}opened_at"],
        closed_at=row[f"{prefix}closed_at"],
        outcome=Outcome(outcome) if outcome else None,
        reopened=row[f"{prefix}reopened"],
        ticket=row[f"{prefix}ticket"],
        summary=row[f"{prefix}summary"],
    )


def _conversation(row: Any) -> Conversation:
    return Conversation(
        id=row["id"],
        person=row["person"],
        channel=row["channel"],
        state=State(row["state"]),
        before=State(row["before"]),
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
        version=row["version"],
        episode=_episode(row, "episode_"),
        memory=row["memory"],
    )


def _message(row: Any) -> Message:
    return Message(row["id"], row["conversation"], row["text"], row["choice"], row["device"], row["at"], row["reply"])
