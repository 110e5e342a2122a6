"""Actions, approvals and outbox in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

from assistant.domain.action import Action, Status
from assistant.domain.approval import Approval, ApprovalStatus
from assistant.ports.store import ActionChanged, OutboxEntry


@dataclass(slots=True)
class MemoryActions:
    """The ``Actions`` protocol over a dictionary."""

    kept: dict[str, Action] = field(default_factory=dict)

    def add(self, action: Action) -> None:
        """See the port."""
        if action.id in self.kept:
            raise ActionChanged(action.id)
        self.kept[action.id] = action

    def load(self, action_id: str) -> Action | None:
        """See the port."""
        return self.kept.get(action_id)

    def save(self, action: Action) -> None:
        """See the port."""
        stored = self.kept.get(action.id)
        if stored is None or stored.version != action.version:
            raise ActionChanged(action.id)
        self.kept[action.id] = replace(action, version=action.version + 1)

    def of_conversation(self, conversation_id: str) -> list[Action]:
        """See the port."""
        return sorted((a for a in self.kept.values() if a.conversation == conversation_id), key=lambda a: (a.created_at, a.id))

    def of_actor(self, actor: str, since: datetime) -> list[Action]:
        """See the port."""
        return sorted((a for a in self.kept.values() if a.actor == actor and a.created_at >= since), key=lambda a: (a.created_at, a.id))

    def between(self, start: datetime, end: datetime) -> list[Action]:
        """See the port."""
        return sorted((a for a in self.kept.values() if start <= a.created_at < end), key=lambda a: (a.created_at, a.id))

    def latest(self, limit: int = 200, status: Status | None = None, after: str = "") -> list[Action]:
        """See the port."""
        last = self.kept.get(after)
        chosen = (a for a in self.kept.values() if status in (None, a.status))
        older = [a for a in chosen if last is None or (a.changed_at, a.id) < (last.changed_at, last.id)]
        return sorted(older, key=lambda a: (a.changed_at, a.id), reverse=True)[:limit]


@dataclass(slots=True)
class MemoryApprovals:
    """The ``Approvals`` protocol over a dictionary."""

    kept: dict[str, Approval] = field(default_factory=dict)

    def open(self, approval: Approval) -> None:
        """See the port."""
        self.kept[approval.action] = replace(approval, votes=())

    def load(self, action_id: str) -> Approval | None:
        """See the port."""
        return self.kept.get(action_id)

    def save(self, approval: Approval) -> None:
        """See the port."""
        stored = self.kept.get(approval.action)
        if stored is None or stored.version != approval.version:
            raise ActionChanged(approval.action)
        known = {vote.approver for vote in stored.votes}
        fresh = tuple(vote for vote in approval.votes if vote.approver not in known)
        self.kept[approval.action] = replace(approval, votes=(*stored.votes, *fresh), version=approval.version + 1)

    def undecided(self) -> list[Approval]:
        """See the port."""
        return sorted((a for a in self.kept.values() if a.status is ApprovalStatus.OPEN), key=lambda a: a.created_at)

    def between(self, start: datetime, end: datetime) -> list[Approval]:
        """See the port."""
        return sorted((a for a in self.kept.values() if start <= a.created_at < end), key=lambda a: (a.created_at, a.action))


def _line(entry: OutboxEntry) -> Any:
    return entry.body.get("thread") or entry.body.get("ticket")


@dataclass(slots=True)
class MemoryOutbox:
    """The ``Outbox`` protocol over a dictionary, which keeps the order."""

    kept: dict[str, OutboxEntry] = field(default_factory=dict)
    holds: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def put(self, entry: OutboxEntry) -> None:
        """See the port."""
        self.kept.setdefault(entry.key, entry)

    def load(self, key: str) -> OutboxEntry | None:
        """See the port."""
        return self.kept.get(key)

    def waiting(self) -> list[OutboxEntry]:
        """See the port."""
        return [entry for entry in self.kept.values() if entry.state == "waiting"]

    def due(self, until: datetime, limit: int) -> list[OutboxEntry]:
        """See the port."""
        return [entry for entry in self.waiting() if entry.due_at <= until and self.ahead_of(entry) is None][:limit]

    def ahead_of(self, entry: OutboxEntry) -> OutboxEntry | None:
        """See the port."""
        line = _line(entry)
        earlier = takewhile(lambda other: other.key != entry.key, self.waiting())
        return next((other for other in earlier if line is not None and _line(other) == line), None)

    def hold(self, key: str, holder: str, at: datetime, until: datetime) -> bool:
        """See the port."""
        by, before = self.holds.get(key, (holder, at))
        if key not in self.kept or self.kept[key].state != "waiting" or (by != holder and before > at):
            return False
        self.holds[key] = holder, until
        return True

    def postpone(self, key: str, due_at: datetime, result: dict[str, Any], held: bool = False) -> None:
        """See the port."""
        if not held:
            self.holds.pop(key, None)
        if key in self.kept and self.kept[key].state == "waiting":
            self.kept[key] = replace(self.kept[key], due_at=due_at, result=result)

    def finish(self, key: str, state: str, at: datetime, result: dict[str, Any]) -> None:
        """See the port."""
        self.holds.pop(key, None)
        if key in self.kept and self.kept[key].state == "waiting":
            self.kept[key] = replace(self.kept[key], state=state, done_at=at, result=result)

    def unsettled(self) -> list[OutboxEntry]:
        """See the port."""
        return [entry for entry in reversed(self.kept.values()) if entry.state in ("unknown", "failed")]
