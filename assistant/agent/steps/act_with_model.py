"""Chooses tools with a language model, under the rules that hold for every wish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.agent.asking import StepModel, Unusable
from assistant.agent.steps.act import LONGEST_WISH, PLAIN, LocalActing, about_somebody_else
from assistant.governance.redaction import redact
from assistant.ports.chat import Answered, Ask, ChatFailed
from assistant.ports.models import Chosen, Handle, Situation, ToolCall
from kb.support import supported

ALONE = 0.65
"""The confidence of a wish that only the model found: enough for a card, which the person has to press."""
CALLS = 4
LONGEST_SAID = 600
NOTHING = "NOTHING"
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class ModelActing:
    """The ``ActingModel`` port over a chat model; where that fails, over patterns.

    A request that shows what a tool has shown before (words of tickets and of other systems) has no tool bound that changes anything.
    """

    model: StepModel
    local: LocalActing

    @property
    def identity(self) -> str:
        """See the port."""
        return self.model.chat.identity

    def choose(self, situation: Situation) -> Chosen:
        """See the port."""
        plain = self.local.choose(situation)
        if plain.about_others or plain.not_theirs or len(situation.words.split()) > LONGEST_WISH:
            return Chosen(plain.calls, plain.about_others, plain.not_theirs, model=self.local.identity)
        try:
            answered = self._asked(situation, situation.tools(), "")
            shown = "" if answered.calls else situation.shown()
            if shown:
                answered = self._asked(situation, [tool for tool in situation.tools() if tool["name"] in situation.showing], shown)
        except ChatFailed:
            return Chosen(plain.calls, plain.about_others, plain.not_theirs, model=self.local.identity)
        return self._chosen(situation, plain, answered, shown)

    def _asked(self, situation: Situation, tools: Sequence[Mapping[str, Any]], shown: str) -> Answered:
        given = {"message": redact(situation.words), "issue": redact(situation.issue), "offered": _offered(situation.handles())}
        if shown:
            given["shown"] = redact(shown)
        lines = self.model.prompt.lines({"shown": bool(shown)}, given)
        return self.model.ask(situation.account, Ask(lines, tuple(tools), longest=self.model.limits.longest), _usable)

    def _chosen(self, situation: Situation, plain: Chosen, answered: Answered, shown: str) -> Chosen:
        calls = []
        own, lowered = (" ".join(text.split()).casefold().replace("’", "'") for text in (situation.words, situation.english or situation.words))
        for wish in answered.calls[:CALLS]:
            call = ToolCall(wish.tool, dict(wish.arguments), _confidence(wish.tool, plain))
            strange = about_somebody_else(lowered, call, own)
            if strange is not None:
                return strange
            calls.append(call)
        return Chosen(tuple(calls), said="" if calls or not shown else _from(shown, answered.text))


def _confidence(tool: str, plain: Chosen) -> float:
    """Return how sure a wish is: where plain patterns find the same tool, as sure as they are, a doubt of theirs included."""
    return next((min(PLAIN, call.confidence) for call in plain.calls if call.tool == tool), ALONE)


def _offered(handles: Sequence[Handle]) -> list[dict[str, str]]:
    """Return what arguments may name, each once; of a ticket only its number, for its subject may be anybody's words."""
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for one in handles:
        label = one.label.split()[0] if one.kind == "ticket" else one.label
        seen.setdefault((one.kind, label), {"handle": one.handle, "kind": one.kind, "label": label})
    return list(seen.values())


def _usable(answered: Answered) -> Answered:
    if not answered.calls and not answered.text.strip():
        raise Unusable("it calls no tool and says nothing")
    return answered


def _from(shown: str, text: str) -> str:
    """Return those sentences of a reply that what was shown says."""
    words = " ".join(text.split())
    if words.strip(" .").upper() == NOTHING or len(words) > LONGEST_SAID:
        return ""
    return " ".join(part for part in _SENTENCE.split(words) if supported(part, shown).value)
