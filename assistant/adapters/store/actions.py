"""Actions and approvals in tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from assistant.adapters.store.tables import actions, approvals, votes
from assistant.domain.action import Action, Plan, Status
from assistant.domain.approval import Approval, ApprovalStatus, Stage, Vote
from assistant.ports.store import ActionChanged


@dataclass(frozen=True, slots=True)
class SqlActions:
    """The ``Actions`` protocol on a connection whose owner commits."""

    connection: Connection

    def add(self, action: Action) -> None:
        """See the port."""
        try:
            self.connection.execute(insert(actions).values(**_row(action)))
        except IntegrityError as error:
            raise ActionChanged(action.id) from error

    def load(self, action_id: str) -> Action | None:
        """See the port."""
        row = self.connection.execute(select(actions).where(actions.c.id == action_id)).mappings().first()
        return _action(row) if row else None

    def save(self, action: Action) -> None:
        """See the port."""
        changed = update(actions).where(actions.c.id == action.id, actions.c.version == action.version)
        if self.connection.execute(changed.values(**_row(replace(action, version=action.version + 1)))).rowcount != 1:
            raise ActionChanged(action.id)

    def of_conversation(self, conversation_id: str) -> list[Action]:
        """See the port."""
        query = select(actions).where(actions.c.conversation == conversation_id).order_by(actions.c.created_at, actions.c.id)
        return [_action(row) for row in self.connection.execute(query).mappings()]

    def of_actor(self, actor: str, since: datetime) -> list[Action]:
        """See the port."""
        query = select(actions).where(actions.c.actor == actor, actions.c.created_at >= since).order_by(actions.c.created_at, actions.c.id)
        return [_action(row) for row in self.connection.execute(query).mappings()]

    def between(self, start: datetime, end: datetime) -> list[Action]:
        """See the port."""
        within = (actions.c.created_at >= start, actions.c.created_at < end)
        query = select(actions).where(*within).order_by(actions.c.created_at, actions.c.id)
        return [_action(row) for row in self.connection.execute(query).mappings()]

    def latest(self, limit: int = 200, status: Status | None = None, after: str = "") -> list[Action]:
        """See the port."""
        query = select(actions).order_by(actions.c.changed_at.desc(), actions.c.id.desc()).limit(limit)
        if status is not None:
            query = query.where(actions.c.status == status.value)
        last = self.connection.execute(select(actions.c.changed_at, actions.c.id).where(actions.c.id == after)).first() if after else None
        if last is not None:
            query = query.where(actions.c.changed_at <= last.changed_at, or_(actions.c.changed_at < last.changed_at, actions.c.id < last.id))
        return [_action(row) for row in self.connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class SqlApprovals:
    """The ``Approvals`` protocol on a connection whose owner commits."""

    connection: Connection

    def open(self, approval: Approval) -> None:
        """See the port."""
        self.connection.execute(insert(approvals).values(**_head(approval)))

    def load(self, action_id: str) -> Approval | None:
        """See the port."""
        row = self.connection.execute(select(approvals).where(approvals.c.action == action_id)).mappings().first()
        return self._whole(row) if row else None

    def save(self, approval: Approval) -> None:
        """See the port."""
        changed = update(approvals).where(approvals.c.action == approval.action, approvals.c.version == approval.version)
        if self.connection.execute(changed.values(**_head(replace(approval, version=approval.version + 1)))).rowcount != 1:
            raise ActionChanged(approval.action)
        known = {vote.approver for vote in self._votes(approval.action)}
        fresh = [{"action": approval.action, **asdict(vote)} for vote in approval.votes if vote.approver not in known]
        if fresh:
            self.connection.execute(insert(votes), fresh)

    def undecided(self) -> list[Approval]:
        """See the port."""
        query = select(approvals).where(approvals.c.status == ApprovalStatus.OPEN.value).order_by(approvals.c.created_at)
        return [self._whole(row) for row in self.connection.execute(query).mappings().all()]

    def between(self, start: datetime, end: datetime) -> list[Approval]:
        """See the port."""
        within = (approvals.c.created_at >= start, approvals.c.created_at < end)
        query = select(approvals).where(*within).order_by(approvals.c.created_at, approvals.c.action)
        return [self._whole(row) for row in self.connection.execute(query).mappings().all()]

    def _votes(self, action_id: str) -> tuple[Vote, ...]:
        query = select(votes).where(votes.c.action == action_id).order_by(votes.c.number)
        return tuple(
            Vote(row["approver"], row["stage"], row["approves"], row["hash"], row["at"], row["instead_of"], row["note"])
            for row in self.connection.execute(query).mappings()
        )

    def _whole(self, row: Any) -> Approval:
        stages = tuple(Stage(**stage) for stage in row["stages"])
        kept = {name: row[name] for name in ("action", "hash", "requester", "created_at", "remind_at", "expires_at", "used_at", "version")}
        return Approval(**kept, stages=stages, status=ApprovalStatus(row["status"]), votes=self._votes(row["action"]))


def _row(action: Action) -> dict[str, Any]:
    same = ("id", "tool", "actor", "subject", "conversation", "arguments", "facts", "result", "reverts", "created_at", "changed_at", "expires_at")
    kept = {name: getattr(action, name) for name in same}
    return kept | {"status": action.status.value, "plan": asdict(action.plan), "version": action.version}


def _action(row: Any) -> Action:
    plan = Plan(**{**row["plan"], "lines": tuple(row["plan"]["lines"])})
    return Action(**{**row, "status": Status(row["status"]), "plan": plan})


def _head(approval: Approval) -> dict[str, Any]:
    same = ("action", "hash", "requester", "created_at", "remind_at", "expires_at", "used_at", "version")
    kept = {name: getattr(approval, name) for name in same}
    return kept | {"status": approval.status.value, "stages": [asdict(stage) for stage in approval.stages]}
