"""The table ``[problems]`` of the policy: when tickets make a problem, and how long its end can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from math import inf
from typing import Any

from assistant.governance.policy import Band, Policy

TABLE = "problems"
STEP, CHAT = "problem", "known_incident"
"""The steps of the policy: making a problem of tickets, and telling somebody in a conversation that theirs is known."""
NEVER = Band(inf, inf)
"""What applies to a step that the policy does not name."""
LONGEST_HOURS = 24 * 31


@dataclass(frozen=True, slots=True)
class ProblemRules:
    """When tickets make a problem."""

    people: int = 3
    """So many different people have to have tickets that belong together."""
    window_hours: int = 72
    """Tickets further apart do not belong together."""
    most: int = 2_000
    """A new ticket is compared with so many of the window at most, the latest."""
    wait_seconds: int = 20
    """Tickets that are filed within this time are looked at together."""
    undo_hours: int = 24
    """So long the end of a problem can be taken back."""

    @property
    def window(self) -> timedelta:
        """How far apart tickets of one problem may be."""
        return timedelta(hours=self.window_hours)

    @property
    def undo(self) -> timedelta:
        """How long the end of a problem can be taken back."""
        return timedelta(hours=self.undo_hours)


_BOUNDS = {"people": (2, 100), "window_hours": (1, LONGEST_HOURS), "most": (10, 20_000), "wait_seconds": (0, 3_600), "undo_hours": (1, LONGEST_HOURS)}


def read_problem_rules(row: Mapping[str, Any]) -> ProblemRules:
    """Return the rules in a table.

    Raises:
        TypeError, ValueError: it names something unknown, or a number that cannot be.
    """
    unknown = sorted(set(row) - {one.name for one in fields(ProblemRules)})
    if unknown:
        raise ValueError(f"problems: unknown: {', '.join(unknown)}")
    for name, value in row.items():
        low, high = _BOUNDS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise TypeError(f"problems.{name} is {value!r} and has to be a whole number from {low} to {high}")
    rules = ProblemRules(**row)
    if rules.most < rules.people:
        raise ValueError(f"problems: {rules.people} people cannot be found among {rules.most} tickets")
    return rules


def rules_of(policy: Policy) -> ProblemRules:
    """Return the rules of a policy."""
    found = policy.practices.get(TABLE)
    return found if isinstance(found, ProblemRules) else ProblemRules()


def band_of(policy: Policy, step: str) -> Band:
    """Return the band of one of the steps of problems; what the policy does not name is not done."""
    return policy.bands.get(step, NEVER)
