"""Accepts and undoes changes of thresholds and of the ranking, on the record."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from assistant.domain.audit import AuditEntry
from assistant.domain.tuning import Kind, Proposal, TuningDecision, counts_of
from assistant.governance.in_force import STEPS, InForce
from assistant.ports.store import UnitOfWork

STEP = "tune"
RANKING = "ranking"
"""What decisions about the ranking are about."""


class CannotTune(ValueError):
    """The change cannot be accepted or undone; the message says why."""


def accept(unit: UnitOfWork, policies: InForce, proposal: Proposal, by: str, at: datetime) -> TuningDecision:
    """Accept a proposal: from the commit on every turn of every process that begins goes by it.

    The policy that comes of it is tried with the examples of the policy file and kept for replays first.

    Raises:
        CannotTune: nothing is proposed, or the policy is not the one that it was proposed for.
        AlreadyDecided: somebody accepted another one meanwhile.
        PolicyError: the policy file does not allow it.
        OSError: the policy cannot be kept.
    """
    step, current = proposal.where.removeprefix(STEPS), policies.of(unit)
    band = current.bands.get(step)
    if proposal.proposed is None or proposal.expected is None:
        raise CannotTune(f"{proposal.where}: {proposal.why}")
    if band is None or (band.auto, band.review) != (proposal.current.auto, proposal.current.review):
        raise CannotTune(f"{proposal.where} is not what this was proposed for any more; look at the proposals again")
    file = policies.file.bands[step]
    decision = TuningDecision(
        id=f"t_{secrets.token_hex(8)}",
        kind=Kind.THRESHOLD,
        where=proposal.where,
        number=next_number(unit, proposal.where),
        at=at,
        by=by,
        before={"auto": band.auto, "review": band.review, "file_auto": file.auto, "file_review": file.review},
        after={"auto": proposal.proposed.auto, "review": proposal.proposed.review},
        predicted=counts_of(proposal.expected),
    )
    decision = replace(decision, policy=policies.tried(unit, decision).version)
    unit.tuning.add(decision)
    note(unit, decision, "accepted", by, at, decision.policy)
    return decision


def undo(unit: UnitOfWork, policies: InForce, decision_id: str, by: str, at: datetime) -> TuningDecision:
    """Undo the decision in force about something: what was accepted before it, or the policy file, stands again.

    Raises:
        CannotTune: there is no such decision, or it is not the one that stands last.
        AlreadyDecided: somebody undid it meanwhile.
    """
    decision = unit.tuning.load(decision_id)
    if decision is None:
        raise CannotTune(f"there is no decision {decision_id}")
    standing = [one for one in unit.tuning.standing(decision.kind) if one.where == decision.where]
    if not standing or max(standing, key=lambda one: one.number).id != decision_id:
        raise CannotTune("only the last decision about something can be undone, and only once")
    undone = replace(decision, undone_at=at, undone_by=by)
    unit.tuning.undo(undone)
    note(unit, undone, "undone", by, at, policies.of(unit).version)
    return undone


def next_number(unit: UnitOfWork, where: str) -> int:
    """Return the number of the next decision about something."""
    return 1 + max((one.number for one in unit.tuning.all() if one.where == where), default=0)


def note(unit: UnitOfWork, decision: TuningDecision, became: str, by: str, at: datetime, policy: str) -> None:
    """Write a decision into the audit, with the version of the policy that is in force from here on."""
    detail: dict[str, Any] = {"decision": decision.id, "about": decision.where, "number": decision.number}
    if decision.kind is Kind.THRESHOLD:
        detail |= {"before": decision.before, "after": decision.after, "predicted": decision.predicted}
    unit.audit.append([AuditEntry(at, by, STEP, became, policy=policy, detail=detail)])
