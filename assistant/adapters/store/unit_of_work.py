"""Units of work over one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from assistant.adapters.store.actions import SqlActions, SqlApprovals
from assistant.adapters.store.audit import SqlAudit
from assistant.adapters.store.challenges import SqlChallenges, SqlSecondFactors
from assistant.adapters.store.conversations import SqlConversations
from assistant.adapters.store.handoffs import SqlHandoffs
from assistant.adapters.store.outbox import SqlOutbox
from assistant.adapters.store.outside_tickets import SqlOutsideTickets
from assistant.adapters.store.tickets import BuiltinDesk
from assistant.ports.store import Outbox
from assistant.ports.ticketing import Tickets
from kb.adapters.store.engine import reading, writing
from kb.adapters.store.intents import SqlIntentLog


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """The repositories of one transaction."""

    conversations: SqlConversations
    tickets: Tickets
    own_tickets: BuiltinDesk
    outside: SqlOutsideTickets
    audit: SqlAudit
    intents: SqlIntentLog
    actions: SqlActions
    approvals: SqlApprovals
    outbox: SqlOutbox
    handoffs: SqlHandoffs
    challenges: SqlChallenges
    second_factors: SqlSecondFactors


def kept_here(tickets: Tickets, _outbox: Outbox) -> Tickets:
    """Return the tickets as they are: nobody else has to hear of them."""
    return tickets


@dataclass(frozen=True, slots=True)
class SqlStore:
    """The ``Store`` protocol over SQLAlchemy. ``passed_on`` wraps the tickets so that a desk elsewhere hears of what happens to them."""

    engine: Engine
    same_issue: float
    passed_on: Callable[[Tickets, Outbox], Tickets] = kept_here

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """See the port."""
        with writing(self.engine) as connection:
            yield self._unit(connection)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """See the port."""
        with reading(self.engine) as connection:
            yield self._unit(connection)

    def _unit(self, connection: Connection) -> SqlUnitOfWork:
        own, outbox = BuiltinDesk(connection, self.same_issue), SqlOutbox(connection)
        return SqlUnitOfWork(
            conversations=SqlConversations(connection),
            tickets=self.passed_on(own, outbox),
            own_tickets=own,
            outside=SqlOutsideTickets(connection),
            audit=SqlAudit(connection),
            intents=SqlIntentLog(connection),
            actions=SqlActions(connection),
            approvals=SqlApprovals(connection),
            outbox=outbox,
            handoffs=SqlHandoffs(connection),
            challenges=SqlChallenges(connection),
            second_factors=SqlSecondFactors(connection),
        )
