"""What the fleet says, laid beside what the policy wants: findings are opened, kept and closed. One call is one look at the fleet.

A device of which nothing is known opens nothing and closes nothing: silence is neither good nor bad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assistant.domain.audit import AuditEntry
from assistant.domain.compliance import Check, CheckCount, ComplianceFinding, ComplianceRun, Judgement, Posture, finding_id
from assistant.ports.store import UnitOfWork

STEP = "compliance"
SYSTEM = "firstline"
Place = tuple[str, str]
"""A device and a check."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one look at the fleet brought. ``broken_off`` is why it ended before its end, "" when it did not."""

    postures: Sequence[Posture]
    broken_off: str = ""


def take(unit: UnitOfWork, checks: Sequence[Check], heard: Heard, run_id: str, at: datetime) -> ComplianceRun:
    """Open, keep and close findings by what was heard, and return the run. A run that was noted before changes nothing."""
    known = unit.compliance.run(run_id)
    if known is not None:
        return known
    before = {(one.device, one.check): one for one in unit.compliance.open_findings()}
    judged = _judged(checks, heard.postures, at)
    failing = {place: said for place, (judgement, said) in judged.items() if judgement is Judgement.FAILED}
    names = {one.device.id: one.device.name for one in heard.postures}
    opened = 0
    for (device, check), said in failing.items():
        earlier = before.get((device, check))
        if earlier is None:
            opened += 1
            unit.compliance.open(ComplianceFinding(finding_id(device, check, at), device, names[device], check, said, at, at))
        else:
            unit.compliance.save(replace(earlier, evidence=said, seen_at=at, name=names[device]))
    closed = _close(unit, before, judged, checks, heard, at)
    run = ComplianceRun(
        id=run_id,
        at=at,
        devices=len(names),
        silent=sum(bool(one.trouble) for one in heard.postures),
        counts=_counts(checks, judged),
        failing=len({device for device, _ in failing}),
        opened=opened,
        closed=closed,
        broken_off=heard.broken_off,
    )
    unit.compliance.note_run(run)
    counted = {"devices": run.devices, "silent": run.silent, "failing": run.failing, "opened": opened, "closed": closed}
    unit.audit.append([AuditEntry(at, SYSTEM, STEP, "looked at the fleet", detail={"run": run_id, **counted, "whole": not heard.broken_off})])
    return run


def _judged(checks: Sequence[Check], postures: Sequence[Posture], at: datetime) -> dict[Place, tuple[Judgement, str]]:
    covered = ((one, check) for one in postures for check in checks if check.covers(one.device))
    return {(one.device.id, check.id): check.judge(one, at) for one, check in covered}


def _counts(checks: Sequence[Check], judged: dict[Place, tuple[Judgement, str]]) -> dict[str, CheckCount]:
    tally = Counter((check, judgement) for (_, check), (judgement, _) in judged.items())
    found = {}
    for check in checks:
        failing, unknown = tally[check.id, Judgement.FAILED], tally[check.id, Judgement.UNKNOWN]
        found[check.id] = CheckCount(tally[check.id, Judgement.MET] + failing + unknown, failing, unknown)
    return found


def _close(
    unit: UnitOfWork,
    before: dict[Place, ComplianceFinding],
    judged: dict[Place, tuple[Judgement, str]],
    checks: Sequence[Check],
    heard: Heard,
    at: datetime,
) -> int:
    """Close what is met; and, after a whole look, what nobody asks for any more. Returns how many those were."""
    there, wanted = {one.device.id for one in heard.postures}, {check.id for check in checks}
    number = 0
    for (device, check), finding in before.items():
        judgement, said = judged.get((device, check), (None, ""))
        if judgement is None and not heard.broken_off:
            said = "the policy does not ask for it any more" if check not in wanted else ""
            said = said or ("it does not apply to the device any more" if device in there else "the fleet does not name the device any more")
        if judgement is Judgement.MET or (judgement is None and said):
            unit.compliance.save(replace(finding, evidence=said, seen_at=at, closed_at=at))
            number += 1
    return number
