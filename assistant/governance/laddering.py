"""Moves a category up or down the rollout ladder, and takes that back, on the record."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from assistant.domain.audit import AuditEntry
from assistant.domain.rollout import Rung, RungDecision
from assistant.governance.in_force import InForce
from assistant.governance.policy import PolicyError
from assistant.governance.rollout_rules import rules_of, rung_of
from assistant.ports.store import UnitOfWork

STEP = "rollout"
LONGEST_NAME, LONGEST_WHY = 80, 400


class CannotMove(ValueError):
    """The category cannot be moved so; the message says why."""


def move(
    unit: UnitOfWork, policies: InForce, category: str, to: Rung, by: str, why: str, at: datetime, evidence: dict[str, Any] | None = None
) -> RungDecision:
    """Put a category on a rung: from the commit on every turn of every process that begins goes by it.

    Raises:
        CannotMove: it is there already, the policy file does not let it go so high, or name or reason are missing or too long.
        RungTaken: somebody moved it meanwhile.
    """
    policy = policies.of(unit)
    name, reason = category.strip(), why.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise CannotMove(f"a category has a name of 1 to {LONGEST_NAME} letters")
    if not reason or len(reason) > LONGEST_WHY:
        raise CannotMove(f"say why, in at most {LONGEST_WHY} letters")
    before, limit = rung_of(policy, name), rules_of(policy).limit(name)
    if to.height > limit.height:
        raise CannotMove(f"the policy file lets {name} go no higher than {limit}")
    if to is before:
        raise CannotMove(f"{name} is on {to} already")
    number = unit.rollout.last_number(name) + 1
    decision = RungDecision(f"r_{secrets.token_hex(8)}", name, number, before, to, at, by, reason, evidence or {})
    unit.rollout.decide(decision)
    _note(unit, policies, decision, "moved", by, at)
    return decision


def undo(unit: UnitOfWork, policies: InForce, decision_id: str, by: str, at: datetime) -> RungDecision:
    """Take back the decision in force about a category: what was decided before it, or where categories begin, stands again.

    Raises:
        CannotMove: there is no such decision, or it is not the one in force.
        RungTaken: somebody took it back meanwhile.
    """
    decision = unit.rollout.decision(decision_id)
    if decision is None:
        raise CannotMove(f"there is no decision {decision_id}")
    if all(one.id != decision_id for one in unit.rollout.standing()):
        raise CannotMove("only the decision in force about a category can be undone, and only once")
    undone = replace(decision, undone_at=at, undone_by=by)
    unit.rollout.undo(undone)
    _note(unit, policies, undone, "undone", by, at)
    return undone


def _note(unit: UnitOfWork, policies: InForce, decision: RungDecision, became: str, by: str, at: datetime) -> None:
    """Write a decision into the audit, with the version of the policy that is in force from here on.

    Raises:
        CannotMove: the policy that comes of it cannot be used or kept.
    """
    try:
        version = policies.moved(unit)
    except (PolicyError, OSError) as error:
        raise CannotMove(f"the policy that comes of it cannot be kept: {error}") from error
    detail: dict[str, Any] = {"decision": decision.id, "category": decision.category, "number": decision.number}
    detail |= {"before": decision.before.value, "rung": decision.rung.value, "evidence": decision.evidence}
    unit.audit.append([AuditEntry(at, by, STEP, became, policy=version, detail=detail)])
