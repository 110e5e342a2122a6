"""What is stored of handing conversations over: why, how long people waited, and who has one now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from assistant.domain.handoff import Handoff, HandoffReason, Holding


class Handoffs(Protocol):
    """Handoffs, which are kept, and holdings, which end."""

    def record(self, handoff: Handoff) -> None:
        """Add a handoff."""

    def end(self, conversation: str, at: datetime, taken_by: str = "") -> None:
        """End all waiting in a conversation; ``taken_by`` is who took it."""

    def waiting(self) -> list[Handoff]:
        """Return the handoffs in which somebody still waits, the longest wait first."""

    def of_conversation(self, conversation: str) -> list[Handoff]:
        """Return the handoffs of a conversation, oldest first."""

    def counts(self, start: datetime, end: datetime) -> Mapping[HandoffReason, int]:
        """Return how many there were for each reason, the start included and the end not, the most frequent first."""

    def between(self, start: datetime, end: datetime) -> list[Handoff]:
        """Return the handoffs of a time, the start included and the end not, oldest first."""

    def hold(self, holding: Holding) -> None:
        """Store who has a conversation that nobody has; raises when somebody has it."""

    def heard(self, conversation: str, at: datetime) -> None:
        """Note that the holder said something."""

    def release(self, conversation: str) -> None:
        """Forget the holder."""

    def holding(self, conversation: str) -> Holding | None:
        """Return who has a conversation, or None."""

    def held(self) -> list[Holding]:
        """Return everything that people have, the longest held first."""
