"""Late steps, moved days, empty stocks, people who do not come, and steps that are taken back or done by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.desk.onboarding.arrivals import ArrivalRefused
from assistant.domain.action import Status
from assistant.domain.onboarding import CaseStatus
from assistant.domain.ticket import TicketBody, TicketDraft, TicketStatus
from assistant.ports.identity import NoSuchAccount
from assistant.workflows.joiner_steps import Doing
from assistant.workflows.joining import NotNow
from tests.support.joiner_bench import JOIN, JOINS, LEAVES, MONDAY, JoinerBench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE_ACCOUNT, AFTER_ACCOUNT = datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
LEAVING = datetime(2026, 11, 13, 16, 0, tzinfo=UTC)


@pytest.fixture
def bench() -> JoinerBench:
    return JoinerBench()


def subjects(bench: JoinerBench, address: str) -> list[str]:
    return [subject for to, subject in bench.mails() if to == address]


class TestLateSteps:
    def test_the_owner_is_reminded_once_and_then_the_named_person_once(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(datetime(2026, 11, 25, 6, tzinfo=UTC))
        assert not any("ate" in subject for _, subject in bench.mails() if "Late" in subject)
        bench.until(datetime(2026, 11, 25, 8, tzinfo=UTC))
        assert subjects(bench, "bo@x.example")[-1:] == ["Late: Give access, Åsa Zoë Lind"]
        assert subjects(bench, "cy@x.example") == []
        bench.until(datetime(2026, 11, 26, 12, tzinfo=UTC))
        assert subjects(bench, "cy@x.example") == ["Still late: Give access, Åsa Zoë Lind"]
        bench.until(datetime(2026, 11, 29, 12, tzinfo=UTC))
        assert subjects(bench, "cy@x.example") == ["Still late: Give access, Åsa Zoë Lind"]
        assert subjects(bench, "bo@x.example").count("Late: Give access, Åsa Zoë Lind") == 1
        texts = [one.text for one in bench.notifier.sent.values() if one.subject.endswith("ate: Give access, Åsa Zoë Lind")]
        assert len(texts) == 2
        assert all(re.search(r"due on \d\d November 2026 \d\d:\d\d CET", text) for text in texts)
        assert bench.state(case, "groups").escalated_at is not None

    def test_what_is_done_in_time_nobody_is_reminded_of(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(AFTER_ACCOUNT)
        bench.decide(case, "groups")
        bench.until(AFTER_ACCOUNT + 4 * DAY)
        assert not any(subject.startswith(("Late", "Still late")) for _, subject in bench.mails())

    def test_the_manager_hears_by_name_what_is_missing_on_the_first_day(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(datetime(2026, 11, 30, 7, 1, tzinfo=UTC))
        state = bench.state(case, "day-one")
        assert state.why == "missing: the group ledger; the group sales; “Read the rules” is not done; “Prepare the desk” is not done"
        (mail,) = [one for one in bench.notifier.sent.values() if one.subject == "Not everything is there for Åsa Zoë Lind"]
        assert mail.address == "bo@x.example"
        assert "- the group sales" in mail.text
        bench.joiners.acknowledge(case.id, "rules", bench.joiners.around.code(case, "rules"))
        bench.close_ticket(case, "desk")
        bench.joiners.again(case.id, "groups", "fay") if bench.statuses(case)["groups"] == "failed" else None
        bench.carry()
        bench.decide(case, "groups")
        bench.until(datetime(2026, 11, 30, 9, tzinfo=UTC))
        done = bench.case(case)
        assert done.status is CaseStatus.DONE
        assert not done.is_ready, "what counts is what was there at the first look"


class TestTheStock:
    def test_an_empty_stock_is_waited_for_and_said(self) -> None:
        bench = JoinerBench(made=JoinerBench().made)
        bench.inventory.reserve("k1", "x")
        bench.inventory.reserve("k2", "y")
        case = bench.begun()
        bench.until(datetime(2026, 11, 17, 12, tzinfo=UTC))
        assert bench.statuses(case)["laptop"] == "doing"
        bench.inventory.release("k2")
        bench.until(datetime(2026, 11, 17, 14, tzinfo=UTC))
        assert bench.state(case, "laptop").result["device"] == "d2"

    def test_a_laptop_that_is_taken_back_is_in_stock_again(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(datetime(2026, 11, 17, 12, tzinfo=UTC))
        bench.joiners.undo(case.id, "laptop", "fay")
        bench.carry()
        assert bench.statuses(case)["laptop"] == "undone"
        assert [one.id for one in bench.inventory.stock()] == ["d1", "d2"]
        bench.joiners.again(case.id, "laptop", "fay")
        bench.carry()
        assert bench.state(case, "laptop").result["device"] == "d1"


def test_a_laptop_that_device_management_finds_wanting_is_named_on_the_first_day(bench: JoinerBench) -> None:
    case = bench.begun()
    bench.until(datetime(2026, 11, 17, 12, tzinfo=UTC))
    wanting = replace(bench.inventory.stock()[0], id="d1", compliant=False)
    doing = Doing(replace(bench.joiners.around, managed=lambda _device: wanting))
    assert "the laptop Latitude 1 is not compliant" in doing.missing(bench.case(case))
    assert "the laptop Latitude 1 is not compliant" not in Doing(bench.joiners.around).missing(bench.case(case))


class TestMovedDays:
    def test_what_has_not_begun_follows_the_day_and_the_old_errands_do_nothing(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.says({"event": "change", "employee": "E-7", "first_day": "2026-12-14"})
        assert bench.state(case, "account").due_at == datetime(2026, 12, 7, 7, tzinfo=UTC)
        bench.until(datetime(2026, 12, 1, tzinfo=UTC))
        assert bench.statuses(case)["account"] == "waiting"
        assert bench.statuses(case)["laptop"] == "done", "ten working days before is the last of November"
        assert ("bo@x.example", "Åsa Zoë Lind: another date") in bench.mails()
        bench.until(datetime(2026, 12, 7, 9, tzinfo=UTC))
        assert bench.statuses(case)["account"] == "done"

    def test_a_day_that_comes_sooner_makes_everything_due_at_once(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.says({"event": "change", "employee": "E-7", "first_day": "2026-11-04"})
        bench.until(MONDAY + HOUR)
        assert bench.statuses(case)["account"] == "done"
        assert bench.statuses(case)["groups"] == "asked"

    def test_a_day_that_has_come_is_not_moved_any_more(self, bench: JoinerBench) -> None:
        bench.begun()
        bench.until(datetime(2026, 12, 1, tzinfo=UTC), 6 * HOUR)
        with pytest.raises(ArrivalRefused, match="the day has come already"):
            bench.says({"event": "change", "employee": "E-7", "first_day": "2026-12-14"})


class TestCalledOff:
    def test_everything_that_was_done_is_taken_back(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(AFTER_ACCOUNT)
        bench.decide(case, "groups")
        bench.until(datetime(2026, 11, 25, 12, tzinfo=UTC))
        bench.says({"event": "withdrawn", "employee": "E-7"})
        bench.carry()
        assert bench.case(case).status is CaseStatus.WITHDRAWN
        account = bench.known.account("asa.lind")
        assert (account.active, account.groups) == (False, frozenset())
        assert [one.id for one in bench.inventory.stock()] == ["d1", "d2"]
        assert bench.statuses(case) == {
            "laptop": "undone",
            "account": "undone",
            "groups": "undone",
            "rules": "skipped",
            "desk": "skipped",
            "welcome": "skipped",
            "day-one": "skipped",
            "begin": "skipped",
        }
        with bench.store.read() as unit:
            assert [one.status for one in unit.tickets.all()] == [TicketStatus.CLOSED]
        assert ("bo@x.example", "Åsa Zoë Lind: called off") in bench.mails()

    def test_an_approval_that_was_asked_for_is_withdrawn_and_counts_no_more(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(AFTER_ACCOUNT)
        action = bench.action(case, "groups")
        bench.joiners.withdraw(case.id, "hanna")
        bench.carry()
        with bench.store.read() as unit:
            ended = unit.actions.load(action.id)
        assert ended is not None
        assert ended.status is Status.CANCELLED
        assert bench.known.account("asa.lind").groups == frozenset()

    def test_nothing_is_left_of_somebody_for_whom_nothing_was_done_yet(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.says({"event": "withdrawn", "employee": "E-7"})
        bench.until(datetime(2026, 12, 1, tzinfo=UTC), 6 * HOUR)
        assert bench.case(case).status is CaseStatus.WITHDRAWN
        with pytest.raises(NoSuchAccount):
            bench.known.account("asa.lind")


class TestApprovals:
    def test_a_no_ends_the_step_and_gives_nothing(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(AFTER_ACCOUNT)
        bench.decide(case, "groups", approves=False)
        state = bench.state(case, "groups")
        assert (state.status.value, state.why) == ("failed", "an approver said no")
        assert bench.known.account("asa.lind").groups == frozenset()

    def test_tried_again_it_is_another_request_over_the_same_list(self, bench: JoinerBench) -> None:
        case = bench.begun()
        bench.until(AFTER_ACCOUNT)
        first = bench.action(case, "groups")
        bench.decide(case, "groups", approves=False)
        bench.joiners.again(case.id, "groups", "fay")
        bench.carry()
        second = bench.action(case, "groups")
        assert (second.id != first.id, second.plan.lines) == (True, first.plan.lines)
        bench.decide(case, "groups")
        assert bench.known.account("asa.lind").groups == {"sales", "ledger"}

    def test_a_group_that_only_people_give_is_refused_with_its_name(self) -> None:
        bench = JoinerBench(join=JOIN.replace("[sales, ledger]", "[sales, it-desk]"))
        case = bench.begun()
        bench.until(AFTER_ACCOUNT)
        state = bench.state(case, "groups")
        assert state.status.value == "failed"
        assert state.why == "it-desk may only be given by people; make it a task of the checklist"

    def test_the_request_and_the_audit_hold_no_word_of_the_person(self, bench: JoinerBench) -> None:
        bench.begun()
        bench.until(AFTER_ACCOUNT)
        with bench.store.read() as unit:
            bodies = [record.body for record in unit.audit.read()]
            arguments = [one.arguments for one in unit.actions.latest()]
        assert bodies
        assert not any("home.example" in body or "Lind" in body for body in bodies)
        assert not any("home.example" in str(one) or "Lind" in str(one) for one in arguments)


class TestLeavers:
    def test_an_urgent_leaver_has_no_access_any_more_at_once(self, bench: JoinerBench) -> None:
        bench.begun(LEAVES, leaving_at="now")
        bench.carry()
        account = bench.known.account("ann")
        assert (account.active, account.groups) == (False, frozenset())

    def test_tickets_are_handed_over_and_what_was_worked_on_goes_back(self, bench: JoinerBench) -> None:
        with bench.store.write() as unit:
            own = unit.tickets.create(TicketDraft("a", "ann", "Mine", "service-desk", "vpn", TicketBody("b")), MONDAY)
            worked = unit.tickets.create(TicketDraft("b", "cy", "Theirs", "service-desk", "vpn", TicketBody("b"), assignee="ann"), MONDAY)
        bench.begun(LEAVES, leaving_at="now")
        bench.carry()
        with bench.store.read() as unit:
            mine, theirs = unit.tickets.ticket(own.id), unit.tickets.ticket(worked.id)
        assert mine is not None and theirs is not None
        assert mine.notes[-1].text == "Ann Berg has left. Bo Ek answers for this now."
        assert not mine.notes[-1].public
        assert theirs.assignee == ""

    def test_somebody_who_stays_after_all_has_everything_back(self, bench: JoinerBench) -> None:
        case = bench.begun(LEAVES, leaving_at="now")
        bench.carry()
        bench.says({"event": "withdrawn", "employee": "E-1", "of": "leave"})
        bench.carry()
        account = bench.known.account("ann")
        assert (account.active, account.groups) == (True, {"sales", "ledger"})
        assert bench.case(case).status is CaseStatus.WITHDRAWN

    def test_a_joiner_who_leaves_before_everything_was_done_gets_nothing_more(self, bench: JoinerBench) -> None:
        joining = bench.begun()
        bench.until(AFTER_ACCOUNT)
        bench.begun({"event": "leave", "employee": "E-7", "leaving_at": "now"})
        bench.carry()
        assert bench.case(joining).status is CaseStatus.DONE
        assert bench.statuses(joining)["groups"] == "skipped"
        bench.until(AFTER_ACCOUNT + 10 * DAY, 6 * HOUR)
        assert bench.known.account("asa.lind").groups == frozenset()

    def test_nobody_leaves_whom_the_directory_does_not_know(self, bench: JoinerBench) -> None:
        with pytest.raises(ArrivalRefused, match="knows nobody of this account"):
            bench.says(LEAVES | {"account": "nobody"})


def test_only_what_waits_for_people_or_failed_is_done_by_hand(bench: JoinerBench) -> None:
    case = bench.begun()
    bench.until(AFTER_ACCOUNT)
    with pytest.raises(NotNow):
        bench.joiners.done_by_hand(case.id, "groups", "fay")
    bench.until(datetime(2026, 11, 25, 12, tzinfo=UTC))
    bench.joiners.done_by_hand(case.id, "desk", "fay")
    with bench.store.read() as unit:
        assert [one.status for one in unit.tickets.all()] == [TicketStatus.RESOLVED]
    assert bench.state(case, "desk").by == "fay"


def test_two_who_are_called_alike_get_two_accounts(bench: JoinerBench) -> None:
    assert [bench.begun().person, bench.begun(employee="E-8").person] == ["asa.lind", "asa.lind2"]


def test_a_changed_checklist_changes_no_case_under_way(bench: JoinerBench) -> None:
    case = bench.begun()
    other = JoinerBench(store=bench.store, join=JOIN.replace("[sales, ledger]", "[sales]"))
    assert other.case(case).plan("groups").groups == ("sales", "ledger")
    other.deliveries = bench.deliveries
    assert other.begun(employee="E-8").plan("groups").groups == ("sales",)


def test_hr_says_it_twice_and_nothing_is_done_twice(bench: JoinerBench) -> None:
    case = bench.begun()
    bench.until(AFTER_ACCOUNT, 6 * HOUR)
    again = bench.says(JOINS, at=bench.clock.now().isoformat())
    assert again is not None
    assert again.id == case.id
    assert bench.says(JOINS, "d1") is None
    assert len(bench.inventory.kept_for("asa.lind")) == 1
