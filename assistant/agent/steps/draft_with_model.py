"""Drafts an article with a language model: only sentences that a ticket says, each with its ticket."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.agent.asking import StepModel, Unusable
from assistant.agent.steps.draft import Drafted, Evidence, drafted
from assistant.domain.model_use import Account
from assistant.ports.chat import Answered, Ask, ChatFailed
from kb.support import supported

NOTHING = "NOTHING"
LEAST_SHARE = 0.5
"""With a smaller share of its sentences supported, a draft is not used."""
_LINE = re.compile(r"^(?P<mark>\s*(?:\d{1,3}[.)]|[-*])\s+)?(?P<text>.*?)(?P<handles>(?:\s*\[t\d{1,2}\])+)\s*$")
_SPLIT = re.compile(r"(?<=\])\s+(?=[A-Z0-9])")


@dataclass(frozen=True, slots=True)
class DraftingModel:
    """The step ``draft`` with a model."""

    model: StepModel

    def draft(self, evidence: Sequence[Evidence], account: Account) -> Drafted:
        """Return the draft; the local one where the model fails. ``refused`` where it finds no solution in the tickets."""
        handles = {f"t{number}": one for number, one in enumerate(evidence, 1)}
        given = {"tickets": [{"handle": h, "subject": one.subject, "asked": one.asked, "solved": one.solved} for h, one in handles.items()]}
        ask = Ask(self.model.prompt.lines({}, given), longest=self.model.limits.longest)
        try:
            text = self.model.ask(account, ask, lambda answered: _supported(answered, handles))
        except ChatFailed:
            return drafted(evidence)
        refused = "" if text else "The model found no solution in these tickets. Read them, and ask whoever worked them."
        return Drafted(text, self.model.chat.identity, self.model.prompt.identity, refused)


def _supported(answered: Answered, handles: dict[str, Evidence]) -> str:
    if answered.text.strip(" .\n").upper() == NOTHING:
        return ""
    kept: list[str] = []
    said = held = steps = 0
    for line in answered.text.splitlines():
        if line.startswith("#") or not line.strip():
            kept.append(line.rstrip())
            continue
        parts = [_part(part, handles) for part in _SPLIT.split(line.strip())]
        said, good = said + len(parts), [part for part in parts if part]
        held += len(good)
        if good:
            kept.append(" ".join(good))
            steps += bool(re.match(r"\d", good[0]))
    if not kept or not kept[0].startswith("# ") or not steps:
        raise Unusable("it has no title or no numbered step that a ticket says")
    if held < LEAST_SHARE * said:
        raise Unusable("most of its sentences do not stand in the tickets that they name")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


def _part(part: str, handles: dict[str, Evidence]) -> str:
    """Return a sentence with its tickets' numbers, "" where no named ticket says it."""
    match = _LINE.match(part)
    named = [handles[name] for name in re.findall(r"t\d+", match["handles"]) if name in handles] if match else []
    if match is None or not named:
        return ""
    whole = "\n\n".join(f"{one.asked}\n\n{one.solved}" for one in named)
    holds = supported(match["text"], whole, "\n\n".join(one.subject for one in named)).value
    return f"{match['mark'] or ''}{match['text'].rstrip()} {' '.join(f'[{one.ticket}]' for one in named)}" if holds else ""
