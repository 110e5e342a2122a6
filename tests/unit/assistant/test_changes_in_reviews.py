"""What a weekly review says of compliance, changes, actions that were taken back and approvals that waited."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.domain.action import Action, Plan, Status
from assistant.domain.approval import Approval, ApprovalStatus, Stage, Vote
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState, Terms
from assistant.domain.compliance import ComplianceRun
from assistant.domain.week import Week
from assistant.workflows.changes_section import ChangesSection

WEEK = Week.parse("2026-W47")
START = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = Plan("Do it", (), "one", "It can be undone.")


def said(store: MemoryStore) -> dict[str, str]:
    """Return the sentences of the section by what they are about."""
    period, found = Period(WEEK, "UTC", START + 8 * DAY, 1, "firstline", ""), Found()
    with store.read() as unit:
        ChangesSection()(unit, period, (), found)
    return {finding.subject: finding.text for finding in found.findings}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(0.78)


def run(day: int, failing: int, broken: str = "") -> ComplianceRun:
    return ComplianceRun(f"run:{day}", START + day * DAY, 100, 2, {}, failing, 0, 0, broken)


def test_a_week_in_which_nothing_happened_says_nothing(store: MemoryStore) -> None:
    with store.write() as unit:
        unit.compliance.note_run(run(-1, 9))
        unit.compliance.note_run(run(8, 9))
    assert said(store) == {}


def test_the_trend_is_that_of_whole_looks(store: MemoryStore) -> None:
    with store.write() as unit:
        for one in (run(0, 8), run(1, 50, "broken off"), run(2, 0)):
            unit.compliance.note_run(one)
    assert said(store) == {
        "compliance": "Devices that fail a check: from 8 to 0 over 2 looks at the fleet; 0 of 100 at the last one, 2 of them did not answer."
    }


def test_one_look_is_not_enough_for_a_trend(store: MemoryStore) -> None:
    with store.write() as unit:
        unit.compliance.note_run(run(3, 8))
    assert said(store)["compliance"] == "8 of 100 devices fail a check; one look is not enough yet for a trend."


def test_changes_are_counted_by_devices_on_which_something_was_done(store: MemoryStore) -> None:
    terms = Terms("signatures", "update", "Update.", "low", "standard_change")
    done = Change("ch_1", "t", "s", ChangeStatus.DONE, "firstline", START, START, terms=terms, ended_at=START + DAY)
    states = [StepState.FIXED, StepState.FIXED, StepState.FAILED, StepState.UNREACHABLE]
    steps = [DeviceStep("ch_1", n, f"d{n}", "d", 0, state, START, ticket="T-1" if n > 1 else "") for n, state in enumerate(states)]
    with store.write() as unit:
        unit.changes.add(done, steps)
        unit.changes.add(replace(done, id="ch_2", status=ChangeStatus.EXPIRED))
        unit.changes.add(replace(done, id="ch_3", ended_at=START + 9 * DAY, opened_at=START + 8 * DAY))
        unit.changes.add(replace(done, id="ch_4", status=ChangeStatus.RECORDED, terms=None))
    text = said(store)["changes"]
    assert text == "2 changes ended: 2 of 3 devices on which something was done are fixed; 1 change was not carried out."


def action(name: str, status: Status = Status.DONE, **more: object) -> Action:
    made = Action(name, "unlock_account", "ann", "ann", "c", status, {}, PLAN, START + DAY, START + DAY, START + 2 * DAY)
    return replace(made, **more)  # type: ignore[arg-type]


def approval(name: str, status: ApprovalStatus, hours: float | None = None) -> Approval:
    begun = START + DAY
    votes = (Vote("bo", 0, status is ApprovalStatus.APPROVED, "h", begun + hours * HOUR),) if hours is not None else ()
    return Approval(name, "h", "ann", (Stage("manager"),), status, begun, begun + DAY, begun + 72 * HOUR, votes)


def test_actions_that_somebody_took_back_are_counted_and_the_end_of_a_grant_is_not(store: MemoryStore) -> None:
    with store.write() as unit:
        for one in (
            *(action(f"a{n}") for n in range(3)),
            action("b", Status.REVERTED),
            action("b-u0", Status.FAILED, reverts="b", actor="fay"),
            action("b-u1", Status.DONE, reverts="b", actor="fay"),
            action("g", Status.REVERTED),
            action("g-u0", Status.DONE, reverts="g", actor="firstline"),
            action("p", Status.REVERTED),
            action("p-u0", Status.DONE, reverts="p", actor="fay"),
            action("r", Status.REFUSED),
        ):
            unit.actions.add(one)
        unit.approvals.open(approval("p", ApprovalStatus.APPROVED))
    assert said(store)["actions.undone"] == "Of 5 actions that nobody had to approve, 1 was taken back since."


def test_how_long_approvals_waited_is_said_for_those_that_were_decided_and_for_the_longest(store: MemoryStore) -> None:
    rows = [("a", ApprovalStatus.APPROVED, 2.0), ("b", ApprovalStatus.REFUSED, 4.0), ("c", ApprovalStatus.APPROVED, 9.0)]
    with store.write() as unit:
        for name, status, hours in (*rows, ("d", ApprovalStatus.EXPIRED, None), ("e", ApprovalStatus.WITHDRAWN, None)):
            made = approval(name, status, hours)
            unit.approvals.open(made)
            unit.approvals.save(made)
    assert said(store)["approvals"] == (
        "3 of 4 approvals were decided, in the middle after 4.0 hours; the longest waited 72.0 hours, 1 ran out of time, 0 still wait."
    )


def test_one_that_still_waits_counts_for_the_longest(store: MemoryStore) -> None:
    with store.write() as unit:
        unit.approvals.open(approval("a", ApprovalStatus.OPEN))
    assert said(store)["approvals"] == "0 of 1 approval was decided; the longest waited 144.0 hours, 0 ran out of time, 1 still waits."
