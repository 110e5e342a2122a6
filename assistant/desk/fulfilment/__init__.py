"""Service requests that the assistant fulfils: an action from its proposal over press, second factor and approval to its end.

Every function works inside the caller's transaction and commits nothing. Whatever leaves the house is an outbox entry of the same
transaction. Who wants an action comes from the session, or is a practice of the desk that goes by its records; the policy decides by
facts; nothing here reads what people wrote.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from assistant.desk.fulfilment.kinds import (
    APPROVAL,
    ASK,
    CODE,
    CODE_EXPIRES,
    CODE_LIFE,
    END,
    EXPIRE,
    MOST_ENDS,
    NOT_OFFERED,
    NOTICE,
    OPERATOR,
    PROPOSAL_LIFE,
    REMIND,
    RUN,
    SHOW,
    SYSTEM,
    Moved,
    NotYours,
)
from assistant.desk.fulfilment.running import Running
from assistant.domain.action import Action, Label, Status
from assistant.domain.approval import ApprovalStatus, Vote
from assistant.domain.configuration import Person
from assistant.domain.step_up import Channel
from assistant.governance import approvals, lasting, step_up
from assistant.governance.policy import Decision, Facts, Verdict
from assistant.governance.wishes import Wish
from assistant.ports.store import OutboxEntry, UnitOfWork

__all__ = [
    "APPROVAL",
    "ASK",
    "CODE",
    "CODE_EXPIRES",
    "END",
    "EXPIRE",
    "MOST_ENDS",
    "NOTICE",
    "OPERATOR",
    "REMIND",
    "RUN",
    "SHOW",
    "SYSTEM",
    "Fulfilment",
    "Moved",
    "NotYours",
]
LONGEST_ABOUT = 40
"""Characters of what a practice's action is about: it stands where other actions have their conversation."""


@dataclass(frozen=True, slots=True)
class Fulfilment(Running):
    """The rules of fulfilling requests."""

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

    def begin_for_practice(self, unit: UnitOfWork, wish: Wish, subject: str, at: datetime, about: str) -> Moved:
        """Begin an action that a practice of the desk wants, because of what its records say; nobody pressed anything.

        It is decided by the policy like any other: refused (and kept, with why), ready and put into the outbox, or waiting for the chain
        of the tool's rule. ``about`` names the record, in at most 40 characters, and ``actions.of_conversation`` finds it there; ``subject``
        is whom or what it touches, and whose manager ``manager`` means. The same wish about the same record is one action, however often
        it is begun. What it touches and whether it can be undone are the wish's facts; the number is added to the arguments, so that the
        hash covers it. How it ends is told to the practice by ``Tool.ended``.

        Raises:
            ValueError: ``about`` is empty or too long.
        """
        if not 0 < len(about) <= LONGEST_ABOUT:
            raise ValueError(f"an action of a practice is about something of 1 to {LONGEST_ABOUT} characters: {about!r}")
        arguments = {**wish.arguments, "touches": str(wish.facts.touches)}
        asked = json.dumps([about, wish.tool, subject, arguments], sort_keys=True)
        action_id = f"a_{sha256(asked.encode()).hexdigest()[:16]}"
        if (known := unit.actions.load(action_id)) is not None:
            return Moved(known)
        facts = replace(wish.facts, tool=wish.tool, label=Label.RECORD, own=False, confidence=1.0)
        action = Action(
            id=action_id,
            tool=wish.tool,
            actor=SYSTEM,
            subject=subject,
            conversation=about,
            status=Status.PROPOSED,
            arguments=arguments,
            plan=wish.plan,
            created_at=at,
            changed_at=at,
            expires_at=at + PROPOSAL_LIFE,
            facts=facts.record(),
        )
        unit.actions.add(action)
        self.note(unit, action, "propose", "from records", at, facts=action.facts)
        return self._go_on(unit, action, self.asker(action, SYSTEM), self._facts(unit, action, at), at)

    def call_off(self, unit: UnitOfWork, action_id: str, why: str, at: datetime) -> Moved | None:
        """End an action of a practice that has not begun to run, because its practice does not want it any more; None when it is too late."""
        action = unit.actions.load(action_id)
        if action is None or action.actor != SYSTEM or action.status not in (Status.AWAITING, Status.READY):
            return None
        self._withdraw(unit, action)
        return self._end(unit, action, Status.CANCELLED if action.status is Status.AWAITING else Status.REFUSED, why, at)

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

    def _of(self, unit: UnitOfWork, action_id: str, person: Person) -> Action:
        action = unit.actions.load(action_id)
        if action is None or action.actor != person.id or action.actor == SYSTEM:
            raise NotYours(action_id)
        return action

    def _go_on(self, unit: UnitOfWork, action: Action, person: Person | None, facts: Facts, at: datetime) -> Moved:
        if person is None or not lasting.can_be_asked_for(action, person, self.workplace.entitlements()):
            return self._end(unit, action, Status.REFUSED, NOT_OFFERED, at)
        decision = self.policy.judge(facts)
        self.note(unit, action, "decide", decision.verdict.value, at, rule=decision.rule, facts=facts.record(), verdict=decision.verdict.value)
        moves: dict[Verdict, Callable[[], Moved]] = {
            Verdict.ALLOW: lambda: Moved(self._ready(unit, action, at), decision.rule),
            Verdict.APPROVAL: lambda: self._ask_approvers(unit, action, decision, at),
        }
        if action.actor != SYSTEM:
            moves[Verdict.SECOND_FACTOR] = lambda: self._challenge(unit, action, person, decision, at)
        return moves.get(decision.verdict, lambda: self._end(unit, action, Status.REFUSED, decision.rule, at))()

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
