"""Actions: what the assistant does for somebody, from the proposal to its end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any


class Effect(StrEnum):
    """Whether a tool changes anything."""

    READ = "read"
    WRITE = "write"


class Tier(StrEnum):
    """Who has to agree before a tool acts."""

    READ = "read"
    """Nobody: it shows the person what is theirs."""
    OWN = "own"
    """The person, by pressing the button of a card that says what will happen."""
    SENSITIVE = "sensitive"
    """The person, and a one-time code on a second channel."""
    APPROVAL = "approval"
    """The person, and those whom the policy names."""
    PEOPLE = "people"
    """Only people do this; the assistant files a ticket."""


class Label(StrEnum):
    """Where the wish for an action came from. Only presses and the person's own words may begin one."""

    PRESS = "press"
    WORDS = "words"
    RECORD = "record"
    """What a practice of the desk found in its records: a failed check, a joiner. Only the tools of practices begin so."""
    TEXT = "text"
    """Articles, tickets, notices, tool results, what a model made of them."""


class Status(StrEnum):
    """Where an action stands."""

    PROPOSED = "proposed"
    """A card was shown; nothing happens before the person presses its button."""
    CHALLENGED = "challenged"
    """A one-time code was sent and has to be entered."""
    AWAITING = "awaiting"
    """Those whom the policy names have to approve."""
    READY = "ready"
    """Decided; the intent and its outbox row are stored."""
    RUNNING = "running"
    """Handed to the other system."""
    DONE = "done"
    FAILED = "failed"
    """Refused by the other system, or it could not be reached in time. Nothing was changed."""
    UNKNOWN = "unknown"
    """It cannot be told whether it took effect; a person has to look."""
    REFUSED = "refused"
    """By policy, by an approver, or because a check no longer holds."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REVERTED = "reverted"

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen by itself."""
        return self not in (Status.PROPOSED, Status.CHALLENGED, Status.AWAITING, Status.READY, Status.RUNNING)


S = Status
NEXT: dict[Status, frozenset[Status]] = {
    S.PROPOSED: frozenset({S.CHALLENGED, S.AWAITING, S.READY, S.REFUSED, S.CANCELLED, S.EXPIRED}),
    S.CHALLENGED: frozenset({S.AWAITING, S.READY, S.REFUSED, S.CANCELLED, S.EXPIRED}),
    S.AWAITING: frozenset({S.READY, S.REFUSED, S.CANCELLED, S.EXPIRED}),
    S.READY: frozenset({S.RUNNING, S.REFUSED}),
    S.RUNNING: frozenset({S.DONE, S.FAILED, S.UNKNOWN}),
    S.DONE: frozenset({S.REVERTED}),
}


class IllegalStep(ValueError):
    """An action cannot go from the one status to the other."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action will do, as it is shown before it acts."""

    title: str
    lines: tuple[str, ...]
    blast_radius: str
    """Whom and what it touches."""
    undo: str
    """How it can be taken back, or that it cannot."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action of one person. ``id`` is its idempotency key, fixed for ever."""

    id: str
    tool: str
    actor: str
    """Who wants it: from the session, never from text."""
    subject: str
    """Whose account or ticket it touches; the same person, except for the end of a timed grant."""
    conversation: str
    status: Status
    arguments: dict[str, str]
    """Values that stand behind enums and handles, never words of a person."""
    plan: Plan
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    """What the policy decided by."""
    result: dict[str, Any] = field(default_factory=dict)
    reverts: str = ""
    """The action that this one takes back."""
    version: int = 0

    @property
    def hash(self) -> str:
        """SHA-256 of everything that an approver agrees to; nothing of it may change afterwards."""
        plan = [self.plan.title, list(self.plan.lines), self.plan.blast_radius, self.plan.undo]
        agreed = [self.id, self.tool, self.actor, self.subject, self.arguments, self.reverts, plan]
        return sha256(json.dumps(agreed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()

    @property
    def ends(self) -> str:
        """The day count after which a grant ends by itself, "" for one that does not."""
        return self.arguments.get("days", "")


def step(status: Status, target: Status) -> Status:
    """Return ``target`` if an action may go there from ``status``.

    Raises:
        IllegalStep: the table has no such step.
    """
    if target not in NEXT.get(status, frozenset()):
        raise IllegalStep(f"an action that is {status} cannot become {target}")
    return target
