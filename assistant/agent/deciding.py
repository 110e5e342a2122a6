"""What people decide about actions outside of a message: a one-time code in a card, an approver's yes or no, an undo by the desk."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from assistant.agent import wording
from assistant.agent.acting import view_of
from assistant.agent.state import Memory
from assistant.agent.telling import Telling
from assistant.agent.tools.registry import undoing
from assistant.agent.turn import Parts
from assistant.desk.fulfilment import OPERATOR, SYSTEM, Fulfilment, Moved, NotYours
from assistant.domain.action import Action, Status
from assistant.domain.approval import Approval
from assistant.domain.configuration import Person
from assistant.domain.conversation import Conversation, Happening, State, advance, outcome_of
from assistant.domain.reply import PERSON, Reply, ReplyKind
from assistant.governance.approvals import NotAllowed, represented
from assistant.governance.redaction import without_secrets
from assistant.governance.rendering import render
from assistant.ports.store import ActionChanged, ConversationChanged, UnitOfWork

ATTEMPTS = 4
MAY_NOT_UNDO = "Only an agent of the desk may take this back, or for a day the person who asked for it. Access comes back only for a day."


@dataclass(frozen=True, slots=True)
class Request:
    """An action that waits for approval, as approvers see it."""

    action: Action
    approval: Approval
    requester: str
    mine: bool
    """This person is one of those who decide it now."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """Takes decisions, each in one transaction, and tells the person of the conversation what came of them."""

    parts: Parts
    telling: Telling

    @property
    def _fulfilment(self) -> Fulfilment:
        return self.parts.settler.acting.fulfilment

    def enter_code(self, person: Person, action_id: str, code: str) -> Reply:
        """Judge a one-time code; the code is stored nowhere. The reply says what comes next.

        Raises:
            NotYours: there is no such action of this person.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._enter(person, action_id, code)
            except (ActionChanged, ConversationChanged):
                continue
        return self._enter(person, action_id, code)

    def _enter(self, person: Person, action_id: str, code: str) -> Reply:
        now = self.parts.clock.now()
        with self.parts.store.write() as unit:
            moved = self._fulfilment.enter(unit, action_id, person, code, now)
            conversation = unit.conversations.load(moved.action.conversation)
            if conversation is None:
                raise NotYours(action_id)
            with wording.speaking(Memory.load(conversation.memory).speaks):
                if moved.action.status is Status.CHALLENGED or (moved.why and not moved.action.status.is_over):
                    return self._reply(conversation, moved, wording.known(moved.why))
                reply = self._reply(self._after(unit, conversation, moved, now), moved, self._text(unit, moved))
            said = {"type": "reply", "reply": reply.model_dump(mode="json")}
            held = conversation.state is State.WITH_PERSON  # then the assistant does not speak there; whoever entered the code gets the reply
            events = [] if held else [unit.conversations.emit(conversation.id, now, said)]
        self.parts.notify(events)
        return reply

    def _after(self, unit: UnitOfWork, conversation: Conversation, moved: Moved, now: datetime) -> Conversation:
        """A code that was refused for good ends the try; everything else goes on where it is."""
        if not moved.action.status.is_over or conversation.state is not State.ACTING:
            return conversation
        outcome = outcome_of(State.ACTING, Happening.DROPPED)
        ended = replace(conversation, state=advance(State.ACTING, Happening.DROPPED), changed_at=now)
        ended = replace(ended, episode=replace(conversation.episode, closed_at=now, outcome=outcome))
        unit.conversations.save(ended)
        return ended

    def _text(self, unit: UnitOfWork, moved: Moved) -> str:
        if moved.action.status.is_over:
            return wording.code_refused(moved.action.plan.title, moved.why)
        approval = unit.approvals.load(moved.action.id)
        holders = self._fulfilment.holders(moved.action, approval, approval.stage) if approval is not None else frozenset()
        names = [person.name for one in sorted(holders) if (person := self.parts.directory.person(one)) is not None]
        until = approval.expires_at if approval is not None else None
        return wording.going_on(moved.action, names, moved.channel, until, self.parts.settler.acting.zone)

    def _reply(self, conversation: Conversation, moved: Moved, text: str) -> Reply:
        needs = {Status.CHALLENGED: "code", Status.AWAITING: "approval"}.get(moved.action.status, "")
        reply = Reply(
            conversation=conversation.id,
            state=conversation.state.value,
            kind=ReplyKind.ACTION,
            text=text,
            html=render(text, self.parts.link_hosts()),
            choices=(PERSON,),
            action=view_of(moved.action, needs, moved.channel),
        )
        return wording.in_reader_language(reply)

    # -- approvers --------------------------------------------------------------------------------------------------

    def undecided(self) -> list[frozenset[str]]:
        """Return of each open request the ids of those who decide its stage now, delegates included."""
        return [
            frozenset(one.id for one in self.parts.directory.people() if self._fulfilment.may_decide(action, approval, one))
            for action, approval in self._open()
        ]

    def requests(self, person: Person) -> list[Request]:
        """Return the open requests, those that wait for this person first; of the others only an agent of the desk sees any."""
        found = [self._request(action, approval, person) for action, approval in self._open()]
        seen = [one for one in found if one.mine or person.is_agent]
        return sorted(seen, key=lambda one: (not one.mine, one.approval.created_at))

    def _open(self) -> list[tuple[Action, Approval]]:
        with self.parts.store.read() as unit:
            return [(action, one) for one in unit.approvals.undecided() if (action := unit.actions.load(one.action)) is not None]

    def request(self, person: Person, action_id: str) -> Request:
        """Return one request, open or decided.

        Raises:
            NotYours: there is none, or none that is this person's to see.
        """
        with self.parts.store.read() as unit:
            action, approval = unit.actions.load(action_id), unit.approvals.load(action_id)
        if action is None or approval is None:
            raise NotYours(action_id)
        found = self._request(action, approval, person)
        voted = any(person.id in (vote.approver, vote.instead_of) for vote in approval.votes)
        if not (found.mine or voted or person.is_agent or person.id == approval.requester or self._concerns(found, person)):
            raise NotYours(action_id)
        return found

    def _concerns(self, found: Request, person: Person) -> bool:
        """Say whether a person decides one of the stages, now or later, or would have."""
        known, numbers = self.parts.directory.person, range(len(found.approval.stages))
        stages = (self._fulfilment.holders(found.action, found.approval, number) for number in numbers)
        return any(represented(person, stage_holders, known) is not None for stage_holders in stages)

    def _request(self, action: Action, approval: Approval, person: Person) -> Request:
        requester = self.parts.directory.person(approval.requester)
        name = "Firstline" if approval.requester == SYSTEM else approval.requester
        return Request(action, approval, requester.name if requester else name, self._fulfilment.may_decide(action, approval, person))

    def stages(self, request: Request) -> tuple[tuple[Person, ...], ...]:
        """Return who may decide each stage of a request at this moment, by name."""
        known = self.parts.directory.person
        numbers = range(len(request.approval.stages))
        found = ([known(one) for one in self._fulfilment.holders(request.action, request.approval, number)] for number in numbers)
        return tuple(tuple(sorted((one for one in people if one is not None), key=lambda one: one.name)) for people in found)

    def decide(self, person: Person, action_id: str, approves: bool, seen: str, note: str) -> Action:
        """Count an approver's decision over exactly the action whose hash they saw. No secret of their note is kept.

        Raises:
            NotAllowed: this person may not decide this now; the message says why.
            NotYours: there is no such request.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._decide(person, action_id, approves, seen, note)
            except (ActionChanged, ConversationChanged):
                continue
        raise NotAllowed("Somebody else is deciding this right now. Open it again.")

    def _decide(self, person: Person, action_id: str, approves: bool, seen: str, note: str) -> Action:
        now = self.parts.clock.now()
        with self.parts.store.write() as unit:
            moved = self._fulfilment.vote(unit, action_id, person, approves, seen, without_secrets(note), now)
            events = self.telling.tell(unit, moved.action, now) if moved.action.status is Status.REFUSED else []
        self.parts.notify(events)
        return moved.action

    # -- the desk ---------------------------------------------------------------------------------------------------

    def undo(self, action_id: str, person: Person | None) -> Action:
        """Take back a done action: an agent's button, or the operator's command (no person).

        Raises:
            NotYours: there is no such action.
            NotAllowed: it is not done, changed nothing, cannot be taken back, or this person may not.
        """
        for _ in range(ATTEMPTS - 1):
            with suppress(ActionChanged):
                return self._undo(action_id, person)
        return self._undo(action_id, person)

    def _undo(self, action_id: str, person: Person | None) -> Action:
        now = self.parts.clock.now()
        with self.parts.store.write() as unit:
            action = unit.actions.load(action_id)
            if action is None:
                raise NotYours(action_id)
            if action.status is not Status.DONE:
                raise NotAllowed(f"There is nothing to take back: {wording.stands(action)}")
            back = undoing(action)
            if back is None:
                raise NotAllowed(f"{action.plan.title} cannot be taken back, or it changed nothing.")
            if person is not None and not self._fulfilment.may_undo(action, person, now):
                raise NotAllowed(MAY_NOT_UNDO)
            made = self._fulfilment.undo(unit, action, *back, by=person.id if person else OPERATOR, at=now)
        self.parts.notify([])
        return made
