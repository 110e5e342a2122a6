"""The service desk's tickets: our own record of them, and the system in which people work them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.domain.ticket import Ticket, TicketBody, TicketDraft, TicketStatus


class UnknownTicket(LookupError):
    """There is no such ticket."""


class Tickets(Protocol):
    """Our own record of tickets. A call takes effect with the transaction that it belongs to."""

    def create(self, draft: TicketDraft, at: datetime) -> Ticket:
        """Open a ticket; a second call with the same ``draft.key`` returns the first one's ticket unchanged."""

    def ticket(self, ticket_id: str) -> Ticket | None:
        """Return a ticket with its notes, or None."""

    def find_open_like(self, requester: str, text: str, vector: Sequence[float], since: datetime) -> Ticket | None:
        """Return the requester's open ticket, opened since then, that is about the same thing, or None."""

    def of_requester(self, requester: str, open_only: bool = True) -> list[Ticket]:
        """Return a person's tickets, newest first, without notes."""

    def all(self, status: TicketStatus | None = None, queue: str = "") -> list[Ticket]:
        """Return tickets for the desk, those that wait longest first, without notes."""

    def listed(self, standing: str, queue: str, limit: int, after: str = "") -> list[Ticket]:
        """Return a page of a list for the desk, those that wait longest first, without notes.

        ``standing`` and ``queue`` leave out the others, "" leaves out none; ``after`` is the last ticket of the page before.
        """

    def standings(self) -> dict[str, int]:
        """Return how many tickets stand how (``Ticket.standing``); where none stands so, nothing is said."""

    def comment(self, ticket_id: str, author: str, text: str, at: datetime, public: bool = True) -> None:
        """Add a note.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def attach(self, ticket_id: str, attachment_id: str, author: str, said: str, at: datetime) -> None:
        """Note that a file came to the ticket; ``said`` is the line that people read of it.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """Give the ticket, with its full body, to a queue: from now on people work on it.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def describe(self, ticket_id: str, body: TicketBody, at: datetime) -> None:
        """Replace the body of a ticket, which the assistant still works on, by a fuller one.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def move(self, ticket_id: str, category: str, queue: str, actor: str, at: datetime) -> Ticket:
        """Put the ticket under another category and into its queue, and note who did it.

        Raises:
            UnknownTicket: there is no such ticket.
        """

    def change_status(self, ticket_id: str, status: TicketStatus, actor: str, why: str, at: datetime) -> Ticket:
        """Set the status and note who did it and why.

        Raises:
            UnknownTicket: there is no such ticket.
        """


@dataclass(frozen=True, slots=True)
class OutgoingTicket:
    """A ticket as it is sent to the system of the people who will work it. ``text`` is plain text with everything in it."""

    subject: str
    text: str
    requester: str
    """E-mail address of the person who asked."""
    requester_name: str
    queue: str
    """Our name of the queue; adapters map it to theirs."""
    category: str
    reference: str
    """Our ticket's id."""


@dataclass(frozen=True, slots=True)
class DeskFile:
    """A file that goes with a note. ``media`` is its media type."""

    name: str
    media: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DeskNote:
    """One entry of a desk ticket's history that has words in it."""

    id: str
    author: str
    text: str
    public: bool
    at: datetime
    ours: bool
    """Written by the account that Firstline uses there."""
    files: tuple[str, ...] = ()
    """The names of the files that came with it."""


@dataclass(frozen=True, slots=True)
class DeskTicket:
    """A ticket as the other system holds it."""

    id: str
    status: TicketStatus
    subject: str
    queue: str
    url: str
    updated_at: datetime
    key: str = ""
    """The key that it was created with, "" when it is not one of ours."""
    category: str = ""
    """Our name of its category, theirs where we have none; "" where it has none, or the system is told of none."""


@dataclass(frozen=True, slots=True)
class DeskChange:
    """What somebody did in the other system: ``note``, a new ``status``, another queue or category. ``id`` is the same however often it is
    reported.
    """

    id: str
    ticket: str
    at: datetime
    author: str
    status: TicketStatus | None = None
    note: str = ""
    public: bool = False
    requeued: bool = False
    """A person put it into another queue; the ticket says into which."""
    recategorised: bool = False
    """A person put it under another category; the ticket says under which."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The tickets in which others did something, each once, and the cursor from which to ask the next time."""

    tickets: tuple[str, ...]
    cursor: str


class TicketDesk(Protocol):
    """The system in which people work tickets: the built-in one, or another by its interface.

    A status that the system does not have becomes the nearest that it has, so a closed ticket may come back as resolved.
    Every changing call carries a key that is fixed with the intent. A repeated call with the same key changes nothing more and
    returns what the first one did, as far as the system itself can tell; ``honours_keys`` says whether that holds also when the
    two calls overlap or its search lags behind. Calls raise ``UnknownTicket``, or ``Refused``, ``Unavailable`` or
    ``Uncertain`` of ``ports.outside``; a change that the system answers with success and did not make is ``Refused``.
    """

    @property
    def name(self) -> str:
        """The system's name, for people."""

    @property
    def honours_keys(self) -> bool:
        """Whether creating twice with one key can never make two tickets."""

    def create(self, made: OutgoingTicket, key: str) -> DeskTicket:
        """Create a ticket."""

    def find(self, key: str) -> list[DeskTicket]:
        """Return the tickets that were created with this key, oldest first; more than one is a duplicate to be linked."""

    def ticket(self, ticket_id: str) -> DeskTicket | None:
        """Return a ticket, or None."""

    def notes(self, ticket_id: str) -> list[DeskNote]:
        """Return what was written in a ticket, oldest first."""

    def update(self, ticket_id: str, key: str, *, subject: str = "", queue: str = "", category: str = "") -> DeskTicket:
        """Change those of a ticket's fields that are given."""

    def comment(self, ticket_id: str, text: str, key: str, public: bool = True, files: Sequence[DeskFile] = ()) -> None:
        """Add a note with files; a public one reaches the requester."""

    def change_status(self, ticket_id: str, status: TicketStatus, key: str) -> DeskTicket:
        """Set the status: close, resolve, reopen. A ticket that has it already is left alone."""

    def link(self, ticket_id: str, other_id: str, key: str) -> None:
        """Say in the system that one ticket refers to the other."""

    def open_of(self, requester: str) -> list[DeskTicket]:
        """Return the open tickets of the person with this e-mail address, newest first."""

    def changed_since(self, cursor: str) -> Changed:
        """Return the tickets of ours in which others did something since a cursor ("" for: from now on).

        A ticket may be named again although nothing in it is new; none is left out.
        """

    def changes_of(self, ticket_id: str, known: Container[str]) -> list[DeskChange]:
        """Return what others did in a ticket, oldest first, without the changes whose ids are known."""
