"""Cases of joiners and leavers as their pages show them: what is done, who is waited for, what is late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.domain.onboarding import Case, CaseKind, CaseStatus, StepKind, StepState, StepStatus, is_late

S = StepStatus
STANDS = {
    S.WAITING: "Not yet",
    S.DOING: "Being done",
    S.ASKED: "Waits",
    S.DONE: "Done",
    S.FAILED: "Failed",
    S.SKIPPED: "Left out",
    S.UNDOING: "Being taken back",
    S.UNDONE: "Taken back",
    S.KEPT: "Could not be taken back",
}
CASES = {
    CaseStatus.RUNNING: "Under way",
    CaseStatus.DONE: "Done",
    CaseStatus.WITHDRAWING: "Being called off",
    CaseStatus.WITHDRAWN: "Called off",
}
TONES = {S.DONE: "good", S.FAILED: "bad", S.KEPT: "bad", S.ASKED: "asked", S.DOING: "asked", S.UNDOING: "asked"}


@dataclass(frozen=True, slots=True)
class Around:
    """What a view needs to know beside the case."""

    now: datetime
    named: Callable[[str, Case], str]
    """Says who is meant by a name of the checklist."""


def of_case(case: Case, around: Around) -> dict[str, Any]:
    """Return a case with its steps."""
    steps = [_step(case, one, around) for one in case.steps]
    counts = Counter(one.status for one in case.steps)
    return {
        "case": case,
        "joins": case.kind is CaseKind.JOIN,
        "stands": CASES[case.status],
        "steps": steps,
        "done": counts[S.DONE],
        "counted": sum(number for status, number in counts.items() if status is not S.SKIPPED),
        "waits": [one for one in steps if one["whom"]],
        "late": [one for one in steps if one["late"] and not one["over"]],
        "failed": [one for one in steps if one["tone"] == "bad"],
        "next": next((one for one in sorted(steps, key=lambda one: one["due"]) if one["status"] is S.WAITING), None),
    }


def _step(case: Case, state: StepState, around: Around) -> dict[str, Any]:
    planned, late = case.plan(state.step), is_late(state, around.now)
    return {
        "id": state.step,
        "title": planned.title,
        "status": state.status,
        "stands": STANDS[state.status],
        "tone": "late" if late and not state.status.is_over else TONES.get(state.status, "plain"),
        "late": late,
        "over": state.status.is_over,
        "due": state.due_at,
        "ended": state.ended_at,
        "whom": _whom(case, state, around),
        "needs": [case.plan(one.step).title for one in case.steps if one.step in planned.needs and one.status not in (S.DONE, S.SKIPPED)],
        "owner": around.named(planned.owner, case),
        "why": state.why,
        "action": state.action,
        "ticket": state.ticket,
        "by": state.by,
        "found": _found(planned.kind, state),
        "reminded": state.reminded_at,
        "escalated": around.named(planned.escalate_to, case) if state.escalated_at else "",
        "undo": state.status in (S.DONE, S.KEPT),
        "again": state.status in (S.FAILED, S.UNDONE, S.SKIPPED) and case.status is CaseStatus.RUNNING,
        "by_hand": state.status is S.FAILED or (state.status is S.ASKED and not state.action),
    }


def _whom(case: Case, state: StepState, around: Around) -> str:
    """Return who is waited for, "" for nobody."""
    if state.status is S.FAILED or state.status is S.KEPT:
        return around.named(case.plan(state.step).owner, case)
    if state.status is not S.ASKED:
        return ""
    kind = case.plan(state.step).kind
    if state.action:
        return f"the approval of {around.named('manager', case)}"
    return case.who.name if kind is StepKind.POLICIES else around.named(case.plan(state.step).owner, case)


def _found(kind: StepKind, state: StepState) -> str:
    if kind is StepKind.LAPTOP and state.result.get("name"):
        return str(state.result["name"])
    if kind is StepKind.READINESS and "ready" in state.result:
        return "everything was there" if state.result["ready"] else "not everything was there on the day"
    return ""
