"""What the policy says of triage: the table ``[triage]`` and the bands of the steps ``triage_...``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.domain.triage import Field
from assistant.governance.policy import Policy

TABLE = "triage"
LONGEST_DAYS = 90


@dataclass(frozen=True, slots=True)
class TriageRules:
    """The table. Names of categories are compared in small letters."""

    review: frozenset[str] = frozenset()
    """Categories in which somebody always looks before a ticket is moved."""
    people: frozenset[str] = frozenset()
    """Categories in which nothing is even suggested."""
    misroute_days: int = 14
    """A correction that comes later says nothing about the routing."""
    learn_weekly: bool = True
    fewest_corrections: int = 30
    """With fewer new decisions of people since the model in use, the week's learning is left out."""


def read_triage(table: Mapping[str, Any]) -> TriageRules:
    """Return what a table says.

    Raises:
        TypeError, ValueError: it cannot be used or contradicts itself.
    """
    unknown = sorted(set(table) - {"review", "people", "misroute_days", "learn_weekly", "fewest_corrections"})
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    review, people = _names(table, "review"), _names(table, "people")
    if both := sorted(review & people):
        raise ValueError(f"{', '.join(both)} stands under review and under people; it can be one of them only")
    learn = table.get("learn_weekly", True)
    if not isinstance(learn, bool):
        raise TypeError("learn_weekly is true or false")
    days, fewest = _count(table, "misroute_days", 14), _count(table, "fewest_corrections", 30)
    if days > LONGEST_DAYS:
        raise ValueError(f"misroute_days is {days} and has to be at most {LONGEST_DAYS}")
    return TriageRules(review, people, days, learn, fewest)


def rules_of(policy: Policy) -> TriageRules:
    """Return what a policy says of triage; the shipped rules where its file has no such table."""
    found = policy.practices.get(TABLE)
    return found if isinstance(found, TriageRules) else TriageRules()


def step_of(field: Field) -> str:
    """Return the step of the policy whose bands a field goes by."""
    return f"{TABLE}_{field.value}"


def _names(table: Mapping[str, Any], name: str) -> frozenset[str]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise TypeError(f"{name} is {value!r} and has to be a list of categories")
    return frozenset(one.casefold() for one in value)


def _count(table: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = table.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TypeError(f"{name} is {value!r} and has to be a whole number, 1 or more")
    return value
