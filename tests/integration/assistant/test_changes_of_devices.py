"""From what the fleet says to a change, its window, its waves and its report: eight to none, and every way in which that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from assistant.adapters.devices.listed import Trouble
from assistant.adapters.memory.fleet import MemoryFleet
from assistant.domain.action import Status
from assistant.domain.change import Change, ChangeStatus, StepState
from assistant.governance.policy_file import PACKAGED, parse_policy
from assistant.ports.outside import Refused, Unavailable, Uncertain
from tests.support.yard import DAY, HOUR, MINUTE, MONDAY, Yard, laptop


@pytest.fixture
def yard() -> Iterator[Yard]:
    made = Yard()
    yield made
    made.close()


def test_eight_devices_with_old_signatures_become_none_in_one_change(yard: Yard) -> None:
    run = yard.look()
    assert (run.devices, run.failing, run.counts["signatures"].failing) == (12, 8, 8)
    change = yard.change(ChangeStatus.SCHEDULED)
    assert [step.wave for step in yard.steps()] == [0, 1, 1, 1, 1, 1, 2, 2]
    assert yard.fleet.effects == []
    yard.evening()
    assert len(yard.fleet.effects) == 1
    yard.wait(HOUR)
    assert yard.change(ChangeStatus.DONE).id == change.id
    assert yard.states() == {StepState.FIXED: 8}
    assert sorted(device for _, device, _ in yard.fleet.effects) == [f"LT-{n:02}" for n in range(8)]
    assert len({key for key, _, _ in yard.fleet.effects}) == 8
    after = yard.look()
    assert (after.failing, after.closed) == (0, 0)
    assert yard.tickets() == []
    assert len(yard.changes()) == 1


def opened(yard: Yard) -> Change:
    """Look, wait for the evening and a while longer; return the change."""
    yard.look()
    yard.evening()
    yard.wait(3 * HOUR)
    return yard.change()


class TestAuthority:
    """What is larger, or cannot be taken back, is authorised by people, each time."""

    @pytest.fixture
    def yard(self) -> Iterator[Yard]:
        made = Yard([laptop(n) for n in range(15)])
        yield made
        made.close()

    def test_a_change_of_more_devices_waits_for_its_chain(self, yard: Yard) -> None:
        yard.look()
        change = yard.change(ChangeStatus.AWAITING)
        assert change.terms is not None
        assert (change.terms.risk, change.terms.authority) == ("medium", "normal_change")
        yard.evening()
        assert yard.fleet.effects == []
        yard.workshop.approve(yard.workshop.action(change.action), "ola")
        yard.wait(4 * HOUR)
        assert yard.change(ChangeStatus.DONE)
        assert len(yard.fleet.effects) == 15

    def test_what_is_approved_outside_of_the_window_waits_for_it(self, yard: Yard) -> None:
        yard.look()
        yard.workshop.approve(yard.workshop.action(yard.change().action), "ola")
        yard.workshop.carry()
        change = yard.change(ChangeStatus.SCHEDULED)
        assert change.opens_at == MONDAY.replace(hour=19)
        assert change.closes_at == (MONDAY + DAY).replace(hour=4)
        assert yard.fleet.effects == []

    def test_a_no_ends_it_without_a_ticket_and_it_is_asked_again_after_a_week(self, yard: Yard) -> None:
        yard.look()
        first = yard.change()
        action = yard.workshop.action(first.action)
        yard.workshop.deciding.decide(yard.workshop.person("ola"), action.id, False, action.hash, "")
        assert yard.change(ChangeStatus.REFUSED)
        yard.clock.advance(6 * DAY)
        yard.look()
        assert len(yard.changes()) == 1
        yard.clock.advance(DAY)
        yard.look()
        assert [one.status for one in yard.changes()] == [ChangeStatus.AWAITING, ChangeStatus.REFUSED]
        assert yard.tickets() == []
        assert yard.fleet.effects == []

    def test_one_that_nobody_decides_expires_and_becomes_a_ticket(self, yard: Yard) -> None:
        yard.look()
        yard.wait(73 * HOUR, HOUR)
        assert yard.change(ChangeStatus.EXPIRED).why == "nobody decided in time"
        assert [one.startswith("Did not go on: Antivirus signatures") for one in yard.tickets()] == [True]
        yard.wait(DAY, HOUR)
        assert yard.fleet.effects == []

    def test_what_is_altered_after_it_was_authorised_is_not_carried_out(self, yard: Yard) -> None:
        yard.look()
        change = yard.change()
        with yard.store.write() as unit:
            unit.changes.save_step(replace(yard.steps()[0], device="LT-99"))
        yard.workshop.approve(yard.workshop.action(change.action), "ola")
        yard.workshop.carry()
        assert yard.change(ChangeStatus.REFUSED).why == "the change is not the one that was authorised"
        assert yard.workshop.action(change.action).status is Status.FAILED

    def test_without_anybody_who_could_authorise_it_people_get_a_ticket(self, yard: Yard) -> None:
        yard.workshop.workplace.replace(replace(yard.workshop.workplace._organisation, people=()))
        yard.look()
        assert "not enough people" in yard.change(ChangeStatus.REFUSED).why
        assert len(yard.tickets()) == 1

    def test_more_devices_than_the_policy_lets_any_change_touch_are_left_to_people(self) -> None:
        yard = Yard([laptop(n) for n in range(501)])
        yard.look()
        assert yard.change(ChangeStatus.REFUSED).why == "people only: blast radius"
        assert len(yard.tickets()) == 1
        yard.close()

    def test_a_remedy_that_nothing_takes_back_is_never_authorised_beforehand(self) -> None:
        yard = Yard([laptop(0, stale=False, encrypted=False)])
        yard.look()
        change = yard.change(ChangeStatus.AWAITING)
        assert change.terms is not None
        assert change.terms.remedy == "encrypt-disk"
        yard.close()


class TestTheStopRule:
    def test_a_first_wave_that_fails_is_the_last_and_people_hear_of_it(self) -> None:
        yard = Yard([laptop(0, trouble=Trouble.REFUSES), *(laptop(n) for n in range(1, 8))])
        change = opened(yard)
        assert (change.status, change.why) == (ChangeStatus.HALTED, "1 of 1 devices of wave 1 went wrong")
        assert yard.states() == {StepState.FAILED: 1, StepState.LEFT: 7}
        assert yard.fleet.effects == []
        assert yard.tickets() == ["Did not go on: Antivirus signatures: update-signatures on 8 devices", *yard.tickets()[1:]]
        assert yard.tickets()[1:] == ["Laptop 00: Antivirus signatures: update-signatures on 8 devices"]
        yard.close()

    def test_what_did_not_help_is_taken_back_and_becomes_a_ticket(self) -> None:
        yard = Yard([laptop(n, trouble=Trouble.STUBBORN if n == 3 else Trouble.NONE) for n in range(8)])
        change = opened(yard)
        assert change.status is ChangeStatus.DONE
        assert yard.states() == {StepState.FIXED: 7, StepState.TAKEN_BACK: 1}
        assert [remedy for _, device, remedy in yard.fleet.effects if device == "LT-03"] == ["update-signatures", "older-signatures"]
        assert yard.tickets() == ["Laptop 03: Antivirus signatures: update-signatures on 8 devices"]
        assert yard.look().failing == 1
        assert len(yard.changes()) == 1
        yard.close()

    def test_two_of_a_wave_of_five_are_too_many_and_one_is_not(self) -> None:
        for bad, status in (((2,), ChangeStatus.DONE), ((2, 3), ChangeStatus.HALTED)):
            yard = Yard([laptop(n, trouble=Trouble.REFUSES if n in bad else Trouble.NONE) for n in range(8)])
            assert opened(yard).status is status
            assert len([device for _, device, _ in yard.fleet.effects if device in ("LT-06", "LT-07")]) == (2 if len(bad) == 1 else 0)
            yard.close()

    def test_no_more_than_so_many_are_begun_at_once(self) -> None:
        text = PACKAGED.read_text().replace("waves = [1, 5, 20]", "waves = [8]").replace("at_once = 5", "at_once = 3")
        yard = Yard(policy=parse_policy(text, "test"))
        yard.look()
        yard.evening()
        assert len(yard.fleet.effects) == 3
        yard.wait(15 * MINUTE)
        assert len(yard.fleet.effects) == 6
        yard.close()


class TestDevicesThatDoNotAnswer:
    def test_one_is_tried_until_the_window_closes_and_then_becomes_a_ticket(self) -> None:
        yard = Yard([laptop(n) for n in range(3)])
        yard.look()
        yard.fleet.listed["LT-00"] = replace(yard.fleet.listed["LT-00"], trouble=Trouble.OFFLINE)
        yard.evening()
        yard.wait(8 * HOUR, 10 * MINUTE)
        assert yard.change(ChangeStatus.RUNNING)
        yard.wait(2 * HOUR, 10 * MINUTE)
        assert yard.change(ChangeStatus.DONE)
        assert yard.states() == {StepState.UNREACHABLE: 1, StepState.LEFT: 2}
        assert yard.tickets() == ["Laptop 00: Antivirus signatures: update-signatures on 3 devices"]

        yard.look()
        following = yard.changes()[0]
        assert [step.device for step in yard.steps(following)] == ["LT-01", "LT-02"]
        yard.close()

    def test_one_that_comes_back_within_the_window_is_done(self) -> None:
        yard = Yard([laptop(n) for n in range(2)])
        yard.look()
        online = yard.fleet.listed["LT-00"]
        yard.fleet.listed["LT-00"] = replace(online, trouble=Trouble.OFFLINE)
        yard.evening()
        yard.wait(3 * HOUR)
        yard.fleet.listed["LT-00"] = online
        yard.wait(HOUR)
        assert yard.states() == {StepState.FIXED: 2}
        yard.close()

    def test_one_of_which_nobody_can_tell_afterwards_is_for_people(self) -> None:
        yard = Yard([laptop(0)])
        yard.look()
        yard.evening()
        yard.fleet.listed["LT-00"] = replace(yard.fleet.listed["LT-00"], signatures_at=None)
        yard.wait(2 * HOUR)
        assert yard.states() == {StepState.UNKNOWN: 1}
        assert len(yard.tickets()) == 2
        yard.close()


class TestAFleetThatHalfFails:
    def test_what_it_said_before_it_broke_off_counts_and_the_rest_stays_as_it_was(self, yard: Yard) -> None:
        yard.look()
        yard.fleet.replace([laptop(n, stale=False) for n in range(12)])
        yard.fleet.breaks_off_after = 5
        run = yard.look()
        assert (run.devices, run.closed, run.broken_off) == (5, 5, "Memory fleet failed (500)")
        with yard.store.read() as unit:
            assert [one.device for one in unit.compliance.open_findings()] == ["LT-05", "LT-06", "LT-07"]

    def test_one_that_says_nothing_at_all_stores_nothing(self, yard: Yard) -> None:
        yard.fleet.breaks_off_after = 0
        with pytest.raises(Unavailable):
            yard.look()
        assert yard.changes() == []
        with yard.store.read() as unit:
            assert unit.compliance.runs() == []

    def test_devices_that_do_not_answer_open_nothing_and_close_nothing(self, yard: Yard) -> None:
        yard.look()
        yard.fleet.replace([laptop(n, stale=n == 9, trouble=Trouble.OFFLINE) for n in range(12)])
        run = yard.look()
        assert (run.silent, run.opened, run.closed, run.counts["signatures"].unknown) == (12, 0, 0, 12)

    def test_a_device_that_is_gone_from_the_fleet_has_no_finding_any_more(self, yard: Yard) -> None:
        yard.look()
        yard.fleet.replace([laptop(n) for n in range(1, 8)])
        assert yard.look().closed == 1

    def test_a_lost_answer_is_asked_again_under_the_same_key(self, yard: Yard) -> None:
        yard.look()
        yard.fleet.after = [Uncertain("the line was cut")] * 3
        yard.evening()
        yard.wait(2 * HOUR)
        assert yard.states() == {StepState.FIXED: 8}
        assert len(yard.fleet.effects) == 8

    def test_without_keys_a_lost_answer_is_settled_by_looking_and_nothing_is_sent_twice(self) -> None:
        yard = Yard(fleet=MemoryFleet(honours_keys=False), devices=[laptop(n) for n in range(4)])
        yard.look()
        yard.fleet.after = [Uncertain("the line was cut")]
        yard.fleet.before = []
        yard.evening()
        yard.wait(2 * HOUR)
        assert yard.states() == {StepState.FIXED: 4}
        assert len(yard.fleet.effects) == 4
        yard.close()

    def test_without_keys_what_was_lost_on_the_way_there_is_seen_afterwards(self) -> None:
        yard = Yard(fleet=MemoryFleet(honours_keys=False), devices=[laptop(0)])
        yard.look()
        yard.fleet.before = [Uncertain("the line was cut")]
        yard.evening()
        yard.wait(2 * HOUR)
        assert yard.fleet.effects[:1] == [(yard.fleet.effects[0][0], "LT-00", "older-signatures")]
        assert StepState.FIXED not in yard.states()
        assert yard.change().status is ChangeStatus.HALTED
        yard.close()


class TestStopping:
    def test_a_change_that_waits_for_its_authority_is_cancelled_with_its_action(self) -> None:
        yard = Yard([laptop(n) for n in range(15)])
        yard.look()
        change = yard.change()
        yard.practice.stop(change.id, "ola")
        assert yard.change(ChangeStatus.CANCELLED)
        assert yard.workshop.action(change.action).status is Status.CANCELLED
        yard.wait(2 * DAY, HOUR)
        assert yard.fleet.effects == []
        yard.close()

    def test_a_change_that_is_cancelled_before_its_window_does_nothing(self, yard: Yard) -> None:
        yard.look()
        yard.practice.stop(yard.change().id, "ola")
        yard.evening()
        yard.wait(HOUR)
        assert yard.change(ChangeStatus.CANCELLED)
        assert yard.fleet.effects == []

    def test_of_one_that_runs_nothing_more_begins_and_what_is_under_way_ends(self, yard: Yard) -> None:
        yard.look()
        yard.evening()
        yard.practice.stop(yard.change().id, "ola", "the network is down")
        yard.wait(2 * HOUR)
        assert yard.change(ChangeStatus.HALTED).why == "the network is down"
        assert yard.states() == {StepState.FIXED: 1, StepState.LEFT: 7}
        assert len(yard.fleet.effects) == 1

    def test_one_that_is_over_cannot_be_stopped(self, yard: Yard) -> None:
        change = opened(yard)
        with pytest.raises(Refused, match="it is over"):
            yard.practice.stop(change.id, "ola")

    def test_a_service_that_was_off_during_the_window_does_nothing_late(self, yard: Yard) -> None:
        yard.look()
        yard.clock.advance(DAY)
        yard.workshop.carry()
        assert yard.change(ChangeStatus.REFUSED).why == "the service was off while its window was open"
        assert yard.fleet.effects == []
        assert len(yard.tickets()) == 1

    def test_a_remedy_that_the_policy_dropped_meanwhile_is_not_begun(self, yard: Yard) -> None:
        yard.look()
        change = yard.change()
        with yard.store.write() as unit:
            assert change.terms is not None
            unit.changes.save(replace(change, terms=replace(change.terms, remedy="format-disk")))
        yard.evening()
        assert yard.change(ChangeStatus.REFUSED).why == "the policy does not allow this remedy any more"


class TestTakingBack:
    def test_a_whole_change_is_taken_back_by_undoing_its_action(self, yard: Yard) -> None:
        change = opened(yard)
        yard.workshop.deciding.undo(change.action, yard.workshop.person("fay"))
        yard.wait(HOUR)
        assert yard.states() == {StepState.TAKEN_BACK: 8}
        assert [remedy for _, _, remedy in yard.fleet.effects].count("older-signatures") == 8
        assert yard.workshop.action(change.action).status is Status.REVERTED
        assert yard.tickets() == []

    def test_a_device_is_taken_back_by_itself_and_is_not_remedied_again_at_once(self, yard: Yard) -> None:
        change = opened(yard)
        assert yard.practice.take_back(change.id, "ola", 2) == 1
        yard.wait(HOUR)
        assert yard.states() == {StepState.FIXED: 7, StepState.TAKEN_BACK: 1}
        assert yard.look().failing == 1
        assert len(yard.changes()) == 1
        yard.clock.advance(8 * DAY)
        yard.look()
        assert len(yard.changes()) == 2

    def test_nothing_is_taken_back_twice(self, yard: Yard) -> None:
        change = opened(yard)
        yard.practice.take_back(change.id, "ola", 2)
        with pytest.raises(Refused, match="nothing to take back"):
            yard.practice.take_back(change.id, "ola", 2)


class TestTheSchedule:
    def test_the_fleet_is_looked_at_every_night(self, yard: Yard) -> None:
        yard.practice.follow_schedule()
        yard.wait(3 * DAY, HOUR)
        with yard.store.read() as unit:
            assert [one.id for one in unit.compliance.runs()][::-1] == [f"compliance.look:2026-11-{day}" for day in (23, 24, 25, 26)]
            assert [one.failing for one in unit.compliance.runs()][::-1] == [8, 0, 0, 0]

    def test_a_night_in_which_the_fleet_cannot_be_asked_is_not_the_next_ones(self, yard: Yard) -> None:
        yard.fleet.breaks_off_after = 0
        yard.practice.follow_schedule()
        yard.wait(12 * HOUR, HOUR)
        yard.fleet.breaks_off_after = None
        yard.wait(DAY, HOUR)
        with yard.store.read() as unit:
            assert [one.id for one in unit.compliance.runs()] == ["compliance.look:2026-11-24"]
            assert [one.key for one in unit.outbox.unsettled()] == ["compliance.look:2026-11-23"]


def test_the_audit_holds_every_step_of_a_change(yard: Yard) -> None:
    opened(yard)
    noted = yard.noted()
    assert noted[:3] == ["opened", "authorised", "begun"]
    assert noted[-1] == "done"
    assert noted.count("handed to the fleet") == noted.count("device fixed") == 8
    assert [one for one in noted if one.startswith("wave")] == ["wave 2 begun", "wave 3 begun"]
