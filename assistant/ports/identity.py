"""Who people are."""

from __future__ import annotations

from typing import Protocol

from assistant.domain.configuration import Company, Person, Queue, Service


class Directory(Protocol):
    """Answers from the organisation's directory, as of now."""

    def person(self, person_id: str) -> Person | None:
        """Return a person, or None when the directory has no such person (any more)."""

    def people(self) -> list[Person]:
        """Return everybody, ordered by name."""

    def company(self) -> Company:
        """Return the organisation itself."""

    def services(self) -> list[Service]:
        """Return the IT services and their state."""

    def queues(self) -> tuple[Queue, ...]:
        """Return the queues of the service desk."""
