"""Candidates for a step, tried invisibly beside the live one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

LEAST_JUDGED = 30
"""Fewer turns with a verdict decide nothing."""


@dataclass(frozen=True, slots=True)
class ShadowTurn:
    """What a candidate would have done in one turn, beside what the live assistant did. Holds no words, only articles."""

    candidate: str
    conversation: str
    message: str
    at: datetime
    live: tuple[str, ...]
    """The articles that the live answer cited; () where it did not answer."""
    shadow: tuple[str, ...]
    """Those that the candidate would have cited."""
    seconds: float = 0.0
    cost: float = 0.0
    canary: bool = False
    """The candidate answered itself, so both sides are the same."""
    trouble: str = ""
    """Why the candidate gave nothing, a value of ``ports.chat.Trouble``; "" where it did its work."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One turn with the person's verdict: 1 where it came out right, 0 where not, for both sides."""

    message: str
    live: float
    shadow: float


def judged(turn: ShadowTurn, verdict: str) -> Judged | None:
    """Return how a turn came out by the person's verdict on the live answer; None where there is none.

    After "solved" the candidate was right if it cites the same first article. After "did not solve it" it was right only if it would not have
    answered: of another article nobody knows whether it would have helped, and what is not known does not count for a candidate.
    """
    if verdict not in ("solved", "did not solve it") or not turn.live:
        return None
    solved = verdict == "solved"
    right = bool(turn.shadow) and turn.live[0] in turn.shadow if solved else not turn.shadow and not turn.trouble
    return Judged(turn.message, float(solved), float(right))


def may_promote(low: float, count: int) -> str:
    """Return why a candidate may not take the live one's place, "" when it may.

    It may with enough verdicts and a paired difference whose lower bound ``low`` is not below zero.
    """
    if count < LEAST_JUDGED:
        return f"only {count} turns have a verdict; {LEAST_JUDGED} are needed"
    return f"the lower bound of the paired difference is {low:+.3f}" if low < 0 else ""


def in_canary(conversation: str, candidate: str, share: float) -> bool:
    """Say whether a candidate answers a conversation itself: always the same for one conversation, and for ``share`` of all."""
    return int(sha256(f"{candidate}\n{conversation}".encode()).hexdigest()[:8], 16) < share * 2**32


def differences(pairs: Sequence[Judged]) -> list[float]:
    """Return shadow less live, one for each turn."""
    return [pair.shadow - pair.live for pair in pairs]
