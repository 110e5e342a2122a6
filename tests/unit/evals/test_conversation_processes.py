"""Each play has a process of its own; one that dies or hangs is a failed play and holds up no other."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from evals.conversations import run
from evals.conversations.case import Case, Named
from evals.conversations.played import Left, Played


def named(name: str) -> Named:
    case = {"title": "Mailbox", "group": "answerable", "person": "maria.santos", "says": "Hi", "goal": {}, "expect": {"state": "resolved"}}
    return Named(name=name, case=Case.model_validate(case))


def child(pipe: Connection, case: Named, repeat: int, way: run.Way, place: Path, template: Path) -> None:
    """Stands in for a play: the name of the case says what becomes of it."""
    place.mkdir()
    if case.name == "a/dies":
        os._exit(3)
    if case.name == "a/hangs":
        time.sleep(60)
    pipe.send(Played(case=case.name, repeat=repeat, left=Left(state="resolved", subject=os.environ.get("FIRSTLINE_DATABASE_URL", ""))))
    os._exit(0)


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "_import_all", lambda: None)
    monkeypatch.setattr(run, "demo_template", lambda *_: tmp_path)
    monkeypatch.setattr(run, "_child", child)
    monkeypatch.setattr(run, "PLAY_SECONDS", 1.0)


def outcomes(names: list[str], tmp_path: Path, **way: Any) -> dict[str, list[str]]:
    tried = run.play_all([named(name) for name in names], run.Way(**way), tmp_path, tmp_path, lambda _: None)
    return {one.named.name: [play.broken for play in one.plays] for one in tried}


def test_a_process_that_dies_is_a_play_that_failed(tmp_path: Path) -> None:
    assert outcomes(["a/dies", "a/fine"], tmp_path) == {"a/dies": ["the process of the service died"], "a/fine": [""]}


def test_a_play_that_hangs_is_ended_and_the_others_go_on(tmp_path: Path) -> None:
    found = outcomes(["a/hangs", *(f"a/fine{number}" for number in range(6))], tmp_path)
    assert found.pop("a/hangs") == ["the play did not end within 1 seconds"]
    assert set(map(tuple, found.values())) == {("",)}


def test_every_repeat_of_every_case_is_played_and_nothing_is_left_behind(tmp_path: Path) -> None:
    found = outcomes(["a/one", "a/two", "a/three"], tmp_path, repeat=4, at_once=3)
    assert {name: len(plays) for name, plays in found.items()} == {"a/one": 4, "a/two": 4, "a/three": 4}
    assert list(tmp_path.iterdir()) == []


def test_settings_from_outside_do_not_reach_a_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_DATABASE_URL", "postgresql://real")
    monkeypatch.chdir(tmp_path)
    run._alone(tmp_path)
    assert "FIRSTLINE_DATABASE_URL" not in os.environ
    assert Path.cwd() == tmp_path
