"""What the person hears when an action has ended, and what becomes of the conversation and its ticket then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.agent import wording
from assistant.agent.acting import view_of
from assistant.agent.issue import issue_of
from assistant.agent.settlement import handed_over
from assistant.agent.state import Memory, Timings
from assistant.agent.tools.registry import TOOLS, undoing
from assistant.agent.waiting import timer
from assistant.desk import requests
from assistant.desk.attaching import hand_over
from assistant.desk.fulfilment import NOTICE, SYSTEM
from assistant.domain.action import Action, Status
from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Person, queue_for, queue_name
from assistant.domain.conversation import Conversation, Happening, State, advance, outcome_of
from assistant.domain.handoff import Handoff, HandoffReason
from assistant.domain.reply import CONFIRMATION, PERSON, UNDO, Choice, Reply, ReplyKind, TicketView
from assistant.governance.rendering import render
from assistant.ports.devices import PeoplesDevices
from assistant.ports.identity import Directory, Workplace
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import Event, OutboxEntry, UnitOfWork

NOTICED = frozenset({"reset_password", "grant_access"})
"""Of these the person hears at their mailbox too, should somebody else have sat at the screen."""
CREATES = "create_ticket"


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells how actions ended."""

    directory: Directory
    workplace: Workplace
    fleet: PeoplesDevices
    timings: Timings
    link_hosts: Callable[[], Sequence[str]]

    def tell(self, unit: UnitOfWork, action: Action, at: datetime) -> list[Event]:
        """Store what follows from the end of an action; return the events to push.

        Raises:
            ConversationChanged: a turn of the conversation was recorded meanwhile; try again.
        """
        if action.status is Status.DONE and action.tool in NOTICED:
            body = {"about": "done", "person": action.subject, "action": action.id}
            unit.outbox.put(OutboxEntry(f"{NOTICE}:done:{action.id}", NOTICE, body, at, at))
        practice = TOOLS[action.tool].ended if action.tool in TOOLS else None
        if practice is not None:
            practice(unit, action, at)
        conversation = unit.conversations.load(action.conversation)
        person = self._person(conversation.person) if conversation is not None else None
        if conversation is None or person is None:
            return []
        with wording.speaking(Memory.load(conversation.memory).speaks):
            return self._tell(unit, conversation, person, action, at)

    def _tell(self, unit: UnitOfWork, conversation: Conversation, person: Person, action: Action, at: datetime) -> list[Event]:
        if action.status is Status.DONE and action.tool == CREATES:
            self._complete(unit, conversation, person, action, at)
        needs_people = action.status in (Status.FAILED, Status.UNKNOWN)
        if conversation.state is State.WITH_PERSON and (conversation.episode.ticket or not needs_people):
            return self._on_ticket(unit, conversation, action, at)
        if action.status is Status.DONE or (action.reverts and not needs_people):
            return self._done(unit, conversation, action, at)
        if action.status is Status.CANCELLED or (needs_people and _tried_again(action)):
            return []
        if action.status is Status.EXPIRED and unit.approvals.load(action.id) is None:
            return self._lapsed(unit, conversation, action, at)
        return self._filed(unit, conversation, person, action, at)

    def _person(self, person_id: str) -> Person | None:
        """Return whose conversation it is, None when they left; how an action ended is told also while the directory cannot be reached."""
        try:
            return self.directory.person(person_id)
        except (Refused, Unavailable):
            return Person(person_id, person_id)

    def _complete(self, unit: UnitOfWork, conversation: Conversation, person: Person, action: Action, at: datetime) -> None:
        """Give a ticket that was opened on a wish everything that people have to know, and note why they get it."""
        memory, queue, reason = Memory.load(conversation.memory), action.arguments["queue"], HandoffReason.REQUESTED
        unit.tickets.describe(action.result["ticket"], self._issue(unit, conversation, person, memory, queue, reason).body, at)
        ticket = unit.tickets.ticket(action.result["ticket"])
        assert ticket is not None, "it was opened in this transaction"
        unit.handoffs.record(Handoff(conversation.id, conversation.episode.number, reason, at, ticket.id, False))
        self._note_filing(unit, conversation, action, requests.Opened(ticket, False), queue, reason, at)

    def _on_ticket(self, unit: UnitOfWork, conversation: Conversation, action: Action, at: datetime) -> list[Event]:
        """A person has the conversation: the assistant does not speak, but whoever has it has to know."""
        if conversation.episode.ticket:
            with wording.speaking(wording.DEFAULT):
                unit.tickets.comment(conversation.episode.ticket, "firstline", wording.stands(action), at, public=False)
        return []

    def _done(self, unit: UnitOfWork, conversation: Conversation, action: Action, at: datetime) -> list[Event]:
        tool = TOOLS[action.tool]
        said = tool.done if action.result.get("changed", True) or not tool.unchanged else tool.unchanged
        english = said.format_map({**action.arguments, **action.result}) if action.status is Status.DONE else ""
        text = wording.known(english) if english else wording.stands(action)
        moves = not action.reverts and _acting(conversation)
        asks = moves and bool(tool.category)
        if conversation.episode.ticket:
            with wording.speaking(wording.DEFAULT):
                unit.tickets.comment(conversation.episode.ticket, "firstline", english or wording.stands(action), at)
        undo = (Choice(id=f"{UNDO}{action.id}", label="Undo"),) if action.status is Status.DONE and undoing(action) is not None else ()
        moved = self._moved(unit, conversation, Happening.ACTED, at) if moves else _unmoved(unit, conversation)
        choices = (*CONFIRMATION, *undo) if asks else (*undo, PERSON)
        return [self._say(unit, moved, action, wording.acted(text) if asks else text, choices, at)]

    def _lapsed(self, unit: UnitOfWork, conversation: Conversation, action: Action, at: datetime) -> list[Event]:
        """Nobody entered the code. That ends the try, unless something else is under way in the conversation."""
        others = (one for one in unit.actions.of_conversation(conversation.id) if one.id != action.id and not one.status.is_over)
        moves = _acting(conversation) and next(others, None) is None
        moved = self._moved(unit, conversation, Happening.DROPPED, at) if moves else _unmoved(unit, conversation)
        return [self._say(unit, moved, action, wording.code_refused(action.plan.title, str(action.result["why"])), (PERSON,), at)]

    def _filed(self, unit: UnitOfWork, conversation: Conversation, person: Person, action: Action, at: datetime) -> list[Event]:
        ended = action.status in (Status.EXPIRED, Status.REFUSED) and unit.approvals.load(action.id) is not None
        reason, memory = HandoffReason.APPROVAL_ENDED if ended else HandoffReason.ACTION_FAILED, Memory.load(conversation.memory)
        queue = queue_for(memory.category, self.workplace.queues())
        issue = self._issue(unit, conversation, person, memory, queue, reason)
        known, window = conversation.episode.ticket, timedelta(days=self.timings.same_issue_days)
        opened = requests.file(unit.tickets, issue, known, at, window)
        hand_over(unit, conversation.id, opened.ticket.id, at)
        self._note_filing(unit, conversation, action, opened, queue, reason, at)
        with_ticket = replace(conversation, episode=replace(conversation.episode, ticket=opened.ticket.id))
        if conversation.state is State.WITH_PERSON:
            return self._on_ticket(unit, _unmoved(unit, with_ticket), action, at)
        unit.handoffs.record(Handoff(conversation.id, conversation.episode.number, reason, at, opened.ticket.id, False))
        name = queue_name(queue, self.workplace.queues())
        if action.status in (Status.FAILED, Status.UNKNOWN):
            hours = self.workplace.company().desk_hours
            text = wording.action_failed(action.plan.title, action.status is Status.FAILED, opened.ticket, name, hours)
        else:
            text = wording.action_ended(action.plan.title, str(action.result.get("why", "")), opened.ticket, name)
        moved = self._moved(unit, with_ticket, Happening.FILED, at) if _acting(conversation) else _unmoved(unit, with_ticket)
        view = TicketView(id=opened.ticket.id, subject=opened.ticket.subject, status=opened.ticket.status.value, queue=name, attached=opened.attached)
        return [self._say(unit, moved, action, text, (PERSON,), at, view)]

    @staticmethod
    def _note_filing(
        unit: UnitOfWork, conversation: Conversation, action: Action, opened: requests.Opened, queue: str, reason: HandoffReason, at: datetime
    ) -> None:
        entry = AuditEntry(
            at=at,
            actor=SYSTEM,
            step="file",
            decision=action.status.value,
            conversation=conversation.id,
            outcome=conversation.state.value,
            detail={"ticket": opened.ticket.id, "queue": queue, "attached": opened.attached, "reason": reason.value},
            subject=conversation.person,
            action=action.id,
            tool=action.tool,
            context=handed_over(opened.ticket, queue),
        )
        unit.audit.append([entry])

    def _issue(
        self, unit: UnitOfWork, conversation: Conversation, person: Person, memory: Memory, queue: str, reason: HandoffReason
    ) -> requests.Issue:
        device = next((one for one in self.fleet.devices_of(person.id) if one.id == memory.device), None)
        return issue_of(unit, conversation, person, memory, device, self.workplace.queues(), reason=reason, queue=queue)

    def _moved(self, unit: UnitOfWork, conversation: Conversation, happening: Happening, at: datetime) -> Conversation:
        """Move a conversation whose action ended. While a message is being answered, it is where that goes back to that moves."""
        target, outcome = advance(State.ACTING, happening), outcome_of(State.ACTING, happening)
        episode = replace(conversation.episode, closed_at=at, outcome=outcome) if outcome is not None else conversation.episode
        answering = conversation.state is State.ANSWERING
        moved = replace(conversation, before=target, episode=episode) if answering else replace(conversation, state=target, episode=episode)
        unit.conversations.save(replace(moved, changed_at=at))
        for entry in timer(moved.id, moved.state, self.timings, at):
            unit.outbox.put(entry)
        return moved

    def _say(
        self,
        unit: UnitOfWork,
        conversation: Conversation,
        action: Action,
        text: str,
        choices: tuple[Choice, ...],
        at: datetime,
        ticket: TicketView | None = None,
    ) -> Event:
        reply = Reply(
            conversation=conversation.id,
            state=conversation.state.value,
            kind=ReplyKind.ACTION,
            text=text,
            html=render(text, self.link_hosts()),
            choices=choices,
            ticket=ticket,
            action=view_of(action),
        )
        reply = wording.in_reader_language(reply)
        return unit.conversations.emit(conversation.id, at, {"type": "reply", "reply": reply.model_dump(mode="json")})


def _tried_again(action: Action) -> bool:
    """Say whether this is not the first try to end a timed grant: people know of the first."""
    return action.actor == SYSTEM and not action.id.endswith("-u0")


def _unmoved(unit: UnitOfWork, conversation: Conversation) -> Conversation:
    """Save a conversation that stays where it is: nobody may have taken it since it was read."""
    unit.conversations.save(conversation)
    return conversation


def _acting(conversation: Conversation) -> bool:
    return State.ACTING in (conversation.state, conversation.before if conversation.state is State.ANSWERING else conversation.state)
