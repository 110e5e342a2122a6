"""Weekly reviews and decisions in dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from assistant.domain.review import Decision, Frozen, Status
from assistant.ports.reviews import DecisionChanged, ReviewExists, ReviewHead


@dataclass(slots=True)
class MemoryReviews:
    """The ``Reviews`` protocol."""

    kept: dict[tuple[str, int], Frozen] = field(default_factory=dict)
    decided: dict[str, Decision] = field(default_factory=dict)

    def copy(self) -> MemoryReviews:
        """Return the same reviews, of which each set may change without the other."""
        return MemoryReviews(dict(self.kept), dict(self.decided))

    def freeze(self, review: Frozen) -> None:
        """See the port."""
        if (review.week, review.version) in self.kept:
            raise ReviewExists(review.week)
        self.kept[review.week, review.version] = review

    def latest(self, week: str) -> Frozen | None:
        """See the port."""
        mine = [version for one, version in self.kept if one == week]
        return self.kept[week, max(mine)] if mine else None

    def load(self, week: str, version: int) -> Frozen | None:
        """See the port."""
        return self.kept.get((week, version))

    def heads(self, limit: int = 60, before: str = "") -> list[ReviewHead]:
        """See the port."""
        found = [one for one in self.kept.values() if not before or one.week < before]
        found.sort(key=lambda one: (one.week, one.version), reverse=True)
        return [ReviewHead(one.week, one.version, one.made_at, one.hash) for one in found[:limit]]

    def add(self, decision: Decision) -> None:
        """See the port."""
        self.decided[decision.id] = decision

    def decision(self, decision_id: str) -> Decision | None:
        """See the port."""
        return self.decided.get(decision_id)

    def save(self, decision: Decision) -> None:
        """See the port."""
        stored = self.decided.get(decision.id)
        if stored is None or stored.version != decision.version:
            raise DecisionChanged(decision.id)
        self.decided[decision.id] = replace(decision, version=decision.version + 1)

    def decisions(self, week: str) -> list[Decision]:
        """See the port."""
        return sorted((one for one in self.decided.values() if one.week == week), key=lambda one: (one.made_at, one.id))

    def open_decisions(self) -> list[Decision]:
        """See the port."""
        waiting = [one for one in self.decided.values() if one.status is Status.OPEN]
        return sorted(waiting, key=lambda one: (one.due is None, one.due or date.max, one.made_at, one.id))
