"""What counts as the model's time and what as the service's own."""

from __future__ import annotations

import pytest

from evals.overhead.figures import shares
from evals.overhead.load import Turn, mark_of


def turn(first: float, *, grew: bool = False, mark: str = "a-b-c") -> Turn:
    return Turn(mark, due=100.0, sent=100.01, first=first, last=max(first, 102.0), grew=grew)


def request(arrived: float, ended: float, first: float = 0.0, mark: str = "a-b-c") -> dict[str, object]:
    return {"words": f"How do I print? ({mark})", "arrived": arrived, "ended": ended, "first": first}


def test_the_time_of_requests_one_after_the_other_is_the_models() -> None:
    (share,) = shares([turn(101.0)], [request(100.1, 100.3), request(100.4, 100.9)])
    assert (share.waited, share.model, share.own, share.calls) == pytest.approx((1000, 700, 300, 2))


def test_overlapping_requests_count_once() -> None:
    (share,) = shares([turn(101.0)], [request(100.1, 100.5), request(100.2, 100.6), request(100.3, 100.4)])
    assert share.model == pytest.approx(500)


def test_an_answer_that_is_shown_while_it_grows_counts_until_its_first_sentence() -> None:
    (share,) = shares([turn(100.6, grew=True)], [request(100.2, 101.5, first=100.5)])
    assert (share.model, share.own) == pytest.approx((300, 300))


def test_a_reply_that_came_whole_counts_until_its_end() -> None:
    (share,) = shares([turn(101.6)], [request(100.2, 101.5, first=100.5)])
    assert share.model == pytest.approx(1300)


def test_what_came_after_the_first_frame_does_not_count() -> None:
    (share,) = shares([turn(100.5)], [request(100.2, 100.3), request(100.6, 101.9)])
    assert share.model == pytest.approx(100)


def test_requests_of_other_turns_do_not_count() -> None:
    (share,) = shares([turn(101.0)], [request(100.1, 100.9, mark="x-y-z")])
    assert (share.model, share.calls) == (0, 0)


def test_a_service_that_is_late_to_take_a_message_is_not_excused() -> None:
    late = Turn("a-b-c", due=100.0, sent=103.0, first=103.2, last=103.2, grew=False)
    assert shares([late], [])[0].own == pytest.approx(3200)


def test_turns_without_a_reply_are_left_out() -> None:
    assert shares([turn(0.0)], []) == []


def test_every_turn_of_a_long_run_has_its_own_mark() -> None:
    assert len({mark_of(number) for number in range(4_096)}) == 4_096
