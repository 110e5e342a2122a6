"""Experiments and tuning decisions: the tables and the fake promise the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.experiment import Effect, Experiment, ExperimentRow, Finding, Look, Standing, WeekSeen
from assistant.domain.measures import Rate
from assistant.domain.tuning import Expected, Kind, TuningDecision, counts_of
from assistant.ports.store import Store
from assistant.ports.tuning import AlreadyDecided

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = Experiment("x_1", "g_1", "vpn", 2, NOON, NOON - DAY)
WEEKS = (WeekSeen(-1, 4, 1, 0.5, 0.4, 0.6), WeekSeen(0, 21, 9, None))
EFFECT = Effect(1, (3, 40), (9, 21), 12, Finding.MORE, "", 5, 0.01, 0.34, 0.1, 0.6, 0.08, WEEKS)
DECISION = TuningDecision(
    "t_1",
    Kind.THRESHOLD,
    "steps.answer",
    1,
    NOON,
    "omar",
    {"auto": 0.3, "review": 0.15, "file_auto": 0.3, "file_review": 0.15},
    {"auto": 0.4, "review": 0.15},
    counts_of(Expected(Rate(60, 100), Rate(4, 50))),
    "abc",
)


def test_an_experiment_is_found_again_as_it_was_opened(store: Store) -> None:
    with store.write() as unit:
        unit.experiments.open(FIRST)
        unit.experiments.open(replace(FIRST, id="x_2", published_at=NOON + DAY))
    with store.read() as unit:
        assert unit.experiments.load("x_1") == FIRST
        assert unit.experiments.load("x_9") is None
        assert [one.id for one in unit.experiments.all()] == ["x_2", "x_1"]


def test_how_an_experiment_stands_is_stored(store: Store) -> None:
    ended = replace(FIRST, standing=Standing.WITHDRAWN, ended_at=NOON + DAY, why="taken back")
    with store.write() as unit:
        unit.experiments.open(FIRST)
        unit.experiments.save(ended)
    with store.read() as unit:
        assert unit.experiments.load("x_1") == ended


def test_a_look_stays_as_it_was_when_it_was_made(store: Store) -> None:
    with store.write() as unit:
        assert unit.experiments.add_look(Look("x_1", 2, NOON + DAY, replace(EFFECT, week=2)))
        assert unit.experiments.add_look(Look("x_1", 1, NOON, EFFECT))
        assert not unit.experiments.add_look(Look("x_1", 1, NOON + DAY, replace(EFFECT, effect=0.9)))
    with store.read() as unit:
        looks = unit.experiments.looks("x_1")
        assert [look.number for look in looks] == [1, 2]
        assert looks[0] == Look("x_1", 1, NOON, EFFECT)
        assert unit.experiments.looks("x_2") == []


def test_the_questions_of_the_latest_look_take_the_place_of_those_before(store: Store) -> None:
    rows = [ExperimentRow("c_2", 1, 0, True), ExperimentRow("c_1", 1, -3, False), ExperimentRow("c_1", 2, 0, True)]
    with store.write() as unit:
        unit.experiments.keep_rows("x_1", rows)
        unit.experiments.keep_rows("x_2", rows[:1])
    with store.write() as unit:
        assert [(row.conversation, row.episode) for row in unit.experiments.rows("x_1")] == [("c_1", 1), ("c_1", 2), ("c_2", 1)]
        unit.experiments.keep_rows("x_1", [])
    with store.read() as unit:
        assert unit.experiments.rows("x_1") == []
        assert unit.experiments.rows("x_2") == rows[:1]


def test_a_decision_is_found_again_with_what_was_predicted(store: Store) -> None:
    with store.write() as unit:
        unit.tuning.add(DECISION)
    with store.read() as unit:
        found = unit.tuning.load("t_1")
        assert found == DECISION
        assert found.prediction() == Expected(Rate(60, 100), Rate(4, 50))
        assert unit.tuning.load("t_2") is None


def test_two_decisions_of_one_number_about_the_same_thing_do_not_both_stand(store: Store) -> None:
    with store.write() as unit:
        unit.tuning.add(DECISION)
        unit.tuning.add(replace(DECISION, id="t_2", where="steps.second_answer"))
        with pytest.raises(AlreadyDecided):
            unit.tuning.add(replace(DECISION, id="t_3"))
        unit.tuning.add(replace(DECISION, id="t_4", number=2, at=NOON + DAY))
    with store.read() as unit:
        assert [one.id for one in unit.tuning.all()] == ["t_4", "t_1", "t_2"]


def test_a_decision_is_undone_once_and_stays_on_record(store: Store) -> None:
    undone = replace(DECISION, undone_at=NOON + DAY, undone_by="olga")
    with store.write() as unit:
        unit.tuning.add(DECISION)
        unit.tuning.add(replace(DECISION, id="t_2", number=2))
        unit.tuning.undo(undone)
        with pytest.raises(AlreadyDecided):
            unit.tuning.undo(undone)
    with store.read() as unit:
        assert [one.id for one in unit.tuning.standing(Kind.THRESHOLD)] == ["t_2"]
        assert unit.tuning.standing(Kind.RANKING) == []
        assert unit.tuning.load("t_1") == undone
