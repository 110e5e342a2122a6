"""Where people talk: what arrives from a channel, which conversation a place belongs to, and how a channel shows what happens in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from assistant.domain.configuration import guest_of

if TYPE_CHECKING:
    from assistant.domain.configuration import Person
    from assistant.ports.store import Event


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person talks: one thread of Slack, one thread of mails. ``key`` is the channel's own address of it, at most 200 characters."""

    channel: str
    key: str
    public: bool = False
    """Others read there too."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One person's conversation in a place."""

    place: Place
    person: str
    conversation: str

    @property
    def is_of_guest(self) -> bool:
        """Say whether nobody knows who this person is."""
        return guest_of(self.person) is not None


@dataclass(frozen=True, slots=True)
class Received:
    """One thing that arrived. ``id`` is the sender's own: the same id is the same thing, however often it comes."""

    channel: str
    id: str
    at: datetime
    body: dict[str, Any] = field(default_factory=dict)
    line: str = ""
    """What arrives in one line of a channel is handled in the order of ``at``, one after another; "" is in no line."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted about something ("c_1f/41", "approval/a_2c") in a place, with the other side's id of the post."""

    channel: str
    about: str
    place: str
    post: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event to be shown in a thread, as its reader may see it now."""

    thread: Thread
    event: Event
    key: str
    """Fixed for this event in this thread; a channel that can, posts under it."""
    uncertain: bool = False
    """An earlier call may have posted it: look for the key first."""
    confidential: bool = False
    """The place is public, and the event says what is not for everybody: show it to the person alone, and say there that you did."""


class Channel(Protocol):
    """Shows what happens in conversations."""

    @property
    def name(self) -> str:
        """The name by which places refer to it."""

    def deliver(self, delivery: Delivery) -> str:
        """Show an event; return the other side's id of the post, "" when nothing of it is shown here.

        Raises:
            Refused: it cannot be shown there, now or later.
            Unavailable: nothing was posted.
            Uncertain: it may have been posted.
        """


@runtime_checkable
class Consults(Protocol):
    """A channel on which approvers can be asked."""

    def ask(self, person: Person, action: str, key: str, uncertain: bool) -> Posted | None:
        """Ask somebody to decide about an action; return the message, None when they are not there or do not decide it now.

        Raises:
            Refused, Unavailable, Uncertain: as ``Channel.deliver``; with ``uncertain`` an earlier call may have asked.
        """

    def show_standing(self, action: str) -> None:
        """Show how a request stands in every message that asked for it.

        Raises:
            Unavailable: not every one was changed; a second call is the same as one.
        """


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something for everybody in a place: a title, numbered sentences that each lead somewhere, and a last line."""

    title: str
    lines: tuple[tuple[str, str], ...]
    """What each says, and its address."""
    last: tuple[str, str]


@runtime_checkable
class Announces(Protocol):
    """A channel with places for everybody."""

    def announce(self, place: str, announcement: Announcement, key: str, uncertain: bool) -> str:
        """Post in a place; return the other side's id of the post. With ``uncertain`` an earlier call may have posted it under this key.

        Raises:
            Refused, Unavailable, Uncertain: as ``Channel.deliver``.
        """


class Inbox(Protocol):
    """What arrived and was not handled yet; of what was handled only the id stays."""

    def put(self, received: Received) -> bool:
        """Store what arrived; return whether it came for the first time."""

    def due(self, until: datetime, limit: int) -> list[Received]:
        """Return what waits and is due by then, earliest first; of each line only the first that waits."""

    def hold(self, received: Received, holder: str, at: datetime, until: datetime) -> int:
        """Keep what waits for one process until then; return how often it was tried before, -1 when another has it or it does not wait."""

    def postpone(self, received: Received, due_at: datetime, why: str) -> None:
        """Let it wait until another time; nobody holds it then."""

    def finish(self, received: Received, at: datetime, why: str = "") -> None:
        """Strike it off; with ``why`` it could not be handled. Its words are gone in either case."""

    def state(self, channel: str, name: str) -> str:
        """Return "waiting", "done" or "failed" for what arrived under an id, "" for what never did."""

    def standing(self) -> tuple[int, int]:
        """Return how many wait, and how many could not be handled."""


class Threads(Protocol):
    """Which conversation a person has in a place."""

    def link(self, thread: Thread, at: datetime) -> None:
        """Store a thread; the person's conversation in that place is this one from now on."""

    def conversation_of(self, place: Place, person: str) -> str | None:
        """Return the conversation that a person has in a place, or None."""

    def of_conversation(self, conversation: str) -> list[Thread]:
        """Return the places of a conversation."""

    def of_place(self, channel: str, key: str) -> list[Thread]:
        """Return everybody's conversation in a place, the oldest first."""


class Posts(Protocol):
    """What was posted where, so that it can be changed later."""

    def note(self, posted: Posted) -> None:
        """Remember a post; the same one again changes nothing."""

    def about(self, channel: str, about: str) -> list[Posted]:
        """Return the posts of a channel about something, oldest first."""

    def of_post(self, channel: str, place: str, post: str) -> Posted | None:
        """Return what a post is about, or None."""
