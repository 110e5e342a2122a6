"""Understands a message with a language model, over what was understood without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.agent.asking import StepModel, Unusable, json_object
from assistant.agent.steps.facts import Sentiment, Urgency
from assistant.agent.steps.understand import Intent, Understanding, doubted
from assistant.domain.conversation import State
from assistant.domain.model_use import Account
from assistant.governance.redaction import redact
from assistant.ports.chat import Answered, Ask, ChatFailed
from kb.model import Platform

CERTAIN = 0.95
"""What plain patterns recognise for sure is not asked about: yes, no, thanks, a person, a ticket's number."""
LONGEST_QUESTION = 220

MEANINGS: Mapping[Intent, str] = {
    Intent.QUESTION: "a problem, a question or a request about IT, also inside a greeting, a complaint or a story",
    Intent.FOLLOW_UP: "more about the same issue: a detail, another device, what they see now, an answer to a question",
    Intent.GREETING: "a greeting and nothing else",
    Intent.THANKS: "thanks and nothing else",
    Intent.SMALLTALK: "a question about you, or chatter",
    Intent.STATUS: "a question about one of their tickets, or about all",
    Intent.PERSON: "they want to talk to a person",
    Intent.FILE: "they want a ticket opened, now",
    Intent.SOLVED: "they say clearly that the problem is solved",
    Intent.NOT_SOLVED: "they say that what they were shown did not help, or that it still does not work",
    Intent.DECLINE: "they turn down what they were offered",
    Intent.OUT_OF_SCOPE: "nothing that the IT of an organisation looks after",
}
Wanted = Literal[
    "question", "follow_up", "greeting", "thanks", "smalltalk", "status", "person", "file", "solved", "not_solved", "decline", "out_of_scope"
]
NEED_AN_ISSUE = frozenset({Intent.FOLLOW_UP, Intent.SOLVED, Intent.NOT_SOLVED})


class Reading(BaseModel):
    """What the model has to say, and nothing else."""

    model_config = ConfigDict(extra="forbid", title="reading")

    intent: Wanted
    confidence: float = Field(ge=0, le=1)
    system: Literal["", "windows", "macos", "linux", "ios", "android"]
    search: str = Field(max_length=400)
    ask: str = Field(max_length=300)
    mood: Literal["calm", "annoyed", "upset"]
    urgent: bool


@dataclass(frozen=True, slots=True)
class UnderstandingModel:
    """The step ``understand`` with a model. It refines; where it fails, what was understood without it stands."""

    model: StepModel

    def refine(self, base: Understanding, text: str, state: State, issue: str, account: Account) -> Understanding:
        """Return what the message means. Words are sent without secrets and personal numbers; a failure is in the account."""
        if base.confidence >= CERTAIN or not text.strip() or base.intent is Intent.UNREADABLE:
            return base
        given = {"message": redact(text), "state": state.value, "issue": redact(issue)}
        shown = {"intents": [(name, MEANINGS[Intent(name)]) for name in get_args(Wanted)]}
        ask = Ask(self.model.prompt.lines(shown, given), schema=Reading.model_json_schema(), longest=self.model.limits.longest)
        try:
            reading = self.model.ask(account, ask, _reading)
        except ChatFailed:
            return base
        return _applied(base, reading, text, bool(issue))


def _reading(answered: Answered) -> Reading:
    try:
        return Reading.model_validate(json_object(answered))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:4])
        raise Unusable(f"it does not match the schema ({wrong})") from None


def _applied(base: Understanding, reading: Reading, text: str, has_issue: bool) -> Understanding:
    """Return the model's reading where it may count.

    What would end something is checked against the words themselves, and without an issue there is nothing to follow up or to call solved.
    """
    intent = Intent(reading.intent)
    if intent in NEED_AN_ISSUE and not has_issue:
        intent = Intent.QUESTION
    intent = doubted(intent, text)
    platform = base.platform or (Platform(reading.system) if reading.system else None)
    wants_search = intent in (Intent.QUESTION, Intent.FOLLOW_UP)
    return replace(
        base,
        intent=intent,
        confidence=reading.confidence,
        platform=platform,
        search=" ".join(reading.search.split()) if wants_search else "",
        ask=_one_question(reading.ask),
        sentiment=_sentiment(base.sentiment, reading.mood),
        urgency=Urgency.HIGH if reading.urgent and base.urgency is Urgency.NORMAL else base.urgency,
    )


def _sentiment(found: Sentiment, mood: str) -> Sentiment:
    """Return the graver of what patterns and the model read."""
    read = {"annoyed": Sentiment.NEGATIVE, "upset": Sentiment.UPSET}.get(mood, found)
    order = list(Sentiment)
    return max(found, read, key=order.index)


def _one_question(text: str) -> str:
    """Return a question that may be put to the person: one line, one question mark at its end, no address and no markup; else ""."""
    line = " ".join(text.split())
    plain = not any(sign in line for sign in ("://", "www.", "](", "<", "`", "@", "**"))
    return line if plain and line.endswith(("?", "؟")) and len(line) <= LONGEST_QUESTION and not any(mark in line[:-1] for mark in "?؟") else ""
