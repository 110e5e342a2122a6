"""What a checklist may say, what is refused with which sentence, and when its steps are due."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assistant.desk.onboarding.arrivals import arrival_of
from assistant.desk.onboarding.calendar import WorkCalendar
from assistant.desk.onboarding.cases import account_id, due_of, is_for, opened
from assistant.desk.onboarding.checklist import Checklist, ChecklistError, read_checklist, unknown_names
from assistant.domain.onboarding import CaseKind, Newcomer
from assistant.practising.joiners import PACKAGED, read_checklists
from tests.support.joiner_bench import JOIN, JOINS, LEAVE

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
ACCOUNT = "{id: account, title: T, kind: account, owner: manager, when: -5}"
TASK = "{id: task, title: T, kind: task, owner: manager, text: x"


def joins(*steps: str, head: str = "") -> str:
    return f"checklist: join\n{head}\nsteps:\n" + "\n".join(f"  - {step}" for step in steps)


def leaves(*steps: str) -> str:
    return "checklist: leave\nsteps:\n" + "\n".join(f"  - {step}" for step in steps)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "is no YAML"),
        ("- x", "is no checklist"),
        ("checklist: join\nsteps: []", "steps has to be a list of steps"),
        (joins(ACCOUNT, head="stepz: 1"), "stepz is no key of a checklist"),
        (joins(ACCOUNT).replace("join", "joiner"), "checklist is 'joiner' and has to be join or leave"),
        (joins(ACCOUNT, head="workdays: [mon]"), "workdays has to be a list of days"),
        (joins(ACCOUNT, head="holidays: [christmas]"), "holidays has to be a list of days"),
        (joins(ACCOUNT, head="zones: {Lund: Mars/Base}"), "zones has to name a time zone"),
        (joins("{id: A, title: T, kind: account, owner: manager}"), "'A' is no id of a step"),
        (joins(ACCOUNT, ACCOUNT), "two steps are called account"),
        (joins(ACCOUNT.replace("-5", "soon")), "step account: when is 'soon'"),
        (joins(ACCOUNT.replace("-5", "leaving")), "step account: when is 'leaving'"),
        (joins(ACCOUNT.replace("when: -5", "wenn: -5")), "step account: wenn is no key of a step of kind account"),
        (joins(ACCOUNT.replace("manager", "boss")), "step account: owner is 'boss'"),
        (joins(ACCOUNT.replace("when: -5", "groups: [x]")), "groups is no key of a step of kind account"),
        (joins(ACCOUNT.replace("when: -5", "approval: manager")), "only a step of kind groups is approved"),
        (joins(ACCOUNT.replace("when: -5", "hour: 24")), "hour is 24"),
        (joins(ACCOUNT.replace("when: -5", "late_after: often")), "late_after is 'often'"),
        (joins(ACCOUNT.replace("when: -5", "escalate_to: manager")), "escalate_to is never told of it, because late_after is missing"),
        (joins(ACCOUNT, "{id: g, title: T, kind: groups, owner: manager, groups: [a], needs: [account]}"), "approval: manager has to stand"),
        (joins(ACCOUNT, "{id: g, title: T, kind: groups, owner: manager, groups: [a], approval: manager}"), "step g can never run: it gives groups"),
        (
            joins(ACCOUNT, "{id: g, title: T, kind: groups, owner: manager, groups: [], approval: manager, needs: [account]}"),
            "groups has to be a list",
        ),
        (joins(f"{TASK}, needs: [nothing]}}"), "step task needs nothing, and there is no such step"),
        (joins(f"{TASK}, needs: [task]}}"), "need one another in a circle"),
        (
            joins(f"{TASK}, needs: [b]}}", "{id: b, title: T, kind: task, owner: manager, text: x, needs: [task]}"),
            "the steps task -> b -> task need one another in a circle, so none of them can ever run",
        ),
        (joins(ACCOUNT, f"{TASK}, when: -9, needs: [account]}}"), "step task is due before account, which it needs"),
        (
            joins(
                f"{TASK}, only: {{department: [A]}}}}",
                "{id: b, title: T, kind: task, owner: manager, text: x, needs: [task], only: {department: [B]}}",
            ),
            "no case has both: they name no department in common",
        ),
        (joins(f"{TASK}, only: {{department: []}}}}"), "it can never run: only names no department"),
        (joins(f"{TASK}, only: {{age: [30]}}}}"), "only has age"),
        (joins(TASK.replace("text: x", 'text: "{secret}"') + "}"), "text has secret that it may not have"),
        (joins(TASK.replace("text: x", 'text: "{name.__class__}"') + "}"), "that it may not have"),
        (joins(TASK.replace("text: x", 'text: "{name!r}"') + "}"), "that it may not have"),
        (joins("{id: r, title: T, kind: readiness, owner: manager, when: -1}"), "looks at the first day and is due before it"),
        (joins("{id: a, title: T, kind: access, owner: manager}"), "kind is 'access', and a checklist for join has"),
        (joins("{id: p, title: T, kind: policies, owner: joiner, documents: [{title: a, url: 'http://x'}]}"), "has to be at https://"),
        (leaves("{id: d, title: T, kind: disable, owner: manager, when: 1}"), "has to be leaving"),
        (
            leaves(TASK + "}", "{id: d, title: T, kind: disable, owner: manager, when: leaving, needs: [task]}"),
            "access ends at the moment of leaving",
        ),
        (leaves("{id: d, title: T, kind: disable, owner: manager, when: leaving, hour: 3}"), "hour says nothing"),
    ],
)
def test_what_a_checklist_must_not_say_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ChecklistError) as refused:
        read_checklist(text, "own.yaml")
    assert why in str(refused.value)
    assert all(line.startswith("own.yaml") for line in str(refused.value).splitlines())


def test_every_fault_of_a_file_is_said_at_once() -> None:
    with pytest.raises(ChecklistError) as refused:
        read_checklist(joins(ACCOUNT.replace("-5", "soon"), f"{TASK}, owner: boss, hour: 99}}".replace("owner: manager, ", "")), "own.yaml")
    assert len(str(refused.value).splitlines()) == 3


def test_the_packaged_checklists_can_be_used_and_name_no_group_that_is_given() -> None:
    found = read_checklists(None)
    assert set(found) == set(CaseKind)
    assert all(not one.groups() for one in found.values())


def test_a_folder_replaces_what_it_has_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "join.yaml").write_text(JOIN)
    found = read_checklists(tmp_path)
    assert "groups" in [step.id for step in found[CaseKind.JOIN].steps]
    assert found[CaseKind.LEAVE].version == read_checklist((PACKAGED / "leave.yaml").read_text(), "x").version
    (tmp_path / "leave.yaml").write_text(JOIN)
    with pytest.raises(ChecklistError, match="this file has to be the one for leave"):
        read_checklists(tmp_path)


def test_what_the_directory_does_not_know_is_named() -> None:
    said = unknown_names(read_checklist(JOIN, "x"), frozenset({"sales"}), frozenset())
    assert said == [
        "the group ledger is given, and the directory has no such group",
        "the group it-desk is named, and the directory has no such group",
        "cy is named, and the directory knows nobody of this id",
    ]


def case_of(checklist: Checklist, **who: str):  # type: ignore[no-untyped-def]
    arrival = arrival_of({"at": NOW.isoformat()} | JOINS, NOW)
    return opened(checklist, arrival, Newcomer("Åsa Lind", **who), "asa.lind", "bo", "Europe/Stockholm", "hr", "hr", NOW)


def test_steps_are_due_on_working_days_where_the_person_works() -> None:
    checklist = read_checklist(JOIN.replace("title: A new colleague", "title: X\nholidays: [2026-11-27, 2026-11-26]"), "x")
    laptop = checklist.steps[0]
    for location, hour in (("Lund", 7), ("Boston", 13)):
        case = case_of(checklist, location=location)
        assert due_of(case, laptop, checklist.calendar) == datetime(2026, 11, 12, hour, tzinfo=UTC)


def test_working_days_leave_out_weekends_and_holidays_in_both_directions() -> None:
    calendar = WorkCalendar(holidays=frozenset({date(2026, 12, 25)}))
    assert calendar.working(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert calendar.working(date(2026, 12, 28), -1) == date(2026, 12, 24)
    assert calendar.working(date(2026, 12, 26), 0) == date(2026, 12, 26)


def test_an_hour_that_the_clocks_leave_out_is_a_moment_all_the_same() -> None:
    assert WorkCalendar().moment(date(2026, 3, 29), 2, "Europe/Stockholm") == datetime(2026, 3, 29, 1, tzinfo=UTC)


@pytest.mark.parametrize(("department", "fits"), [("Sales", True), ("sales", True), ("R&D", False), ("", False)])
def test_conditions_leave_out_steps_for_others(department: str, fits: bool) -> None:
    step = read_checklist(joins(f"{TASK}, only: {{department: [Sales, Support]}}}}"), "x").steps[0]
    assert is_for(step, Newcomer("A B", department=department)) == fits


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Åsa Zoë Lind", "asa.lind"),
        ("Søren Æbelø", "soren.aebelo"),
        ("Madonna", "madonna"),
        ("李小龍", "e-7"),
        ("X' OR 1=1 --", "x.1"),
        ("a/../b c", "a.c"),
    ],
)
def test_an_account_gets_first_and_last_name_in_plain_letters(name: str, expected: str) -> None:
    assert account_id(name, "E-7", set()) == expected
    assert account_id(name, "E-7", {expected}) == f"{expected}2"


def test_a_leavers_list_knows_the_moment_of_leaving() -> None:
    checklist = read_checklist(LEAVE, "x")
    assert [step.id for step in checklist.steps if step.leaving] == ["disable", "access", "tickets", "devices"]
