"""What lives in memory only where nothing that somebody wrote may reach the disk, with the transactions of the tables beside it."""

from __future__ import annotations

import resource
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from assistant.adapters.memory.channels import MemoryInbox
from assistant.adapters.memory.desk import MemoryDesk
from assistant.adapters.memory.store import MemoryConversations
from assistant.domain.ticket import ASSISTANT, Ticket, TicketBody, TicketDraft, TicketStatus
from assistant.ports.ticketing import Tickets

WAIT_SECONDS = 5.0
HELD = "D-"
"""Begins the id of a ticket that only the assistant works on; it gets its number when it is filed."""


def no_core_dumps() -> None:
    """Let the system write no image of this process's memory to the disk when it crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass(slots=True)
class Remembered:
    """Conversations, the tickets that only the assistant works on, and what arrived from channels."""

    tickets: MemoryDesk
    conversations: MemoryConversations = field(default_factory=MemoryConversations)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)

    def copy(self) -> Remembered:
        """Return the same, which changes by itself."""
        return Remembered(self.tickets.copy(), self.conversations.copy(), self.inbox.copy())


class Memory:
    """Holds what is remembered. One writer at a time works on a copy, which takes the original's place when its block ends well."""

    def __init__(self, same_issue: float, window: timedelta) -> None:
        """Begin with nothing; ``same_issue`` and ``window`` are the desk's."""
        self.window = window
        self._kept = Remembered(MemoryDesk(same_issue))
        self._writer = Lock()

    @contextmanager
    def writing(self) -> Iterator[Remembered]:
        """Change what is remembered; a block that raises leaves it as it was. A transaction of tables belongs inside the block.

        Raises:
            TimeoutError: another block did not end within five seconds.
        """
        if not self._writer.acquire(timeout=WAIT_SECONDS):
            raise TimeoutError("another transaction is writing")
        try:
            changed = self._kept.copy()
            yield changed
            self._kept = changed
        finally:
            self._writer.release()

    def reading(self) -> Remembered:
        """Return what is remembered at this moment; changes of it are nobody's."""
        return self._kept.copy()

    def forget(self, before: datetime, gone: Callable[[str], bool]) -> int:
        """Forget conversations that were silent since a moment and those of people who are gone; return how many conversations."""
        with self.writing() as kept:
            heads = kept.conversations.heads
            ids = {one.id for one in heads.values() if one.changed_at < before or gone(one.person)}
            kept.conversations = kept.conversations.without(ids)
            kept.tickets = MemoryDesk(
                kept.tickets.same_issue, {key: held for key, held in kept.tickets.held.items() if held.ticket.origin not in ids}
            )
        return len(ids)


@dataclass(frozen=True, slots=True)
class HeldTickets:
    """The ``Tickets`` port: what only the assistant works on stays in ``held`` until it is filed, everything else is ``stored``.

    A ticket gets its lasting id when it is filed; only then it is compared with stored ones, because what is noted in those is kept.
    Lists are of stored tickets; those that are held belong to their conversation alone.
    """

    held: MemoryDesk
    stored: Tickets
    window: timedelta
    """How long the same issue goes to the ticket that is open for it."""

    def create(self, draft: TicketDraft, at: datetime) -> Ticket:
        """See the port."""
        if draft.assignee != ASSISTANT:
            return self.stored.create(draft, at)
        known = next((held.ticket for held in self.held.held.values() if held.key == draft.key), None)
        return known or self.held.create(draft, at, f"{HELD}{secrets.token_hex(4)}")

    def ticket(self, ticket_id: str) -> Ticket | None:
        """See the port."""
        return self._home(ticket_id).ticket(ticket_id)

    def find_open_like(self, requester: str, text: str, vector: Sequence[float], since: datetime) -> Ticket | None:
        """See the port."""
        return self.held.find_open_like(requester, text, vector, since)

    def of_requester(self, requester: str, open_only: bool = True) -> list[Ticket]:
        """See the port."""
        return self.stored.of_requester(requester, open_only)

    def all(self, status: TicketStatus | None = None, queue: str = "") -> list[Ticket]:
        """See the port."""
        return self.stored.all(status, queue)

    def listed(self, standing: str, queue: str, limit: int, after: str = "") -> list[Ticket]:
        """See the port."""
        return self.stored.listed(standing, queue, limit, after)

    def standings(self) -> dict[str, int]:
        """See the port."""
        return self.stored.standings()

    def comment(self, ticket_id: str, author: str, text: str, at: datetime, public: bool = True) -> None:
        """See the port."""
        self._home(ticket_id).comment(ticket_id, author, text, at, public)

    def attach(self, ticket_id: str, attachment_id: str, author: str, said: str, at: datetime) -> None:
        """See the port."""
        self._home(ticket_id).attach(ticket_id, attachment_id, author, said, at)

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """See the port."""
        held = self.held.held.pop(ticket_id, None)
        if held is None:
            return self.stored.file(ticket_id, body, queue, at)
        mine = held.ticket
        like = self.stored.find_open_like(mine.requester, mine.subject, held.vector, at - self.window)
        if like is not None:
            self.stored.comment(like.id, mine.requester, body.summary, at)
            return like
        draft = TicketDraft(held.key, mine.requester, mine.subject, queue, mine.category, body, mine.origin, ASSISTANT, held.vector)
        return self.stored.file(self.stored.create(draft, mine.opened_at).id, body, queue, at)

    def describe(self, ticket_id: str, body: TicketBody, at: datetime) -> None:
        """See the port."""
        self._home(ticket_id).describe(ticket_id, body, at)

    def move(self, ticket_id: str, category: str, queue: str, actor: str, at: datetime) -> Ticket:
        """See the port."""
        return self._home(ticket_id).move(ticket_id, category, queue, actor, at)

    def change_status(self, ticket_id: str, status: TicketStatus, actor: str, why: str, at: datetime) -> Ticket:
        """See the port."""
        return self._home(ticket_id).change_status(ticket_id, status, actor, why, at)

    def _home(self, ticket_id: str) -> Tickets:
        return self.held if ticket_id in self.held.held else self.stored
