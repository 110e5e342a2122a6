"""Sums for pages are the same in memory and in tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.outcome import Judged
from assistant.ports.store import Store

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def judged(store: Store, *rows: tuple[float, bool | None], at: datetime = NOON, step: str = "answer", decision: str = "steps.answer") -> None:
    with store.write() as unit:
        for number, (confidence, right) in enumerate(rows):
            unit.outcomes.judge(Judged(f"c_{number}", 1, f"{step}{at:%H}", at, step, confidence, decision, (), right))


def test_judged_decisions_are_summed_by_tenths_of_confidence(store: Store) -> None:
    judged(store, (0.0, False), (0.09, True), (0.1, True), (0.85, True), (0.87, False), (0.89, True), (1.0, True))
    with store.read() as unit:
        found = unit.glance.certainty("answer", NOON, NOON + HOUR)
    assert [(round(one.confidence, 3), one.right, one.total) for one in found] == [(0.045, 1, 2), (0.1, 1, 1), (0.87, 2, 3), (1.0, 1, 1)]


@pytest.mark.parametrize(("confidence", "tenths"), [(0.3, 1), (0.6, 1), (0.7, 1), (0.999, 1)])
def test_a_confidence_on_the_edge_is_in_one_tenth(store: Store, confidence: float, tenths: int) -> None:
    judged(store, (confidence, True))
    with store.read() as unit:
        assert len(unit.glance.certainty("answer", NOON, NOON + HOUR)) == tenths


def test_silence_other_steps_other_times_and_what_people_chose_are_left_out(store: Store) -> None:
    judged(store, (0.5, None))
    judged(store, (0.5, True), step="understand")
    judged(store, (0.5, True), decision="chosen", at=NOON + HOUR / 2)
    judged(store, (0.5, True), at=NOON - HOUR)
    judged(store, (0.5, True), at=NOON + HOUR)
    with store.read() as unit:
        assert unit.glance.certainty("answer", NOON, NOON + HOUR) == []
