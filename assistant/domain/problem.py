"""Problems: what several tickets have in common, as a state machine, with its tickets, its messages and what is known of its cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ProblemState(StrEnum):
    """Where a problem stands."""

    CANDIDATE = "candidate"
    """Found among the tickets; nobody has decided about it."""
    OPEN = "open"
    """People work on it, and whoever asks about it is told."""
    KNOWN_ERROR = "known_error"
    """The same, with a workaround."""
    RESOLVED = "resolved"
    """Solved and told; it can still be taken back."""
    CLOSED = "closed"
    DISMISSED = "dismissed"
    """Its tickets have nothing in common, or nothing that matters."""

    @property
    def is_active(self) -> bool:
        """Say whether people are told of it."""
        return self in ACTIVE

    @property
    def label(self) -> str:
        """The state as people say it."""
        return self.value.replace("_", " ")


ACTIVE = frozenset({ProblemState.OPEN, ProblemState.KNOWN_ERROR})


class Event(StrEnum):
    """What moves a problem."""

    ACCEPT = "accepted"
    DISMISS = "dismissed"
    KNOW = "workaround known"
    FORGET = "workaround withdrawn"
    RESOLVE = "resolved"
    UNDO = "resolution taken back"
    SETTLE = "closed"
    RESTORE = "looked at again"


class IllegalStep(ValueError):
    """That cannot happen to a problem in that state; the words say so."""


_S, _E = ProblemState, Event
TRANSITIONS: dict[tuple[ProblemState, Event], ProblemState] = {
    (_S.CANDIDATE, _E.ACCEPT): _S.OPEN,
    (_S.CANDIDATE, _E.DISMISS): _S.DISMISSED,
    (_S.OPEN, _E.DISMISS): _S.DISMISSED,
    (_S.OPEN, _E.KNOW): _S.KNOWN_ERROR,
    (_S.KNOWN_ERROR, _E.KNOW): _S.KNOWN_ERROR,
    (_S.KNOWN_ERROR, _E.FORGET): _S.OPEN,
    (_S.OPEN, _E.RESOLVE): _S.RESOLVED,
    (_S.KNOWN_ERROR, _E.RESOLVE): _S.RESOLVED,
    (_S.RESOLVED, _E.UNDO): _S.OPEN,
    (_S.RESOLVED, _E.SETTLE): _S.CLOSED,
    (_S.DISMISSED, _E.RESTORE): _S.CANDIDATE,
}


def advance(state: ProblemState, event: Event) -> ProblemState:
    """Return the next state.

    Raises:
        IllegalStep: the table has no such step.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalStep(f"A problem that is {state.label} cannot be {event.value}.") from None


@dataclass(frozen=True, slots=True)
class KnownError:
    """What is known of the cause, and what people can do until it is gone. Both are the desk's words."""

    cause: str = ""
    workaround: str = ""


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change on the service before the first ticket. That it came before does not say that it is the cause."""

    id: str
    title: str
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem. ``version`` grows with every change."""

    id: str
    state: ProblemState
    title: str
    service: str
    """The service or the application by its name, "" when none is named."""
    category: str
    codes: tuple[str, ...]
    """Error codes, the most frequent first."""
    why: tuple[str, ...]
    """Why its tickets belong together, in sentences without anybody's words."""
    confidence: float
    since: datetime
    """When its first ticket was opened."""
    made_at: datetime
    changed_at: datetime
    vector: tuple[float, ...] = ()
    """The mean of its tickets' unit vectors; () when none has one."""
    concerns: tuple[str, ...] = ()
    """Whom it concerns: ``site:NAME``, ``group:NAME``, ``device:ID``; () for everybody. One that fits is enough."""
    known: KnownError = field(default_factory=KnownError)
    said: str = ""
    """The last status message, in the desk's words."""
    said_at: datetime | None = None
    next_update: datetime | None = None
    change: LastChange | None = None
    resolution: str = ""
    opened_by: str = ""
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    version: int = 0


class How(StrEnum):
    """How a ticket came to a problem."""

    FOUND = "found"
    AGENT = "agent"
    CHAT = "chat"
    """Its person asked in a conversation and was told."""


@dataclass(frozen=True, slots=True)
class Link:
    """A ticket of a problem."""

    problem: str
    ticket: str
    person: str
    """Who asked; "" for a ticket that nobody asked for, such as one from alerts."""
    at: datetime
    how: How
    by: str = ""
    confidence: float = 1.0
    removed: bool = False
    """Somebody said that it does not belong there; it is not put back by itself."""
    asked_at: datetime | None = None
    """When its person was asked whether the resolution solved it."""
    closed: bool = False
    """The ticket was closed with the problem."""
    answer: str = ""
    """What they said: "yes", "no", or "" so far."""


class Kind(StrEnum):
    """What one message to everybody is."""

    STATUS = "status"
    RESOLUTION = "resolution"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Said:
    """One message to everybody. ``key`` is fixed with the form that it was written in: sent twice it is one."""

    key: str
    problem: str
    at: datetime
    by: str
    kind: Kind
    text: str
    people: int
    """To how many people it went."""


FAULT, WISH = "fault", "wish"
"""A ticket reports that something is broken, or asks how to do or get something."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What of a ticket says what it is about, without its words."""

    ticket: str
    person: str
    at: datetime
    service: str
    category: str
    codes: tuple[str, ...]
    site: str
    manner: str
    """``FAULT``, ``WISH`` or ""."""
    vector: tuple[float, ...]
