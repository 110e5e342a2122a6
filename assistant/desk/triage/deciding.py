"""What is done with a ticket by what triage reads it as: decided by numbers and names, never by words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.domain.triage import ROUTING, Field, Route, Suggested
from assistant.governance.policy import Disposition, Policy
from assistant.governance.triage_rules import rules_of, step_of

KEEPS_ITS_QUEUE = frozenset({"alerts", "problems", "changes", "joiners", "compliance", "people-file"})
"""Origins of tickets that another practice, or a person, put into their queue."""
_ORDER = (Disposition.AUTO, Disposition.REVIEW, Disposition.ESCALATE)
_ROUTES = {Disposition.AUTO: Route.AUTO, Disposition.REVIEW: Route.REVIEW, Disposition.ESCALATE: Route.ESCALATE}


@dataclass(frozen=True, slots=True)
class Decided:
    """What is done, and by which rule."""

    route: Route
    rule: str


def decide(policy: Policy, fields: Mapping[Field, Suggested], before: tuple[str, str], origin: str, allowed: Disposition) -> Decided:
    """Return what is done with a ticket. The strictest of all that applies decides.

    ``before`` are the category and the queue that it was filed with; ``allowed`` is the most that the rollout lets triage do in the category.
    """
    if origin in KEEPS_ITS_QUEUE:
        return Decided(Route.KEPT, f"origin {origin}: its queue stays")
    rules = rules_of(policy)
    named = {before[0].casefold()} | ({fields[Field.CATEGORY].value.casefold()} if Field.CATEGORY in fields else set())
    if strict := sorted(named & rules.people):
        return Decided(Route.ESCALATE, f"triage.people: {strict[0]}")
    found = [(_band(policy, name, fields.get(name)), f"steps.{step_of(name)}") for name in ROUTING]
    if watched := sorted(named & rules.review):
        found.append((Disposition.REVIEW, f"triage.review: {watched[0]}"))
    if allowed is not Disposition.AUTO:
        found.append((allowed, "rollout"))
    strictest, rule = max(found, key=lambda one: _ORDER.index(one[0]))
    return Decided(_ROUTES[strictest], rule)


def _band(policy: Policy, name: Field, said: Suggested | None) -> Disposition:
    return policy.decide(step_of(name), said.confidence) if said is not None else Disposition.ESCALATE


def shown(policy: Policy, fields: Mapping[Field, Suggested]) -> dict[Field, tuple[Suggested, Disposition]]:
    """Return the fields with what may be done with each: filled in, suggested, or left open."""
    return {name: (said, _band(policy, name, said)) for name, said in fields.items()}
