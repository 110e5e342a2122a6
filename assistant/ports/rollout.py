"""The rollout ladder's decisions, and what was measured or predicted before and is never changed again."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from assistant.domain.measured import Kept
from assistant.domain.rollout import RungDecision, Verdicts


class RungTaken(Exception):
    """Somebody decided about the same category meanwhile; look again."""


class RecordExists(Exception):
    """There is a record of this name; a frozen record is not replaced."""


class Rollout(Protocol):
    """Decisions about rungs, and frozen records. Holds nobody's words; of people only who decided."""

    def decide(self, decision: RungDecision) -> None:
        """Store a new decision.

        Raises:
            RungTaken: there is one of this category and number.
        """

    def decision(self, decision_id: str) -> RungDecision | None:
        """Return a decision, or None."""

    def undo(self, decision: RungDecision) -> None:
        """Store when and by whom a decision was undone.

        Raises:
            RungTaken: it was undone before.
        """

    def decisions(self, category: str = "", limit: int = 500) -> list[RungDecision]:
        """Return decisions, undone ones too, the latest first; of one category, or of all."""

    def standing(self) -> list[RungDecision]:
        """Return the decision in force of each category that has one, by category."""

    def last_number(self, category: str) -> int:
        """Return the number of a category's last decision, undone or not; 0 before the first."""

    def verdicts(self, start: datetime, end: datetime, category: str = "") -> list[Verdicts]:
        """Return what people said of answers that were shown in [start, end), by the category under which the ledger holds their episode.

        Episodes that have not ended, and those without a category, are left out; ``category`` leaves out the others.
        """

    def keep(self, record: Kept) -> None:
        """Freeze a record.

        Raises:
            RecordExists: there is one of this kind and name.
        """

    def record(self, kind: str, name: str) -> Kept | None:
        """Return a frozen record, or None."""

    def latest(self, kind: str) -> Kept | None:
        """Return the record of a kind that was made last, or None."""

    def records(self, kind: str, limit: int = 50) -> list[Kept]:
        """Return the records of a kind, the latest first."""
