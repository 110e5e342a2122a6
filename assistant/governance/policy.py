"""Who decides: the assistant, the assistant after asking, or a person. Read from ``policy.toml``.

The policy sees facts and never text. What it does not name is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

from assistant.domain.action import Label, Tier
from assistant.domain.approval import Stage

PACKAGED = Path(__file__).with_name("policy.toml")
REQUIRED = ("answer", "attach")
"""Steps whose bands are looked up by themselves, so that a policy without them cannot be used."""
LONGEST_HOURS = 24 * 366
"""Of an approval."""


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

    def covers(self, facts: Facts) -> bool:
        """Say whether an action falls into this category."""
        named = facts.group and any(fnmatchcase(facts.group.casefold(), pattern.casefold()) for pattern in self.groups)
        costly = self.above is not None and facts.amount > self.above
        wide = self.touches_more_than is not None and facts.touches > self.touches_more_than
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
        if facts.label is Label.TEXT:
            return self._says(Verdict.DENY, "label: only presses and the person's own words begin an action")
        if not facts.own:
            return self._says(Verdict.DENY, "subject: nobody acts on somebody else")
        covering = next((category for category in self.people_only if category.covers(facts)), None)
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


def load_policy(path: Path = PACKAGED) -> Policy:
    """Read a policy file and try its own examples.

    Raises:
        PolicyError: the file is missing, is not TOML, lacks a required step, says something that it must not, or its examples
            do not come out as they say.
    """
    try:
        return read_policy(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the policy file {path} cannot be used: {error}") from error


def read_policy(text: str, name: str) -> Policy:
    """Return the policy in a text; ``name`` says in errors where it stands.

    Raises:
        PolicyError: see ``load_policy``.
    """
    policy = parse_policy(text, name)
    broken = [fault for example in policy.examples if (fault := example.broken_by(policy))]
    if broken:
        raise PolicyError(f"the policy file {name} does not do what its own examples say: {'; '.join(broken)}")
    return policy


def parse_policy(text: str, name: str) -> Policy:
    """Return the policy in a text without trying its examples.

    Raises:
        PolicyError: it cannot be used.
    """
    try:
        rows = tomllib.loads(text)
        _only(rows, "steps", "limits", "tools", "chains", "people_only", "examples")
        bands = {step: _band(row) for step, row in rows["steps"].items()}
        tools = {tool: _tool(row) for tool, row in rows.get("tools", {}).items()}
        people_only = tuple(_people_only(row) for row in rows.get("people_only", ()))
        chains = {chain: _chain(row) for chain, row in rows.get("chains", {}).items()}
        examples = tuple(_example(row) for row in rows.get("examples", ()))
        limit = _count(_known(rows.get("limits", {}), "writes_per_day"), "writes_per_day", 0)
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"the policy file {name} cannot be used: {error}") from error
    policy = Policy(sha256(text.encode()).hexdigest()[:32], bands, tools, people_only, chains, limit, examples, text)
    faults = list(_faults(policy))
    if faults:
        raise PolicyError(f"the policy file {name} cannot be used: {'; '.join(faults)}")
    return policy


def _faults(policy: Policy) -> list[str]:
    missing = [name for name in REQUIRED if name not in policy.bands]
    faults = [f"it has no bands for {' and '.join(missing)}"] if missing else []
    bands = {f"step {name}": band for name, band in policy.bands.items()} | {f"tool {name}": rule.band for name, rule in policy.tools.items()}
    faults += [f"people only {one.name}: it covers nothing" for one in policy.people_only if not one.conditions]
    faults += [f"people only {one.name}: above has to be an amount" for one in policy.people_only if not isfinite(one.above or 0)]
    faults += [f"{name}: 0 <= review <= auto <= 1 does not hold" for name, band in bands.items() if not 0 <= band.review <= band.auto <= 1]
    for name, rule in policy.tools.items():
        if rule.tier is Tier.APPROVAL and not rule.chain:
            faults.append(f"tool {name} needs a chain of approval")
        if rule.chain and rule.chain not in policy.chains:
            faults.append(f"tool {name} names the chain {rule.chain}, which is not there")
    for name, chain in policy.chains.items():
        if not chain.stages or any(stage.quorum < 1 for stage in chain.stages) or not 0 < chain.remind_hours <= chain.hours <= LONGEST_HOURS:
            faults.append(f"chain {name} needs stages with a quorum of one or more, and 0 < remind_hours <= hours <= {LONGEST_HOURS}")
    return faults


def _only(row: Mapping[str, Any], *names: str) -> None:
    unknown = sorted(set(row) - set(names))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")


def _known(row: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    _only(row, *names)
    return row


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is {value!r} and has to be a number")
    return float(value)


def _count(row: Mapping[str, Any], name: str, otherwise: int | None = None) -> int:
    value = row[name] if otherwise is None else row.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{name} is {value!r} and has to be a whole number, 0 or more")
    return value


def _names(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise TypeError(f"{name} is {value!r} and has to be a list of names")
    return tuple(value)


def _band(row: Mapping[str, Any]) -> Band:
    _only(row, "auto", "review")
    return Band(_number(row, "auto"), _number(row, "review"))


def _tool(row: Mapping[str, Any]) -> ToolRule:
    _only(row, "tier", "auto", "review", "per_day", "chain", "second_factor_approves", "longest_days")
    band = Band(_number(row, "auto"), _number(row, "review"))
    approves = row.get("second_factor_approves", False)
    if not isinstance(approves, bool):
        raise TypeError("second_factor_approves is true or false")
    return ToolRule(Tier(row["tier"]), band, _count(row, "per_day"), str(row.get("chain", "")), approves, _count(row, "longest_days", 0))


def _people_only(row: Mapping[str, Any]) -> PeopleOnly:
    _only(row, "name", "groups", "categories", "above", "touches_more_than")
    return PeopleOnly(
        str(row["name"]),
        _names(row, "groups"),
        _names(row, "categories"),
        _number(row, "above") if "above" in row else None,
        _count(row, "touches_more_than") if "touches_more_than" in row else None,
    )


def _chain(row: Mapping[str, Any]) -> Chain:
    _only(row, "stages", "hours", "remind_hours")
    stages = tuple(Stage(str(stage["role"]), _count(_known(stage, "role", "quorum"), "quorum", 1)) for stage in row["stages"])
    for stage in stages:
        kind, _, name = stage.role.partition(":")
        if kind not in ("manager", "owner", "person", "group") or (kind in ("person", "group")) != bool(name):
            raise ValueError(f"{stage.role} is no role: manager, owner, person:ID or group:NAME")
    return Chain(stages, _number(row, "hours"), _number(row, "remind_hours"))


def _example(row: Mapping[str, Any]) -> Example:
    facts = {name: value for name, value in row.items() if name not in ("verdict", "rule")}
    return Example(Facts.of_record(facts), Verdict(row["verdict"]), str(row.get("rule", "")))
