"""Findings become one change for each remedy: its devices, its risk, its waves and window, and the wish for its authority."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from assistant.desk.changing.noting import note, ticket_of_change
from assistant.domain.action import Plan
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState, Terms, digest_of, waves_of
from assistant.domain.compliance import ComplianceFinding
from assistant.governance.change_rules import ChangeRules, RemedyRule
from assistant.governance.compliance_rules import ComplianceRules
from assistant.governance.policy import Facts
from assistant.governance.wishes import Wish
from assistant.ports.store import UnitOfWork

SYSTEM = "firstline"
LOOK_BACK = timedelta(days=60)
"""Changes whose findings were closed earlier than this before are not taken back any more."""
NAMED = 20
"""So many devices are named in the plan that people see; of the others it says how many there are."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A change that was opened, and the wish for its authority, which its workflow begins in the same transaction."""

    change: Change
    wish: Wish


def open_changes(unit: UnitOfWork, rules: ChangeRules, compliance: ComplianceRules, zone: str, at: datetime) -> list[Opened]:
    """Open a change for every remedy whose check has findings that no change has taken up; one at a time for each check."""
    busy = {one.terms.check for one in unit.changes.under_way() if one.terms is not None}
    found = []
    for remedy in rules.remedies:
        check = compliance.check(remedy.check)
        free = [] if remedy.check in busy else [one for one in unit.compliance.open_findings(remedy.check) if _is_free(unit, one, rules, at)]
        if free and check is not None:
            found.append(_open(unit, rules, remedy, check.name, free, zone, at))
    return found


def _is_free(unit: UnitOfWork, finding: ComplianceFinding, rules: ChangeRules, at: datetime) -> bool:
    """A finding that became a ticket is people's; one whose change came to nothing is asked about again after some days."""
    if finding.ticket:
        return False
    pause = timedelta(days=rules.ask_again_days)
    last = unit.changes.load(finding.change) if finding.change else None
    if last is not None:
        return last.status.is_over and at - (last.ended_at or last.changed_at) >= pause
    return not any(_was_taken_back(unit, one, at - pause) for one in unit.compliance.of_device(finding.device) if one.check == finding.check)


def _was_taken_back(unit: UnitOfWork, earlier: ComplianceFinding, since: datetime) -> bool:
    """Say whether somebody had the remedy of an earlier finding taken back since then: it is not done again at once."""
    steps = unit.changes.steps(earlier.change) if earlier.change and (earlier.closed_at or since) >= since - LOOK_BACK else []
    mine = (step for step in steps if step.device == earlier.device and step.undone_by not in ("", SYSTEM))
    return any(step.changed_at > since for step in mine)


def _open(
    unit: UnitOfWork, rules: ChangeRules, remedy: RemedyRule, check: str, findings: Sequence[ComplianceFinding], zone: str, at: datetime
) -> Opened:
    risk = rules.risk_of(remedy, len(findings))
    terms = Terms(
        check=remedy.check,
        remedy=remedy.id,
        does=remedy.does,
        risk=risk.name,
        authority=risk.authority,
        windows=tuple(replace(one, zone=one.zone or zone) for one in rules.windows) if risk.waits else (),
        longest_hours=rules.longest_hours,
        waves=rules.waves,
        at_once=rules.at_once,
        settle_minutes=rules.settle_minutes,
        stop_share=rules.stop_above,
        rollback=remedy.rollback,
        queue=rules.queue,
    )
    name = f"ch_{sha256(json.dumps([remedy.id, at.isoformat(), *sorted(one.id for one in findings)]).encode()).hexdigest()[:16]}"
    many = f"{len(findings)} device{'s' if len(findings) > 1 else ''}"
    title = f"{check}: {remedy.id} on {many}"
    waves = waves_of(len(findings), rules.waves)
    steps = [
        DeviceStep(name, n, one.device, one.name, wave, StepState.WAITING, at, before=one.evidence)
        for n, (one, wave) in enumerate(zip(findings, waves, strict=True))
    ]
    change = Change(name, title, remedy.service, ChangeStatus.AWAITING, SYSTEM, at, at, terms=terms)
    unit.changes.add(change, steps)
    for one in findings:
        unit.compliance.save(replace(one, change=name))
    note(unit, change, "opened", at, devices=len(steps), risk=risk.name, remedy=remedy.id, authority=risk.authority)
    digest = digest_of(title, change.service, terms, [(step.device, step.wave) for step in steps])
    facts = Facts(risk.authority, touches=len(steps), reversible=bool(remedy.rollback))
    return Opened(change, Wish(risk.authority, {"change": name, "digest": digest}, plan_of(change, steps), facts))


def plan_of(change: Change, steps: Sequence[DeviceStep]) -> Plan:
    """Return what people see before they authorise a change."""
    terms = change.terms
    assert terms is not None, "a change that is opened here has terms"
    named = [step.name for step in steps[:NAMED]]
    more = f" and {len(steps) - NAMED} more" if len(steps) > NAMED else ""
    sizes = [sum(step.wave == wave for step in steps) for wave in range(steps[-1].wave + 1)]
    windows = " or ".join(one.in_words() for one in terms.windows)
    lines = (
        terms.does,
        f"Devices: {', '.join(named)}{more}.",
        f"{'Wave' if len(sizes) == 1 else 'Waves'} of {', '.join(map(str, sizes))}, at most {terms.at_once} at once.",
        "Each device is looked at afterwards.",
        f"A wave of which more than {terms.stop_share:.0%} fails is the last.",
        f"In the first window after it is authorised: {windows}." if windows else "It begins as soon as it is authorised.",
    )
    undo = f"{terms.rollback} takes it back, device by device." if terms.rollback else "Nothing takes it back."
    return Plan(change.title, lines, f"{len(steps)} device{'s' if len(steps) > 1 else ''}, risk {terms.risk}", undo)


def not_authorised(unit: UnitOfWork, change_id: str, status: ChangeStatus, why: str, at: datetime, tell: bool) -> None:
    """End a change that waits for its authority, because that said no, did not answer or may not; ``tell`` files a ticket for people."""
    change = unit.changes.load(change_id, lock=True)
    if change is None or change.status is not ChangeStatus.AWAITING:
        return
    ended = replace(change, status=status, why=why, changed_at=at, ended_at=at)
    unit.changes.save(ended)
    note(unit, ended, status.value, at)
    if tell:
        ticket_of_change(unit, ended, f"It was not authorised: {why}. Nothing was done to these devices.", at)
