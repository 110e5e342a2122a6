"""Rungs and frozen records in dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from assistant.adapters.memory.outcomes import MemoryOutcomes
from assistant.domain.measured import Kept
from assistant.domain.rollout import NOT_SHOWN, RungDecision, Verdicts
from assistant.ports.rollout import RecordExists, RungTaken


@dataclass(slots=True)
class MemoryRollout:
    """The ``Rollout`` protocol."""

    decided: dict[str, RungDecision] = field(default_factory=dict)
    frozen: dict[tuple[str, str], Kept] = field(default_factory=dict)
    outcomes: MemoryOutcomes = field(default_factory=MemoryOutcomes)
    """The ledger beside it."""

    def copy(self) -> MemoryRollout:
        """Return the same, which changes by itself."""
        return MemoryRollout(dict(self.decided), dict(self.frozen))

    def decide(self, decision: RungDecision) -> None:
        """See the port."""
        if any((one.category, one.number) == (decision.category, decision.number) for one in self.decided.values()):
            raise RungTaken(decision.category)
        self.decided[decision.id] = decision

    def decision(self, decision_id: str) -> RungDecision | None:
        """See the port."""
        return self.decided.get(decision_id)

    def undo(self, decision: RungDecision) -> None:
        """See the port."""
        known = self.decided.get(decision.id)
        if known is None or not known.stands:
            raise RungTaken(decision.category)
        self.decided[decision.id] = replace(known, undone_at=decision.undone_at, undone_by=decision.undone_by)

    def decisions(self, category: str = "", limit: int = 500) -> list[RungDecision]:
        """See the port."""
        found = [one for one in self.decided.values() if not category or one.category == category]
        return sorted(found, key=lambda one: (-one.at.timestamp(), one.category, -one.number))[:limit]

    def standing(self) -> list[RungDecision]:
        """See the port."""
        last: dict[str, RungDecision] = {}
        for one in sorted(self.decided.values(), key=lambda one: one.number):
            if one.stands:
                last[one.category] = one
        return [last[category] for category in sorted(last)]

    def last_number(self, category: str) -> int:
        """See the port."""
        return max((one.number for one in self.decided.values() if one.category == category), default=0)

    def verdicts(self, start: datetime, end: datetime, category: str = "") -> list[Verdicts]:
        """See the port."""
        found: dict[str, Verdicts] = {}
        for one in self.outcomes.judged(start, end):
            row = self.outcomes.kept.get((one.conversation, one.episode))
            shown = one.step == "answer" and not one.decision.endswith(tuple(f":{held}" for held in NOT_SHOWN))
            if row is None or not row.category or not shown or (category and row.category != category):
                continue
            known = found.get(row.category, Verdicts(row.category))
            said = {True: "right", False: "wrong", None: "silent"}[one.right]
            found[row.category] = replace(known, **{said: getattr(known, said) + 1})
        return [found[name] for name in sorted(found)]

    def keep(self, record: Kept) -> None:
        """See the port."""
        if (record.kind, record.name) in self.frozen:
            raise RecordExists(record.name)
        self.frozen[record.kind, record.name] = record

    def record(self, kind: str, name: str) -> Kept | None:
        """See the port."""
        return self.frozen.get((kind, name))

    def latest(self, kind: str) -> Kept | None:
        """See the port."""
        return next(iter(self.records(kind, 1)), None)

    def records(self, kind: str, limit: int = 50) -> list[Kept]:
        """See the port."""
        found = sorted((one for one in self.frozen.values() if one.kind == kind), key=lambda one: one.name, reverse=True)
        return sorted(found, key=lambda one: one.made_at, reverse=True)[:limit]
