"""Rungs and frozen records: the same promises of the tables and of the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.figure import Figure
from assistant.domain.measured import Altered, freeze
from assistant.domain.outcome import Judged
from assistant.domain.rollout import Rung, RungDecision, Verdicts
from assistant.ports.rollout import RecordExists, RungTaken
from assistant.ports.store import Store

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = RungDecision("r_1", "vpn", 1, Rung.AUTOMATIC, Rung.CONFIRM, NOON, "olga", "too many wrong", {"right": 20, "judged": 50})


def test_a_decision_is_found_again_as_it_was_made(store: Store) -> None:
    with store.write() as unit:
        unit.rollout.decide(FIRST)
    with store.read() as unit:
        assert unit.rollout.decision("r_1") == FIRST
        assert unit.rollout.decision("r_2") is None
        assert (unit.rollout.last_number("vpn"), unit.rollout.last_number("mfa")) == (1, 0)


def test_two_decisions_of_one_number_do_not_both_stand_and_the_transaction_goes_on(store: Store) -> None:
    with store.write() as unit:
        unit.rollout.decide(FIRST)
        with pytest.raises(RungTaken):
            unit.rollout.decide(replace(FIRST, id="r_2"))
        unit.rollout.decide(replace(FIRST, id="r_3", category="mfa"))
    with store.read() as unit:
        assert [one.id for one in unit.rollout.standing()] == ["r_3", "r_1"]


def test_the_last_decision_that_was_not_undone_stands(store: Store) -> None:
    second = replace(FIRST, id="r_2", number=2, rung=Rung.SUGGEST, at=NOON + DAY)
    undone = replace(second, undone_at=NOON + 2 * DAY, undone_by="omar")
    with store.write() as unit:
        unit.rollout.decide(FIRST)
        unit.rollout.decide(second)
        assert [one.id for one in unit.rollout.standing()] == ["r_2"]
        unit.rollout.undo(undone)
        with pytest.raises(RungTaken):
            unit.rollout.undo(undone)
    with store.read() as unit:
        assert [one.id for one in unit.rollout.standing()] == ["r_1"]
        assert [one.id for one in unit.rollout.decisions()] == ["r_2", "r_1"]
        assert unit.rollout.decisions("mfa") == []
        assert len(unit.rollout.decisions(limit=1)) == 1
        assert unit.rollout.last_number("vpn") == 2


def test_a_frozen_record_is_never_replaced_and_shows_when_it_was_changed(store: Store) -> None:
    figure = Figure(name="cost", value=12.5, unit="EUR")
    record = freeze("baseline", "2026-Q3", figure, "operator", NOON)
    with store.write() as unit:
        unit.rollout.keep(record)
        with pytest.raises(RecordExists):
            unit.rollout.keep(replace(record, by="somebody else"))
        unit.rollout.keep(freeze("prediction", "2026-Q3", figure, "operator", NOON))
        unit.rollout.keep(freeze("baseline", "2026-Q4", figure, "operator", NOON + DAY))
    with store.read() as unit:
        found = unit.rollout.record("baseline", "2026-Q3")
        assert found == record and found.read(Figure) == figure
        assert [one.name for one in unit.rollout.records("baseline")] == ["2026-Q4", "2026-Q3"]
        latest = unit.rollout.latest("baseline")
        assert latest is not None and latest.name == "2026-Q4"
        assert unit.rollout.record("baseline", "2026-Q1") is None and unit.rollout.latest("readiness") is None
    with pytest.raises(Altered, match="changed since it was frozen"):
        replace(record, body=record.body.replace("12.5", "9.5")).read(Figure)


def ended(store: Store, name: str, category: str, decision: str, right: bool | None, at: datetime = NOON, step: str = "answer") -> None:
    episode = Episode(1, at, at, Outcome.RESOLVED_CONFIRMED)
    with store.write() as unit:
        unit.conversations.begin(Conversation(name, "maria", "web", State.ANSWERING, State.OPEN, at, at, 0, Episode(1, at), {"category": category}))
        unit.conversations.save(Conversation(name, "maria", "web", State.RESOLVED, State.OPEN, at, at, 0, episode, {"category": category}))
        unit.outcomes.judge(Judged(name, 1, "m", at, step, 0.8, decision, ("a",), right))


def test_verdicts_are_counted_by_category_of_what_was_shown_and_has_ended(store: Store) -> None:
    ended(store, "c_1", "vpn", "steps.answer:auto", True)
    ended(store, "c_2", "vpn", "chosen by the person:auto", False)
    ended(store, "c_3", "vpn", "steps.second_answer:auto", None)
    ended(store, "c_4", "vpn", "steps.answer:review", None)
    ended(store, "c_5", "vpn", "steps.answer:escalate", None)
    ended(store, "c_6", "mfa", "steps.answer:auto", True)
    ended(store, "c_7", "mfa", "card", True, step="act")
    ended(store, "c_8", "", "steps.answer:auto", True)
    ended(store, "c_9", "vpn", "steps.answer:auto", True, NOON - DAY)
    with store.write() as unit:
        unit.outcomes.judge(Judged("c_open", 1, "m", NOON, "answer", 0.8, "steps.answer:auto", ("a",), True))
    with store.read() as unit:
        assert unit.rollout.verdicts(NOON, NOON + DAY) == [Verdicts("mfa", 1, 0, 0), Verdicts("vpn", 1, 1, 1)]
        assert unit.rollout.verdicts(NOON - DAY, NOON + DAY, "vpn") == [Verdicts("vpn", 2, 1, 1)]
        assert unit.rollout.verdicts(NOON + DAY, NOON + 2 * DAY) == []
