"""Bad builds: the rules with one check left out each. A measure that does not find them measures nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from assistant.desk.fulfilment import Fulfilment, Moved
from assistant.domain.action import Action, Status
from assistant.domain.approval import Approval, ApprovalStatus, Vote
from assistant.domain.configuration import Person
from assistant.governance import approvals
from assistant.ports.store import UnitOfWork
from evals.approvals.law import ALTERED, EXPIRED, REPLAYED, REQUESTER, ROLE, WITHOUT


class NoRoleAtExecution(Fulfilment):
    """Whoever agreed once has agreed, whatever became of their role."""

    def _does_not_hold(self, action: Action, approval: Approval, at: datetime) -> str:
        everybody = frozenset(person.id for person in self.directory.people())
        return approvals.holds(approval, action, [everybody] * len(approval.stages), self.directory.person, at)


class NoHash(Fulfilment):
    """What runs is not compared with what was agreed to."""

    def _does_not_hold(self, action: Action, approval: Approval, at: datetime) -> str:
        votes = tuple(replace(vote, hash=action.hash) for vote in approval.votes)
        return Fulfilment._does_not_hold(self, action, replace(approval, hash=action.hash, requester=action.actor, votes=votes), at)

    def is_sealed(self, action: Action, seal: str) -> bool:  # noqa: ARG002
        """Believe every seal."""
        return True


class NoExpiry(Fulfilment):
    """An approval holds for ever, and so does what was decided."""

    def _bar(self, unit: UnitOfWork, action: Action, at: datetime) -> tuple[str, dict[str, Any]]:
        return Fulfilment._bar(self, unit, replace(action, changed_at=at), at)

    def _does_not_hold(self, action: Action, approval: Approval, at: datetime) -> str:  # noqa: ARG002
        return Fulfilment._does_not_hold(self, action, approval, approval.created_at)


class NoSingleUse(Fulfilment):
    """An approval may be used again."""

    def _does_not_hold(self, action: Action, approval: Approval, at: datetime) -> str:
        return Fulfilment._does_not_hold(self, action, replace(approval, used_at=None), at)


class NoApproval(Fulfilment):
    """Whatever is called ready is ready."""

    def _bar(self, unit: UnitOfWork, action: Action, at: datetime) -> tuple[str, dict[str, Any]]:  # noqa: ARG002
        return "", {}

    def is_sealed(self, action: Action, seal: str) -> bool:  # noqa: ARG002
        """Believe every seal."""
        return True


class AnybodyVotes(Fulfilment):
    """Who says yes is not looked at."""

    def vote(self, unit: UnitOfWork, action_id: str, approver: Person, approves: bool, seen: str, note: str, at: datetime) -> Moved:
        """Count every vote."""
        action, approval = unit.actions.load(action_id), unit.approvals.load(action_id)
        if action is None or approval is None or action.status is not Status.AWAITING:
            raise approvals.NotAllowed(note)
        votes = (*approval.votes, Vote(approver.id, approval.stage, approves, seen, at))
        voted = replace(approval, votes=votes)
        whole = voted.stage == len(voted.stages)
        unit.approvals.save(replace(voted, status=ApprovalStatus.APPROVED) if whole else voted)
        return Moved(self._ready(unit, action, at) if whole else action)


BAD = {
    WITHOUT: NoApproval,
    REQUESTER: AnybodyVotes,
    ALTERED: NoHash,
    EXPIRED: NoExpiry,
    REPLAYED: NoSingleUse,
    ROLE: NoRoleAtExecution,
}
"""For each kind of violation a build that commits it."""
