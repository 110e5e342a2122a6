"""What every store promises about the ledger of calls to models and about the turns of candidates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assistant.domain.model_use import ModelCall, Spent
from assistant.domain.shadow import ShadowTurn
from assistant.ports.store import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CALL = ModelCall("answer", "openai:small", "answer/1@0a1b2c3d", NOON, 0.75, 900, 100, False, 0.25)
TURN = ShadowTurn("quicker", "c_1", "m_1", NOON, ("vpn-install-windows", "vpn-errors"), ("vpn-install-windows",), 1.5, 0.125)


def test_what_a_conversation_and_a_day_spent_is_summed(store: Store) -> None:
    with store.write() as unit:
        unit.model_calls.record("c_1", "m_1", [CALL, replace(CALL, step="act", cost=0.5)])
        unit.model_calls.record("c_2", "m_1", [replace(CALL, at=NOON - DAY)])
        unit.model_calls.record("c_3", "m_1", [])
    with store.read() as unit:
        assert unit.model_calls.spent("c_1") == Spent(2, 2_000, 0.75)
        assert unit.model_calls.spent("c_3") == Spent()
        assert unit.model_calls.spent_since(NOON) == Spent(2, 2_000, 0.75)
        assert unit.model_calls.spent_since(NOON - DAY) == Spent(3, 3_000, 1.0)
        assert unit.model_calls.spent_since(NOON + DAY) == Spent()


def test_the_report_groups_by_step_and_model_the_dearest_first_and_counts_what_was_unusable(store: Store) -> None:
    with store.write() as unit:
        calls = [CALL, replace(CALL, trouble="malformed", cost=0.5), replace(CALL, step="act", cost=2.0), replace(CALL, model="openai:large")]
        unit.model_calls.record("c_1", "m_1", calls)
        unit.model_calls.record("c_2", "m_1", [replace(CALL, at=NOON + DAY)])
    with store.read() as unit:
        lines = unit.model_calls.lines(NOON, NOON + DAY)
        assert [(line.step, line.model, line.calls, line.unusable, line.cost) for line in lines] == [
            ("act", "openai:small", 1, 0, 2.0),
            ("answer", "openai:small", 2, 1, 0.75),
            ("answer", "openai:large", 1, 0, 0.25),
        ]
        assert (lines[1].read, lines[1].written, lines[1].seconds) == (1_800, 200, 1.5)
        assert unit.model_calls.lines(NOON - DAY, NOON) == []
        assert list(unit.model_calls.by_conversation(NOON, NOON + 2 * DAY).items()) == [("c_1", Spent(4, 4_000, 3.0)), ("c_2", Spent(1, 1_000, 0.25))]


def test_calls_of_a_transaction_that_fails_are_not_kept(store: Store) -> None:
    try:
        with store.write() as unit:
            unit.model_calls.record("c_1", "m_1", [CALL])
            unit.shadows.record(TURN)
            raise RuntimeError("the turn failed")
    except RuntimeError:
        pass
    with store.read() as unit:
        assert unit.model_calls.spent("c_1") == Spent()
        assert unit.shadows.candidates() == []


def test_a_turn_of_a_candidate_comes_back_whole_and_a_repeated_one_takes_its_place(store: Store) -> None:
    with store.write() as unit:
        unit.shadows.record(TURN)
        unit.shadows.record(replace(TURN, message="m_0", at=NOON - DAY, live=(), shadow=(), canary=True, trouble="timeout"))
        unit.shadows.record(replace(TURN, shadow=()))
        unit.shadows.record(replace(TURN, candidate="cheaper"))
    with store.read() as unit:
        first, second = unit.shadows.of_candidate("quicker")
        assert first == replace(TURN, message="m_0", at=NOON - DAY, live=(), shadow=(), canary=True, trouble="timeout")
        assert second == replace(TURN, shadow=())
        assert unit.shadows.candidates() == ["cheaper", "quicker"]


def test_a_forgotten_candidate_leaves_the_others(store: Store) -> None:
    with store.write() as unit:
        unit.shadows.record(TURN)
        unit.shadows.record(replace(TURN, message="m_2"))
        unit.shadows.record(replace(TURN, candidate="cheaper"))
    with store.write() as unit:
        assert unit.shadows.forget("quicker") == 2
        assert unit.shadows.forget("quicker") == 0
    with store.read() as unit:
        assert unit.shadows.candidates() == ["cheaper"]
