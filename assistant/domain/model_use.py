"""What calls to language models cost: prices, budgets, the ledger's lines, and one turn's account of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LEAST_SECONDS = 0.3
"""With less time left than this no call is begun."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in whatever currency the organisation counts."""

    read: float = 0.0
    written: float = 0.0

    def of(self, read: int, written: int) -> float:
        """Return the cost of so many tokens."""
        return (read * self.read + written * self.written) / 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What a set of calls came to."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent; infinite where nothing was said. A call is begun while less was spent, so the last one may go over."""

    conversation_cost: float = math.inf
    conversation_tokens: float = math.inf
    day_cost: float = math.inf
    day_tokens: float = math.inf

    @property
    def is_limited(self) -> bool:
        """Say whether there is any bound."""
        return not all(math.isinf(bound) for bound in (self.conversation_cost, self.conversation_tokens, self.day_cost, self.day_tokens))

    def allows(self, conversation: Spent, day: Spent) -> bool:
        """Say whether another call may begin; ``day`` is what was spent since midnight UTC."""
        within = conversation.cost < self.conversation_cost and conversation.tokens < self.conversation_tokens
        return within and day.cost < self.day_cost and day.tokens < self.day_tokens


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call, a line of the ledger. ``trouble`` is "" where the reply could be used, else a value of ``ports.chat.Trouble``."""

    step: str
    model: str
    prompt: str
    at: datetime
    seconds: float
    read: int
    written: int
    estimated: bool
    cost: float
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of the ledger's report: what the calls of a step to a model came to."""

    step: str
    model: str
    calls: int
    unusable: int
    """Calls whose reply could not be used."""
    read: int
    written: int
    cost: float
    seconds: float


@dataclass(slots=True)
class Account:
    """One turn's account: how much time and money is left, what was called, and which steps a model did. One thread uses it at a time.

    A turn that is tried again because something changed under it asks nothing twice: ``known`` keeps the replies.
    """

    until: float = math.inf
    """By ``time.monotonic()``."""
    conversation: Spent = Spent()
    day: Spent = Spent()
    hear: Callable[[str], None] | None = None
    """Gets the answer as far as it can be shown, again and again while it grows."""
    told: str = ""
    """What the listener got last."""
    calls: list[ModelCall] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    done_by: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Model and prompt of the steps that a model did."""
    fell_back: dict[str, str] = field(default_factory=dict)
    """Why a step that a model should have done was done locally."""

    def tell(self, text: str) -> bool:
        """Tell the listener a longer view of the answer; return whether it was told. A turn that is tried again does not begin its answer anew."""
        longer = self.hear is not None and len(text) > len(self.told)
        if self.hear is not None and longer:
            self.told = text
            self.hear(text)
        return longer

    def seconds_left(self) -> float:
        """Return the time that is left for calls."""
        return self.until - time.monotonic()

    def spent(self, budget: Budget) -> bool:
        """Say whether the budget is used up, with what this turn has called."""
        cost, tokens = sum(call.cost for call in self.calls), sum(call.read + call.written for call in self.calls)
        mine = Spent(len(self.calls), tokens, cost)
        together = [Spent(one.calls + mine.calls, one.tokens + mine.tokens, one.cost + mine.cost) for one in (self.conversation, self.day)]
        return not budget.allows(together[0], together[1])

    def model_of(self, step: str, local: str) -> str:
        """Return which model did a step: the one that was asked, or the local one."""
        return self.done_by.get(step, (local, ""))[0]

    def prompt_of(self, step: str) -> str:
        """Return the prompt by which a step was done; "none" where it was done locally."""
        return self.done_by.get(step, ("", "none"))[1]
