"""What a change leaves elsewhere: lines of the audit, and tickets for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from assistant.domain.audit import AuditEntry
from assistant.domain.change import Change, DeviceStep, StepState
from assistant.domain.ticket import ASSISTANT, TicketBody, TicketDraft
from assistant.ports.store import UnitOfWork

STEP = "change"
ORIGIN = "changes"
CATEGORY = "device"
NAMED = 50


def note(unit: UnitOfWork, change: Change, decision: str, at: datetime, by: str = ASSISTANT, **detail: Any) -> None:
    """Write one line of the audit about a change."""
    entry = AuditEntry(at, by, STEP, decision, change.id, outcome=change.status.value, action=change.action, detail={"change": change.id, **detail})
    unit.audit.append([entry])


def ticket_of_change(unit: UnitOfWork, change: Change, why: str, at: datetime) -> str:
    """File the ticket about a change as a whole that did not go on; return its id. There is one for a change, however often it is filed."""
    steps = unit.changes.steps(change.id)
    named = [f"- {step.name}: {step.before}" for step in steps[:NAMED]]
    more = [f"- and {len(steps) - NAMED} more"] if len(steps) > NAMED else []
    return _file(unit, change, f"change:{change.id}", f"Did not go on: {change.title}", "\n".join([why, "", *named, *more]), at)


def ticket_of_device(unit: UnitOfWork, change: Change, step: DeviceStep, at: datetime) -> DeviceStep:
    """File the ticket about a device on which a change did not help, and return the step with it; its finding is people's from now on."""
    said = {
        StepState.UNREACHABLE: "The device did not answer while the window was open. Nothing was done to it.",
        StepState.UNKNOWN: "It cannot be told whether the device is as it should be.",
        StepState.STUCK: "It did not help, and it could not be taken back.",
        StepState.TAKEN_BACK: "It did not help, and it was taken back.",
    }.get(step.state, "It did not help.")
    seen = [f"Before: {step.before}.", *([f"Now: {step.after}."] if step.after else []), *([f"Why: {step.why}."] if step.why else [])]
    words = "\n".join([f"{change.title}. {said}", "", f"Device: {step.name} ({step.device}).", *seen])
    ticket = _file(unit, change, f"change:{change.id}:{step.number}", f"{step.name}: {change.title}", words, at)
    for finding in unit.compliance.taken_by(change.id):
        if finding.device == step.device and finding.closed_at is None:
            unit.compliance.save(replace(finding, ticket=ticket))
    return replace(step, ticket=ticket)


def _file(unit: UnitOfWork, change: Change, key: str, subject: str, words: str, at: datetime) -> str:
    queue = change.terms.queue if change.terms is not None else ""
    body = TicketBody(words)
    made = unit.tickets.create(TicketDraft(key, ASSISTANT, subject[:90], queue, CATEGORY, body, ORIGIN), at)
    if made.assignee == ASSISTANT and made.status.is_open:
        unit.tickets.file(made.id, body, queue, at)
    return made.id
