"""What triage said of tickets, and what people made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.domain.triage import Triage


class TriageChanged(Exception):
    """Somebody settled the ticket meanwhile; load it again."""


@dataclass(frozen=True, slots=True)
class Routed:
    """How many tickets a time brought, by what was done with them. ``corrected`` are those of ``auto`` that a person moved in time."""

    auto: int = 0
    review: int = 0
    escalate: int = 0
    corrected: int = 0


class Triages(Protocol):
    """One record for each ticket."""

    def add(self, made: Triage) -> bool:
        """Store what triage says of a ticket; return False, and leave what is there, when it was said before."""

    def load(self, ticket_id: str) -> Triage | None:
        """Return what was said of a ticket, or None."""

    def save(self, changed: Triage) -> None:
        """Store what a person made of it, raising its version by one.

        Raises:
            TriageChanged: its version is not the stored one.
        """

    def waiting(self, limit: int, after: str = "") -> list[Triage]:
        """Return a page of what waits for somebody to look, the oldest first; ``after`` is the last ticket of the page before."""

    def waiting_count(self) -> int:
        """Return how many wait."""

    def routed(self, limit: int, after: str = "") -> list[Triage]:
        """Return a page of what was put somewhere without anybody looking, the newest first."""

    def corrected(self, limit: int) -> list[Triage]:
        """Return what people decided on, the latest decision first."""

    def between(self, start: datetime, end: datetime, within_days: int) -> Routed:
        """Count the tickets triaged in [start, end); a correction counts when it came within so many days."""

    def waited_since(self) -> datetime | None:
        """Return since when the oldest waits, None when nothing does."""
