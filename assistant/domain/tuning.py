"""Calibration, proposals of thresholds, and what was decided about them: plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from assistant.domain.measures import Rate


class Kind(StrEnum):
    """What a decision changes."""

    THRESHOLD = "threshold"
    RANKING = "ranking"


class Held(StrEnum):
    """How a decision stands today."""

    IN_FORCE = "in force"
    REPLACED = "replaced"
    """A later one for the same band took its place."""
    UNDONE = "undone"
    LAPSED = "no longer applies"
    """The policy file says something else of the band than when it was accepted."""


class Came(StrEnum):
    """What happened, beside what was predicted."""

    AS_PREDICTED = "as predicted"
    OTHERWISE = "otherwise"
    NOT_ENOUGH = "not enough to say"


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability curve: the mean confidence in it, and the share that came out right."""

    confidence: float
    right: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far a step's confidence can be believed.

    ``error`` is the expected calibration error with its 95 % interval; None where too little was judged.
    """

    step: str
    bins: tuple[Bin, ...]
    judged: int
    silent: int
    """Results that nobody said anything about: silence is no verdict."""
    error: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        if self.error is None or self.low is None or self.high is None:
            return f"{self.step}: {self.judged} judged results are too few for a curve; {self.silent} without a verdict."
        numbers = f"{100 * self.error:.1f} points ({100 * self.low:.1f} to {100 * self.high:.1f})"
        return f"{self.step}: confidence is off by {numbers} on average, over {self.judged} judged results; {self.silent} without a verdict."


@dataclass(frozen=True, slots=True)
class Band:
    """The two confidences of a band, as ``governance.policy.Band`` has them."""

    auto: float
    review: float


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected under a threshold: the share done without asking, and the share of those that is wrong."""

    automatic: Rate
    wrong: Rate


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another threshold for a band of the policy, or why there is none.

    ``where`` names the band: ``steps.answer``. ``now`` is what is expected if nothing is changed.
    """

    where: str
    current: Band
    proposed: Band | None
    expected: Expected | None
    now: Expected | None
    why: str
    """Why this one, or why none."""

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        if self.proposed is None or self.expected is None or self.now is None:
            return f"{self.where}: {self.why}."
        change = f"answer by itself from {self.proposed.auto:.2f} instead of {self.current.auto:.2f}"
        return f"{self.where}: {change}; expected automatic {self.expected.automatic.text}, wrong {self.expected.wrong.text}."


@dataclass(frozen=True, slots=True)
class TuningDecision:
    """One accepted change. ``number`` counts the decisions about the same ``where`` from 1; the last that was not undone is in force.

    ``before`` and ``after`` are the facts of what it changes: of a threshold ``auto`` and ``review``, with ``file_auto`` and ``file_review`` of the
    policy file at that time in ``before``. ``predicted`` is what was expected of it, as counts.
    """

    id: str
    kind: Kind
    where: str
    number: int
    at: datetime
    by: str
    before: dict[str, Any]
    after: dict[str, Any]
    predicted: dict[str, Any]
    policy: str = ""
    """The version of the policy that it made."""
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def stands(self) -> bool:
        """Say whether it was not undone."""
        return self.undone_at is None

    def prediction(self) -> Expected | None:
        """Return what was expected of a threshold, None where nothing was."""
        if not {"automatic", "wrong"} <= set(self.predicted):
            return None
        return Expected(Rate(**self.predicted["automatic"]), Rate(**self.predicted["wrong"]))


def counts_of(expected: Expected) -> dict[str, dict[str, int]]:
    """Return what ``TuningDecision.prediction`` reads back."""
    return {"automatic": asdict(expected.automatic), "wrong": asdict(expected.wrong)}


@dataclass(frozen=True, slots=True)
class Checked:
    """A decision beside what happened since: under the policy that it made, and until it was replaced or undone."""

    decision: TuningDecision
    held: Held
    predicted: Expected | None
    happened: Expected | None
    came: Came
    text: str
