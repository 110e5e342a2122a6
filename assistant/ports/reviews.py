"""Weekly reviews, which never change, and what people decide on them, which does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.domain.review import Decision, Frozen


class ReviewExists(Exception):
    """A review of that week and version is frozen already."""


class DecisionChanged(Exception):
    """Somebody changed the decision meanwhile; load it again."""


@dataclass(frozen=True, slots=True)
class ReviewHead:
    """One line of the list of reviews."""

    week: str
    version: int
    made_at: datetime
    hash: str


class Reviews(Protocol):
    """Reviews and decisions."""

    def freeze(self, review: Frozen) -> None:
        """Store a review for good.

        Raises:
            ReviewExists: there is one of this week and version; nothing is stored.
        """

    def latest(self, week: str) -> Frozen | None:
        """Return the last version of a week's review, or None."""

    def load(self, week: str, version: int) -> Frozen | None:
        """Return one version of a week's review, or None."""

    def heads(self, limit: int = 60, before: str = "") -> list[ReviewHead]:
        """Return all versions of reviews, the latest week first and its last version first; ``before`` leaves weeks before that one."""

    def add(self, decision: Decision) -> None:
        """Store a new decision."""

    def decision(self, decision_id: str) -> Decision | None:
        """Return a decision, or None."""

    def save(self, decision: Decision) -> None:
        """Store a changed decision, raising its version by one.

        Raises:
            DecisionChanged: its version is not the stored one.
        """

    def decisions(self, week: str) -> list[Decision]:
        """Return the decisions on a week's review, oldest first."""

    def open_decisions(self) -> list[Decision]:
        """Return the decisions of all weeks that are open, those due first first; those without a due date last."""
