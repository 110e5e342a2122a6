"""Summaries without a language model: what a person who takes over has to know, in the employee's words."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.agent.languages.known import DEFAULT, LANGUAGES
from assistant.agent.state import Memory
from assistant.agent.steps.facts import Sentiment, Urgency, applications, error_codes, mood_of, urgency_of
from assistant.domain.configuration import Device, Person
from assistant.domain.handoff import HandoffReason
from assistant.domain.ticket import TicketBody, Tried
from assistant.ports.store import Event, Message

MODEL = "local-summarise/1"
BY_MODEL = "(Summarised by a language model; the whole conversation is below.)"
DETAIL = 300
ASSISTANT_NAME = "Firstline"
NEAREST_FACT = "Nearest articles"
REASON_FACT = "Why it came to people"


def summary_of(memory: Memory) -> str:
    """Return a paragraph: the issue, what was added since, and how many articles were tried."""
    parts = [f"Asked: {memory.issue[:DETAIL]}"]
    parts += [f"Added: {detail[:DETAIL]}" for detail in memory.details]
    if memory.offered:
        verdicts = ", ".join(f"“{item.title}” ({item.verdict or 'no verdict yet'})" for item in memory.offered)
        parts.append(f"Tried: {verdicts}")
    else:
        parts.append("No article answered it.")
    return "\n".join(parts)


def transcript_of(events: Sequence[Event], person: Person, current: Message | None = None) -> tuple[tuple[str, str, str], ...]:
    """Return everything that was said, verbatim, the current message last if there is one that is not among the events."""
    lines = []
    for event in events:
        body = event.body
        if body["type"] == "message":
            lines.append((person.name, body["text"], event.at.isoformat()))
        elif body["type"] == "reply":
            lines.append((ASSISTANT_NAME, body["reply"]["text"], event.at.isoformat()))
        elif body["type"] == "person":
            lines.append((body["person"]["name"], body["text"], event.at.isoformat()))
    if current is not None and not any(event.body.get("message") == current.id for event in events if event.body["type"] == "message"):
        lines.append((person.name, current.text or current.choice, current.at.isoformat()))
    return tuple(lines)


def ticket_body(
    memory: Memory,
    transcript: tuple[tuple[str, str, str], ...],
    person: Person,
    device: Device | None,
    confidence: float | None,
    queue: str = "",
    reason: HandoffReason | None = None,
    actions: tuple[tuple[str, str], ...] = (),
    files: tuple[str, ...] = (),
) -> TicketBody:
    """Return the complete body of a ticket (FEATURES E1).

    ``queue`` is the name of the suggested one, ``reason`` why people get it, ``actions`` what was done about it, each with its result,
    ``files`` a line for each that was attached.
    """
    facts = [("Requester", f"{person.name}, {person.title}, {person.department}, {person.location}"), ("Category", memory.category or "unknown")]
    if reason is not None:
        facts.append((REASON_FACT, reason.label))
    if queue:
        facts.append(("Suggested team", queue))
    if memory.language not in ("", DEFAULT):
        facts.append(("Written in", LANGUAGES[memory.language].name))
    said = [words for who, words, _ in transcript if who == person.name]
    for label, found in (("Applications", applications(said)), ("Error codes", error_codes(said))):
        if found:
            facts.append((label, ", ".join(found)))
    mood, pressing = mood_of(said), urgency_of(said)
    facts += [("Mood", mood.value)] if mood in (Sentiment.NEGATIVE, Sentiment.UPSET) else []
    facts += [("Urgency, as said", pressing.value)] if pressing is not Urgency.NORMAL else []
    facts += [(f"Done: {what}", result) for what, result in actions]
    facts += [("Attached", line) for line in files]
    if device is not None:
        facts.append(("Device management", "compliant" if device.compliant else "not compliant"))
    if memory.nearest:
        facts.append((NEAREST_FACT, ", ".join(memory.nearest)))
    return TicketBody(
        summary=f"{memory.summary} {BY_MODEL}\n\n{summary_of(memory)}" if memory.summary else summary_of(memory),
        transcript=transcript,
        tried=tuple(Tried(item.article, item.title, item.revision, item.verdict or "no verdict") for item in memory.offered),
        device=f"{device.name} ({device.id}), {device.os}" if device else memory.platform,
        facts=tuple(facts),
        confidence=confidence,
    )
