"""Tickets of the service desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to do something."""
        return self in (TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.WAITING)

    @property
    def label(self) -> str:
        """The status as people say it."""
        return self.value.replace("_", " ")


ASSISTANT = "firstline"
"""The assignee of a ticket that the assistant is still working on."""
WITH_ASSISTANT = "with_firstline"
"""Where a ticket stands that nobody has to take yet: it is open, and the assistant works on it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An article that was offered as an answer, and what the person said of it."""

    article: str
    title: str
    revision: int
    verdict: str


@dataclass(frozen=True, slots=True)
class TicketBody:
    """Everything a person needs to take over without asking again."""

    summary: str
    transcript: tuple[tuple[str, str, str], ...] = ()
    """(who, words verbatim, time as ISO 8601) in order."""
    tried: tuple[Tried, ...] = ()
    device: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class TicketNote:
    """A line of a ticket's history; ``public`` ones the requester may read."""

    at: datetime
    author: str
    text: str
    public: bool = True


@dataclass(frozen=True, slots=True)
class Ticket:
    """An incident or a request. The assistant is its assignee until it is filed."""

    id: str
    requester: str
    subject: str
    status: TicketStatus
    queue: str
    category: str
    assignee: str
    opened_at: datetime
    updated_at: datetime
    origin: str = ""
    body: TicketBody = field(default_factory=lambda: TicketBody(""))
    notes: tuple[TicketNote, ...] = ()

    @property
    def standing(self) -> str:
        """Return the status, or ``WITH_ASSISTANT`` in its place."""
        return WITH_ASSISTANT if self.status.is_open and self.assignee == ASSISTANT else self.status.value


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """What is needed to open a ticket. ``key`` makes opening it twice impossible."""

    key: str
    requester: str
    subject: str
    queue: str
    category: str
    body: TicketBody
    origin: str = ""
    assignee: str = ASSISTANT
    vector: tuple[float, ...] = ()
