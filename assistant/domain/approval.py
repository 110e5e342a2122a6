"""Approvals: who agreed to exactly which action, in which stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ApprovalStatus(StrEnum):
    """Where an approval stands."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a chain: ``quorum`` of those in the role have to agree before the next stage begins.

    ``role`` is ``manager`` (of the requester), ``owner`` (of what is asked for), ``person:ID`` or ``group:NAME``; who that is
    is looked up at the moment of each vote.
    """

    role: str
    quorum: int = 1


@dataclass(frozen=True, slots=True)
class Vote:
    """One decision of one approver over one action hash."""

    approver: str
    stage: int
    approves: bool
    hash: str
    at: datetime
    instead_of: str = ""
    """The approver whose delegate this one is."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """The approval of one action. ``used_at`` is set by the transaction that lets the action run, once."""

    action: str
    hash: str
    requester: str
    stages: tuple[Stage, ...]
    status: ApprovalStatus
    created_at: datetime
    remind_at: datetime
    expires_at: datetime
    votes: tuple[Vote, ...] = ()
    used_at: datetime | None = None
    version: int = 0

    @property
    def stage(self) -> int:
        """The number of the stage that is being decided; the number of stages when all are."""
        for number, stage in enumerate(self.stages):
            if sum(vote.approves and vote.stage == number for vote in self.votes) < stage.quorum:
                return number
        return len(self.stages)
