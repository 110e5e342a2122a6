"""Conversations in the hands of people: taken, answered in, given back. While a person has one, the assistant does not speak.

Every function works in the transaction of its caller and raises the conversation's version, so that a turn which is under
way cannot be recorded beside it. What a turn would have answered is answered for by the person: no message is left pending
in a conversation that somebody has.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Person
from assistant.domain.conversation import Conversation, Episode, Happening, Outcome, State, advance
from assistant.domain.handoff import Handoff, HandoffReason, Holding
from assistant.domain.reply import Reply, ReplyKind
from assistant.domain.ticket import TicketStatus
from assistant.ports.store import Event, Message, UnitOfWork

STEP = "hand_off"
HOLDING = "holding"
"""The type of the event that somebody has a conversation, or no longer has it."""
SERVICE = "firstline"
TAKEN, GIVEN_BACK, LAPSED = "taken", "given back", "lapsed"


class NotForYou(Exception):
    """This person may not take the conversation; the words say why."""


class HeldByAnother(Exception):
    """Somebody else has the conversation."""

    def __init__(self, holding: Holding) -> None:
        """Remember who."""
        super().__init__(f"{holding.person} has this conversation")
        self.holding = holding


class NotHeld(Exception):
    """Who wants to say something in the conversation, or to give it back, does not have it (any more)."""


def check_right(agent: Person, conversation: Conversation) -> None:
    """Raise ``NotForYou`` unless the person works tickets and is not the one who asked."""
    if not agent.is_agent:
        raise NotForYou("Only people of the service desk answer in conversations.")
    if agent.id == conversation.person:
        raise NotForYou("This is your own conversation. Somebody else of the desk has to answer it.")


def take(unit: UnitOfWork, conversation: Conversation, agent: Person, at: datetime, said: str) -> list[Event]:
    """Give a conversation to an agent; [] when they have it already. ``said`` tells the person who asked.

    Raises:
        NotForYou: not an agent, or their own conversation.
        HeldByAnother: somebody else was first.
        ConversationChanged: somebody changed the conversation meanwhile.
    """
    check_right(agent, conversation)
    holding = unit.handoffs.holding(conversation.id)
    if holding is not None and holding.person == agent.id:
        return []
    if holding is not None:
        raise HeldByAnother(holding)
    episode = conversation.episode
    if episode.outcome is None:
        episode = replace(episode, closed_at=at, outcome=Outcome.HANDED_OFF)
    state = advance(conversation.state, Happening.TAKEN)
    unit.conversations.save(replace(conversation, state=state, before=State.OPEN, changed_at=at, episode=episode))
    unit.handoffs.hold(Holding(conversation.id, agent.id, at, at))
    unit.handoffs.end(conversation.id, at, agent.id)
    for message in unit.conversations.pending():
        if message.conversation == conversation.id:
            answered_by_person(unit, message)
    ticket = unit.tickets.ticket(episode.ticket) if episode.ticket else None
    if ticket is not None and ticket.status in (TicketStatus.OPEN, TicketStatus.WAITING):
        unit.tickets.change_status(ticket.id, TicketStatus.IN_PROGRESS, agent.id, "answers in the conversation", at)
    _audit(unit, agent.id, TAKEN, conversation, at)
    return [_told(unit, conversation.id, agent, at, TAKEN, said)]


def say(unit: UnitOfWork, conversation: Conversation, agent: Person, message_id: str, text: str, html: str, at: datetime) -> list[Event]:
    """Say something as the person who has the conversation; [] when this message id was said before.

    Raises:
        NotHeld: the agent does not have the conversation.
        ConversationChanged: somebody changed the conversation meanwhile.
    """
    if any(event.body["type"] == "person" and event.body["message"] == message_id for event in unit.conversations.events(conversation.id)):
        return []
    _check_held(unit, conversation, agent)
    unit.conversations.save(replace(conversation, changed_at=at))
    unit.handoffs.heard(conversation.id, at)
    if conversation.episode.ticket:
        unit.tickets.comment(conversation.episode.ticket, agent.id, text, at)
    _audit(unit, agent.id, "said", conversation, at, message_id)
    body = {"type": "person", "message": message_id, "person": _named(agent), "text": text, "html": html}
    return [unit.conversations.emit(conversation.id, at, body)]


def give_back(unit: UnitOfWork, conversation: Conversation, agent: Person, solved: bool, at: datetime, said: str) -> list[Event]:
    """Let the assistant answer again, from the next message on, in a new episode. ``solved`` also resolves the ticket.

    Raises:
        NotHeld: the agent does not have the conversation.
        ConversationChanged: somebody changed the conversation meanwhile.
    """
    _check_held(unit, conversation, agent)
    state, before = advance(conversation.state, Happening.GIVEN_BACK), conversation.episode
    episode = Episode(before.number + 1, at, summary=f"Before: {agent.name} answered{f' in ticket {before.ticket}' if before.ticket else ''}.")
    memory = {"hint": conversation.memory["hint"]} if conversation.memory.get("hint") else {}
    unit.conversations.save(replace(conversation, state=state, before=state, changed_at=at, episode=episode, memory=memory))
    unit.handoffs.release(conversation.id)
    ticket = unit.tickets.ticket(before.ticket) if before.ticket else None
    if ticket is not None and solved and ticket.status.is_open:
        unit.tickets.change_status(ticket.id, TicketStatus.RESOLVED, agent.id, "solved in the conversation", at)
    _audit(unit, agent.id, GIVEN_BACK, conversation, at, solved=solved)
    return [_told(unit, conversation.id, agent, at, GIVEN_BACK, said)]


def lapse(unit: UnitOfWork, conversation: Conversation, holder: Person, at: datetime, said: str) -> list[Event]:
    """Put the conversation of a holder who fell silent back among those that wait.

    Raises:
        ConversationChanged: somebody changed the conversation meanwhile.
    """
    state = advance(conversation.state, Happening.LAPSED)
    unit.conversations.save(replace(conversation, state=state, before=state, changed_at=at))
    unit.handoffs.release(conversation.id)
    ticket = conversation.episode.ticket
    unit.handoffs.record(Handoff(conversation.id, conversation.episode.number, HandoffReason.LAPSED, at, ticket))
    if ticket:
        unit.tickets.comment(ticket, SERVICE, f"{holder.name} had the conversation and fell silent; it waits for somebody again.", at, public=False)
    _audit(unit, SERVICE, LAPSED, conversation, at, holder=holder.id, reason=HandoffReason.LAPSED.value)
    return [_told(unit, conversation.id, holder, at, LAPSED, said)]


def receive(unit: UnitOfWork, conversation: Conversation, message: Message, words: str) -> Reply:
    """Take in what the person writes while somebody of the desk has the conversation: it goes to the ticket and gets no answer from here."""
    if conversation.episode.ticket:
        unit.tickets.comment(conversation.episode.ticket, conversation.person, words, message.at)
    return answered_by_person(unit, message)


def answered_by_person(unit: UnitOfWork, message: Message) -> Reply:
    """Settle a message whose answer is the person's: its reply is an acceptance without words, and nothing is sent for it."""
    reply = Reply(conversation=message.conversation, state=State.WITH_PERSON.value, kind=ReplyKind.HANDOFF, text="", message=message.id)
    unit.conversations.answer(message, reply.model_dump(mode="json"))
    return reply


def _check_held(unit: UnitOfWork, conversation: Conversation, agent: Person) -> None:
    check_right(agent, conversation)
    holding = unit.handoffs.holding(conversation.id)
    if holding is None or holding.person != agent.id:
        raise NotHeld(conversation.id)


def _named(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name}


def _told(unit: UnitOfWork, conversation_id: str, person: Person, at: datetime, why: str, said: str) -> Event:
    body = {"type": HOLDING, "person": _named(person), "holds": why == TAKEN, "why": why, "text": said}
    return unit.conversations.emit(conversation_id, at, body)


def _audit(unit: UnitOfWork, actor: str, decision: str, conversation: Conversation, at: datetime, message: str = "", **detail: Any) -> None:
    facts = {"ticket": conversation.episode.ticket, "person": conversation.person, **detail}
    unit.audit.append([AuditEntry(at, actor, STEP, decision, conversation.id, message, outcome=conversation.state.value, detail=facts)])
