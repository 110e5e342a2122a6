"""The commands that show, accept and undo thresholds, as an operator runs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.judged_answers import judge_answers
from tests.support.service import copy_demo, firstline
from tests.support.world import opened_world


@pytest.fixture(scope="module")
def home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company with two weeks of judged answers."""
    made = copy_demo(tmp_path_factory.mktemp("tuning") / "home", model_home)
    with opened_world(made) as world:
        judge_answers(world.assistant.store, datetime.now(UTC))
    return made


def test_an_operator_accepts_what_is_proposed_and_undoes_it(home: Path) -> None:
    shown = json.loads(firstline(home, "tuning", "show", "--json").stdout)
    proposal = next(one for one in shown["proposals"] if one["where"] == "steps.answer")
    assert [one["step"] for one in shown["calibration"]] == ["understand", "answer", "act"]
    accepted = firstline(home, "tuning", "accept", "steps.answer", str(proposal["proposed"]["auto"]))
    assert accepted.returncode == 0, accepted.stderr
    decision = accepted.stdout.split()[0]
    after = json.loads(firstline(home, "tuning", "show", "--json").stdout)
    assert after["policy"] != after["file"] == shown["policy"]
    assert [(one["id"], one["stands"]) for one in after["decisions"]] == [(decision, "in force")]
    assert "1 accepted threshold" in firstline(home, "doctor").stdout
    assert firstline(home, "tuning", "undo", decision).returncode == 0
    again = firstline(home, "tuning", "undo", decision)
    assert again.returncode == 1
    assert "only once" in again.stderr
    assert "undone" in firstline(home, "tuning", "show").stdout


def test_what_is_not_proposed_is_not_accepted(home: Path) -> None:
    refused = firstline(home, "tuning", "accept", "steps.answer", "0.21")
    assert refused.returncode == 1
    assert "look at the proposals again" in refused.stderr
    assert firstline(home, "tuning", "accept", "ranking").returncode == 1
    assert firstline(home, "tuning", "accept", "steps.answer").returncode == 2
