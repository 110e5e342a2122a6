"""The built-in desk: tickets in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from assistant.adapters.store.tables import ticket_notes, tickets
from assistant.domain.ticket import ASSISTANT, WITH_ASSISTANT, Ticket, TicketBody, TicketDraft, TicketNote, TicketStatus, Tried
from assistant.ports.ticketing import UnknownTicket

FIRST_NUMBER = 1_001
NUMBERING_LOCK = 0x464C54
"""Any number that is the same in every process."""
OPEN = [status.value for status in TicketStatus if status.is_open]


def _stands(standing: str) -> tuple[ColumnElement[bool], ...]:
    if standing == WITH_ASSISTANT:
        return (tickets.c.status.in_(OPEN), tickets.c.assignee == ASSISTANT)
    if standing in OPEN:
        return (tickets.c.status == standing, tickets.c.assignee != ASSISTANT)
    return (tickets.c.status == standing,)


@dataclass(frozen=True, slots=True)
class BuiltinDesk:
    """The ``Tickets`` port on a connection whose owner commits.

    ``same_issue`` is the cosine from which two descriptions are the same issue; without vectors, equal words are needed.
    """

    connection: Connection
    same_issue: float

    def create(self, draft: TicketDraft, at: datetime) -> Ticket:
        """See the port. Those who create at the same time wait for one another (SQLite has one writer anyway)."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(select(func.pg_advisory_xact_lock(NUMBERING_LOCK)))
        known = self.connection.execute(select(tickets.c.id).where(tickets.c.key == draft.key)).scalar()
        if known:
            return self._existing(known)
        number = max(self.connection.execute(select(func.max(tickets.c.number))).scalar() or 0, FIRST_NUMBER - 1) + 1
        ticket_id = f"T-{number}"
        row = {
            "number": number,
            "id": ticket_id,
            "key": draft.key,
            "requester": draft.requester,
            "subject": draft.subject,
            "status": TicketStatus.OPEN.value,
            "queue": draft.queue,
            "category": draft.category,
            "assignee": draft.assignee,
            "origin": draft.origin,
            "body": asdict(draft.body),
            "vector": np.asarray(draft.vector, dtype=np.float32).tobytes(),
            "opened_at": at,
            "updated_at": at,
        }
        self.connection.execute(insert(tickets).values(**row))
        self.comment(ticket_id, draft.requester, "Opened.", at)
        return self._existing(ticket_id)

    def ticket(self, ticket_id: str) -> Ticket | None:
        """See the port."""
        row = self.connection.execute(select(tickets).where(tickets.c.id == ticket_id)).mappings().first()
        if row is None:
            return None
        query = select(ticket_notes).where(ticket_notes.c.ticket == ticket_id).order_by(ticket_notes.c.number)
        notes = tuple(TicketNote(n["at"], n["author"], n["text"], n["public"]) for n in self.connection.execute(query).mappings())
        return ticket_of(row, notes)

    def find_open_like(self, requester: str, text: str, vector: Sequence[float], since: datetime) -> Ticket | None:
        """See the port."""
        query = select(tickets).where(tickets.c.requester == requester, tickets.c.status.in_(OPEN), tickets.c.opened_at >= since)
        best, best_score = None, self.same_issue
        for row in self.connection.execute(query.order_by(tickets.c.number)).mappings():
            score = _likeness(text, vector, row)
            if score >= best_score:
                best, best_score = row, score
        return ticket_of(best) if best is not None else None

    def of_requester(self, requester: str, open_only: bool = True) -> list[Ticket]:
        """See the port."""
        query = select(tickets).where(tickets.c.requester == requester).order_by(tickets.c.number.desc())
        if open_only:
            query = query.where(tickets.c.status.in_(OPEN))
        return [ticket_of(row) for row in self.connection.execute(query).mappings()]

    def all(self, status: TicketStatus | None = None, queue: str = "") -> list[Ticket]:
        """See the port."""
        query = select(tickets).order_by(tickets.c.opened_at)
        if status is not None:
            query = query.where(tickets.c.status == status.value)
        if queue:
            query = query.where(tickets.c.queue == queue)
        return [ticket_of(row) for row in self.connection.execute(query).mappings()]

    def listed(self, standing: str, queue: str, limit: int, after: str = "") -> list[Ticket]:
        """See the port."""
        query = select(tickets).order_by(tickets.c.opened_at, tickets.c.number).limit(limit)
        if standing:
            query = query.where(*_stands(standing))
        if queue:
            query = query.where(tickets.c.queue == queue)
        last = self.connection.execute(select(tickets.c.opened_at, tickets.c.number).where(tickets.c.id == after)).first() if after else None
        if last is not None:
            query = query.where(tickets.c.opened_at >= last.opened_at, or_(tickets.c.opened_at > last.opened_at, tickets.c.number > last.number))
        return [ticket_of(row) for row in self.connection.execute(query).mappings()]

    def standings(self) -> dict[str, int]:
        """See the port."""
        every = select(tickets.c.status, func.count()).group_by(tickets.c.status)
        found: Counter[str] = Counter()
        for status, count in self.connection.execute(every):
            found[status] += count
        mine = select(tickets.c.status, func.count()).where(*_stands(WITH_ASSISTANT)).group_by(tickets.c.status)
        for status, count in self.connection.execute(mine):
            found.subtract({status: count})
            found[WITH_ASSISTANT] += count
        found = +found
        return dict(found)

    def comment(self, ticket_id: str, author: str, text: str, at: datetime, public: bool = True) -> None:
        """See the port."""
        if self.connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(updated_at=at)).rowcount != 1:
            raise UnknownTicket(ticket_id)
        self.connection.execute(insert(ticket_notes).values(ticket=ticket_id, at=at, author=author, text=text, public=public))

    def attach(self, ticket_id: str, attachment_id: str, author: str, said: str, at: datetime) -> None:
        """See the port. The file itself is found by its ticket."""
        del attachment_id
        self.comment(ticket_id, author, said, at)

    def file(self, ticket_id: str, body: TicketBody, queue: str, at: datetime) -> Ticket:
        """See the port."""
        values = {"body": asdict(body), "queue": queue, "assignee": "", "status": TicketStatus.OPEN.value}
        self.connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(**values))
        self.comment(ticket_id, "firstline", f"Filed with the queue {queue}.", at)
        return self._existing(ticket_id)

    def describe(self, ticket_id: str, body: TicketBody, at: datetime) -> None:
        """See the port."""
        values = {"body": asdict(body), "updated_at": at}
        if self.connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(**values)).rowcount != 1:
            raise UnknownTicket(ticket_id)

    def move(self, ticket_id: str, category: str, queue: str, actor: str, at: datetime) -> Ticket:
        """See the port."""
        self.connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(category=category, queue=queue))
        self.comment(ticket_id, actor, f"Moved to {category}, queue {queue}.", at)
        return self._existing(ticket_id)

    def change_status(self, ticket_id: str, status: TicketStatus, actor: str, why: str, at: datetime) -> Ticket:
        """See the port."""
        self.connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(status=status.value))
        self.comment(ticket_id, actor, f"{status.label.capitalize()}: {why}", at)
        return self._existing(ticket_id)

    def _existing(self, ticket_id: str) -> Ticket:
        found = self.ticket(ticket_id)
        if found is None:
            raise UnknownTicket(ticket_id)
        return found


def _likeness(text: str, vector: Sequence[float], row: Any) -> float:
    stored = np.frombuffer(row["vector"], dtype=np.float32)
    if len(stored) and len(stored) == len(vector):
        return float(stored @ np.asarray(vector, dtype=np.float32))
    return float(" ".join(text.lower().split()) == " ".join(row["subject"].lower().split()))


def ticket_of(row: Any, notes: tuple[TicketNote, ...] = ()) -> Ticket:
    """Return the ticket in a row of its table."""
    body = dict(row["body"])
    body["transcript"] = tuple((who, words, at) for who, words, at in body.get("transcript", ()))
    body["tried"] = tuple(Tried(**item) for item in body.get("tried", ()))
    body["facts"] = tuple((name, value) for name, value in body.get("facts", ()))
    return Ticket(
        id=row["id"],
        requester=row["requester"],
        subject=row["subject"],
        status=TicketStatus(row["status"]),
        queue=row["queue"],
        category=row["category"],
        assignee=row["assignee"],
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        origin=row["origin"],
        body=TicketBody(**body),
        notes=notes,
    )
