"""Channels' records in memory."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import datetime

from assistant.ports.attachments import Attachment, Feedback
from assistant.ports.channels import Delivery, Place, Posted, Received, Thread
from assistant.ports.outside import Refused, Unavailable


@dataclass(frozen=True, slots=True)
class _Kept:
    received: Received
    due_at: datetime
    state: str = "waiting"
    tries: int = 0
    holder: str = ""
    until: datetime | None = None


@dataclass(slots=True)
class MemoryInbox:
    """The ``Inbox`` protocol over a dictionary."""

    kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)

    def copy(self) -> MemoryInbox:
        """Return the same, which changes by itself."""
        return MemoryInbox(dict(self.kept))

    def put(self, received: Received) -> bool:
        """See the port."""
        if (received.channel, received.id) in self.kept:
            return False
        self.kept[received.channel, received.id] = _Kept(copy.deepcopy(received), received.at)
        return True

    def due(self, until: datetime, limit: int) -> list[Received]:
        """See the port."""
        waiting = sorted((one for one in self.kept.values() if one.state == "waiting"), key=lambda one: one.received.at)
        firsts: dict[tuple[str, str], _Kept] = {}
        for one in waiting:
            line = one.received.line
            firsts.setdefault((one.received.channel, f"line {line}" if line else f"id {one.received.id}"), one)
        return [copy.deepcopy(one.received) for one in firsts.values() if one.due_at <= until][:limit]

    def hold(self, received: Received, holder: str, at: datetime, until: datetime) -> int:
        """See the port."""
        one = self.kept.get((received.channel, received.id))
        if one is None or one.state != "waiting" or (one.holder not in ("", holder) and one.until is not None and one.until > at):
            return -1
        self.kept[received.channel, received.id] = replace(one, holder=holder, until=until, tries=one.tries + 1)
        return one.tries

    def postpone(self, received: Received, due_at: datetime, why: str) -> None:
        """See the port."""
        del why
        one = self.kept.get((received.channel, received.id))
        if one is not None and one.state == "waiting":
            self.kept[received.channel, received.id] = replace(one, due_at=due_at, holder="", until=None)

    def finish(self, received: Received, at: datetime, why: str = "") -> None:
        """See the port."""
        del at
        one = self.kept.get((received.channel, received.id))
        if one is not None and one.state == "waiting":
            wordless = replace(one.received, body={})
            self.kept[received.channel, received.id] = replace(one, received=wordless, state="failed" if why else "done", holder="", until=None)

    def state(self, channel: str, name: str) -> str:
        """See the port."""
        one = self.kept.get((channel, name))
        return one.state if one is not None else ""

    def standing(self) -> tuple[int, int]:
        """See the port."""
        states = [one.state for one in self.kept.values()]
        return states.count("waiting"), states.count("failed")


@dataclass(slots=True)
class MemoryThreads:
    """The ``Threads`` protocol over a dictionary."""

    kept: dict[tuple[str, str, str], tuple[datetime, Thread]] = field(default_factory=dict)

    def copy(self) -> MemoryThreads:
        """Return the same, which changes by itself."""
        return MemoryThreads(dict(self.kept))

    def link(self, thread: Thread, at: datetime) -> None:
        """See the port."""
        self.kept[thread.place.channel, thread.place.key, thread.person] = at, thread

    def conversation_of(self, place: Place, person: str) -> str | None:
        """See the port."""
        found = self.kept.get((place.channel, place.key, person))
        return found[1].conversation if found else None

    def of_conversation(self, conversation: str) -> list[Thread]:
        """See the port."""
        return [thread for thread in self._ordered() if thread.conversation == conversation]

    def of_place(self, channel: str, key: str) -> list[Thread]:
        """See the port."""
        return [thread for thread in self._ordered() if (thread.place.channel, thread.place.key) == (channel, key)]

    def _ordered(self) -> list[Thread]:
        return [thread for _, thread in sorted(self.kept.values(), key=lambda one: (one[0], one[1].person, one[1].place.key))]


@dataclass(slots=True)
class MemoryPosts:
    """The ``Posts`` protocol over a dictionary."""

    kept: dict[tuple[str, str, str], Posted] = field(default_factory=dict)

    def copy(self) -> MemoryPosts:
        """Return the same, which changes by itself."""
        return MemoryPosts(dict(self.kept))

    def note(self, posted: Posted) -> None:
        """See the port."""
        self.kept.setdefault((posted.channel, posted.place, posted.post), posted)

    def about(self, channel: str, about: str) -> list[Posted]:
        """See the port."""
        found = [one for one in self.kept.values() if (one.channel, one.about) == (channel, about)]
        return sorted(found, key=lambda one: (one.at, one.place, one.post))

    def of_post(self, channel: str, place: str, post: str) -> Posted | None:
        """See the port."""
        return self.kept.get((channel, place, post))


@dataclass(slots=True)
class MemoryAttachments:
    """The ``Attachments`` protocol over a dictionary."""

    kept: dict[str, tuple[Attachment, bytes]] = field(default_factory=dict)

    def copy(self) -> MemoryAttachments:
        """Return the same, which changes by itself."""
        return MemoryAttachments(dict(self.kept))

    def add(self, attachment: Attachment, content: bytes) -> Attachment:
        """See the port."""
        mine = (one for one, _ in self.kept.values() if (one.conversation, one.key) == (attachment.conversation, attachment.key))
        known = next(mine, None)
        if known is None:
            self.kept[attachment.id] = attachment, content
        return known or attachment

    def load(self, attachment_id: str) -> Attachment | None:
        """See the port."""
        found = self.kept.get(attachment_id)
        return found[0] if found else None

    def content(self, attachment_id: str) -> bytes | None:
        """See the port."""
        found = self.kept.get(attachment_id)
        return found[1] if found else None

    def of_conversation(self, conversation: str) -> list[Attachment]:
        """See the port."""
        return sorted((one for one, _ in self.kept.values() if one.conversation == conversation), key=lambda one: (one.at, one.id))

    def of_ticket(self, ticket: str) -> list[Attachment]:
        """See the port."""
        return sorted((one for one, _ in self.kept.values() if one.ticket == ticket), key=lambda one: (one.at, one.id))

    def give(self, conversation: str, ticket: str) -> list[Attachment]:
        """See the port."""
        given = [replace(one, ticket=ticket) for one in self.of_conversation(conversation) if not one.ticket]
        self.kept |= {one.id: (one, self.kept[one.id][1]) for one in given}
        return given

    def of_person_since(self, person: str, since: datetime) -> tuple[int, int]:
        """See the port."""
        mine = [one.size for one, _ in self.kept.values() if one.person == person and one.at >= since]
        return len(mine), sum(mine)

    def remove(self, attachment_id: str) -> bool:
        """See the port."""
        return self.kept.pop(attachment_id, None) is not None


@dataclass(slots=True)
class MemoryFeedbacks:
    """The ``Feedbacks`` protocol over a dictionary."""

    kept: dict[tuple[str, str], Feedback] = field(default_factory=dict)

    def copy(self) -> MemoryFeedbacks:
        """Return the same, which changes by itself."""
        return MemoryFeedbacks(dict(self.kept))

    def record(self, feedback: Feedback) -> None:
        """See the port."""
        self.kept[feedback.conversation, feedback.message] = feedback

    def of_answer(self, conversation: str, message: str) -> Feedback | None:
        """See the port."""
        return self.kept.get((conversation, message))

    def since(self, moment: datetime) -> list[Feedback]:
        """See the port."""
        return sorted((one for one in self.kept.values() if one.at >= moment), key=lambda one: (one.at, one.message))


@dataclass(slots=True)
class CollectingChannel:
    """The ``Channel`` protocol: keeps what is delivered. ``fails`` is raised, once each; by then ``Uncertain`` has kept it."""

    name: str = "collecting"
    delivered: list[Delivery] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)
    """Of every call, whether an earlier one was uncertain."""

    def deliver(self, delivery: Delivery) -> str:
        """See the port. A key that was delivered is found and not delivered again."""
        self.asked.append(delivery.uncertain)
        failure = self.fails.pop(0) if self.fails else None
        if isinstance(failure, Refused | Unavailable):
            raise failure
        post = self._keep(delivery)
        if failure is not None:
            raise failure
        return post

    def _keep(self, delivery: Delivery) -> str:
        for number, known in enumerate(self.delivered, 1):
            if known.key == delivery.key:
                return f"post-{number}"
        self.delivered.append(delivery)
        return f"post-{len(self.delivered)}"
