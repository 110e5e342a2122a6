"""What silence means: assumed resolved after an answer, abandoned after a question. Never confirmed."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from assistant.agent import wording
from assistant.agent.failing import class_of
from assistant.agent.state import Memory
from assistant.agent.turn import Parts
from assistant.agent.waiting import WAITING, hours_of
from assistant.desk import requests
from assistant.domain.audit import AuditEntry
from assistant.domain.conversation import Conversation, Happening, Outcome, State, advance, outcome_of
from assistant.domain.reply import Reply, ReplyKind
from assistant.governance.redaction import redact
from assistant.governance.rendering import render
from assistant.ports.store import ConversationChanged, Event, UnitOfWork
from kb.model import FailureClass, UnresolvedIntent


def settle_one(parts: Parts, unit: UnitOfWork, conversation_id: str, now: datetime) -> list[Event]:
    """Close a conversation whose timer ran out, unless something was said since; return the events to push.

    Raises:
        ConversationChanged: a turn was recorded meanwhile; it has set a timer of its own.
    """
    conversation = unit.conversations.load(conversation_id)
    hours = hours_of(conversation.state, parts.timings) if conversation is not None else None
    if conversation is None or hours is None or now - conversation.changed_at < timedelta(hours=hours):
        return []
    return _close(parts, unit, conversation, now, hours)


def settle_silence(parts: Parts) -> int:
    """Close every conversation that has been silent for its time; return how many. Each is its own transaction.

    Timers do this one by one; this is for what became due while nothing ran.
    """
    now, closed = parts.clock.now(), 0
    for state in WAITING:
        hours = hours_of(state, parts.timings) or 0.0
        with parts.store.read() as unit:
            silent = unit.conversations.silent_since(state, now - timedelta(hours=hours))
        for conversation in silent:
            try:
                with parts.store.write() as unit:
                    events = _close(parts, unit, conversation, now, hours)
            except ConversationChanged:
                continue
            parts.notify(events)
            closed += 1
    return closed


def _close(parts: Parts, unit: UnitOfWork, conversation: Conversation, now: datetime, hours: float) -> list[Event]:
    outcome = outcome_of(conversation.state, Happening.SILENCE)
    assert outcome is not None
    state = advance(conversation.state, Happening.SILENCE)
    episode = replace(conversation.episode, closed_at=now, outcome=outcome)
    unit.conversations.save(replace(conversation, state=state, changed_at=now, episode=episode))
    requests.let_go(unit.tickets, episode.ticket, "firstline", f"{outcome.value}: no answer for {hours:g} hours", now)
    entry = AuditEntry(now, "firstline", "resolve", "silence", conversation.id, policy=parts.policy(unit).version, outcome=outcome.value)
    unit.audit.append([entry])
    memory = Memory.load(conversation.memory)
    if conversation.state is State.CONFIRMING_ACTION:
        return []
    if outcome is Outcome.ABANDONED:
        unit.intents.record(_unresolved(conversation, memory, now))
        return []
    with wording.speaking(memory.speaks):
        text = wording.assumed_solved(hours)
        reply = Reply(conversation=conversation.id, state=state.value, kind=ReplyKind.STATUS, text=text, html=render(text, ()))
        reply = wording.in_reader_language(reply)
    return [unit.conversations.emit(conversation.id, now, {"type": "reply", "reply": reply.model_dump(mode="json")})]


def _unresolved(conversation: Conversation, memory: Memory, now: datetime) -> UnresolvedIntent:
    return UnresolvedIntent(
        id=f"u_{secrets.token_hex(8)}",
        question=redact(memory.question),
        failure=class_of(memory) or FailureClass.NO_ARTICLE,
        nearest=memory.nearest,
        category=memory.category,
        platform=memory.platform,
        origin=conversation.id,
        asker=conversation.person,
        asked_at=now,
        ticket=conversation.episode.ticket,
    )
