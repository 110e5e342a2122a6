"""What is counted of a conversation: how each episode ended, what was asked, and which decisions its person confirmed or rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assistant.domain.conversation import Conversation, Outcome

QUESTION = "question"
"""The intent of an episode of which nothing more particular is known."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An episode that ended, as the ledger holds it: no words and nobody's name.

    It is counted on the day it ended, in the organisation's time zone. ``reopened_at`` takes it out of the count again: the person came back about
    the same issue, and what came of that counts where it ended.
    """

    conversation: str
    episode: int
    channel: str
    category: str
    intent: str
    platform: str
    outcome: Outcome
    reason: str
    """Why it went to people, "" when it did not (``domain.handoff.HandoffReason``)."""
    opened_at: datetime
    closed_at: datetime
    reopened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One decision that was made with a confidence, and whether it was right as far as the person said so; silence says nothing."""

    conversation: str
    episode: int
    message: str
    at: datetime
    step: str
    """``understand``, ``answer`` or ``act``."""
    confidence: float
    decision: str
    articles: tuple[str, ...] = ()
    """The articles as they were shown, the first one first; () for steps that show none."""
    right: bool | None = None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions to list: of a step, by a band of the policy (``steps.answer``) if one is named, from a confidence up, by verdict."""

    step: str
    band: str = ""
    least: float = 0.0
    verdict: str = ""
    """``right``, ``wrong``, ``said`` for either, ``silent`` for none; "" for all."""

    def admits(self, one: Judged) -> bool:
        """Say whether a decision is wanted."""
        fits = {"": True, "right": one.right is True, "wrong": one.right is False, "said": one.right is not None, "silent": one.right is None}
        of_band = not self.band or one.decision.startswith(f"{self.band}:")
        return one.step == self.step and of_band and one.confidence >= self.least and fits[self.verdict]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an episode was about: the first question without secrets, and the unit vector it was searched with, () when there was none."""

    conversation: str
    episode: int
    question: str
    vector: tuple[float, ...]
    platform: str
    person: str
    at: datetime
    outcome: Outcome | None = None
    """How the episode ended, None while it goes on."""
    reopened: bool = False


def settled(conversation: Conversation) -> Settled | None:
    """Return the current episode for the ledger, None while it goes on; its reason is known to the handoffs."""
    episode = conversation.episode
    if episode.outcome is None or episode.closed_at is None:
        return None

    def known(name: str) -> str:
        return str(conversation.memory.get(name) or "")

    return Settled(
        conversation=conversation.id,
        episode=episode.number,
        channel=conversation.channel,
        category=known("category"),
        intent=known("intent") or QUESTION,
        platform=known("platform"),
        outcome=episode.outcome,
        reason="",
        opened_at=episode.opened_at,
        closed_at=episode.closed_at,
    )
