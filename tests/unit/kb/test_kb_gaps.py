"""New unresolved intents join gaps that exist, or make their own; gaps are ranked by what they cost."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.gaps import (
    LOWEST,
    NOT_KEPT,
    USUAL,
    category_of,
    centroid_of,
    learnt_bar,
    likeness,
    minutes_of,
    nearest_of,
    place,
    ranked,
    vectors_of,
)
from kb.model import FailureClass, Gap, UnresolvedIntent
from tests.support.kb_properties import WORDS, examples
from tests.support.kb_samples import MONDAY, intent, unit

PARKING, TOKENS, BADGES = unit(1, 0, 0, 0, 0, 0), unit(0, 1, 0, 0, 0, 0), unit(0, 0, 1, 0, 0, 0)


def about(direction: np.ndarray, numbers: Sequence[int], **facts: object) -> list[UnresolvedIntent]:
    """Return intents at a cosine of about 0.97 to a direction."""
    found = []
    for number in numbers:
        noise = np.random.default_rng(number).normal(size=len(direction)).astype(np.float32) * 0.08
        found.append(intent(number, "", vector=tuple(unit(*(direction + noise)).tolist()), **facts))  # type: ignore[arg-type]
    return found


def ids(intents: Sequence[UnresolvedIntent]) -> set[str]:
    return {one.id for one in intents}


def test_new_questions_join_the_gap_they_are_like_and_others_make_their_own() -> None:
    known = {"g_p": about(PARKING, range(5)), "g_t": about(TOKENS, range(10, 15))}
    parking, badges = about(PARKING, range(20, 23)), about(BADGES, range(30, 33))
    found = place([*badges, *parking], known)
    assert {gap: ids(some) for gap, some in found.known.items()} == {"g_p": ids(parking)}
    assert [ids(some) for some in found.fresh] == [ids(badges)]


def test_without_any_gap_everything_makes_its_own() -> None:
    found = place([*about(PARKING, range(4)), *about(TOKENS, range(10, 13))], {})
    assert found.known == {}
    assert sorted(len(some) for some in found.fresh) == [3, 4]


def test_every_new_question_goes_to_exactly_one_place() -> None:
    chance = np.random.default_rng(5)
    new = [intent(n, f"question {n}", list(FailureClass)[n % 8], vector=tuple(unit(*chance.normal(size=6)).tolist())) for n in range(40)]
    found = place(new, {"g_p": about(PARKING, range(50, 55))})
    assert sorted(one.id for some in (*found.known.values(), *found.fresh) for one in some) == sorted(one.id for one in new)


def test_questions_out_of_scope_never_share_a_gap_with_others() -> None:
    inside, outside = about(PARKING, range(3)), [replace(one, failure=FailureClass.OUT_OF_SCOPE) for one in about(PARKING, range(10, 13))]
    assert sorted(map(sorted, map(ids, place([*inside, *outside], {}).fresh))) == [sorted(ids(inside)), sorted(ids(outside))]
    assert place(outside, {"g_p": inside}).known == {}


def test_questions_whose_words_were_not_kept_are_grouped_by_category() -> None:
    new = [intent(n, NOT_KEPT, category=category) for n, category in enumerate(["vpn", "mail", "vpn"])]
    first = place(new, {"g_p": about(PARKING, range(10, 13))})
    assert first.known == {}
    assert sorted(map(sorted, map(ids, first.fresh))) == [["intent-000", "intent-002"], ["intent-001"]]
    assert list(place([intent(9, NOT_KEPT, category="vpn")], {"g_v": first.fresh[1]}).known) == ["g_v"]


def test_vectors_of_another_model_count_as_none() -> None:
    rows = vectors_of([*about(PARKING, range(3)), replace(intent(9, "x"), vector=(1.0, 0.0))])
    assert rows.shape == (4, 6)
    assert not rows[3].any()
    assert vectors_of([intent(1, "x")]).shape == (1, 0)


def test_being_like_a_gap_is_being_like_its_nearest_members() -> None:
    members = np.stack([unit(1, 0), unit(0, 1), unit(0, 1), unit(0, 1), unit(0, 1)])
    found = likeness(np.stack([unit(1, 0), unit(0, 1)]), members, np.array([0, 1, 1, 1, 1]))
    assert np.allclose(found, [[1, 0], [0, 1]])
    alone = likeness(members, members, np.array([0, 1, 1, 1, 1]), leave_out=True)
    assert np.allclose(alone[1:, 1], 1)
    assert alone[0, 0] == pytest.approx(-1), "a member by itself is like nobody"


def test_the_bar_is_the_usual_one_until_there_is_something_to_learn_from() -> None:
    assert learnt_bar(np.stack([PARKING]), np.array([0])) == USUAL
    assert learnt_bar(np.stack([PARKING, TOKENS]), np.array([0, 1])) == USUAL


def test_the_bar_falls_where_members_of_a_gap_are_less_alike_and_gaps_are_far_apart() -> None:
    rows, home = [], []
    for topic in range(6):
        centre = np.zeros(64)
        centre[topic] = 1
        for n in range(30):
            noise = np.random.default_rng(100 * topic + n).normal(size=64)
            noise[:6] = 0
            rows.append(unit(*(centre + noise / np.linalg.norm(noise))))
            home.append(topic)
    bar = learnt_bar(np.stack(rows), np.array(home))
    assert LOWEST <= bar < USUAL


def test_the_centroid_is_the_mean_of_length_one_and_nothing_without_vectors() -> None:
    centre = centroid_of(about(PARKING, range(9)))
    assert np.linalg.norm(centre) == pytest.approx(1, abs=1e-5)
    assert centre[0] > 0.95
    assert centroid_of([intent(1, "x")]) == ()
    assert centroid_of([]) == ()


def test_the_category_is_the_usual_one_of_its_questions() -> None:
    assert category_of([intent(n, "p", category=category) for n, category in enumerate(["", "wifi", "joining", "joining", ""])]) == "joining"
    assert category_of([intent(1, "p", category="")]) == ""


def gap(key: str, failures: dict[FailureClass, int], tickets: int = 0, category: str = "vpn") -> Gap:
    return Gap(key, key, MONDAY, category=category, failures=failures, tickets=tickets)


def test_a_gap_costs_the_minutes_of_those_who_asked_and_of_the_desk() -> None:
    one = gap("g", {FailureClass.NO_ARTICLE: 3, FailureClass.REJECTED: 1}, tickets=2)
    assert minutes_of(one, {}) == 3 * 10 + 12 + 2 * 20
    assert minutes_of(one, {"vpn": 45}) == 42 + 90
    assert minutes_of(one, {"*": 5, "mail": 45}) == 42 + 10


def test_the_costlier_gap_comes_first_also_with_less_demand() -> None:
    wasted, filed = gap("g_a", {FailureClass.OUT_OF_SCOPE: 6}), gap("g_b", {FailureClass.REJECTED: 3}, tickets=3)
    assert [one.id for one, _ in ranked([wasted, filed], {})] == ["g_b", "g_a"]


def test_the_nearest_articles_are_those_of_most_questions_that_may_be_read() -> None:
    members = [intent(n, "p", nearest=nearest) for n, nearest in enumerate([("a", "b"), ("b", "secret"), ("c", "secret", "d"), ("secret",)])]
    assert nearest_of(members, lambda one: one != "secret") == ["b", "a", "c"]


def test_the_order_of_new_questions_does_not_matter_to_which_gaps_they_join() -> None:
    known = {"g_p": about(PARKING, range(5)), "g_t": about(TOKENS, range(10, 15))}
    new = [*about(PARKING, range(20, 26)), *about(TOKENS, range(30, 36)), *about(BADGES, range(40, 46))]
    first = place(new, known)
    random.Random(3).shuffle(new)
    again = place(new, known)
    assert {gap: ids(some) for gap, some in again.known.items()} == {gap: ids(some) for gap, some in first.known.items()}


@examples(60)
@given(questions=st.lists(WORDS, min_size=1, max_size=8), known=st.lists(WORDS, max_size=4))
def test_any_questions_find_a_place(questions: list[str], known: list[str]) -> None:
    members = {f"g_{n}": [intent(50 + n, words)] for n, words in enumerate(known)}
    found = place([intent(n, words) for n, words in enumerate(questions)], members)
    assert sum(len(some) for some in (*found.known.values(), *found.fresh)) == len(questions)
    assert set(found.known) <= set(members)
