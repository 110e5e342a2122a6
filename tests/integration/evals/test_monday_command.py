"""The command `firstline demo monday`: what it refuses before it plays anything, and that its script is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.adapters.store.organisation import read_people_file
from assistant.desk.onboarding.checklist import read_checklist, unknown_names
from assistant.governance.policy_file import load_policy
from assistant.settings import Settings
from evals.monday.place import CHECKLISTS, MARK, POLICY, NotHere, clear, environment, prepare
from evals.monday.scenes import SCENES
from evals.monday.script import read_script
from evals.weeks.cli import app
from tests.support.service import PEOPLE_FILE


def test_a_scene_that_is_none_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["monday", "--from", "noon", "--into", str(tmp_path / "home")])
    assert said.exit_code == 2
    assert "there is no scene noon" in said.stderr
    assert "10:15" in said.stderr
    assert not (tmp_path / "home").exists()


def test_a_folder_that_no_monday_made_stays_as_it_is(model_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_HOME", str(model_home))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "firstline.db").write_text("mine")
    said = CliRunner().invoke(app, ["monday", "--into", str(tmp_path / "mine")])
    assert said.exit_code == 2
    assert "no Monday made" in said.stderr
    assert (tmp_path / "mine" / "firstline.db").read_text() == "mine"


def test_a_monday_before_gives_way_and_an_empty_folder_is_fine(tmp_path: Path) -> None:
    assert not clear(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    assert not clear(tmp_path / "empty")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / MARK).write_text("{}")
    (tmp_path / "old" / "models").symlink_to(tmp_path / "empty")
    assert clear(tmp_path / "old")
    assert not (tmp_path / "old").exists()
    assert (tmp_path / "empty").exists(), "the models that it shared stay"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").touch()
    with pytest.raises(NotHere):
        clear(tmp_path / "full")


def test_every_scene_is_played_in_the_order_of_its_time() -> None:
    script = read_script()
    assert [one.at for one in script.scenes] == sorted(one.at for one in script.scenes)
    assert {one.id for one in script.scenes} == set(SCENES)
    assert script.scenes[0].at == script.begins


def test_whom_and_what_the_script_names_is_in_the_demo_company() -> None:
    facts, made = read_script().facts, read_people_file(PEOPLE_FILE)[0]
    people, devices = {one.id for one in made.people}, {one.id: one for one in made.devices}
    named = {facts["vpn"]["person"], facts["alerts"]["owner"], facts["joiner"]["manager"], facts["joiner"]["engineer"], facts["fleet"]["operator"]}
    named |= {facts["recorded"]["by"], facts["erp"]["analyst"], facts["erp"]["later"]["id"], *(one["id"] for one in facts["erp"]["people"])}
    assert named <= people
    failed = [device for one in facts["alerts"]["deliveries"] for device in one["devices"]]
    assert len(failed) == len(set(failed)) == 14
    assert {devices[one].platform.value for one in [*failed, *facts["fleet"]["devices"]]} == {"windows"}
    assert len(set(facts["fleet"]["devices"])) == 8
    assert {facts["recorded"]["service"], facts["erp"]["service"]} <= {one.id for one in made.services}
    checklist = read_checklist((CHECKLISTS / "join.yaml").read_text(encoding="utf-8"), "join.yaml")
    assert unknown_names(checklist, made.group_names(), frozenset(people)) == []


def test_its_place_can_be_served_with_the_settings_that_it_names(model_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    prepare(home, model_home / "models", lambda _: None)
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.demo_clock
    assert settings.home == home
    assert settings.alert_sources["updates"].secret.get_secret_value() != settings.hr_hook_secret.get_secret_value()
    risks = {one.name: one.devices_at_most for one in load_policy(home / POLICY).practices["changes"].risks}
    assert risks["low"] < len(read_script().facts["fleet"]["devices"]) <= risks["medium"], "eight devices need somebody's word"
