"""Actions that a practice of the desk begins from its records: decided like others, by the managers of whom they touch, and once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.agent.tools.registry import TOOLS
from assistant.agent.tools.tool import Tool, Undo
from assistant.desk.fulfilment import RUN, Moved, NotYours
from assistant.domain.action import Action, Effect, Label, Plan, Status
from assistant.domain.approval import ApprovalStatus
from assistant.domain.configuration import Organisation, Person
from assistant.governance.approvals import NotAllowed
from assistant.governance.policy import Facts, Policy
from assistant.governance.policy_file import PACKAGED, parse_policy
from assistant.governance.wishes import Wish
from assistant.ports.store import ActionChanged, UnitOfWork
from tests.support.workshop import MADE, Workshop

CHAINS = """
[chains.board]
hours = 48
remind_hours = 12
stages = [{ role = "group:board" }]

[chains.boss]
hours = 48
remind_hours = 12
stages = [{ role = "manager" }]

[tools.open_door]
tier = "own"
auto = 0.5
review = 0.5
per_day = 3
touches_at_most = 5

[tools.by_board]
tier = "approval"
auto = 0.5
review = 0.5
per_day = 3
chain = "board"
touches_at_most = 5

[tools.by_boss]
tier = "approval"
auto = 0.5
review = 0.5
per_day = 100
chain = "boss"
touches_at_most = 5
"""
PLAN = Plan("Open the door", ("Open it.",), "one door", "It can be closed.")
BOARD = frozenset({"board"})
COMPANY = replace(MADE, people=(*MADE.people, Person("dan", "Dan Foss", "dan@x.example", groups=BOARD), Person("eve", "Eve Gad", groups=BOARD)))


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Status]]:
    """What the practice was told, with its three tools registered."""
    told: list[tuple[str, Status]] = []

    def inside(_unit: UnitOfWork, _action: Action, _at: datetime) -> dict[str, Any]:
        return {"changed": True}

    def tell(_unit: UnitOfWork, action: Action, _at: datetime) -> None:
        told.append((action.id, action.status))

    def undo(_action: Action) -> Undo:
        return Undo("open_door", {})

    for name in ("open_door", "by_board", "by_boss"):
        monkeypatch.setitem(TOOLS, name, Tool(name, Effect.WRITE, "Open a door.", inside=inside, ended=tell, undo=undo, offered=False))
    return told


def policy() -> Policy:
    return parse_policy(PACKAGED.read_text() + CHAINS, "test")


@pytest.fixture
def workshop(ended: list[tuple[str, Status]]) -> Iterator[Workshop]:
    del ended
    made = Workshop(MemoryStore(0.78), policy=policy(), made=COMPANY)
    yield made
    made.close()


def begin(workshop: Workshop, tool: str, subject: str = "ch_1", about: str = "ch_1", touches: int = 1, reversible: bool = True, **more: str) -> Moved:
    wish = Wish(tool, {"door": "north", **more}, PLAN, Facts(tool, touches=touches, reversible=reversible))
    with workshop.store.write() as unit:
        return workshop.acting.fulfilment.begin_for_practice(unit, wish, subject, workshop.clock.now(), about)


def now(workshop: Workshop, moved: Moved) -> Action:
    return workshop.action(moved.action.id)


def test_what_nobody_has_to_agree_to_is_done_at_once_and_its_practice_hears_of_it(workshop: Workshop, ended: list[tuple[str, Status]]) -> None:
    moved = begin(workshop, "open_door")
    assert moved.action.status is Status.READY
    workshop.carry()
    done = now(workshop, moved)
    assert (done.status, done.actor, done.conversation, done.facts["label"]) == (Status.DONE, "firstline", "ch_1", Label.RECORD.value)
    assert ended == [(done.id, Status.DONE)]


def test_the_same_wish_about_the_same_record_is_one_action(workshop: Workshop) -> None:
    first, again, other = begin(workshop, "open_door"), begin(workshop, "open_door"), begin(workshop, "open_door", about="ch_2")
    assert first.action.id == again.action.id != other.action.id
    workshop.carry()
    assert begin(workshop, "open_door").action.status is Status.DONE


def test_a_group_approves_and_only_its_members(workshop: Workshop, ended: list[tuple[str, Status]]) -> None:
    moved = begin(workshop, "by_board")
    assert moved.action.status is Status.AWAITING
    assert {one.body["person"] for one in workshop.entries("notice")} == {"dan", "eve"}
    with pytest.raises(NotAllowed):
        workshop.approve(moved.action, "bo")
    workshop.approve(moved.action, "dan")
    workshop.carry()
    assert now(workshop, moved).status is Status.DONE
    assert ended == [(moved.action.id, Status.DONE)]


def test_the_manager_of_whom_it_touches_approves_and_the_subject_does_not(workshop: Workshop) -> None:
    moved = begin(workshop, "by_boss", subject="ann")
    with pytest.raises(NotAllowed):
        workshop.approve(moved.action, "ann")
    with pytest.raises(NotAllowed):
        workshop.approve(moved.action, "cy")
    workshop.approve(moved.action, "bo")
    workshop.carry()
    assert now(workshop, moved).status is Status.DONE


def test_of_somebody_who_is_not_in_the_directory_yet_the_record_names_the_manager(workshop: Workshop) -> None:
    moved = begin(workshop, "by_boss", subject="new.joiner", manager="cy")
    workshop.approve(moved.action, "cy")
    workshop.carry()
    assert now(workshop, moved).status is Status.DONE
    nobody = begin(workshop, "by_boss", subject="new.joiner")
    assert nobody.action.status is Status.REFUSED
    assert nobody.why == "there are not enough people to approve it as manager"


def test_the_directory_and_not_the_record_says_who_the_manager_of_a_known_person_is(workshop: Workshop) -> None:
    moved = begin(workshop, "by_boss", subject="ann", manager="cy")
    with pytest.raises(NotAllowed):
        workshop.approve(moved.action, "cy")


def test_a_no_ends_it_and_its_practice_hears_of_it(workshop: Workshop, ended: list[tuple[str, Status]]) -> None:
    moved = begin(workshop, "by_board")
    workshop.deciding.decide(workshop.person("eve"), moved.action.id, False, moved.action.hash, "")
    assert now(workshop, moved).status is Status.REFUSED
    assert ended == [(moved.action.id, Status.REFUSED)]


def test_it_expires_when_nobody_decides(workshop: Workshop, ended: list[tuple[str, Status]]) -> None:
    moved = begin(workshop, "by_board")
    workshop.clock.advance(timedelta(hours=12))
    workshop.carry()
    assert any(one.startswith("Still waiting") for one in (note.subject for note in workshop.notifier.sent.values()))
    workshop.clock.advance(timedelta(hours=36))
    workshop.carry()
    assert now(workshop, moved).status is Status.EXPIRED
    assert ended == [(moved.action.id, Status.EXPIRED)]


def test_an_approver_who_saw_something_else_approves_nothing(workshop: Workshop) -> None:
    moved = begin(workshop, "by_board")
    with pytest.raises(NotAllowed, match="not what would be done"):
        workshop.deciding.decide(workshop.person("dan"), moved.action.id, True, "0" * 64, "")


@pytest.mark.parametrize("altered", [{"touches": "4"}, {"door": "south"}])
def test_what_was_altered_after_the_approval_does_not_run(workshop: Workshop, altered: dict[str, str]) -> None:
    moved = begin(workshop, "by_board")
    workshop.approve(moved.action, "dan")
    with workshop.store.write() as unit:
        stored = unit.actions.load(moved.action.id)
        assert stored is not None
        unit.actions.save(replace(stored, arguments={**stored.arguments, **altered}))
    workshop.carry()
    assert now(workshop, moved).status is Status.REFUSED


def test_what_it_touches_is_counted_by_its_arguments_and_not_by_what_was_noted(workshop: Workshop) -> None:
    moved = begin(workshop, "by_board", touches=6)
    assert (moved.action.status, moved.why) == (Status.REFUSED, "people only: blast radius")


def test_an_approver_who_left_the_group_meanwhile_did_not_approve(workshop: Workshop) -> None:
    moved = begin(workshop, "by_board")
    workshop.approve(moved.action, "dan")
    workshop.workplace.replace(replace(COMPANY, people=tuple(replace(one, groups=frozenset()) if one.id == "dan" else one for one in COMPANY.people)))
    workshop.carry()
    assert now(workshop, moved).status is Status.REFUSED


def test_what_cannot_be_undone_and_has_no_chain_is_left_to_people(workshop: Workshop) -> None:
    moved = begin(workshop, "open_door", reversible=False)
    assert moved.action.status is Status.REFUSED
    assert "cannot be undone" in moved.why


def test_the_limit_of_a_tool_holds_and_the_limit_of_a_person_does_not(workshop: Workshop) -> None:
    for number in range(20):
        assert begin(workshop, "by_boss", subject="ann", about=f"j_{number}").action.status is Status.AWAITING
    begun = [begin(workshop, "open_door", about=f"ch_{number}").action.status for number in range(4)]
    assert begun == [Status.READY] * 3 + [Status.REFUSED]


def test_it_can_be_called_off_until_it_runs(workshop: Workshop) -> None:
    waiting, ready, done = begin(workshop, "by_board"), begin(workshop, "open_door"), begin(workshop, "open_door", about="ch_3")
    fulfilment, at = workshop.acting.fulfilment, workshop.clock.now()
    with workshop.store.write() as unit:
        for one in (waiting, ready):
            assert fulfilment.call_off(unit, one.action.id, "not needed any more", at) is not None
    workshop.carry()
    assert [now(workshop, one).status for one in (waiting, ready, done)] == [Status.CANCELLED, Status.REFUSED, Status.DONE]
    with workshop.store.write() as unit:
        assert fulfilment.call_off(unit, done.action.id, "too late", at) is None
        approval = unit.approvals.load(waiting.action.id)
    assert approval is not None
    assert approval.status is ApprovalStatus.WITHDRAWN


def test_nobody_presses_or_drops_it_even_under_the_name_of_the_service(workshop: Workshop) -> None:
    moved, fulfilment = begin(workshop, "by_board"), workshop.acting.fulfilment
    for person in (workshop.person("ann"), Person("firstline", "Mallory")):
        for act in (fulfilment.press, fulfilment.drop):
            with workshop.store.write() as unit, pytest.raises(NotYours):
                act(unit, moved.action.id, person, workshop.clock.now())


def test_it_survives_a_restart_before_its_approval_and_before_it_runs(ended: list[tuple[str, Status]]) -> None:
    store = MemoryStore(0.78)
    first = Workshop(store, policy=policy(), made=COMPANY)
    moved = begin(first, "by_board")
    first.close()
    second = Workshop(store, policy=policy(), made=COMPANY)
    second.approve(moved.action, "dan")
    second.close()
    third = Workshop(store, policy=policy(), made=COMPANY)
    third.carry()
    third.carry()
    assert third.action(moved.action.id).status is Status.DONE
    assert ended == [(moved.action.id, Status.DONE)]
    third.close()


def test_an_agent_takes_it_back_as_any_other(workshop: Workshop) -> None:
    moved = begin(workshop, "open_door")
    workshop.carry()
    workshop.deciding.undo(moved.action.id, workshop.person("fay"))
    workshop.carry()
    assert now(workshop, moved).status is Status.REVERTED


@pytest.mark.parametrize("about", ["", "x" * 41])
def test_what_it_is_about_has_a_length(workshop: Workshop, about: str) -> None:
    with pytest.raises(ValueError, match="1 to 40"):
        begin(workshop, "open_door", about=about)


def test_two_that_begin_it_at_once_begin_one(workshop: Workshop) -> None:
    moved = begin(workshop, "open_door")
    with pytest.raises(ActionChanged), workshop.store.write() as unit:
        unit.actions.add(moved.action)
    assert [one.key for one in workshop.entries(RUN)] == [f"{RUN}:{moved.action.id}"]


def test_the_company_of_these_tests_has_a_board() -> None:
    assert isinstance(COMPANY, Organisation)
    assert sorted(one.id for one in COMPANY.people if one.groups >= BOARD) == ["dan", "eve"]
