"""Experiments and tuning decisions in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.domain.experiment import Effect, Experiment, ExperimentRow, Look
from assistant.domain.tuning import Kind, TuningDecision
from assistant.ports.tuning import AlreadyDecided


@dataclass(slots=True)
class MemoryExperiments:
    """The ``Experiments`` protocol."""

    kept: dict[str, Experiment] = field(default_factory=dict)
    seen: dict[tuple[str, int], Look] = field(default_factory=dict)
    counted: dict[str, tuple[ExperimentRow, ...]] = field(default_factory=dict)

    def copy(self) -> MemoryExperiments:
        """Return the same experiments, which change by themselves."""
        return MemoryExperiments(dict(self.kept), dict(self.seen), dict(self.counted))

    def open(self, experiment: Experiment) -> None:
        """See the port."""
        self.kept[experiment.id] = experiment

    def load(self, experiment_id: str) -> Experiment | None:
        """See the port."""
        return self.kept.get(experiment_id)

    def save(self, experiment: Experiment) -> None:
        """See the port."""
        self.kept[experiment.id] = experiment

    def all(self) -> list[Experiment]:
        """See the port."""
        return sorted(self.kept.values(), key=lambda one: (-one.published_at.timestamp(), one.id))

    def add_look(self, look: Look) -> bool:
        """See the port."""
        key = look.experiment, look.number
        if key in self.seen:
            return False
        self.seen[key] = replace(look, effect=Effect.of_record(look.effect.record()))
        return True

    def looks(self, experiment_id: str) -> list[Look]:
        """See the port."""
        return [look for (owner, _), look in sorted(self.seen.items()) if owner == experiment_id]

    def keep_rows(self, experiment_id: str, rows: Sequence[ExperimentRow]) -> None:
        """See the port."""
        self.counted[experiment_id] = tuple(rows)

    def rows(self, experiment_id: str) -> list[ExperimentRow]:
        """See the port."""
        return sorted(self.counted.get(experiment_id, ()), key=lambda row: (row.week, row.conversation, row.episode))


@dataclass(slots=True)
class MemoryTuningLog:
    """The ``TuningLog`` protocol."""

    kept: dict[str, TuningDecision] = field(default_factory=dict)

    def copy(self) -> MemoryTuningLog:
        """Return the same decisions, which change by themselves."""
        return MemoryTuningLog(dict(self.kept))

    def add(self, decision: TuningDecision) -> None:
        """See the port."""
        if any((one.where, one.number) == (decision.where, decision.number) for one in self.kept.values()):
            raise AlreadyDecided(decision.where)
        self.kept[decision.id] = decision

    def load(self, decision_id: str) -> TuningDecision | None:
        """See the port."""
        return self.kept.get(decision_id)

    def undo(self, decision: TuningDecision) -> None:
        """See the port."""
        known = self.kept.get(decision.id)
        if known is None or not known.stands:
            raise AlreadyDecided(decision.where)
        self.kept[decision.id] = replace(known, undone_at=decision.undone_at, undone_by=decision.undone_by)

    def all(self) -> list[TuningDecision]:
        """See the port."""
        return sorted(self.kept.values(), key=lambda one: (-one.at.timestamp(), one.where, -one.number))

    def standing(self, kind: Kind) -> list[TuningDecision]:
        """See the port."""
        return sorted((one for one in self.kept.values() if one.stands and one.kind is kind), key=lambda one: (one.at, one.where, one.number))
