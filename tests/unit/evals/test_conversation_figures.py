"""Intervals of shares do not claim to be certain."""

from __future__ import annotations

import math

import pytest

from evals.conversations.figures import never_sure
from evals.report import Metric


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [
        (Metric(0.0, 0.0, 0.0), 219, (0.0, 3 / 219)),
        (Metric(1.0, 1.0, 1.0), 30, (0.9, 1.0)),
        (Metric(0.0, 0.0, 0.0), 2, (0.0, 1.0)),
        (Metric(0.5, 0.4, 0.6), 100, (0.4, 0.6)),
    ],
)
def test_no_failure_in_n_leaves_up_to_three_in_n(share: Metric, count: int, expected: tuple[float, float]) -> None:
    made = never_sure(share, count)
    assert (made.value, (made.low, made.high)) == (share.value, pytest.approx(expected))


def test_what_was_not_played_stays_unknown() -> None:
    assert math.isnan(never_sure(Metric(float("nan"), float("nan"), float("nan")), 5).value)
