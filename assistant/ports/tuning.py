"""What articles changed, and what was decided about thresholds and the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assistant.domain.experiment import Experiment, ExperimentRow, Look
from assistant.domain.tuning import Kind, TuningDecision


class AlreadyDecided(Exception):
    """Somebody decided about the same thing meanwhile; look again."""


class Experiments(Protocol):
    """Experiments with their looks. Holds no words and nobody's name."""

    def open(self, experiment: Experiment) -> None:
        """Store a new experiment."""

    def load(self, experiment_id: str) -> Experiment | None:
        """Return an experiment, or None."""

    def save(self, experiment: Experiment) -> None:
        """Store how an experiment stands."""

    def all(self) -> list[Experiment]:
        """Return all experiments, those published last first."""

    def add_look(self, look: Look) -> bool:
        """Store a look for good; return False, and leave what is there, when this one was made before."""

    def looks(self, experiment_id: str) -> list[Look]:
        """Return the looks of an experiment, the first one first."""

    def keep_rows(self, experiment_id: str, rows: Sequence[ExperimentRow]) -> None:
        """Store the questions that the latest look counts, in place of those before. They go with their conversations."""

    def rows(self, experiment_id: str) -> list[ExperimentRow]:
        """Return those questions, by week and conversation."""


class TuningLog(Protocol):
    """Accepted changes of thresholds and of the ranking."""

    def add(self, decision: TuningDecision) -> None:
        """Store a new decision.

        Raises:
            AlreadyDecided: there is one of this number about the same thing.
        """

    def load(self, decision_id: str) -> TuningDecision | None:
        """Return a decision, or None."""

    def undo(self, decision: TuningDecision) -> None:
        """Store when and by whom a decision was undone.

        Raises:
            AlreadyDecided: it was undone meanwhile.
        """

    def all(self) -> list[TuningDecision]:
        """Return all decisions, the newest first."""

    def standing(self, kind: Kind) -> list[TuningDecision]:
        """Return the decisions of a kind that were not undone, oldest first. Every turn asks for those about thresholds."""
