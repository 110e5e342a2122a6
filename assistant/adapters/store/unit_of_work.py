"""Units of work over one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from assistant.adapters.store.audit import SqlAudit
from assistant.adapters.store.conversations import SqlConversations
from assistant.adapters.store.tickets import BuiltinDesk
from kb.adapters.store.engine import reading, writing
from kb.adapters.store.intents import SqlIntentLog


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """The repositories of one transaction."""

    conversations: SqlConversations
    tickets: BuiltinDesk
    audit: SqlAudit
    intents: SqlIntentLog


@dataclass(frozen=True, slots=True)
class SqlStore:
    """The ``Store`` protocol over SQLAlchemy."""

    engine: Engine
    same_issue: float

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
        return SqlUnitOfWork(SqlConversations(connection), BuiltinDesk(connection, self.same_issue), SqlAudit(connection), SqlIntentLog(connection))
