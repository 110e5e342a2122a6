"""What every step of an action stands on: the facts of it, who decides it at this moment, and how a new standing is stored."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assistant.desk.fulfilment.kinds import (
    ASK,
    CODE_EXPIRES,
    DAY,
    EXPIRE,
    NOTICE,
    REMIND,
    RUN,
    SHOW,
    SYSTEM,
    UNCOUNTED,
    Moved,
)
from assistant.domain.action import Action, Status, step
from assistant.domain.approval import Approval, ApprovalStatus
from assistant.domain.configuration import Person
from assistant.governance import approvals, lasting
from assistant.governance.action_record import action_entry
from assistant.governance.policy import Decision, Facts, Policy
from assistant.ports.identity import Directory, Workplace
from assistant.ports.store import OutboxEntry, UnitOfWork


@dataclass(frozen=True, slots=True)
class Ground:
    """The rules that proposing, deciding and carrying out have in common."""

    policy: Policy
    directory: Directory
    workplace: Workplace
    key: bytes
    """Keys the digests of one-time codes."""

    def asker(self, action: Action, requester: str) -> Person | None:
        """Return whose managers decide an action: who asks for it; None when they are gone.

        What a practice begins is decided by the managers of its subject. Of a subject whom the directory does not know (a change, a joiner
        of next week) the argument ``manager`` says who that is: it comes from the record, and the hash covers it.
        """
        if action.actor != SYSTEM:
            return self.directory.person(requester)
        return self.directory.person(action.subject) or Person(action.subject, action.subject, manager=action.arguments.get("manager", ""))

    def holders(self, action: Action, approval: Approval, stage: int) -> frozenset[str]:
        """Return who may decide a stage now; nobody when the requester is gone."""
        requester = self.asker(action, approval.requester)
        if requester is None:
            return frozenset()
        owner = next((one.owner for one in self.workplace.entitlements() if one.id == action.arguments.get("group")), "")
        role = approval.stages[stage].role
        return approvals.holders(role, requester, owner, self.directory.people() if role.startswith("group:") else ())

    def may_decide(self, action: Action, approval: Approval, approver: Person) -> bool:
        """Say whether a person is one of those who decide the current stage."""
        if approval.status is not ApprovalStatus.OPEN or approver.id in approvals.spent(approval) | {approval.requester, action.subject}:
            return False
        return approvals.represented(approver, self.holders(action, approval, approval.stage), self.directory.person) is not None

    def _counted(self, unit: UnitOfWork, facts: Facts, actor: str, but: str, at: datetime) -> Facts:
        of_person = (one for one in unit.actions.of_actor(actor, at - DAY) if one.id != but and not one.reverts)
        begun = [one for one in of_person if one.status not in UNCOUNTED or unit.outbox.load(f"{CODE_EXPIRES}:{one.id}") is not None]
        everything = 0 if actor == SYSTEM else len(begun)  # that limit is one person's; what a practice does is limited tool by tool
        return replace(facts, today=sum(one.tool == facts.tool for one in begun), writes_today=everything)

    def _facts(self, unit: UnitOfWork, action: Action, at: datetime) -> Facts:
        """Return the facts of an action that was pressed, as they are now. What its arguments say counts, not what was noted of them."""
        challenge, approval = unit.challenges.challenge(action.id), unit.approvals.load(action.id)
        proven = challenge is not None and challenge.used_at is not None and challenge.hash == action.hash
        agreed = approval is not None and not self._does_not_hold(action, approval, at)
        stored = replace(Facts.of_record(action.facts), pressed=True, second_factor=proven, approved=agreed, own=action.actor == action.subject)
        stored = replace(stored, tool=action.tool, **lasting.asked_for(action.arguments))
        asked = next((one for one in self.workplace.entitlements() if one.id == stored.group), None)
        if asked is not None:
            stored = replace(stored, category=asked.category, amount=max(stored.amount, float(asked.cost)))
        return self._counted(unit, stored, action.actor, action.id, at)

    def _does_not_hold(self, action: Action, approval: Approval, at: datetime) -> str:
        rule = self.policy.tools.get(action.tool)
        if rule is not None and rule.chain and self.policy.chains[rule.chain].stages != approval.stages:
            return "the policy asks for other approvals now"
        stage_holders = [self.holders(action, approval, number) for number in range(len(approval.stages))]
        return approvals.holds(approval, action, stage_holders, self.directory.person, at)

    def _ready(self, unit: UnitOfWork, action: Action, at: datetime) -> Action:
        ready = self._save(unit, action, Status.READY, at)
        self._put_run(unit, ready, at)
        return ready

    def _put_run(self, unit: UnitOfWork, action: Action, at: datetime) -> None:
        unit.outbox.put(OutboxEntry(f"{RUN}:{action.id}", RUN, {"action": action.id, "seal": self._seal(action)}, at, at))

    def is_sealed(self, action: Action, seal: str) -> bool:
        """Say whether a seal was made here for exactly this action."""
        return hmac.compare_digest(self._seal(action).encode(), seal.encode())

    def _seal(self, action: Action) -> str:
        return hmac.new(self.key, f"run\0{action.id}\0{action.hash}".encode(), "sha256").hexdigest()

    def _ask_approvers(self, unit: UnitOfWork, action: Action, decision: Decision, at: datetime) -> Moved:
        chain = self.policy.chains[self.policy.tools[action.tool].chain]
        approval = Approval(
            action=action.id,
            hash=action.hash,
            requester=action.actor,
            stages=chain.stages,
            status=ApprovalStatus.OPEN,
            created_at=at,
            remind_at=at + timedelta(hours=chain.remind_hours),
            expires_at=at + timedelta(hours=chain.hours),
        )
        short = approvals.unfillable(chain.stages, [self.holders(action, approval, number) for number in range(len(chain.stages))])
        if short is not None:
            return self._end(unit, action, Status.REFUSED, f"there are not enough people to approve it as {short.role}", at)
        unit.approvals.open(approval)
        self._tell_approvers(unit, action, approval, at)
        for kind, due in ((REMIND, approval.remind_at), (EXPIRE, approval.expires_at)):
            unit.outbox.put(OutboxEntry(f"{kind}:{action.id}", kind, {"action": action.id}, at, due))
        return Moved(self._save(unit, action, Status.AWAITING, at), decision.rule)

    def _tell_approvers(self, unit: UnitOfWork, action: Action, approval: Approval, at: datetime, again: bool = False) -> None:
        told = self.holders(action, approval, approval.stage)
        delegates = {person.delegate for one in told if (person := self.directory.person(one)) is not None and person.delegate}
        about = "approval.reminder" if again else "approval"
        for person_id in sorted((told | delegates) - approvals.spent(approval) - {action.actor}):
            body = {"about": about, "person": person_id, "action": action.id}
            # Keys stay where erasure does not reach, so nobody's id is part of one.
            whom = sha256(f"{action.id}\n{person_id}".encode()).hexdigest()[:16]
            for kind in (NOTICE, ASK):
                unit.outbox.put(OutboxEntry(f"{kind}:{about}:{action.id}:{approval.stage}:{whom}", kind, body, at, at))

    def _show(self, unit: UnitOfWork, action: Action, after: str, at: datetime) -> None:
        """Have those who were asked see how it stands."""
        unit.outbox.put(OutboxEntry(f"{SHOW}:{action.id}:{after}", SHOW, {"action": action.id}, at, at))

    def _withdraw(self, unit: UnitOfWork, action: Action) -> None:
        approval = unit.approvals.load(action.id)
        if approval is not None and approval.status is ApprovalStatus.OPEN:
            unit.approvals.save(replace(approval, status=ApprovalStatus.WITHDRAWN))

    def _end(self, unit: UnitOfWork, action: Action, status: Status, why: str, at: datetime) -> Moved:
        ended = self._save(unit, replace(action, result={**action.result, "why": why}), status, at)
        self.note(unit, ended, "act", status.value, at, rule=why)
        if unit.approvals.load(action.id) is not None:
            self._show(unit, action, status.value, at)
        return Moved(ended, why, why)

    def _save(self, unit: UnitOfWork, action: Action, status: Status, at: datetime) -> Action:
        moved = replace(action, status=step(action.status, status), changed_at=at)
        unit.actions.save(moved)
        return replace(moved, version=action.version + 1)

    def note(self, unit: UnitOfWork, action: Action, name: str, decision: str, at: datetime, **more: Any) -> None:
        """Write one line of the audit about an action; ``more`` as for ``action_entry``."""
        unit.audit.append([action_entry(action, self.policy.version, name, decision, at, **more)])
