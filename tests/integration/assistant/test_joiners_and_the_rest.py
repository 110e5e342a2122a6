"""Joiners in a whole installation: what erasure and retention leave of them, a reload of the people file, and the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.bootstrap import load_people
from assistant.connections import Misconfigured
from assistant.desk.onboarding.arrivals import arrival_of
from assistant.domain.onboarding import Case, CaseStatus
from assistant.privacy import erase, retain
from tests.support.service import PEOPLE_FILE, firstline
from tests.support.world import World, opened_world

NAME, PRIVATE, DEPARTMENT = "Quetzal Vintergatan", "quetzal@home.example", "Department of Quetzals"
JOIN = """
checklist: join
steps:
  - {id: account, title: Open the account, kind: account, when: -100, owner: "group:it-desk"}
  - {id: access, title: Give access, kind: groups, when: -100, needs: [account], owner: manager, approval: manager, groups: [crm-users]}
  - {id: desk, title: Prepare the desk, kind: task, when: -100, owner: "group:it-desk", text: "For {name} in {department}."}
  - {id: welcome, title: Welcome, kind: notify, when: -100, needs: [account], owner: "group:it-desk", to: [joiner, manager], text: "Welcome {name}."}
"""


def begun(world: World, **changes: Any) -> Case:
    now = world.clock.now()
    day = (now + timedelta(days=14)).date().isoformat()
    said = {"event": "join", "employee": "E-99", "at": now.isoformat(), "name": NAME, "first_day": day, "manager": "johan.ekstrom"}
    said |= {"private_email": PRIVATE, "department": DEPARTMENT}
    practice = world.assistant.practices.joiners
    case = practice.take_in(arrival_of(said | changes, now), "karin.sjoberg", "form")
    world.assistant.carrier.drain()
    return practice.case(case.id)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "join.yaml").write_text(JOIN)
    return tmp_path / "lists"


def left_in(home: Path, *words: str) -> dict[str, list[str]]:
    files = [path for path in home.rglob("*") if path.is_file() and "models" not in path.relative_to(home).parts]
    found = {word: [str(path.relative_to(home)) for path in files if word.lower().encode() in path.read_bytes().lower()] for word in words}
    return {word: names for word, names in found.items() if names}


@pytest.mark.parametrize("called_off", [False, True])
def test_nothing_of_a_newcomer_is_left_after_an_erasure(demo_home: Path, lists: Path, called_off: bool) -> None:
    with opened_world(demo_home, joiners_folder=lists) as world:
        case = begun(world)
        assert case.person == "quetzal.vintergatan"
        assert {one.step: one.status.value for one in case.steps} == {"account": "done", "access": "asked", "desk": "asked", "welcome": "done"}
        if called_off:
            world.assistant.practices.joiners.withdraw(case.id, "karin.sjoberg")
            world.assistant.carrier.drain()
            assert world.assistant.practices.joiners.case(case.id).status is CaseStatus.WITHDRAWN
        assert left_in(demo_home, NAME, PRIVATE, DEPARTMENT).keys() == {NAME, PRIVATE, DEPARTMENT}
        erased = erase(world.assistant, case.person)
        assert erased.counts["cases of joining and leaving"] >= 1
        assert called_off or any("was not finished" in line for line in erased.elsewhere)
        assert left_in(demo_home, NAME, PRIVATE, case.person) == {}
        assert world.audit_faults() == []
        assert world.assistant.directory.person(case.person) is None


def test_a_case_that_is_over_goes_with_its_time_and_one_that_is_open_stays(demo_home: Path, lists: Path) -> None:
    with opened_world(demo_home, joiners_folder=lists) as world:
        over, still = begun(world), begun(world, employee="E-98", name="Ada Ny")
        world.assistant.practices.joiners.withdraw(over.id, "karin.sjoberg")
        world.assistant.carrier.drain()
        world.clock.advance(timedelta(days=400))
        retain(world.assistant)
        with world.assistant.store.read() as unit:
            assert unit.joiners.load(over.id) is None
            assert unit.joiners.load(still.id) is not None


def test_an_account_that_was_opened_here_outlives_a_reload_of_the_people_file(demo_home: Path, lists: Path) -> None:
    with opened_world(demo_home, joiners_folder=lists) as world:
        case = begun(world)
        load_people(world.assistant, PEOPLE_FILE)
        found = world.assistant.directory.person(case.person)
        assert found is not None
        assert (found.name, found.manager, found.recovery) == (NAME, "johan.ekstrom", PRIVATE)


def test_a_checklist_that_cannot_be_used_stops_the_start_and_says_why(demo_home: Path, lists: Path) -> None:
    (lists / "join.yaml").write_text(JOIN.replace("needs: [account]", "needs: [acount]"))
    with pytest.raises(Misconfigured, match="step access needs acount, and there is no such step"), opened_world(demo_home, joiners_folder=lists):
        pass


def test_the_commands_begin_show_and_call_off_a_case(demo_home: Path, lists: Path) -> None:
    day = "2027-01-11"
    start = ["joiners", "start", "join", "E-5", "--name", "Lena Holm", "--first-day", day, "--manager", "johan.ekstrom", "--json"]
    begun_ = firstline(demo_home, *start, joiners_folder=str(lists))
    assert begun_.returncode == 0, begun_.stderr
    case = json.loads(begun_.stdout)
    assert (case["person"], case["day"], case["status"]) == ("lena.holm", day, "running")
    listed = firstline(demo_home, "joiners", "list", joiners_folder=str(lists))
    assert "Lena Holm" in listed.stdout
    refused = firstline(demo_home, "joiners", "step", case["id"], "access", "undo", joiners_folder=str(lists))
    assert refused.returncode == 1
    assert "Only what was done can be taken back." in refused.stderr
    off = firstline(demo_home, "joiners", "withdraw", case["id"], "--json", joiners_folder=str(lists))
    assert json.loads(off.stdout)["status"] == "withdrawn", off.stderr
    checked = firstline(demo_home, "joiners", "check", joiners_folder=str(lists))
    assert checked.returncode == 0, checked.stdout
    (lists / "bad.yaml").write_text(JOIN.replace("crm-users", "no-such-group"))
    bad = firstline(demo_home, "joiners", "check", str(lists / "bad.yaml"))
    assert bad.returncode == 1
    assert "the group no-such-group is given, and the directory has no such group" in bad.stdout
