"""A simulated go-live: what is predicted, how wide, and how it is set beside what came."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant.desk.golive import AUTO, Calibration, Shown, beside, calibration_of, interval, predicted
from assistant.domain.measures import Rate
from assistant.domain.outcome import Judged

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def shown(answered: int, total: int, confidence: float = 0.8) -> list[Shown]:
    return [Shown("vpn", number < answered, confidence, offer="unlock_account" if number == 0 else "") for number in range(total)]


def judged(confidence: float, right: bool | None, number: int, decision: str = AUTO) -> Judged:
    return Judged(f"c_{number}", 1, "m", NOON, "answer", confidence, decision, ("a",), right)


def test_containment_is_the_share_answered_times_what_is_right() -> None:
    found = predicted("vpn", 500, shown(50, 100), Calibration(), 500)
    assert found.right == pytest.approx(40.0)
    assert found.mean == pytest.approx(0.5 * 0.8, abs=0.01)
    assert found.low < 0.4 < found.high and found.offers == (("unlock_account", 1),)


def test_more_tried_and_more_expected_tickets_make_the_interval_narrower() -> None:
    def width(answered: int, total: int, expected: int) -> float:
        one = predicted("vpn", 500, shown(answered, total), Calibration(apart=0.02), expected)
        return one.high - one.low

    assert width(100, 200, 500) < width(5, 10, 500)
    assert width(100, 200, 5_000) < width(100, 200, 10)


def test_verdicts_of_people_take_the_place_of_a_confidence_that_was_too_high() -> None:
    rows = [judged(0.9, number % 2 == 0, number) for number in range(400)]
    made = calibration_of(rows, {})
    assert made.of(0.9)[0] == pytest.approx(0.5, abs=0.1)
    assert "400 verdicts" in made.says


def test_silence_and_what_people_chose_themselves_are_no_verdict_on_an_automatic_answer() -> None:
    rows = [judged(0.9, None, number) for number in range(200)] + [judged(0.9, False, number, "chosen by the person:auto") for number in range(200)]
    assert calibration_of(rows, {}) == Calibration()


def test_categories_that_differ_at_the_same_confidence_widen_the_interval() -> None:
    rows = [judged(0.8, number % 10 < (9 if number % 6 < 3 else 4), number) for number in range(600)]
    names = {(f"c_{number}", 1): f"k{number % 6}" for number in range(600)}
    apart = calibration_of(rows, names)
    alike = calibration_of([judged(0.8, number % 10 < 8, number) for number in range(600)], names)
    assert apart.apart > 0.15 > alike.apart


def test_a_prediction_of_nothing_is_refused_and_one_of_no_answers_stays_low() -> None:
    with pytest.raises(ValueError, match="nothing was tried"):
        predicted("vpn", 5, [], Calibration(), 5)
    found = predicted("vpn", 500, shown(0, 40), Calibration(), 500)
    assert found.mean < 0.05 and found.low == 0.0 and found.expected_right == Rate(0, 0)


def test_what_came_is_judged_by_the_interval_for_as_many_tickets_as_came() -> None:
    one = predicted("vpn", 500, shown(50, 100), Calibration(apart=0.02), 500)
    assert beside(one, Rate(40, 100), Rate(30, 100)).held is True
    assert beside(one, Rate(80, 100), Rate(70, 100)).held is False
    assert beside(one, Rate(1, 1), Rate(0, 1)).held is True
    assert beside(one, Rate(0, 0), Rate(0, 0)).held is None


def test_an_interval_holds_its_mean_at_the_edges_too() -> None:
    for mean in (0.0, 0.001, 0.5, 0.999, 1.0):
        low, high = interval(mean, 0.05, 200)
        assert 0 <= low <= mean + 0.02 and mean - 0.02 <= high <= 1
