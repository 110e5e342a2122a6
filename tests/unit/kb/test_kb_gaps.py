"""Unresolved intents become gaps."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.adapters.memory import HashingEmbedder
from kb.gaps import find_gaps
from kb.model import FailureClass, Gap, UnresolvedIntent
from kb.ports import Vector
from tests.support.kb_properties import WORDS, examples
from tests.support.kb_samples import intent, unit

PARKING = unit(1, 0, 0, 0)
TOKENS = unit(0, 1, 0, 0)
BADGES = unit(0, 0, 1, 0)


def near(vector: Vector, seed: int) -> Vector:
    """Return a vector at a cosine of about 0.98 to another."""
    noise = np.random.default_rng(seed).normal(size=len(vector)).astype(np.float32) * 0.08
    return unit(*(vector + noise))


def gaps_of(*groups: tuple[Vector, Sequence[UnresolvedIntent]]) -> list[Gap]:
    """Cluster intents that were put near to given directions."""
    rows = [(one, near(vector, int(one.id[-3:]))) for vector, members in groups for one in members]
    return find_gaps([one for one, _ in rows], np.stack([row for _, row in rows]))


def test_questions_for_the_same_thing_are_one_gap_and_topics_stay_apart() -> None:
    parking = [intent(n, f"Where can visitors park, please {n}") for n in range(5)]
    tokens = [intent(n, f"Bank token number {n} is broken") for n in range(10, 13)]
    found = gaps_of((PARKING, parking), (TOKENS, tokens))
    assert [set(gap.intents) for gap in found] == [{one.id for one in parking}, {one.id for one in tokens}]
    assert [gap.demand for gap in found] == [5, 3]


def test_every_intent_is_in_exactly_one_gap() -> None:
    chance = np.random.default_rng(5)
    intents = [intent(n, f"question {n}", list(FailureClass)[n % 6]) for n in range(40)]
    rows = np.stack([unit(*chance.normal(size=6)) for _ in intents])
    members = [key for gap in find_gaps(intents, rows) for key in gap.intents]
    assert sorted(members) == sorted(one.id for one in intents)


def test_questions_out_of_scope_never_share_a_gap_with_others() -> None:
    inside = [intent(n, "book a desk") for n in range(3)]
    outside = [intent(n, "book a desk", FailureClass.OUT_OF_SCOPE) for n in range(10, 14)]
    found = gaps_of((PARKING, [*inside, *outside]))
    assert [set(gap.failures) for gap in found] == [{FailureClass.NO_ARTICLE}, {FailureClass.OUT_OF_SCOPE}]


def test_the_costlier_gap_comes_first_also_with_less_demand() -> None:
    wasted = [intent(n, "weather tomorrow", FailureClass.OUT_OF_SCOPE) for n in range(6)]
    filed = [intent(n, "token broken", FailureClass.REJECTED, ticket=f"INC-{n}") for n in range(10, 13)]
    found = gaps_of((PARKING, wasted), (TOKENS, filed))
    assert [gap.demand for gap in found] == [3, 6]
    assert [gap.cost for gap in found] == [pytest.approx(3 * 1.2 + 3), pytest.approx(6 * 0.2)]


def test_a_ticket_that_several_questions_led_to_counts_once() -> None:
    [gap] = gaps_of((PARKING, [intent(n, "park", ticket="INC-1") for n in range(3)]))
    assert (gap.tickets, gap.cost) == (1, 4.0)


def test_people_are_counted_once_and_demand_counts_every_question() -> None:
    [gap] = gaps_of((PARKING, [intent(n, "park", asker="maria") for n in range(3)]))
    assert (gap.people, gap.demand) == (1, 3)


def test_the_failing_class_is_the_most_frequent_and_all_are_counted() -> None:
    members = [intent(0, "p", FailureClass.NOT_RETRIEVED), intent(1, "p"), intent(2, "p"), intent(3, "p", FailureClass.REJECTED)]
    [gap] = gaps_of((PARKING, members))
    assert gap.failure is FailureClass.NO_ARTICLE
    assert gap.failures == {FailureClass.NO_ARTICLE: 2, FailureClass.NOT_RETRIEVED: 1, FailureClass.REJECTED: 1}


def test_a_gap_tells_the_span_of_time_and_the_usual_neighbours() -> None:
    members = [intent(n, "park", nearest=nearest) for n, nearest in ((7, ("a", "b")), (3, ("a",)), (9, ("c", "a", "b", "d")))]
    [gap] = gaps_of((PARKING, members))
    assert (gap.first_asked, gap.last_asked) == (members[1].asked_at, members[2].asked_at)
    assert gap.nearest[:2] == ("a", "b")
    assert len(gap.nearest) == 3


def test_the_category_is_the_usual_one_of_its_questions() -> None:
    [gap] = gaps_of((PARKING, [intent(n, "park", category=category) for n, category in enumerate(["", "wifi", "joining", "joining", ""])]))
    assert gap.category == "joining"


def test_examples_are_different_questions_the_most_typical_first() -> None:
    rows = np.stack([unit(1, 0.5, 0), unit(1, 0, 0), unit(1, 0.02, 0), unit(1, -0.4, 0), unit(1, 0.01, 0), unit(1, 0.3, 0)])
    questions = ["odd one", "park  here", "park\nthere", "another odd", "park here", "third odd"]
    [gap] = find_gaps([intent(n, question) for n, question in enumerate(questions)], rows)
    assert len(gap.examples) == 4
    assert set(gap.examples[:2]) == {"park here", "park there"}


def test_a_gap_is_named_in_the_words_its_questions_share_and_others_lack() -> None:
    parking = [
        intent(n, q) for n, q in enumerate(["Where can visitors park?", "Is there parking for visitors on Friday", "visitors parking permit please"])
    ]
    tokens = [intent(n, q) for n, q in zip(range(10, 13), ["My bank token is broken", "a new bank token for Friday", "bank token lost"], strict=True)]
    names = {gap.demand and gap.name for gap in gaps_of((PARKING, parking), (TOKENS, tokens))}
    one, two = sorted(names)
    assert "bank" in one
    assert "token" in one
    assert "visitors" in two
    assert "park" in two
    assert "friday" not in one + two


def test_a_lone_question_names_itself_and_a_long_one_is_cut() -> None:
    [short] = gaps_of((PARKING, [intent(1, "Where can\n visitors park?")]))
    [long] = gaps_of((PARKING, [intent(1, "very " * 40 + "long")]))
    assert short.name == "Where can visitors park?"
    assert len(long.name) <= 70
    assert long.name.endswith("…")


def test_questions_of_small_words_only_still_have_a_name() -> None:
    [gap] = gaps_of((PARKING, [intent(n, "what is it?") for n in range(3)]))
    assert gap.name == "what is it?"


def test_no_intents_give_no_gaps() -> None:
    assert find_gaps([], np.zeros((0, 4), dtype=np.float32)) == []


@pytest.mark.parametrize("length", [0, 4])
def test_questions_without_vectors_become_gaps_of_their_own(length: int) -> None:
    intents = [intent(n, f"question {n}") for n in range(3)]
    assert [gap.demand for gap in find_gaps(intents, np.zeros((3, length), dtype=np.float32))] == [1, 1, 1]


def test_one_question_without_a_vector_does_not_disturb_the_others() -> None:
    intents = [intent(n, "park") for n in range(3)]
    rows = np.stack([PARKING, near(PARKING, 1), np.zeros(4, dtype=np.float32)])
    assert sorted(gap.demand for gap in find_gaps(intents, rows)) == [1, 2]


def test_the_same_intents_give_the_same_gaps_in_the_same_order() -> None:
    groups = [(PARKING, range(6)), (TOKENS, range(10, 16)), (BADGES, range(20, 23))]
    rows = [(intent(n, f"{n % 3} question"), near(vector, n)) for vector, numbers in groups for n in numbers]
    first = find_gaps([one for one, _ in rows], np.stack([row for _, row in rows]))
    assert find_gaps([one for one, _ in rows], np.stack([row for _, row in rows])) == first
    random.Random(3).shuffle(rows)
    shuffled = find_gaps([one for one, _ in rows], np.stack([row for _, row in rows]))
    assert [(gap.key, gap.name, gap.cost, set(gap.intents)) for gap in shuffled] == [(g.key, g.name, g.cost, set(g.intents)) for g in first]


def test_a_gap_keeps_its_key_while_more_people_ask() -> None:
    members = [intent(n, "park") for n in range(6)]
    [before] = gaps_of((PARKING, members[:3]))
    [after] = gaps_of((PARKING, members))
    assert after.key == before.key
    [other] = gaps_of((PARKING, [replace(one, id=f"other-{one.id[-3:]}") for one in members]))
    assert other.key != before.key


@examples(100)
@given(questions=st.lists(WORDS, min_size=1, max_size=8))
def test_any_questions_make_gaps_with_names(questions: list[str]) -> None:
    intents = [intent(number, question) for number, question in enumerate(questions)]
    found = find_gaps(intents, HashingEmbedder(16).embed(questions))
    assert sum(gap.demand for gap in found) == len(questions)
    assert [gap.cost for gap in found] == sorted((gap.cost for gap in found), reverse=True)
