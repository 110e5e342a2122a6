"""Takes what people say about answers in their own conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.agent.turn import UnknownConversation
from assistant.desk import opinions
from assistant.desk.opinions import Reason
from assistant.ports.clock import Clock
from assistant.ports.store import Event, Store


class NoSuchAnswer(LookupError):
    """The message is none of this conversation, or its reply is no answer."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """Every way in of what people say about answers."""

    store: Store
    clock: Clock
    notify: Callable[[Sequence[Event]], None]

    def give(self, person_id: str, conversation_id: str, message_id: str, helpful: bool, reason: Reason, note: str) -> None:
        """Store what a person says about the answer to one of their messages. The latest word counts; the same word again changes nothing.

        Raises:
            UnknownConversation: it does not exist or is somebody else's.
            NoSuchAnswer: nothing was answered there.
        """
        with self.store.write() as unit:
            conversation = unit.conversations.load(conversation_id)
            if conversation is None or conversation.person != person_id:
                raise UnknownConversation(conversation_id)
            message = unit.conversations.message(conversation_id, message_id)
            events = opinions.give(unit, message, person_id, helpful, reason, note, self.clock.now()) if message is not None else None
        if events is None:
            raise NoSuchAnswer(message_id)
        self.notify(events)
