"""The append-only record of decisions, and its anchors outside the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.audit import Alias, Anchor, AuditEntry, AuditLine, AuditRecord


class AuditUnreadable(Exception):
    """The tables of the audit cannot be read as they should; the message says why."""


class Audit(Protocol):
    """The append-only, hash-chained record of decisions. People stand in it under aliases."""

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Append entries to the chain, with an alias in place of each person's id.

        Raises:
            TypeError: an entry holds what cannot be written down, such as a secret; nothing is appended.
        """

    def read(self, after: int = 0, limit: int = 1_000) -> list[AuditRecord]:
        """Return records as they are stored, in order, for verification.

        Raises:
            AuditUnreadable: the table is not what it should be.
        """

    def lines(self, after: int = 0, limit: int = 1_000, mentioning: str = "") -> list[AuditLine]:
        """Return records for people to read, in order: aliases resolved, ``ERASED`` for those who were erased.

        ``mentioning`` leaves only records whose text holds it.

        Raises:
            AuditUnreadable: the table is not what it should be, or a record is no JSON.
        """

    def of_action(self, action: str) -> list[AuditLine]:
        """Return the records of an action for people to read, in order.

        Raises:
            AuditUnreadable: see ``lines``.
        """

    def back(self, before: int, down_to: int, holding: Sequence[str], limit: int) -> list[AuditLine]:
        """Return the records numbered below ``before`` and from ``down_to`` up whose text holds all of ``holding``, newest first; see ``lines``.

        Raises:
            AuditUnreadable: see ``lines``.
        """

    def head(self) -> AuditRecord | None:
        """Return the last record, None while there is none.

        Raises:
            AuditUnreadable: the table is not what it should be.
        """

    def count(self) -> int:
        """Return how many records there are, whatever their numbers.

        Raises:
            AuditUnreadable: the table is not what it should be.
        """

    def aliases(self) -> list[Alias]:
        """Return the aliases of all people who have one."""

    def forget(self, person: str, at: datetime) -> str:
        """Record the erasure of a person, and delete their alias: no record can be traced to them any more.

        Returns the alias; "" when the person does not stand in the audit, and then nothing is recorded.
        """

    def anchored(self, after: int = 0, limit: int = 1_000) -> list[Anchor]:
        """Return the database's own copies of the anchors, in order."""

    def last_anchor(self) -> Anchor | None:
        """Return the copy of the last anchor, None while there is none.

        Raises:
            AuditUnreadable: the table is not what it should be.
        """

    def note_anchor(self, anchor: Anchor) -> None:
        """Keep a copy of an anchor, so that a file of anchors that was cut shows. A number that is there already is left alone."""

    def unguarded(self) -> list[str]:
        """Return what is wrong with the triggers that refuse changes of the tables, in words; [] when all stand as they should."""


class Anchors(Protocol):
    """Anchors outside the database, on another disk or host if possible."""

    def add(self, anchor: Anchor) -> None:
        """Append an anchor durably.

        Raises:
            OSError: it cannot be written.
        """

    def read(self) -> Iterator[Anchor]:
        """Return all anchors, oldest first; none while there is no file.

        Raises:
            ValueError: a line is not an anchor; raised when it is reached.
            OSError: the file cannot be read.
        """
