"""What compliance, changes, actions that were taken back and approvals that waited have to say in a weekly review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from assistant.desk.fulfilment import SYSTEM
from assistant.desk.review.found import Found, Subject, many
from assistant.desk.review.making import Period
from assistant.domain.action import Action, Status
from assistant.domain.approval import Approval, ApprovalStatus
from assistant.domain.change import DeviceStep, Tally
from assistant.domain.compliance import ComplianceRun
from assistant.domain.figure import Figure
from assistant.domain.measures import Rate
from assistant.domain.outcome import Judged
from assistant.domain.review import Kind, Severity
from assistant.ports.store import UnitOfWork

COMPLIANCE, CHANGES, ACTIONS, APPROVALS = "/console/compliance", "/console/changes", "/console/actions", "/console/approvals"
RUNS, AGENTS = "operators", "agents"
MOST_LOOKS = 400
LONG = timedelta(hours=24)
"""An approval that waits longer than this is worth a look."""
UNDONE = (Status.DONE, Status.REVERTED)


@dataclass(frozen=True, slots=True)
class ChangesSection:
    """Adds what the week showed; of what did not happen in it nothing is said."""

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        start, end = period.edges[0], period.known_until
        _compliance(found, [one for one in unit.compliance.runs(MOST_LOOKS, before=end) if one.at >= start])
        ended = [
            one for one in unit.changes.between(start, end) if one.terms is not None and one.ended_at is not None and start <= one.ended_at < end
        ]
        _changes(found, [unit.changes.steps(one.id) for one in ended], sum(not one.status.took_place for one in ended))
        _undone(found, unit, [one for one in unit.actions.between(start, end) if one.status in UNDONE and not one.reverts])
        _waited(found, unit.approvals.between(start, end), end)
        return 0


def _compliance(found: Found, runs: Sequence[ComplianceRun]) -> None:
    """Add how many devices failed a check at the first and at the last look of the week that were not broken off."""
    whole = [one for one in runs if not one.broken_off and one.devices]
    if not whole:
        return
    last, first = whole[0], whole[-1]
    rate = Rate(last.failing, last.devices)
    if len(whole) == 1:
        text = f"{rate.hits} of {many(rate.total, 'device fails', 'devices fail')} a check; one look is not enough yet for a trend."
    else:
        came = "unchanged" if first.failing == last.failing else f"from {first.failing} to {last.failing}"
        looks = f"over {len(whole)} looks at the fleet"
        text = f"Devices that fail a check: {came} {looks}; {rate.hits} of {rate.total} at the last one, {last.silent} of them did not answer."
    worse = last.failing > first.failing
    todo = "Look at what is new on the page of compliance, and whether a change was opened for it." if worse else ""
    about = Subject("compliance", role=RUNS, href=COMPLIANCE)
    figures = (Figure.rate("devices that fail a check", rate, COMPLIANCE),)
    found.add(Kind.MEASURE, Severity.WEEK if worse else Severity.KNOW, text, figures, about, todo, float(last.failing))


def _changes(found: Found, changes: Sequence[Sequence[DeviceStep]], came_to_nothing: int) -> None:
    """Add on how many devices the changes that ended in the week worked."""
    if not changes:
        return
    tally = Tally.of(step for steps in changes for step in steps)
    reached = Rate(tally.fixed, tally.begun)
    nothing = f"; {many(came_to_nothing, 'change was', 'changes were')} not carried out" if came_to_nothing else ""
    said = f"{reached.hits} of {many(reached.total, 'device', 'devices')} on which something was done {'is' if reached.hits == 1 else 'are'} fixed"
    text = f"{many(len(changes), 'change', 'changes')} ended: {said if reached.total else 'nothing was done on any device'}{nothing}."
    tickets = sum(bool(step.ticket) for steps in changes for step in steps)
    todo = f"Look at the {many(tickets, 'ticket', 'tickets')} about devices on which it did not work." if tickets else ""
    about = Subject("changes", role=RUNS, href=CHANGES)
    figures = (Figure.rate("devices fixed", reached, CHANGES),)
    found.add(Kind.MEASURE, Severity.WEEK if tickets else Severity.KNOW, text, figures, about, todo, float(tickets))


def _undone(found: Found, unit: UnitOfWork, done: Sequence[Action]) -> None:
    """Add how many of the week's actions that nobody approved were taken back by somebody since. The end of a timed grant is none of them."""
    automatic = [one for one in done if unit.approvals.load(one.id) is None]
    if not automatic:
        return
    rate = Rate(sum(one.status is Status.REVERTED and _by_somebody(unit, one) for one in automatic), len(automatic))
    text = (
        f"Of {many(rate.total, 'action', 'actions')} that nobody had to approve, {rate.hits} {'was' if rate.hits == 1 else 'were'} taken back since."
    )
    todo = "Look at those that were taken back: each says by whom." if rate.hits else ""
    about = Subject("actions.undone", role=AGENTS, href=ACTIONS)
    figures = (Figure.rate("automatic actions taken back", rate, ACTIONS),)
    found.add(Kind.MEASURE, Severity.WEEK if rate.hits else Severity.KNOW, text, figures, about, todo, float(rate.hits))


def _by_somebody(unit: UnitOfWork, original: Action) -> bool:
    tries = 0
    while (back := unit.actions.load(f"{original.id}-u{tries}")) is not None:
        if back.status is Status.DONE:
            return back.actor != SYSTEM
        tries += 1
    return False


def _waited(found: Found, asked: Sequence[Approval], end: datetime) -> None:
    """Add how long approvals waited: the median of those that were decided, the longest of all, also of those that still wait."""
    counted = [one for one in asked if one.status is not ApprovalStatus.WITHDRAWN]
    if not counted:
        return
    decided = sorted(waited(one, end) for one in counted if one.status in (ApprovalStatus.APPROVED, ApprovalStatus.REFUSED))
    longest = max(waited(one, end) for one in counted)
    still = sum(one.status is ApprovalStatus.OPEN for one in counted)
    expired = sum(one.status is ApprovalStatus.EXPIRED for one in counted)
    typical = median(one.total_seconds() for one in decided) / 3600 if decided else None
    left = f"{still} still {'waits' if still == 1 else 'wait'}"
    said = f"{len(decided)} of {many(len(counted), 'approval was', 'approvals were')} decided"
    middle = f", in the middle after {typical:.1f} hours" if typical is not None else ""
    text = f"{said}{middle}; the longest waited {longest.total_seconds() / 3600:.1f} hours, {expired} ran out of time, {left}."
    slow = longest > LONG or expired > 0
    todo = "Ask those who decide what keeps them, or name somebody in their place." if slow else ""
    about = Subject("approvals", role=RUNS, href=APPROVALS)
    figures = (
        Figure(name="median wait", value=typical, unit="hours", href=APPROVALS),
        Figure(name="longest wait", value=longest.total_seconds() / 3600, unit="hours", href=APPROVALS),
        Figure.rate("decided", Rate(len(decided), len(counted)), APPROVALS),
    )
    found.add(Kind.MEASURE, Severity.WEEK if slow else Severity.KNOW, text, figures, about, todo, float(expired + still))


def waited(approval: Approval, end: datetime) -> timedelta:
    """Return how long an approval waited: until its last vote, until it ran out of time, or, while it is open, until ``end``."""
    if approval.status is ApprovalStatus.EXPIRED:
        return approval.expires_at - approval.created_at
    if approval.status is ApprovalStatus.OPEN or not approval.votes:
        return max(end - approval.created_at, timedelta(0))
    return max(vote.at for vote in approval.votes) - approval.created_at
