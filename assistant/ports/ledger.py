"""What language models did and cost, and what candidates would have said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.model_use import LedgerLine, ModelCall, Spent
from assistant.domain.shadow import ShadowTurn


class ModelLedger(Protocol):
    """The calls to language models. Holds no words."""

    def record(self, conversation: str, message: str, calls: Sequence[ModelCall]) -> None:
        """Add the calls of a turn."""

    def spent(self, conversation: str) -> Spent:
        """Return what the calls of a conversation came to."""

    def spent_since(self, moment: datetime) -> Spent:
        """Return what all calls from a moment on came to."""

    def lines(self, since: datetime, until: datetime) -> list[LedgerLine]:
        """Return what the calls in [since, until) came to, by step and model, the dearest first."""

    def by_conversation(self, since: datetime, until: datetime) -> dict[str, Spent]:
        """Return what the calls in [since, until) came to, by conversation, the dearest first."""


class Shadows(Protocol):
    """What candidates would have done in turns that somebody else answered."""

    def record(self, turn: ShadowTurn) -> None:
        """Keep one; a second one of the same candidate for the same message takes its place."""

    def of_candidate(self, candidate: str) -> list[ShadowTurn]:
        """Return a candidate's turns, oldest first."""

    def candidates(self) -> list[str]:
        """Return the candidates that have turns, by name."""

    def forget(self, candidate: str) -> int:
        """Drop a candidate's turns; return how many there were."""
