"""Rates with their denominators and intervals, and what is counted as what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.conversation import Outcome
from assistant.domain.measures import DEFINITIONS, OUTCOME_TEXTS, Cell, Change, Rate, measures_of, total


def test_a_rate_says_share_denominator_and_interval() -> None:
    assert Rate(259, 418).text == "62 % of 418, 57-66 %"


def test_the_interval_is_that_of_wilson() -> None:
    rate = Rate(8, 10)  # 0.490 to 0.943: Newcombe 1998, table 1, method 3 gives the same for 81 of 263 as 0.2553 to 0.3662
    assert (round(rate.low, 4), round(rate.high, 4)) == (0.4902, 0.9433)
    published = Rate(81, 263)
    assert (round(published.low, 4), round(published.high, 4)) == (0.2553, 0.3662)


def test_the_interval_of_a_difference_is_that_of_newcombe() -> None:
    change = Change(before=Rate(48, 80), now=Rate(56, 70))  # 56/70 less 48/80: 0.0524 to 0.3339 (Newcombe 1998, method 10)
    assert (round(change.low, 4), round(change.high, 4)) == (0.0524, 0.3339)
    assert change.clear


def test_of_nothing_there_is_no_share() -> None:
    assert (Rate(0, 0).share, Rate(0, 0).low, Rate(0, 0).high, Rate(0, 0).text) == (None, 0.0, 1.0, "none to count")
    assert Change(Rate(0, 0), Rate(3, 4)).difference is None
    assert not Change(Rate(0, 0), Rate(3, 4)).clear


@pytest.mark.parametrize(("hits", "of"), [(-1, 3), (4, 3), (1, 0)])
def test_what_is_no_rate_is_refused(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        Rate(hits, of)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_share_lies_in_its_interval(hits: int, misses: int) -> None:
    rate = Rate(hits, hits + misses)
    assert 0 <= rate.low <= rate.high <= 1
    assert rate.share is None or rate.low <= rate.share <= rate.high


def test_silence_raises_no_confirmed_resolution() -> None:
    silent = Cell({}, {Outcome.RESOLVED_ASSUMED: 90, Outcome.RESOLVED_CONFIRMED: 10})
    rates = measures_of(silent)
    assert rates["confirmed_resolution"].share == 0.1
    assert rates["containment"].share == 1.0


def test_giving_up_is_deflection_and_no_containment() -> None:
    rates = measures_of(Cell({}, {Outcome.ABANDONED: 5, Outcome.TICKET_FILED: 5}))
    assert (rates["deflection"].share, rates["containment"].share, rates["unresolved"].share) == (0.5, 0.0, 0.5)


def test_reopened_ones_count_against_what_was_once_resolved() -> None:
    assert measures_of(Cell({}, {Outcome.RESOLVED_CONFIRMED: 6}, {}, 3, 2))["reopen"] == Rate(2, 8)


def test_cells_sum_to_one_cell() -> None:
    cells = [Cell({"day": "1"}, {Outcome.HANDED_OFF: 2}, {"requested": 2}, 1), Cell({"day": "2"}, {Outcome.HANDED_OFF: 1}, {"no_article": 1}, 1, 1)]
    whole = total(cells)
    assert (whole.demand, whole.reasons, whole.reopened, whole.reopened_resolved) == (3, {"requested": 2, "no_article": 1}, 2, 1)


def test_every_outcome_and_every_measure_has_its_words() -> None:
    assert set(OUTCOME_TEXTS) == set(Outcome)
    assert all(one.text.endswith(".") and one.formula for one in DEFINITIONS)
    assert len({one.name for one in DEFINITIONS}) == len(DEFINITIONS)
