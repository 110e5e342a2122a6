"""Lets people of the desk take conversations, answer in them and give them back. Each call is one transaction and its events are pushed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

from assistant.agent import wording
from assistant.agent.issue import issue_of
from assistant.agent.settlement import handed_over
from assistant.agent.state import Memory
from assistant.agent.turn import ATTEMPTS, Parts, UnknownConversation, UnknownPerson
from assistant.desk import attaching, handoff, requests
from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Person
from assistant.domain.conversation import Conversation
from assistant.domain.handoff import Handoff, HandoffReason
from assistant.governance.rendering import render_plain
from assistant.ports.store import ConversationChanged, Event, UnitOfWork

WORDS_LIMIT = 4_000
Change = Callable[[UnitOfWork, Person, Conversation], list[Event]]


def _to_person(conversation: Conversation) -> AbstractContextManager[None]:
    """Say everything inside the block in the language of the conversation."""
    return wording.speaking(Memory.load(conversation.memory).speaks)


@dataclass(frozen=True, slots=True)
class Handover:
    """What an agent does with a conversation. Calls raise what ``desk.handoff`` raises, ``UnknownConversation`` and ``UnknownPerson``."""

    parts: Parts

    def take(self, agent_id: str, conversation_id: str) -> None:
        """Give the agent the conversation; one that nobody was asked into gets its ticket filed with the queue first."""

        def change(unit: UnitOfWork, agent: Person, conversation: Conversation) -> list[Event]:
            handoff.check_right(agent, conversation)
            if conversation.episode.outcome is None and unit.handoffs.holding(conversation.id) is None:
                conversation = self._step_in(unit, conversation, agent)
            with _to_person(conversation):
                return handoff.take(unit, conversation, agent, self.parts.clock.now(), wording.joined(agent.name))

        self._change(agent_id, conversation_id, change)

    def say(self, agent_id: str, conversation_id: str, message_id: str, words: str) -> None:
        """Say something as the person who has the conversation; the same message id says it once."""
        text = words.encode("utf-8", "replace").decode().replace("\0", "\ufffd").replace("\r\n", "\n").strip()[:WORDS_LIMIT]
        html = render_plain(text)

        def change(unit: UnitOfWork, agent: Person, conversation: Conversation) -> list[Event]:
            return handoff.say(unit, conversation, agent, message_id, text, html, self.parts.clock.now())

        self._change(agent_id, conversation_id, change)

    def give_back(self, agent_id: str, conversation_id: str, *, solved: bool) -> None:
        """Let the assistant answer again; ``solved`` also resolves the ticket."""

        def change(unit: UnitOfWork, agent: Person, conversation: Conversation) -> list[Event]:
            with _to_person(conversation):
                return handoff.give_back(unit, conversation, agent, solved, self.parts.clock.now(), wording.left(agent.name))

        self._change(agent_id, conversation_id, change)

    def release_silent(self) -> int:
        """Let everything wait again whose holder fell silent or is not of the desk any more; return how many conversations that were."""
        now, minutes, released = self.parts.clock.now(), self.parts.timings.hold_minutes, 0
        with self.parts.store.read() as unit:
            held = unit.handoffs.held()
        for holding in held:
            holder = self.parts.directory.person(holding.person)
            if now - holding.heard_at < timedelta(minutes=minutes) and holder is not None and holder.is_agent:
                continue
            with contextlib.suppress(ConversationChanged):
                released += self._release(holding.conversation, holder or Person(holding.person, holding.person), minutes)
        return released

    def _release(self, conversation_id: str, holder: Person, minutes: float) -> int:
        with self.parts.store.write() as unit:
            conversation, holding = unit.conversations.load(conversation_id), unit.handoffs.holding(conversation_id)
            now = self.parts.clock.now()
            if conversation is None or holding is None or (holder.is_agent and now - holding.heard_at < timedelta(minutes=minutes)):
                return 0
            with _to_person(conversation):
                events = handoff.lapse(unit, conversation, holder, now, wording.lapsed(holder.name, minutes))
        self.parts.notify(events)
        return 1

    def _change(self, agent_id: str, conversation_id: str, change: Change) -> None:
        agent = self.parts.directory.person(agent_id)
        if agent is None:
            raise UnknownPerson(agent_id)
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(ConversationChanged):
                return self._change_once(agent, conversation_id, change)
        return self._change_once(agent, conversation_id, change)

    def _change_once(self, agent: Person, conversation_id: str, change: Change) -> None:
        with self.parts.store.write() as unit:
            conversation = unit.conversations.load(conversation_id)
            if conversation is None:
                raise UnknownConversation(conversation_id)
            events = change(unit, agent, conversation)
        self.parts.notify(events)

    def _step_in(self, unit: UnitOfWork, conversation: Conversation, agent: Person) -> Conversation:
        """File what the assistant was working on, so that whoever steps in has a ticket with everything in it."""
        now, memory, settler = self.parts.clock.now(), Memory.load(conversation.memory), self.parts.settler
        person = self.parts.directory.person(conversation.person) or Person(conversation.person, conversation.person)
        device = next((each for each in self.parts.fleet.devices_of(person.id) if each.id == memory.device), None)
        issue = issue_of(unit, conversation, person, memory, device, settler.queues(), reason=HandoffReason.STEPPED_IN)
        window = timedelta(days=self.parts.timings.same_issue_days)
        ticket = requests.file(unit.tickets, issue, conversation.episode.ticket, now, window).ticket
        attaching.hand_over(unit, conversation.id, ticket.id, now)
        unit.handoffs.record(Handoff(conversation.id, conversation.episode.number, HandoffReason.STEPPED_IN, now, ticket.id))
        entry = AuditEntry(
            at=now,
            actor=agent.id,
            step=handoff.STEP,
            decision=HandoffReason.STEPPED_IN.label.lower(),
            conversation=conversation.id,
            outcome=conversation.state.value,
            detail={"ticket": ticket.id, "queue": issue.queue, "reason": HandoffReason.STEPPED_IN.value},
            subject=person.id,
            context=handed_over(ticket, issue.queue),
        )
        unit.audit.append([entry])
        return replace(conversation, episode=replace(conversation.episode, ticket=ticket.id))
