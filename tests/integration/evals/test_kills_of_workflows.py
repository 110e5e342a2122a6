"""The instrument that kills workflows: it carries a round to its end, and it sees what was lost and what was done twice."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.domain.change import StepState
from evals.kills.change import STRUCK_OFF, ChangeDrill, _opened
from evals.kills.drill import Effects, play


def test_a_change_that_is_killed_again_and_again_is_done_once(tmp_path: Path) -> None:
    tally = play(ChangeDrill(), 6, 3, tmp_path, lambda _line: None)
    assert tally.kills >= 6
    assert (tally.lost, tally.twice) == ([], [])
    assert tally.expected == 12 * tally.rounds


def test_a_build_that_strikes_off_before_it_acts_loses_something(tmp_path: Path) -> None:
    tally = play(ChangeDrill(), 8, 3, tmp_path, lambda _line: None, STRUCK_OFF)
    assert tally.lost


@pytest.fixture
def played(tmp_path: Path) -> Path:
    """A round that came to its end without a kill."""
    drill = ChangeDrill()
    drill.prepare(tmp_path, random.Random(1))
    drill.work(tmp_path, "")
    return tmp_path


def test_an_effect_that_came_twice_under_two_keys_is_seen(played: Path) -> None:
    assert ChangeDrill().account(played).twice == ()
    Effects(played / "effects").append("another key", "LT-00", "update-signatures")
    assert ChangeDrill().account(played).twice == ("update-signatures on LT-00: 2 times",)


def test_a_device_that_is_neither_fixed_nor_anybodys_is_seen(played: Path) -> None:
    practice, _, close = _opened(played, "", random.Random(1))
    with practice.store.write() as unit:
        (change,) = unit.changes.latest()
        step = unit.changes.step(change.id, 0)
        assert step is not None
        assert step.state is StepState.FIXED
        unit.changes.save_step(replace(step, state=StepState.APPLYING))
    close()
    assert ChangeDrill().account(played).lost == ("LT-00 is applying",)
