"""Reads ``policy.toml``: what it says is checked as a whole, and its own examples are tried before it is used."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

from assistant.domain.action import Tier
from assistant.domain.approval import Stage
from assistant.domain.rollout import Rung
from assistant.governance import change_rules, compliance_rules, correlation_rules, problem_rules, triage_rules
from assistant.governance.policy import Accepted, Band, Chain, Example, Facts, PeopleOnly, Policy, PolicyError, Range, ToolRule, Verdict
from assistant.governance.rollout_rules import read_rules as read_rollout

PACKAGED = Path(__file__).with_name("policy.toml")
REQUIRED = ("answer", "attach")
"""Steps whose bands are looked up by themselves, so that a policy without them cannot be used."""
LONGEST_HOURS = 24 * 366
"""Of an approval."""
TUNABLE = ("answer", "second_answer")
"""Steps whose ``auto`` may be tuned. What an action needs, and what joins two tickets, is decided in the file alone."""
PRACTICES: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    compliance_rules.TABLE: compliance_rules.read,
    change_rules.TABLE: change_rules.read,
    correlation_rules.TABLE: correlation_rules.read_rules,
    problem_rules.TABLE: problem_rules.read_problem_rules,
    "rollout": read_rollout,
    triage_rules.TABLE: triage_rules.read_triage,
}
"""Who reads the table of a practice of the desk, {} when the file has none. They raise ``TypeError`` or ``ValueError``, in words, for one that
cannot be used or contradicts itself."""


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
        _only(rows, "steps", "limits", "tools", "chains", "people_only", "examples", "tuning", "accepted", "rungs", *PRACTICES)
        bands = {step: _band(row) for step, row in rows["steps"].items()}
        tuning = {step: _range(row) for step, row in rows.get("tuning", {}).items()}
        accepted = tuple(_accepted(row) for row in rows.get("accepted", ()))
        tools = {tool: _tool(row) for tool, row in rows.get("tools", {}).items()}
        people_only = tuple(_people_only(row) for row in rows.get("people_only", ()))
        chains = {chain: _chain(row) for chain, row in rows.get("chains", {}).items()}
        examples = tuple(_example(row) for row in rows.get("examples", ()))
        rungs = {str(_known(row, "category", "rung", "decision")["category"]): Rung(row["rung"]) for row in rows.get("rungs", ())}
        practices = {practice: read(rows.get(practice, {})) for practice, read in PRACTICES.items()}
        limit = _count(_known(rows.get("limits", {}), "writes_per_day"), "writes_per_day", 0)
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"the policy file {name} cannot be used: {error}") from error
    version = sha256(text.encode()).hexdigest()[:32]
    policy = Policy(version, bands, tools, people_only, chains, limit, examples, text, tuning, accepted, practices, rungs)
    faults = [*_faults(policy), *_tuning_faults(policy), *change_rules.faults_with(policy, compliance_rules.rules_of(policy))]
    if faults:
        raise PolicyError(f"the policy file {name} cannot be used: {'; '.join(faults)}")
    return replace(policy, bands=bands | {one.step: one.band for one in accepted})


def _tuning_faults(policy: Policy) -> list[str]:
    """Say what is wrong with ranges and accepted thresholds, while ``bands`` are still the file's."""
    faults = [f"tuning.{step}: only {' and '.join(TUNABLE)} can be tuned" for step in policy.tuning if step not in TUNABLE]
    for step, one in policy.tuning.items():
        if not (0 < one.lowest <= one.highest <= 1 and 0 <= one.wrong < 1):
            faults.append(f"tuning.{step}: 0 < from <= to <= 1 and 0 <= wrong < 1 does not hold")
    for taken in policy.accepted:
        limits = policy.tuning.get(taken.step)
        if limits is None or not limits.lowest <= taken.band.auto <= limits.highest or not 0 <= taken.band.review <= taken.band.auto:
            faults.append(f"accepted {taken.decision}: {taken.band.auto} is not within what tuning.{taken.step} allows")
        elif policy.bands.get(taken.step) != taken.instead:
            faults.append(f"accepted {taken.decision}: steps.{taken.step} is not what it was accepted in place of")
    return faults


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
        if rule.of_practice and rule.tier in (Tier.READ, Tier.SENSITIVE):
            faults.append(f"tool {name} is a practice's: there is nobody to show anything to or to ask for a second factor")
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


def _range(row: Mapping[str, Any]) -> Range:
    _only(row, "from", "to", "wrong")
    return Range(_number(row, "from"), _number(row, "to"), _number(row, "wrong"))


def _accepted(row: Mapping[str, Any]) -> Accepted:
    _only(row, "step", "auto", "review", "instead_of", "decision")
    auto, review = row["instead_of"]
    instead = _band({"auto": auto, "review": review})
    return Accepted(str(row["step"]), _band({"auto": row["auto"], "review": row["review"]}), instead, str(row["decision"]))


def _tool(row: Mapping[str, Any]) -> ToolRule:
    _only(row, "tier", "auto", "review", "per_day", "chain", "second_factor_approves", "longest_days", "touches_at_most")
    band = Band(_number(row, "auto"), _number(row, "review"))
    approves = row.get("second_factor_approves", False)
    if not isinstance(approves, bool):
        raise TypeError("second_factor_approves is true or false")
    days, touches = _count(row, "longest_days", 0), _count(row, "touches_at_most", 0)
    return ToolRule(Tier(row["tier"]), band, _count(row, "per_day"), str(row.get("chain", "")), approves, days, touches)


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
