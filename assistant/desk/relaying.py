"""Puts what channels have to show into the outbox, in the transaction in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from assistant.ports.channels import Thread, Threads
from assistant.ports.store import Event, Outbox, OutboxEntry

DELIVER = "channel.deliver"
SHOWN = frozenset({"reply", "person", "holding"})
"""What a person hears. Their own words they know."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Hears of every event of a transaction."""

    threads: Threads
    outbox: Outbox

    def __call__(self, event: Event) -> None:
        """Put an errand for each thread of the event's conversation."""
        if event.body["type"] not in SHOWN:
            return
        for thread in self.threads.of_conversation(event.conversation):
            self.outbox.put(OutboxEntry(_key(thread, event.number), DELIVER, _body(thread, event), event.at, event.at))


def _key(thread: Thread, number: int) -> str:
    """Return the key of an event in a thread, fixed for ever."""
    where = sha256(f"{thread.place.channel}\n{thread.place.key}\n{thread.person}".encode()).hexdigest()[:16]
    return f"{DELIVER}:{thread.conversation}/{number}:{where}"


def _body(thread: Thread, event: Event) -> dict[str, object]:
    place = {"channel": thread.place.channel, "place": thread.place.key, "public": thread.place.public}
    line = f"{thread.place.channel}:{thread.place.key}"
    return {**place, "person": thread.person, "conversation": event.conversation, "number": event.number, "thread": line}
