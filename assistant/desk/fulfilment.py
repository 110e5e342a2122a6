"""Service requests that the assistant fulfils: an action from its proposal over press, second factor and approval to its end.

Every function works inside the caller's transaction and commits nothing. Whatever leaves the house is an outbox entry of the same
transaction. Who wants an action comes from the session; the policy decides by facts; nothing here reads what people wrote.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assistant.domain.action import Action, Plan, Status, step
from assistant.domain.approval import Approval, ApprovalStatus, Vote
from assistant.domain.configuration import Person
from assistant.domain.step_up import Channel
from assistant.governance import approvals, lasting, step_up
from assistant.governance.action_record import action_entry
from assistant.governance.policy import Decision, Facts, Policy, Verdict
from assistant.governance.wishes import Wish
from assistant.ports.identity import Directory, Workplace
from assistant.ports.store import OutboxEntry, UnitOfWork

PROPOSAL_LIFE = timedelta(minutes=30)
CODE_LIFE = timedelta(minutes=30)
"""After which an action whose code nobody entered ends: the life of a code, and the time that sending it may take."""
DAY = timedelta(hours=24)
ENDS_AGAIN = timedelta(hours=1)
MOST_ENDS = 168
"""How often a timed grant is tried to be ended while that fails: each hour for a week. People hear of it after the first time."""
SYSTEM = "firstline"
OPERATOR = "operator"
RUN, CODE, NOTICE, REMIND, EXPIRE, END = "action.run", "code.send", "notice", "approval.remind", "approval.expire", "grant.end"
ASK, SHOW = "approval.ask", "approval.show"
APPROVAL = "approval/"
"""Begins what is noted of messages that asked approvers: the id of the action follows."""
CODE_EXPIRES = "code.expire"
"""Begins the key of the entry that every action gets whose person is asked for a code."""
NOT_OFFERED = "this access cannot be asked for any more"
UNCOUNTED = frozenset({Status.PROPOSED, Status.CANCELLED, Status.EXPIRED, Status.REFUSED})
"""Of these a person may have any number a day, unless a code was asked for: codes must not be guessed again and again."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An action after something happened to it, and what decided that; ``why`` is in words for the person, "" when all went on."""

    action: Action
    rule: str = ""
    why: str = ""
    channel: str = ""
    """Where a one-time code is to be had."""


class NotYours(LookupError):
    """There is no such action of this person."""


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """The rules of fulfilling requests."""

    policy: Policy
    directory: Directory
    workplace: Workplace
    key: bytes
    """Keys the digests of one-time codes."""

    # -- proposing --------------------------------------------------------------------------------------------------

    def judge(self, unit: UnitOfWork, wish: Wish, actor: Person, at: datetime) -> Decision:
        """Return what the policy says of a wish now, nothing pressed yet."""
        return self.policy.judge(self._counted(unit, wish.facts, actor.id, "", at))

    def propose(self, unit: UnitOfWork, wish: Wish, actor: Person, conversation: str, decision: Decision, at: datetime) -> Action:
        """Store an action that waits for its person's press; earlier proposals of the conversation that nobody pressed are cancelled."""
        for earlier in unit.actions.of_conversation(conversation):
            if earlier.status is Status.PROPOSED:
                unit.actions.save(replace(earlier, status=Status.CANCELLED, changed_at=at))
        facts = self._counted(unit, wish.facts, actor.id, "", at).record()
        action = Action(
            id=f"a_{secrets.token_hex(8)}",
            tool=wish.tool,
            actor=actor.id,
            subject=actor.id,
            conversation=conversation,
            status=Status.PROPOSED,
            arguments=wish.arguments,
            plan=wish.plan,
            created_at=at,
            changed_at=at,
            expires_at=at + PROPOSAL_LIFE,
            facts=facts,
        )
        unit.actions.add(action)
        self.note(unit, action, "propose", decision.verdict.value, at, rule=decision.rule, facts=facts, verdict=decision.verdict.value)
        return action

    def press(self, unit: UnitOfWork, action_id: str, person: Person, at: datetime) -> Moved:
        """Go on with an action because its person pressed its button.

        Raises:
            NotYours: there is no such action of this person.
        """
        action = self._of(unit, action_id, person)
        if action.status is not Status.PROPOSED:
            return Moved(action)
        if at >= action.expires_at:
            return self._end(unit, action, Status.EXPIRED, "the card was too old", at)
        return self._go_on(unit, action, person, self._facts(unit, action, at), at)

    def drop(self, unit: UnitOfWork, action_id: str, person: Person, at: datetime) -> Moved:
        """Cancel an action that has not begun, because its person does not want it any more.

        Raises:
            NotYours: there is no such action of this person.
        """
        action = self._of(unit, action_id, person)
        if action.status not in (Status.PROPOSED, Status.CHALLENGED, Status.AWAITING):
            return Moved(action)
        self._withdraw(unit, action)
        return self._end(unit, action, Status.CANCELLED, "not wanted any more", at)

    def enter(self, unit: UnitOfWork, action_id: str, person: Person, code: str, at: datetime) -> Moved:
        """Go on with an action because its person entered a one-time code. ``why`` says what was wrong with the code.

        Raises:
            NotYours: there is no such action of this person.
        """
        action = self._of(unit, action_id, person)
        challenge = unit.challenges.challenge(action.id)
        if action.status is not Status.CHALLENGED or challenge is None:
            return Moved(action, why="This action does not wait for a code.")
        factor = unit.second_factors.factor(person.id) if challenge.channel is Channel.TOTP else None
        checked = step_up.check(challenge, action.hash, code, at, self.key, factor)
        unit.challenges.judged(checked.challenge)
        if checked.factor is not None:
            unit.second_factors.used(checked.factor)
        self.note(unit, action, "second factor", checked.verdict.value, at)
        if checked.accepted:
            return self._go_on(unit, action, person, self._facts(unit, action, at), at)
        if checked.verdict is step_up.Verdict.WRONG:
            return Moved(action, why="That code is not right. Try again.", channel=challenge.channel.value)
        return self._end(unit, action, Status.CANCELLED, f"the code was not accepted: {checked.verdict.value}", at)

    # -- approving --------------------------------------------------------------------------------------------------

    def vote(self, unit: UnitOfWork, action_id: str, approver: Person, approves: bool, seen: str, note: str, at: datetime) -> Moved:
        """Count an approver's decision over the action whose hash they saw.

        Raises:
            NotAllowed: see ``approvals.cast``; nothing is stored.
            NotYours: there is no such request.
        """
        action, approval = unit.actions.load(action_id), unit.approvals.load(action_id)
        if action is None or approval is None:
            raise NotYours(action_id)
        if action.status is not Status.AWAITING:
            raise approvals.NotAllowed(f"This request is {action.status} already.")
        before = approval.stage
        stage_holders = self.holders(action, approval, min(before, len(approval.stages) - 1))
        vote = Vote(approver.id, before, approves, seen, at, note=note)
        decided = approvals.cast(approval, action, approver, stage_holders, vote, self.directory.person)
        unit.approvals.save(decided)
        self.note(unit, action, "approve", "yes" if approves else "no", at, actor=approver.id, consents=decided)
        self._show(unit, action, f"vote{len(decided.votes)}", at)
        if decided.status is ApprovalStatus.REFUSED:
            return self._end(unit, action, Status.REFUSED, "an approver said no", at)
        if decided.status is ApprovalStatus.APPROVED:
            return Moved(self._ready(unit, action, at))
        if decided.stage > before:
            self._tell_approvers(unit, action, decided, at)
        return Moved(action)

    def holders(self, action: Action, approval: Approval, stage: int) -> frozenset[str]:
        """Return who may decide a stage now; nobody when the requester is gone."""
        requester = self.directory.person(approval.requester)
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

    def remind(self, unit: UnitOfWork, action_id: str, at: datetime) -> None:
        """Tell the approvers once more, if they are still waited for."""
        action, approval = unit.actions.load(action_id), unit.approvals.load(action_id)
        if action is not None and approval is not None and action.status is Status.AWAITING:
            self._tell_approvers(unit, action, approval, at, again=True)
            self.note(unit, action, "approve", "reminded", at, actor=SYSTEM)

    def expire(self, unit: UnitOfWork, action_id: str, at: datetime) -> Moved | None:
        """End an action whose approval or code did not come in time; None when it ended before, or still has time: it is looked at again then."""
        action, approval = unit.actions.load(action_id), unit.approvals.load(action_id)
        if action is None or action.status not in (Status.CHALLENGED, Status.AWAITING):
            return None
        asked = approval if action.status is Status.AWAITING else unit.challenges.challenge(action_id)
        if asked is not None and at < asked.expires_at:
            unit.outbox.put(OutboxEntry(f"{EXPIRE}:{action.id}:{at.timestamp():.3f}", EXPIRE, {"action": action.id}, at, asked.expires_at))
            return None
        if approval is not None:
            unit.approvals.save(replace(approval, status=ApprovalStatus.EXPIRED))
        why = "nobody decided in time" if action.status is Status.AWAITING else "the code was not entered in time"
        return self._end(unit, action, Status.EXPIRED, why, at)

    def unreachable(self, unit: UnitOfWork, action_id: str, at: datetime) -> Moved | None:
        """End an action whose code could not be sent; None when it does not wait for one any more."""
        action = unit.actions.load(action_id)
        if action is None or action.status is not Status.CHALLENGED:
            return None
        return self._end(unit, action, Status.REFUSED, "no code could be sent to the second channel", at)

    # -- carrying out -----------------------------------------------------------------------------------------------

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

    def is_sealed(self, action: Action, seal: str) -> bool:
        """Say whether a seal was made here for exactly this action."""
        return hmac.compare_digest(self._seal(action).encode(), seal.encode())

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

    # -- parts ------------------------------------------------------------------------------------------------------

    def _of(self, unit: UnitOfWork, action_id: str, person: Person) -> Action:
        action = unit.actions.load(action_id)
        if action is None or action.actor != person.id:
            raise NotYours(action_id)
        return action

    def _counted(self, unit: UnitOfWork, facts: Facts, actor: str, but: str, at: datetime) -> Facts:
        of_person = (one for one in unit.actions.of_actor(actor, at - DAY) if one.id != but and not one.reverts)
        begun = [one for one in of_person if one.status not in UNCOUNTED or unit.outbox.load(f"{CODE_EXPIRES}:{one.id}") is not None]
        return replace(facts, today=sum(one.tool == facts.tool for one in begun), writes_today=len(begun))

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

    def _go_on(self, unit: UnitOfWork, action: Action, person: Person, facts: Facts, at: datetime) -> Moved:
        if not lasting.can_be_asked_for(action, person, self.workplace.entitlements()):
            return self._end(unit, action, Status.REFUSED, NOT_OFFERED, at)
        decision = self.policy.judge(facts)
        self.note(unit, action, "decide", decision.verdict.value, at, rule=decision.rule, facts=facts.record(), verdict=decision.verdict.value)
        moves: dict[Verdict, Callable[[], Moved]] = {
            Verdict.ALLOW: lambda: Moved(self._ready(unit, action, at), decision.rule),
            Verdict.SECOND_FACTOR: lambda: self._challenge(unit, action, person, decision, at),
            Verdict.APPROVAL: lambda: self._ask_approvers(unit, action, decision, at),
        }
        return moves.get(decision.verdict, lambda: self._end(unit, action, Status.REFUSED, decision.rule, at))()

    def _ready(self, unit: UnitOfWork, action: Action, at: datetime) -> Action:
        ready = self._save(unit, action, Status.READY, at)
        self._put_run(unit, ready, at)
        return ready

    def _put_run(self, unit: UnitOfWork, action: Action, at: datetime) -> None:
        unit.outbox.put(OutboxEntry(f"{RUN}:{action.id}", RUN, {"action": action.id, "seal": self._seal(action)}, at, at))

    def _seal(self, action: Action) -> str:
        return hmac.new(self.key, f"run\0{action.id}\0{action.hash}".encode(), "sha256").hexdigest()

    def _altered(self, unit: UnitOfWork, action: Action, at: datetime) -> Moved:
        status = Status.UNKNOWN if action.status is Status.RUNNING else Status.REFUSED
        return self._end(unit, action, status, "the action is not the one that was decided", at)

    def _end_in_time(self, unit: UnitOfWork, ended: Action, at: datetime) -> None:
        """Set the end of a timed grant that came about, or may have."""
        if ended.ends and ended.result.get("changed"):
            unit.outbox.put(OutboxEntry(f"{END}:{ended.id}", END, {"action": ended.id}, at, at + timedelta(days=int(ended.ends))))

    def _end_again(self, unit: UnitOfWork, ended: Action, at: datetime) -> None:
        """Try later again to end a timed grant: access must not stay because something was down."""
        tries = int(ended.id.rpartition("-u")[2]) + 1 if ended.reverts and ended.actor == SYSTEM else 0
        if 0 < tries <= MOST_ENDS:
            unit.outbox.put(OutboxEntry(f"{END}:{ended.reverts}:{tries}", END, {"action": ended.reverts}, at, at + ENDS_AGAIN))

    def _challenge(self, unit: UnitOfWork, action: Action, person: Person, decision: Decision, at: datetime) -> Moved:
        factor = unit.second_factors.factor(person.id)
        channel = step_up.channel_of(person, self.workplace.company().domain, factor)
        if channel is None:
            return self._end(unit, action, Status.REFUSED, "no second channel is registered", at)
        if channel is Channel.TOTP:
            challenge, _ = step_up.begin(action.id, action.hash, channel, at, self.key)
            unit.challenges.open(challenge)
        else:
            unit.outbox.put(OutboxEntry(f"{CODE}:{action.id}", CODE, {"action": action.id}, at, at))
        unit.outbox.put(OutboxEntry(f"{CODE_EXPIRES}:{action.id}", EXPIRE, {"action": action.id}, at, at + CODE_LIFE))
        return Moved(self._save(unit, action, Status.CHALLENGED, at), decision.rule, channel=channel.value)

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

    def _bar(self, unit: UnitOfWork, action: Action, at: datetime) -> tuple[str, dict[str, Any]]:
        """Return why a ready action may not run after all, "" when it may; and what the policy said by what, {} where it was not asked."""
        if action.reverts:
            return self._not_to_take_back(unit, action, at), {}
        person, approval = self.directory.person(action.actor), unit.approvals.load(action.id)
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
