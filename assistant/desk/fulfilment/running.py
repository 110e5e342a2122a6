"""Actions that were decided: let run in the transaction that checks everything once more, ended, and taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assistant.desk.fulfilment.ground import Ground
from assistant.desk.fulfilment.kinds import DAY, END, ENDS_AGAIN, MOST_ENDS, NOT_OFFERED, SYSTEM, Moved
from assistant.domain.action import Action, Plan, Status, step
from assistant.domain.configuration import Person
from assistant.governance import lasting
from assistant.governance.policy import Verdict
from assistant.ports.store import OutboxEntry, UnitOfWork


@dataclass(frozen=True, slots=True)
class Running(Ground):
    """The rules of carrying out."""

    def claim(self, unit: UnitOfWork, action_id: str, seal: str, at: datetime) -> Moved | None:
        """Let an action run, if everything that allowed it still holds at this moment; None when it is over already.

        ``seal`` is the outbox entry's: it shows that exactly this action was decided here, with the key of this installation.
        An action that was running when the process died is returned as it is: its call is repeated with the same key.

        Raises:
            IllegalStep: it was not decided yet.
        """
        action = unit.actions.load(action_id)
        if action is None or action.status.is_over:
            return None
        if not self.is_sealed(action, seal):
            return self._altered(unit, action, at)
        if action.status is Status.RUNNING:
            return Moved(action)
        step(action.status, Status.RUNNING)
        why, judged = self._bar(unit, action, at)
        if why:
            if judged:
                self.note(unit, action, "decide", judged["verdict"], at, **judged)
            return self._end(unit, action, Status.REFUSED, why, at)
        approval = unit.approvals.load(action.id)
        if approval is not None:
            unit.approvals.save(replace(approval, used_at=at))
        running = self._save(unit, action, Status.RUNNING, at)
        self.note(unit, running, "act", "begun", at, consents=approval, **judged)
        return Moved(running)

    def finish(self, unit: UnitOfWork, action_id: str, status: Status, result: dict[str, Any], at: datetime) -> Action:
        """Store how a running action ended, and what follows from that."""
        action = unit.actions.load(action_id)
        if action is None or action.status is not Status.RUNNING:
            assert action is not None, "a running action is stored"
            return action
        ended = self._save(unit, replace(action, result=result), status, at)
        told = {name: value for name, value in result.items() if name != "why"}
        why = {"why_digest": sha256(str(result["why"]).encode()).hexdigest()} if "why" in result else {}
        self.note(unit, ended, "act", status.value, at, detail={**told, **why})
        if status in (Status.DONE, Status.UNKNOWN):
            self._end_in_time(unit, ended, at)
        if status is not Status.DONE:
            self._end_again(unit, ended, at)
            return ended
        if ended.reverts and (original := unit.actions.load(ended.reverts)) is not None and original.status is Status.DONE:
            unit.actions.save(replace(original, status=step(original.status, Status.REVERTED), changed_at=at))
        return ended

    def undo(self, unit: UnitOfWork, original: Action, tool: str, arguments: dict[str, str], plan: Plan, by: str, at: datetime) -> Action:
        """Store the action that takes back a done one; the same one when that was asked before and is not over."""
        tries = 0
        while (earlier := unit.actions.load(f"{original.id}-u{tries}")) is not None:
            if earlier.status in (Status.READY, Status.RUNNING, Status.DONE):
                return earlier
            tries += 1
        action = Action(
            id=f"{original.id}-u{tries}",
            tool=tool,
            actor=by,
            subject=original.subject,
            conversation=original.conversation,
            status=Status.READY,
            arguments=arguments,
            plan=plan,
            created_at=at,
            changed_at=at,
            expires_at=at + DAY,
            reverts=original.id,
        )
        unit.actions.add(action)
        self._put_run(unit, action, at)
        self.note(unit, action, "undo", "asked for", at)
        return action

    def may_undo(self, original: Action, person: Person, at: datetime) -> bool:
        """Say whether a person may take an action back: for a day its person or an agent; then only an agent, and nothing that gives access."""
        fresh, agent = at - original.changed_at <= DAY, person.is_agent and not lasting.gives_back(original)
        return original.status is Status.DONE and (agent or (fresh and (person.is_agent or person.id == original.actor)))

    def renewed(self, unit: UnitOfWork, action: Action) -> bool:
        """Say whether its person was granted the same again since, so that the end of this grant must not end that one."""
        return lasting.renewed(action, unit.actions.of_actor(action.actor, action.created_at))

    def _altered(self, unit: UnitOfWork, action: Action, at: datetime) -> Moved:
        status = Status.UNKNOWN if action.status is Status.RUNNING else Status.REFUSED
        return self._end(unit, action, status, "the action is not the one that was decided", at)

    def _bar(self, unit: UnitOfWork, action: Action, at: datetime) -> tuple[str, dict[str, Any]]:
        """Return why a ready action may not run after all, "" when it may; and what the policy said by what, {} where it was not asked."""
        if action.reverts:
            return self._not_to_take_back(unit, action, at), {}
        person, approval = self.asker(action, action.actor), unit.approvals.load(action.id)
        if person is None:
            return "the directory does not know this person any more", {}
        if at - action.changed_at > DAY:
            return "it was decided more than a day ago and could not run in time", {}
        if not lasting.can_be_asked_for(action, person, self.workplace.entitlements()):
            return NOT_OFFERED, {}
        if approval is not None and (why := self._does_not_hold(action, approval, at)):
            return why, {}
        facts = self._facts(unit, action, at)
        decision = self.policy.judge(facts)
        judged = {"verdict": decision.verdict.value, "rule": decision.rule, "facts": facts.record()}
        return "" if decision.verdict is Verdict.ALLOW else decision.rule, judged

    def _not_to_take_back(self, unit: UnitOfWork, action: Action, at: datetime) -> str:
        original = unit.actions.load(action.reverts)
        if original is None or original.status not in (Status.DONE, Status.UNKNOWN):
            return "there is nothing to take back any more"
        of_person = unit.actions.of_actor(original.actor, original.created_at - lasting.LOOK_BACK)
        return "the access that was given up has ended since" if lasting.outlived(original, of_person, at) else ""

    def _end_in_time(self, unit: UnitOfWork, ended: Action, at: datetime) -> None:
        """Set the end of a timed grant that came about, or may have."""
        if ended.ends and ended.result.get("changed"):
            unit.outbox.put(OutboxEntry(f"{END}:{ended.id}", END, {"action": ended.id}, at, at + timedelta(days=int(ended.ends))))

    def _end_again(self, unit: UnitOfWork, ended: Action, at: datetime) -> None:
        """Try later again to end a timed grant: access must not stay because something was down."""
        tries = int(ended.id.rpartition("-u")[2]) + 1 if ended.reverts and ended.actor == SYSTEM else 0
        if 0 < tries <= MOST_ENDS:
            unit.outbox.put(OutboxEntry(f"{END}:{ended.reverts}:{tries}", END, {"action": ended.reverts}, at, at + ENDS_AGAIN))
