"""The rollout ladder: how much the assistant does by itself in a category, and what moves a category up or down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from assistant.domain.measures import Rate


class Rung(StrEnum):
    """One rung, the lowest first."""

    TRIAGE = "triage only"
    """Nothing is answered: what is asked is filed, and triage finds its queue."""
    SUGGEST = "suggest"
    """Articles are named as suggestions, and a ticket is offered; nothing is done."""
    CONFIRM = "confirm"
    """The article that would answer is named first and shown when the person says so; actions wait for their press, as always."""
    AUTOMATIC = "automatic"
    """What is sure enough is answered at once."""

    @property
    def height(self) -> int:
        """Its place on the ladder, from 0."""
        return list(Rung).index(self)

    @property
    def above(self) -> Rung | None:
        """The next rung up, None on the highest."""
        return list(Rung)[self.height + 1] if self.height + 1 < len(Rung) else None

    @property
    def below(self) -> Rung | None:
        """The next rung down, None on the lowest."""
        return list(Rung)[self.height - 1] if self.height else None


def lower(one: Rung, other: Rung) -> Rung:
    """Return the lower of two rungs."""
    return min(one, other, key=lambda rung: rung.height)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the policy says of the ladder."""

    begins: Rung = Rung.AUTOMATIC
    """The rung of a category that nobody decided about."""
    by_rule: bool = False
    """Whether what the rules propose is done without an operator's press."""
    weeks: int = 8
    """How far back evidence counts; what was on another rung than the one in force does not."""
    least: int = 50
    """With fewer verdicts nothing moves by numbers."""
    promote: float = 0.80
    """Up, when the lower end of the interval of what was right reaches this."""
    demote: float = 0.60
    """Down, when its upper end is below this."""
    highest: Mapping[str, Rung] = field(default_factory=dict)
    """Categories that never go higher than this."""

    def limit(self, category: str) -> Rung:
        """Return the highest rung that a category may have."""
        return self.highest.get(category, Rung.AUTOMATIC)


@dataclass(frozen=True, slots=True)
class RungDecision:
    """One decision about a category. ``number`` counts those about it from 1; the last that was not undone is in force.

    ``evidence`` holds the counts that it was made on; ``by`` is a person's id, "operator" for the command line, or the rule's name.
    """

    id: str
    category: str
    number: int
    before: Rung
    rung: Rung
    at: datetime
    by: str
    why: str
    evidence: dict[str, Any] = field(default_factory=dict)
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def stands(self) -> bool:
        """Say whether it was not undone."""
        return self.undone_at is None


NOT_SHOWN = ("review", "escalate")
"""How a decision of the ledger ends that showed no answer: nobody could judge one."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What people said of the answers that were shown in one category."""

    category: str
    right: int = 0
    wrong: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a category on its rung: verdicts of people, what was undone, and what was predicted."""

    category: str
    rung: Rung
    since: datetime
    """From when it counts: the rung's beginning, or the rules' weeks, whichever is later."""
    right: Rate
    """Of what was shown in the category and judged by its person."""
    silent: int
    """Shown, and nothing was said about it: no verdict."""
    undone: int = 0
    """Automatic actions of the category that the desk took back."""
    predicted: Rate | None = None
    """Where nothing is shown, nobody can judge it: what the newest go-live simulation expects to be right, rounded down to whole tickets."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the rules say of a category: where to, or why it stays."""

    evidence: Evidence
    to: Rung | None
    rule: str
    why: str

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        name = self.evidence.category
        return (
            f"{name}: from {self.evidence.rung} to {self.to}, because {self.why}."
            if self.to
            else f"{name} stays on {self.evidence.rung}: {self.why}."
        )


def propose(evidence: Evidence, rules: Rules) -> Proposed:
    """Return what the rules say of a category: one rung at most, and down before up."""
    rung, limit = evidence.rung, rules.limit(evidence.category)
    if rung.height > limit.height:
        return Proposed(evidence, limit, "rollout.highest", f"the policy lets it go no higher than {limit}")
    down = _down(evidence, rules)
    if down:
        return Proposed(evidence, rung.below, *down)
    if rung.above is None or rung.height >= limit.height:
        return Proposed(evidence, None, "", "it is as high as the policy lets it go")
    right = evidence.predicted if rung is Rung.TRIAGE else evidence.right
    source = "predicted to be right" if rung is Rung.TRIAGE else "judged right"
    if right is None:
        return Proposed(evidence, None, "", "nothing is shown here, and no simulation of a go-live says what would be right")
    if right.total < rules.least:
        return Proposed(evidence, None, "", f"{right.total} of {rules.least} results are known that are needed to move it")
    if right.low < rules.promote:
        return Proposed(evidence, None, "", f"{source}: {right.text}; surely {100 * rules.promote:.0f} % is needed")
    return Proposed(evidence, rung.above, "rollout.promote", f"{source}: {right.text}, surely at least {100 * rules.promote:.0f} %")


def _down(evidence: Evidence, rules: Rules) -> tuple[str, str] | None:
    if evidence.rung.below is None:
        return None
    if evidence.undone:
        what = "an action was" if evidence.undone == 1 else f"{evidence.undone} actions were"
        return "rollout.demote: undone", f"{what} taken back by the desk"
    right = evidence.right
    if evidence.rung is not Rung.TRIAGE and right.total >= rules.least and right.high < rules.demote:
        return "rollout.demote", f"judged right: {right.text}, surely below {100 * rules.demote:.0f} %"
    return None
