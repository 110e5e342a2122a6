"""Writes down what a turn came to, in the turn's own transaction: reply, event, state, episode, audit, unresolved intent."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assistant.agent.accounting import account, with_intent
from assistant.agent.lookup import Finding, Setting
from assistant.agent.settlement import Settlement, Step, failed_choices
from assistant.agent.state import WORDS_KEPT, Memory, Timings
from assistant.agent.steps import understand
from assistant.agent.steps.summarise import summary_of
from assistant.agent.waiting import timer
from assistant.agent.wording import in_reader_language
from assistant.desk.attaching import hand_over
from assistant.domain.audit import AuditEntry, digest
from assistant.domain.conversation import Conversation, Episode, Happening, State, advance, outcome_of
from assistant.domain.model_use import Account
from assistant.domain.reply import Reply, ReplyKind
from assistant.governance.redaction import redact
from assistant.ports.store import Event, Message, UnitOfWork
from kb.model import FailureClass, UnresolvedIntent

OFFERED = re.compile(r"[a-z_]{1,20}(?::[\w.-]{1,60})?")
"""The form of the choices that the service offers."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What is said, in Markdown and through the closed renderer."""

    text: str
    html: str


def record_turn(
    unit: UnitOfWork, setting: Setting, finding: Finding, settlement: Settlement, at: datetime, texts: Texts, timings: Timings
) -> tuple[Reply, list[Event]]:
    """Store everything about a settled turn; return its reply and the events to push."""
    settlement = replace(settlement, memory=with_intent(setting, settlement).in_language_of(setting.memory))
    moved = _moved(unit, setting.conversation, settlement, at)
    unit.conversations.save(moved)
    account(unit, setting, finding, settlement, moved, at)
    hand_over(unit, moved.id, moved.episode.ticket, at)
    for entry in timer(moved.id, moved.state, timings, at):
        unit.outbox.put(entry)
    reply = Reply(
        conversation=moved.id,
        state=moved.state.value,
        kind=settlement.kind,
        citations=settlement.citations,
        confidence=settlement.confidence,
        choices=settlement.choices,
        ticket=settlement.ticket,
        device=settlement.device,
        action=settlement.action,
        message=setting.message.id,
        text=texts.text,
        html=texts.html,
    )
    reply = in_reader_language(reply)
    unit.audit.append(_entries(setting, finding, settlement, moved, at))
    unit.model_calls.record(moved.id, setting.message.id, setting.account.calls)
    if settlement.failure is not None:
        unit.intents.record(_unresolved(setting, finding, settlement, at))
    return reply, _stored(unit, setting.message, reply, at)


def record_failure(
    unit: UnitOfWork, message: Message, reference: str, why: str, at: datetime, texts: Texts, account: Account
) -> tuple[Reply, list[Event]]:
    """Store the error reply of a turn that failed, the failure itself, and the calls to models that it made all the same."""
    unit.model_calls.record(message.conversation, message.id, tuple(account.calls))
    conversation = unit.conversations.load(message.conversation)
    assert conversation is not None, "an accepted message has a conversation"
    state = advance(conversation.state, Happening.FAILED, conversation.before) if conversation.state is State.ANSWERING else conversation.state
    words = message.text[:WORDS_KEPT]
    memory = conversation.memory if conversation.memory.get("issue") else replace(Memory.load(conversation.memory), issue=words).dump()
    unit.conversations.save(replace(conversation, state=state, changed_at=at, memory=memory))
    choices = failed_choices()
    reply = Reply(
        conversation=conversation.id,
        state=state.value,
        kind=ReplyKind.ERROR,
        text=texts.text,
        html=texts.html,
        choices=choices,
        message=message.id,
        reference=reference,
    )
    reply = in_reader_language(reply)
    entry = AuditEntry(at, conversation.person, "turn", "failed", conversation.id, message.id, outcome=FailureClass.ERROR.value)
    unit.audit.append([replace(entry, detail={"reference": reference, "why": why.partition(":")[0]})])
    intent = UnresolvedIntent(
        id=f"u_{secrets.token_hex(8)}",
        question=redact(words or message.choice),
        failure=FailureClass.ERROR,
        nearest=(),
        category="",
        platform="",
        origin=conversation.id,
        asker=conversation.person,
        asked_at=at,
    )
    unit.intents.record(intent)
    return reply, _stored(unit, message, reply, at)


def _stored(unit: UnitOfWork, message: Message, reply: Reply, at: datetime) -> list[Event]:
    envelope = reply.model_dump(mode="json")
    unit.conversations.answer(message, envelope)
    return [unit.conversations.emit(message.conversation, at, {"type": "reply", "reply": envelope})]


def _moved(unit: UnitOfWork, conversation: Conversation, settlement: Settlement, at: datetime) -> Conversation:
    episode = conversation.episode
    if settlement.reopens:
        if settlement.happening is not Happening.HANDED_OFF:
            unit.handoffs.end(conversation.id, at)
        if settlement.deducts:
            unit.conversations.mark_reopened(conversation.id, episode.number, at)
        before = summary_of(Memory.load(conversation.memory))
        episode = Episode(episode.number + 1, at, summary=f"Before: {before}")
    outcome = outcome_of(State.ANSWERING, settlement.happening)
    episode = replace(episode, ticket=settlement.ticket_id or episode.ticket)
    if outcome is not None:
        episode = replace(episode, closed_at=at, outcome=outcome)
    state = advance(State.ANSWERING, settlement.happening, conversation.before)
    return replace(conversation, state=state, changed_at=at, episode=episode, memory=settlement.memory.dump())


def _entries(setting: Setting, finding: Finding, settlement: Settlement, moved: Conversation, at: datetime) -> list[AuditEntry]:
    read = setting.understanding
    by = setting.account
    first = Step("understand", read.intent.value, round(read.confidence, 4), model=by.model_of("understand", understand.MODEL))
    first = replace(first, detail={"choice": _choice(setting)} | _signals(read), prompt=by.prompt_of("understand"))
    place = finding.target.device.id if finding.target.device else str(finding.target.platform or "")
    outcome = outcome_of(State.ANSWERING, settlement.happening)
    entries = []
    for step in (first, *settlement.steps):
        entries.append(
            AuditEntry(
                at=at,
                actor=setting.person.id,
                step=step.name,
                decision=step.decision,
                conversation=moved.id,
                message=setting.message.id,
                confidence=step.confidence,
                passages=step.passages,
                model=step.model,
                prompt=step.prompt,
                policy=step.policy,
                outcome=(outcome.value if outcome else moved.state.value) if step is not first else "",
                rule=step.rule,
                facts=step.facts,
                verdict=step.verdict,
                context=step.context,
                detail=_detail(setting, step, None if step is first else place),
            )
        )
    return entries


def _detail(setting: Setting, step: Step, place: str | None) -> dict[str, Any]:
    """Return a step's details: of the first one with why other steps fell back, of the others with device and rights."""
    if place is not None:
        return {**step.detail, "device": place, "groups": sorted(setting.person.groups)}
    return {**step.detail, "fell_back": dict(setting.account.fell_back)} if setting.account.fell_back else step.detail


def _signals(read: understand.Understanding) -> dict[str, str]:
    """Return what else a message was read as, where it is out of the ordinary."""
    said = {"intent": read.name, "sentiment": read.sentiment.value, "urgency": read.urgency.value}
    return {name: value for name, value in said.items() if value and value not in ("neutral", "normal")}


def _choice(setting: Setting) -> str:
    """Return a choice for the audit: as it is if it is one of ours, else its digest, for then it is what somebody wrote."""
    choice, known = setting.message.choice, setting.understanding.intent is not understand.Intent.UNREADABLE
    return choice if not choice or (known and OFFERED.fullmatch(choice)) else digest(choice)


def _unresolved(setting: Setting, finding: Finding, settlement: Settlement, at: datetime) -> UnresolvedIntent:
    memory = settlement.memory
    assert settlement.failure is not None
    out_of_scope = settlement.failure is FailureClass.OUT_OF_SCOPE
    question = setting.message.text if out_of_scope else memory.question
    found = finding.retrieval
    return UnresolvedIntent(
        id=f"u_{secrets.token_hex(8)}",
        question=redact(question),
        failure=settlement.failure,
        nearest=memory.nearest,
        category=memory.category,
        platform=memory.platform,
        origin=setting.conversation.id,
        asker=setting.person.id,
        asked_at=at,
        ticket=settlement.ticket_id,
        vector=setting.vector if out_of_scope else found.vector if found is not None else (),
    )
