"""Cases of joiners and leavers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from assistant.domain.onboarding import Case


class CaseChanged(Exception):
    """Somebody changed the case meanwhile; load it again."""


class JoinerCases(Protocol):
    """Cases with their steps, stored as a whole."""

    def add(self, case: Case) -> None:
        """Store a new case.

        Raises:
            CaseChanged: there is one of this id, which somebody stored meanwhile.
        """

    def load(self, case_id: str) -> Case | None:
        """Return a case, or None."""

    def save(self, case: Case) -> None:
        """Store a changed case, raising its version by one.

        Raises:
            CaseChanged: its version is not the stored one.
        """

    def of_employee(self, employee: str) -> list[Case]:
        """Return the cases of one of HR's numbers, oldest first."""

    def of_person(self, person: str) -> list[Case]:
        """Return the cases of an account, oldest first."""

    def listed(self, is_open: bool, limit: int, manager: str = "", after: str = "") -> list[Case]:
        """Return a page of cases: open ones by their day, others by their day with the last first.

        ``manager`` leaves out the cases of others, ``after`` is the last case of the page before.
        """

    def open_tickets(self) -> list[tuple[str, str, str]]:
        """Return case, step and ticket of every step that waits for people to close its ticket."""

    def between(self, start: date, end: date) -> list[Case]:
        """Return the cases whose first day, or last, is from ``start`` on and before ``end``, in that order."""

    def changed_since(self, moment: datetime) -> list[Case]:
        """Return the cases that changed since a moment, and all that are open, by their day."""
