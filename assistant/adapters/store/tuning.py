"""Experiments and tuning decisions in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.adapters.store.tuning_tables import experiment_looks, experiment_rows, experiments, tuning_decisions
from assistant.domain.experiment import Effect, Experiment, ExperimentRow, Look, Standing
from assistant.domain.tuning import Kind, TuningDecision
from assistant.ports.tuning import AlreadyDecided


@dataclass(frozen=True, slots=True)
class SqlExperiments:
    """The ``Experiments`` protocol over one transaction."""

    connection: Connection

    def open(self, experiment: Experiment) -> None:
        """See the port."""
        self.connection.execute(insert(experiments).values(**_experiment_row(experiment)))

    def load(self, experiment_id: str) -> Experiment | None:
        """See the port."""
        row = self.connection.execute(select(experiments).where(experiments.c.id == experiment_id)).mappings().first()
        return _experiment(row) if row else None

    def save(self, experiment: Experiment) -> None:
        """See the port."""
        self.connection.execute(update(experiments).where(experiments.c.id == experiment.id).values(**_experiment_row(experiment)))

    def all(self) -> list[Experiment]:
        """See the port."""
        query = select(experiments).order_by(experiments.c.published_at.desc(), experiments.c.id)
        return [_experiment(row) for row in self.connection.execute(query).mappings()]

    def add_look(self, look: Look) -> bool:
        """See the port."""
        row = {"experiment": look.experiment, "number": look.number, "at": look.at, "effect": look.effect.record()}
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(experiment_looks).values(**row))
        except IntegrityError:
            return False
        return True

    def looks(self, experiment_id: str) -> list[Look]:
        """See the port."""
        c = experiment_looks.c
        rows = self.connection.execute(select(experiment_looks).where(c.experiment == experiment_id).order_by(c.number))
        return [Look(row.experiment, row.number, row.at, Effect.of_record(row.effect)) for row in rows]

    def keep_rows(self, experiment_id: str, rows: Sequence[ExperimentRow]) -> None:
        """See the port."""
        self.connection.execute(delete(experiment_rows).where(experiment_rows.c.experiment == experiment_id))
        if rows:
            self.connection.execute(insert(experiment_rows), [{"experiment": experiment_id, **asdict(row)} for row in rows])

    def rows(self, experiment_id: str) -> list[ExperimentRow]:
        """See the port."""
        c = experiment_rows.c
        wanted = (
            select(c.conversation, c.episode, c.week, c.resolved).where(c.experiment == experiment_id).order_by(c.week, c.conversation, c.episode)
        )
        return [ExperimentRow(*row) for row in self.connection.execute(wanted)]


@dataclass(frozen=True, slots=True)
class SqlTuningLog:
    """The ``TuningLog`` protocol over one transaction."""

    connection: Connection

    def add(self, decision: TuningDecision) -> None:
        """See the port."""
        row = asdict(decision) | {"kind": decision.kind.value}
        row |= {"about": row.pop("where"), "decided_by": row.pop("by")}
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(tuning_decisions).values(**row))
        except IntegrityError as error:
            raise AlreadyDecided(decision.where) from error

    def load(self, decision_id: str) -> TuningDecision | None:
        """See the port."""
        row = self.connection.execute(select(tuning_decisions).where(tuning_decisions.c.id == decision_id)).mappings().first()
        return _decision(row) if row else None

    def undo(self, decision: TuningDecision) -> None:
        """See the port."""
        c = tuning_decisions.c
        changed = update(tuning_decisions).where(c.id == decision.id, c.undone_at.is_(None))
        if self.connection.execute(changed.values(undone_at=decision.undone_at, undone_by=decision.undone_by)).rowcount != 1:
            raise AlreadyDecided(decision.where)

    def all(self) -> list[TuningDecision]:
        """See the port."""
        c = tuning_decisions.c
        return [
            _decision(row) for row in self.connection.execute(select(tuning_decisions).order_by(c.at.desc(), c.about, c.number.desc())).mappings()
        ]

    def standing(self, kind: Kind) -> list[TuningDecision]:
        """See the port."""
        c = tuning_decisions.c
        query = select(tuning_decisions).where(c.undone_at.is_(None), c.kind == kind.value).order_by(c.at, c.about, c.number)
        return [_decision(row) for row in self.connection.execute(query).mappings()]


def _experiment_row(experiment: Experiment) -> dict[str, Any]:
    return asdict(experiment) | {"standing": experiment.standing.value}


def _experiment(row: Any) -> Experiment:
    return Experiment(**{**row, "standing": Standing(row["standing"])})


def _decision(row: Any) -> TuningDecision:
    facts = dict(row)
    facts |= {"where": facts.pop("about"), "by": facts.pop("decided_by"), "kind": Kind(facts["kind"])}
    return TuningDecision(**facts)
