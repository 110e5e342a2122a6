"""Changes that are over and findings that are closed go at their time; what is open, or has to be looked at, stays."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assistant.desk.changing.recording import record
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState
from assistant.domain.compliance import ComplianceFinding, ComplianceRun
from assistant.governance.retention import Kind
from assistant.privacy import expired, retain
from tests.support.world import World, opened_world

KEPT = timedelta(days=730)


def put(world: World, name: str, status: ChangeStatus, step: StepState = StepState.FIXED) -> None:
    at = world.clock.now()
    with world.assistant.store.write() as unit:
        change = Change(name, f"about {name}", "vpn", status, "sam.oduya", at, at, at=at)
        assert unit.changes.add(change, [DeviceStep(name, 0, "d1", "Laptop 1", 0, step, at)])


def finding(world: World, number: int, closed_at: datetime | None, change: str = "") -> None:
    at = world.clock.now()
    with world.assistant.store.write() as unit:
        unit.compliance.open(ComplianceFinding(f"cf_{number}", "d1", "Laptop 1", "signatures", "old", at, at, closed_at, change))


def left(world: World, *names: str) -> list[str]:
    with world.assistant.store.read() as unit:
        return [name for name in names if unit.changes.load(name) is not None]


@pytest.mark.parametrize("status", list(ChangeStatus))
def test_only_a_change_that_is_over_goes_with_its_devices_when_its_time_is_over(world: World, status: ChangeStatus) -> None:
    put(world, "ch_old", status, StepState.WAITING)
    world.clock.advance(KEPT - timedelta(hours=1))
    put(world, "ch_new", status)
    assert retain(world.assistant)[Kind.CHANGES] == 0
    world.clock.advance(timedelta(hours=2))
    assert expired(world.assistant)[Kind.CHANGES] == int(status.is_over)
    assert retain(world.assistant)[Kind.CHANGES] == int(status.is_over)
    assert left(world, "ch_old", "ch_new") == (["ch_new"] if status.is_over else ["ch_old", "ch_new"])
    with world.assistant.store.read() as unit:
        assert (unit.changes.steps("ch_old") == []) is status.is_over
        assert len(unit.changes.steps("ch_new")) == 1


@pytest.mark.parametrize("state", [StepState.APPLYING, StepState.VERIFYING, StepState.TAKING_BACK, StepState.UNKNOWN, StepState.STUCK])
def test_a_change_stays_while_somebody_has_to_look_at_a_device_of_it(world: World, state: StepState) -> None:
    put(world, "ch_1", ChangeStatus.HALTED, state)
    world.clock.advance(KEPT * 2)
    assert (retain(world.assistant)[Kind.CHANGES], left(world, "ch_1")) == (0, ["ch_1"])


def test_a_finding_goes_after_it_was_closed_and_an_open_one_keeps_its_change(world: World) -> None:
    at = world.clock.now()
    for name in ("ch_1", "ch_2"):
        put(world, name, ChangeStatus.DONE)
    finding(world, 1, at, "ch_1")
    finding(world, 2, None, "ch_2")
    with world.assistant.store.write() as unit:
        unit.compliance.note_run(ComplianceRun("run_1", at, 1, 0, {}, 1, 1, 0))
    world.clock.advance(KEPT + timedelta(hours=1))
    deleted = retain(world.assistant)
    assert (deleted[Kind.FINDINGS], deleted[Kind.CHANGES], left(world, "ch_1", "ch_2")) == (1, 1, ["ch_2"])
    with world.assistant.store.write() as unit:
        still = unit.compliance.finding("cf_2")
        assert (unit.compliance.finding("cf_1"), still is not None, unit.compliance.run("run_1") is not None) == (None, True, True)
        assert still is not None
        unit.compliance.save(replace(still, closed_at=world.clock.now()))
    assert retain(world.assistant)[Kind.CHANGES] == 1


def test_the_setting_says_how_long_and_the_audit_keeps_its_own_record(demo_home: Path) -> None:
    with opened_world(demo_home, retain_changes_days=10) as world:
        at = world.clock.now()
        with world.assistant.store.write() as unit:
            change = record(unit, "A switch was replaced", "vpn", at, "sam.oduya", at)
        before = len(audited(world))
        world.clock.advance(timedelta(days=11))
        assert (retain(world.assistant)[Kind.CHANGES], left(world, change.id)) == (1, [])
        [said] = [one for one in audited(world)[before:] if one["step"] == "retain"]
        assert said["detail"] == {"counts": {"changes": 1}}
        assert any(change.id in json.dumps(one) for one in audited(world)[:before])
        assert world.audit_faults() == []


def audited(world: World) -> list[dict[str, object]]:
    with world.assistant.store.read() as unit:
        return [json.loads(record.body) for record in unit.audit.read(limit=10_000)]
