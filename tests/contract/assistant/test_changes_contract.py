"""Changes, findings and runs keep their promises in memory and in tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.action import Action, Plan, Status
from assistant.domain.approval import Approval, ApprovalStatus, Stage, Vote
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState, Terms
from assistant.domain.compliance import CheckCount, ComplianceFinding, ComplianceRun
from assistant.domain.window import Window
from assistant.ports.store import Store

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERMS = Terms(
    check="signatures",
    remedy="update-signatures",
    does="Update them.",
    risk="low",
    authority="standard_change",
    windows=(Window(("monday", "tuesday"), "22:00", "04:00", "Europe/Stockholm"),),
    waves=(1, 5),
    at_once=3,
    settle_minutes=1.5,
    stop_share=0.25,
    rollback="older-signatures",
    queue="endpoint",
)


def change(number: int = 1, **more: object) -> Change:
    made = Change(f"ch_{number}", f"Number {number}", "vpn", ChangeStatus.RECORDED, "ann", AT + number * HOUR, AT + number * HOUR)
    return replace(made, **{"at": AT + number * HOUR} | more)  # type: ignore[arg-type]


def steps(name: str = "ch_1", count: int = 3) -> list[DeviceStep]:
    return [DeviceStep(name, n, f"d{n}", f"Laptop {n}", 0, StepState.WAITING, AT, before="old") for n in range(count)]


def test_a_change_comes_back_with_its_terms_and_devices(store: Store) -> None:
    made = change(status=ChangeStatus.AWAITING, terms=TERMS, opens_at=AT, closes_at=AT + HOUR, action="a_1", why="because")
    with store.write() as unit:
        assert unit.changes.add(made, steps())
    with store.read() as unit:
        assert unit.changes.load(made.id) == unit.changes.load(made.id, lock=True) == made
        assert unit.changes.steps(made.id) == steps()
        assert unit.changes.step(made.id, 2) == steps()[2]
        assert (unit.changes.load("ch_9"), unit.changes.steps("ch_9"), unit.changes.step(made.id, 9)) == (None, [], None)


def test_a_change_is_opened_once(store: Store) -> None:
    for title in ("first", "second"):
        with store.write() as unit:
            assert unit.changes.add(change(title=title), steps(count=2)) is (title == "first")
    with store.read() as unit:
        kept = unit.changes.load("ch_1")
        assert kept is not None
        assert kept.title == "first"
        assert len(unit.changes.steps("ch_1")) == 2


def test_how_it_stands_is_kept_for_the_change_and_for_each_device(store: Store) -> None:
    with store.write() as unit:
        unit.changes.add(change(status=ChangeStatus.RUNNING, terms=TERMS), steps())
        unit.changes.add(change(2), steps("ch_2"))
    done = replace(steps()[1], state=StepState.FAILED, after="still old", why="refused", ticket="T-1", undone_by="firstline")
    ended = change(status=ChangeStatus.HALTED, terms=TERMS, ended_at=AT + 9 * HOUR, wave=0)
    with store.write() as unit:
        unit.changes.save_step(done)
        unit.changes.save(ended)
    with store.read() as unit:
        assert unit.changes.steps("ch_1") == [steps()[0], done, steps()[2]]
        assert unit.changes.steps("ch_2") == steps("ch_2")
        assert unit.changes.load("ch_1") == ended


def test_changes_are_listed_by_pages_from_the_last_opened_on(store: Store) -> None:
    with store.write() as unit:
        for number in (3, 1, 2, 4):
            unit.changes.add(change(number, opened_at=AT + (number // 2) * HOUR, status=ChangeStatus.DONE if number == 3 else ChangeStatus.RECORDED))
    with store.read() as unit:
        assert [one.id for one in unit.changes.latest()] == ["ch_4", "ch_3", "ch_2", "ch_1"]
        assert [one.id for one in unit.changes.latest(2)] == ["ch_4", "ch_3"]
        assert [one.id for one in unit.changes.latest(2, after="ch_3")] == ["ch_2", "ch_1"]
        assert [one.id for one in unit.changes.latest(status=ChangeStatus.DONE)] == ["ch_3"]


def test_what_is_under_way_and_what_happened_in_a_week_are_found(store: Store) -> None:
    with store.write() as unit:
        for number, status in enumerate((ChangeStatus.AWAITING, ChangeStatus.RUNNING, ChangeStatus.DONE, ChangeStatus.SCHEDULED)):
            unit.changes.add(change(number, status=status, ended_at=AT + 100 * HOUR if status is ChangeStatus.DONE else None))
    with store.read() as unit:
        assert [one.id for one in unit.changes.under_way()] == ["ch_0", "ch_1", "ch_3"]
        assert [one.id for one in unit.changes.between(AT + HOUR, AT + 3 * HOUR)] == ["ch_1", "ch_2"]
        assert [one.id for one in unit.changes.between(AT + 100 * HOUR, AT + 101 * HOUR)] == ["ch_2"]


def test_the_last_change_on_a_service_is_the_last_that_took_place_before(store: Store) -> None:
    with store.write() as unit:
        unit.changes.add(change(1))
        unit.changes.add(change(2, status=ChangeStatus.HALTED))
        unit.changes.add(change(3, status=ChangeStatus.CANCELLED))
        unit.changes.add(change(4, service="mail"))
        unit.changes.add(change(5, status=ChangeStatus.AWAITING, at=None))
    with store.read() as unit:
        found = [unit.changes.last_on("vpn", AT + hours * HOUR) for hours in (1, 1.5, 2.5, 9)]
        assert [one.id if one else None for one in found] == [None, "ch_1", "ch_2", "ch_2"]
        assert unit.changes.last_on("erp", AT + 9 * HOUR) is None


def finding(device: str = "d1", check: str = "signatures", **more: object) -> ComplianceFinding:
    return replace(ComplianceFinding(f"cf_{device}_{check}", device, "Laptop", check, "old", AT, AT), **more)  # type: ignore[arg-type]


def test_findings_are_opened_once_changed_and_found_by_what_they_are_about(store: Store) -> None:
    made = [finding("d2"), finding("d1"), finding("d1", "encryption"), finding("d3", closed_at=AT + HOUR)]
    with store.write() as unit:
        for one in made:
            unit.compliance.open(one)
        unit.compliance.open(finding("d1", evidence="other"))
        unit.compliance.save(replace(made[0], change="ch_1", ticket="T-7", seen_at=AT + HOUR))
    with store.read() as unit:
        assert [(one.device, one.check) for one in unit.compliance.open_findings()] == [
            ("d1", "encryption"),
            ("d1", "signatures"),
            ("d2", "signatures"),
        ]
        assert [one.device for one in unit.compliance.open_findings("signatures")] == ["d1", "d2"]
        assert unit.compliance.finding("cf_d1_signatures") == made[1]
        assert unit.compliance.taken_by("ch_1") == [replace(made[0], change="ch_1", ticket="T-7", seen_at=AT + HOUR)]
        assert [one.check for one in unit.compliance.of_device("d1")] == ["encryption", "signatures"]
        assert unit.compliance.finding("cf_none") is None


def test_runs_are_noted_once_and_listed_from_the_last_on(store: Store) -> None:
    made = [
        ComplianceRun(f"run:{n}", AT + n * HOUR, 9, 1, {"signatures": CheckCount(8, n, 1)}, n, 1, 0, "" if n else "page 2 broke off")
        for n in range(3)
    ]
    with store.write() as unit:
        assert all(unit.compliance.note_run(one) for one in made)
        assert not unit.compliance.note_run(replace(made[0], devices=0))
    with store.read() as unit:
        assert unit.compliance.runs() == made[::-1]
        assert unit.compliance.runs(1, before=AT + HOUR) == [made[0]]
        assert unit.compliance.run("run:1") == made[1]
        assert unit.compliance.run("run:9") is None


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as unit:
        unit.changes.add(change(), steps())
        unit.compliance.open(finding())
        raise RuntimeError
    with store.read() as unit:
        assert unit.changes.latest() == []
        assert unit.compliance.open_findings() == []


def test_actions_and_approvals_of_a_time_are_found_with_their_votes(store: Store) -> None:
    plan, vote = Plan("Do it", (), "one", "no"), Vote("bo", 0, True, "h", AT + 3 * HOUR)
    with store.write() as unit:
        for n in range(3):
            begun = AT + n * HOUR
            unit.actions.add(Action(f"a_{n}", "t", "ann", "ann", "c", Status.DONE, {}, plan, begun, begun, begun))
            asked = Approval(f"a_{n}", "h", "ann", (Stage("manager"),), ApprovalStatus.OPEN, begun, begun, begun)
            unit.approvals.open(asked)
            unit.approvals.save(replace(asked, status=ApprovalStatus.APPROVED, votes=(vote,)))
    with store.read() as unit:
        assert [one.id for one in unit.actions.between(AT, AT + 2 * HOUR)] == ["a_0", "a_1"]
        assert [(one.action, one.votes) for one in unit.approvals.between(AT + HOUR, AT + 9 * HOUR)] == [("a_1", (vote,)), ("a_2", (vote,))]
        assert unit.actions.between(AT + 9 * HOUR, AT + 10 * HOUR) == []
