"""A desk and a directory whose calls end as they are told, over the fakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.ticket_desk import MemoryTicketDesk
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.mirroring import PassedOn
from assistant.ports.outside import Unavailable
from assistant.ports.ticketing import DeskFile, DeskTicket, OutgoingTicket
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support.workshop import MADE


class Moody(MemoryTicketDesk):
    """A desk whose next calls end as ``before`` says without taking effect, or as ``after`` says when they took effect."""

    def __init__(self, now: Callable[[], datetime], keys: bool = True) -> None:
        super().__init__(now, [queue.id for queue in MADE.queues])
        self.keys, self.hides = keys, 0
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.looking: list[Exception] = []
        """How the next searches for what a person has open end."""
        self.calls: list[tuple[str, str, datetime]] = []
        self.moment = now

    @property
    def honours_keys(self) -> bool:
        return self.keys

    def find(self, key: str) -> list[DeskTicket]:
        if self.hides:
            self.hides -= 1
            return []
        return super().find(key)

    def open_of(self, requester: str) -> list[DeskTicket]:
        if self.looking:
            raise self.looking.pop(0)
        return super().open_of(requester)

    def create(self, made: OutgoingTicket, key: str) -> DeskTicket:
        self._called("create", key)
        if self.keys:
            created = super().create(made, key)
            self._ended()
            return created
        hidden, self.hides = self.hides, 1
        created = super().create(made, key)
        self.hides = hidden
        self._ended()
        return created

    def comment(self, ticket_id: str, text: str, key: str, public: bool = True, files: Sequence[DeskFile] = ()) -> None:
        self._called(f"comment {text.partition(': ')[2]}", key)
        super().comment(ticket_id, text, key, public, files)
        self._ended()

    def _called(self, what: str, key: str) -> None:
        self.calls.append((what, key, self.moment()))
        if self.before:
            raise self.before.pop(0)

    def _ended(self) -> None:
        if self.after:
            raise self.after.pop(0)


class Ailing(MemoryDirectory):
    """A directory whose changing calls end as ``before`` or ``after`` says, and that knows nobody while ``down``."""

    def __init__(self) -> None:
        super().__init__(MADE)
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.down = False
        self.calls: list[str] = []

    def person(self, person_id: str) -> Any:
        if self.down:
            raise Unavailable("the directory cannot be reached")
        return super().person(person_id)

    def unlock(self, person_id: str) -> bool:
        self.calls.append(person_id)
        if self.before:
            raise self.before.pop(0)
        done = super().unlock(person_id)
        if self.after:
            raise self.after.pop(0)
        return done

    def revoke(self, person_id: str, group: str) -> bool:
        if self.before:
            raise self.before.pop(0)
        return super().revoke(person_id, group)


def tables(folder: Path) -> SqlStore:
    """Return a store in a folder, whose tickets are passed on."""
    engine = open_engine(f"sqlite:///{folder / 'firstline.db'}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    return SqlStore(engine, 0.78, passed_on=PassedOn)
