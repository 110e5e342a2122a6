"""Who decides: the assistant, the assistant after asking, or a person. ``policy_file`` reads it from ``policy.toml``.

The policy sees facts and never text. What it does not name is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from assistant.domain.action import Label, Tier
from assistant.domain.approval import Stage
from assistant.domain.rollout import Rung


class Disposition(StrEnum):
    """What may be done with a result."""

    AUTO = "auto"
    """Go ahead."""
    REVIEW = "review"
    """Ask first."""
    ESCALATE = "escalate"
    """Leave it to a person."""


class Verdict(StrEnum):
    """What may be done with an action now."""

    ALLOW = "allow"
    """Carry it out."""
    CONFIRM = "confirm"
    """Show what it would do, and wait for the person's press."""
    ASK = "ask"
    """Too unsure that this is what the person wants: mention it as a choice."""
    SECOND_FACTOR = "second_factor"
    APPROVAL = "approval"
    PEOPLE = "people"
    """Only people may do this."""
    DENY = "deny"


class Limit(StrEnum):
    """What there was too much of."""

    OFTEN = "often"
    LONG = "long"


class PolicyError(ValueError):
    """The policy file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Band:
    """Confidence from ``auto`` up goes ahead, from ``review`` up asks first, anything less goes to a person."""

    auto: float
    review: float

    def of(self, confidence: float) -> Disposition:
        """Return the disposition of a confidence; one outside [0, 1] escalates."""
        if not 0 <= confidence <= 1:
            return Disposition.ESCALATE
        return Disposition.AUTO if confidence >= self.auto else Disposition.REVIEW if confidence >= self.review else Disposition.ESCALATE


@dataclass(frozen=True, slots=True)
class ToolRule:
    """What the policy says of one tool. ``per_day`` counts one person's actions with it in 24 hours."""

    tier: Tier
    band: Band
    per_day: int
    chain: str = ""
    second_factor_approves: bool = False
    """For an act on one's own account that cannot be undone: the owner's second factor is the approval."""
    longest_days: int = 0
    touches_at_most: int = 0
    """For a tool of a practice: more people or things than this are left to people. 0 for a tool of the conversation."""

    @property
    def of_practice(self) -> bool:
        """Say whether only a practice of the desk begins it, from its records and for others: a change, a joiner. No conversation can."""
        return self.touches_at_most > 0


@dataclass(frozen=True, slots=True)
class PeopleOnly:
    """A category that always needs a person, whatever the confidence. Its conditions are alternatives."""

    name: str
    groups: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    above: float | None = None
    touches_more_than: int | None = None

    @property
    def conditions(self) -> int:
        """How many conditions there are."""
        return len(self.groups) + len(self.categories) + (self.above is not None) + (self.touches_more_than is not None)

    def covers(self, facts: Facts, touches_at_most: int = 0) -> bool:
        """Say whether an action falls into this category; a tool that may touch more goes by its own number."""
        named = facts.group and any(fnmatchcase(facts.group.casefold(), pattern.casefold()) for pattern in self.groups)
        costly = self.above is not None and facts.amount > self.above
        wide = self.touches_more_than is not None and facts.touches > (touches_at_most or self.touches_more_than)
        return bool(named or facts.category in self.categories or costly or wide)


@dataclass(frozen=True, slots=True)
class Chain:
    """The stages of an approval, how long it stays open, and when approvers are reminded, in hours."""

    stages: tuple[Stage, ...]
    hours: float
    remind_hours: float


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that an action is judged by."""

    tool: str
    confidence: float = 1.0
    own: bool = True
    """It touches nobody but the person who wants it."""
    label: Label = Label.WORDS
    group: str = ""
    category: str = ""
    days: int = 0
    amount: float = 0.0
    touches: int = 1
    """How many people or things it touches."""
    reversible: bool = True
    pressed: bool = False
    second_factor: bool = False
    approved: bool = False
    today: int = 0
    """How many actions with this tool the person began in the last 24 hours."""
    writes_today: int = 0
    """The same with any tool that changes something."""

    def record(self) -> dict[str, Any]:
        """Return plain values for the audit."""
        return asdict(self) | {"label": self.label.value}

    def notable(self) -> dict[str, Any]:
        """Return the facts that are not what they are for a tool in general."""
        plain = Facts(self.tool).record()
        return {name: value for name, value in self.record().items() if value != plain[name]}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Facts:
        """Read back what ``record`` wrote.

        Raises:
            TypeError: there is a fact that is none.
            ValueError: the label is none.
        """
        return cls(**{**record, "label": Label(record.get("label", Label.WORDS))})


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says, by which of its rules, in which version."""

    verdict: Verdict
    rule: str
    version: str
    limit: Limit | None = None
    """Which limit was reached, where that is why it is refused."""


@dataclass(frozen=True, slots=True)
class Range:
    """Within which the ``auto`` of a step may be tuned, and the largest share of wrong results that a proposal may expect."""

    lowest: float
    highest: float
    wrong: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """A threshold that was accepted for a step in place of the file's band ``instead``."""

    step: str
    band: Band
    instead: Band
    decision: str
    """Id of the tuning decision."""

    def text(self) -> str:
        """Return it as a table of the policy file."""
        numbers = f"auto = {self.band.auto}\nreview = {self.band.review}\ninstead_of = [{self.instead.auto}, {self.instead.review}]"
        return f'\n[[accepted]]\nstep = "{self.step}"\n{numbers}\ndecision = "{self.decision}"\n'


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file. ``version`` is a digest of it, for the audit."""

    version: str
    bands: dict[str, Band]
    tools: dict[str, ToolRule] = field(default_factory=dict)
    people_only: tuple[PeopleOnly, ...] = ()
    chains: dict[str, Chain] = field(default_factory=dict)
    writes_per_day: int = 0
    examples: tuple[Example, ...] = ()
    text: str = ""
    tuning: dict[str, Range] = field(default_factory=dict)
    """The steps whose threshold may be tuned."""
    accepted: tuple[Accepted, ...] = ()
    """The thresholds in ``bands`` that are not the file's."""
    practices: Mapping[str, Any] = field(default_factory=dict)
    """What the practices of the desk go by, by the table's name; read by those whom ``policy_file.PRACTICES`` names."""
    rungs: Mapping[str, Rung] = field(default_factory=dict)
    """The rungs of the rollout ladder that were decided, by category; ``rollout_rules.rung_of`` says which is in force."""

    def decide(self, step: str, confidence: float) -> Disposition:
        """Return the disposition of a step's result; an unknown step or a confidence outside [0, 1] escalates."""
        band = self.bands.get(step)
        return band.of(confidence) if band is not None else Disposition.ESCALATE

    def judge(self, facts: Facts) -> Decision:
        """Return what may be done with an action. The first rule that applies decides; an unknown tool is refused.

        Confidence can only take autonomy away: no confidence replaces a press, a second factor or an approval.
        """
        rule = self.tools.get(facts.tool)
        if rule is None:
            return self._says(Verdict.DENY, "default: no such tool")
        return self._bars(facts, rule) or (self._read(facts, rule) if rule.tier is Tier.READ else self._write(facts, rule))

    def _says(self, verdict: Verdict, rule: str, limit: Limit | None = None) -> Decision:
        return Decision(verdict, rule, self.version, limit)

    def _bars(self, facts: Facts, rule: ToolRule) -> Decision | None:
        misbegun = _misbegun(facts, rule)
        if misbegun:
            return self._says(Verdict.DENY, misbegun)
        covering = next((category for category in self.people_only if category.covers(facts, rule.touches_at_most)), None)
        if covering is not None:
            return self._says(Verdict.PEOPLE, f"people only: {covering.name}")
        if rule.tier is Tier.PEOPLE:
            return self._says(Verdict.PEOPLE, f"tools.{facts.tool}: only people")
        if rule.longest_days and not 0 < facts.days <= rule.longest_days:
            return self._says(Verdict.DENY, f"tools.{facts.tool}: at most {rule.longest_days} days", Limit.LONG)
        if facts.today >= rule.per_day:
            return self._says(Verdict.DENY, f"tools.{facts.tool}: at most {rule.per_day} in 24 hours", Limit.OFTEN)
        if rule.tier is not Tier.READ and facts.writes_today >= self.writes_per_day:
            return self._says(Verdict.DENY, f"limits: at most {self.writes_per_day} changes in 24 hours", Limit.OFTEN)
        return None

    def _read(self, facts: Facts, rule: ToolRule) -> Decision:
        unsure = not facts.pressed and rule.band.of(facts.confidence) is not Disposition.AUTO
        return self._says(Verdict.ASK if unsure else Verdict.ALLOW, f"tools.{facts.tool}")

    def _write(self, facts: Facts, rule: ToolRule) -> Decision:
        name = f"tools.{facts.tool}"
        if not facts.pressed:
            disposition = rule.band.of(facts.confidence)
            if disposition is Disposition.ESCALATE:
                return self._says(Verdict.DENY, f"{name}: too unsure")
            return self._says(Verdict.CONFIRM if disposition is Disposition.AUTO else Verdict.ASK, name)
        if rule.tier is Tier.SENSITIVE and not facts.second_factor:
            return self._says(Verdict.SECOND_FACTOR, f"{name}: second factor")
        approved = facts.approved or (rule.second_factor_approves and facts.second_factor)
        if rule.tier is Tier.APPROVAL and not facts.approved:
            return self._says(Verdict.APPROVAL, f"{name}: chain {rule.chain}")
        if not facts.reversible and not approved:
            if rule.chain:
                return self._says(Verdict.APPROVAL, f"{name}: cannot be undone, chain {rule.chain}")
            return self._says(Verdict.PEOPLE, f"{name}: cannot be undone and nobody is named to approve it")
        return self._says(Verdict.ALLOW, name)


def _misbegun(facts: Facts, rule: ToolRule) -> str:
    """Say why nothing may begin an action so, "" when something may."""
    if facts.label is Label.TEXT:
        return "label: only presses and the person's own words begin an action"
    if (facts.label is Label.RECORD) != rule.of_practice:
        return "label: what a practice does begins from its records, and nothing else does"
    return "" if facts.own or rule.of_practice else "subject: nobody acts on somebody else"


@dataclass(frozen=True, slots=True)
class Example:
    """What the policy has to say about some facts; ``rule`` is how the rule that says it must begin."""

    facts: Facts
    verdict: Verdict
    rule: str = ""

    def broken_by(self, policy: Policy) -> str:
        """Return what the policy says instead, "" when it says this."""
        said = policy.judge(self.facts)
        if said.verdict is self.verdict and said.rule.startswith(self.rule):
            return ""
        wanted = f"{self.verdict} by “{self.rule}…”" if self.rule else self.verdict.value
        return f"{self.facts.tool} {self.facts.notable()}: {said.verdict} by “{said.rule}”, expected {wanted}"
