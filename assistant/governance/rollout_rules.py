"""The table ``[rollout]`` of the policy: how the ladder moves, and which rung is in force for a category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.domain.rollout import Rules, Rung, lower
from assistant.governance.policy import Policy

TABLE = "rollout"
DECIDED_BY = ("operator", "rule")
FEWEST = 10
"""Fewer verdicts than this move nothing, whatever the file says: their interval is wider than half of what there is."""


def read_rules(row: Mapping[str, Any]) -> Rules:
    """Return the rules of a table; {} gives the rules of an installation that has none: everything automatic, and an operator decides.

    Raises:
        TypeError: a value is of another kind.
        ValueError: there is something unknown, or it contradicts itself; the message says what.
    """
    _only(row, "begins", "decided_by", "weeks", "least", "promote", "demote", "highest")
    plain = Rules()
    decided_by = row.get("decided_by", "operator")
    if decided_by not in DECIDED_BY:
        raise ValueError(f"rollout.decided_by is {decided_by!r} and has to be operator or rule")
    rules = Rules(
        begins=_rung(row.get("begins", plain.begins.value), "begins"),
        by_rule=decided_by == "rule",
        weeks=_whole(row, "weeks", plain.weeks),
        least=_whole(row, "least", plain.least),
        promote=_share(row, "promote", plain.promote),
        demote=_share(row, "demote", plain.demote),
        highest={_category(name): _rung(value, f"highest.{name}") for name, value in _table(row, "highest").items()},
    )
    if rules.demote >= rules.promote:
        raise ValueError(
            f"rollout.demote ({rules.demote}) has to be below rollout.promote ({rules.promote}): a category between them would go up and down in turn"
        )
    if not 1 <= rules.weeks <= 26:
        raise ValueError(f"rollout.weeks is {rules.weeks} and has to be 1 to 26")
    if rules.least < FEWEST:
        raise ValueError(f"rollout.least is {rules.least}; fewer than {FEWEST} verdicts decide nothing")
    return rules


def rules_of(policy: Policy) -> Rules:
    """Return the rules of the ladder in a policy."""
    rules = policy.practices.get(TABLE)
    return rules if isinstance(rules, Rules) else Rules()


def rung_of(policy: Policy, category: str) -> Rung:
    """Return the rung in force for a category: what was decided about it, or where categories begin, and never above what the file allows."""
    rules = rules_of(policy)
    return lower(policy.rungs.get(category, rules.begins), rules.limit(category))


def _only(row: Mapping[str, Any], *names: str) -> None:
    unknown = sorted(set(row) - set(names))
    if unknown:
        raise ValueError(f"rollout: unknown: {', '.join(unknown)}")


def _rung(value: Any, name: str) -> Rung:
    try:
        return Rung(value)
    except ValueError:
        raise ValueError(f"rollout.{name} is {value!r} and has to be one of: {', '.join(Rung)}") from None


def _whole(row: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = row.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"rollout.{name} is {value!r} and has to be a whole number")
    return value


def _share(row: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = row.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"rollout.{name} is {value!r} and has to be a number")
    if not 0 < value < 1:
        raise ValueError(f"rollout.{name} is {value} and has to be a share between 0 and 1")
    return float(value)


def _table(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name, {})
    if not isinstance(value, Mapping):
        raise TypeError(f"rollout.{name} has to be a table of categories")
    return value


def _category(name: str) -> str:
    if not name.strip():
        raise ValueError("rollout.highest names a category without a name")
    return name
