"""Wishes for actions, before anything is decided about them."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.domain.action import Plan
from assistant.governance.policy import Facts


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done, as typed values. ``facts`` are those that the tool knows; the others are filled in where it is judged."""

    tool: str
    arguments: dict[str, str]
    plan: Plan
    facts: Facts
