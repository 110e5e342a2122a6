"""Summarises a conversation with a language model, for the person who takes it over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.agent.asking import StepModel, Unusable
from assistant.agent.state import Offered
from assistant.domain.model_use import Account
from assistant.governance.redaction import redact
from assistant.ports.chat import Answered, Ask, ChatFailed
from kb.support import supported

LINES = 40
LONGEST = 900
"""Characters of a summary."""
MOST_UNSUPPORTED = 0.5
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class SummarisingModel:
    """The step ``summarise`` with a model."""

    model: StepModel

    def summarise(self, transcript: Sequence[tuple[str, str, str]], device: str, offered: Sequence[Offered], account: Account) -> str:
        """Return a few sentences, each of which the transcript says; "" where the model failed, and the local summary stands alone.

        ``transcript`` are lines of who, what and when. Names are sent as "employee" and "assistant".
        """
        lines = [{"who": who, "what": redact(what)} for who, what in _roles(transcript)[-LINES:]]
        tried = [{"title": one.title, "verdict": one.verdict or "no verdict"} for one in offered]
        ask = Ask(self.model.prompt.lines({}, {"transcript": lines, "device": device, "tried": tried}), longest=self.model.limits.longest)
        said = "\n\n".join([*(line["what"] for line in lines), device, *(f"{one['title']}. {one['verdict']}" for one in tried)])
        try:
            return self.model.ask(account, ask, lambda answered: _supported(answered, said))
        except ChatFailed:
            return ""


def _roles(transcript: Sequence[tuple[str, str, str]]) -> list[tuple[str, str]]:
    first = transcript[0][0] if transcript else ""
    return [("employee" if who == first else "assistant", what) for who, what, _ in transcript]


def _supported(answered: Answered, said: str) -> str:
    sentences = _SENTENCE.split(" ".join(answered.text.split()))
    held = [one for one in sentences if one and supported(_as_said(one), said).value]
    if not held or len(held) < (1 - MOST_UNSUPPORTED) * len(sentences):
        raise Unusable("most of its sentences do not stand in the transcript")
    summary = " ".join(held)
    if len(summary) > LONGEST:
        raise Unusable(f"it is longer than {LONGEST} characters")
    return summary


def _as_said(sentence: str) -> str:
    """Return a sentence without its teller: a transcript says "I cannot sign in", a summary "The employee cannot sign in"."""
    return re.sub(
        r"\b(?:the )?(?:employee|user|requester|assistant)(?:'s)?\b(?: (?:says|said|reports|reported|asks|asked|wants|wanted|tried|has|is))?",
        "",
        sentence,
        flags=re.IGNORECASE,
    )
