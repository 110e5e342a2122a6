"""Learning the ranking of one knowledge base from its answered questions."""

from __future__ import annotations

import numpy as np
import pytest

from kb.learn import FEWEST, LEAST_EXAMINED, Example, examined, fit_weights, learn, reciprocal_rank
from kb.ranking import FEATURES, TRAITS, shipped

TITLE, PASSAGE = FEATURES.index("title"), FEATURES.index("passage")


def examples(count: int, telling: int | None, seed: int = 7) -> list[Example]:
    """Questions of ten articles each, of which the one with the highest ``telling`` feature is right (any one for None)."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        table = random.normal(size=(10, len(FEATURES))).astype(np.float32)
        relevant = np.zeros(10, dtype=np.float32)
        relevant[int(np.argmax(table[:, telling])) if telling is not None else int(random.integers(10))] = 1.0
        made.append(Example(table, random.normal(size=len(TRAITS)).astype(np.float32), relevant))
    return made


def test_what_the_answers_show_is_learned() -> None:
    fitted = fit_weights(examples(120, TITLE), shipped()[0])
    assert int(np.argmax(fitted.features)) == TITLE
    fresh = examples(60, TITLE, seed=8)
    assert np.mean([reciprocal_rank(one, fitted) for one in fresh]) > 0.9


def test_a_knowledge_base_where_titles_tell_gets_its_own_ranking() -> None:
    learned = learn(examples(150, TITLE), shipped()[0])
    assert learned.weights is not None
    assert 0 < learned.low <= learned.difference <= learned.high
    assert learned.questions == 150


def test_answers_that_follow_no_rule_change_nothing() -> None:
    learned = learn(examples(150, None), shipped()[0])
    assert learned.weights is None
    assert learned.low <= 0


def test_a_handful_of_answers_is_too_little_to_learn_from() -> None:
    learned = learn(examples(FEWEST - 1, TITLE), shipped()[0])
    assert learned.weights is None
    assert learned.questions == FEWEST - 1


def test_questions_whose_article_was_not_found_teach_nothing() -> None:
    blank = [Example(one.table, one.traits, one.relevant * 0) for one in examples(200, TITLE)]
    assert learn(blank, shipped()[0]).questions == 0


def test_learning_twice_from_the_same_answers_gives_the_same_weights() -> None:
    first, second = (fit_weights(examples(60, PASSAGE), shipped()[0]) for _ in range(2))
    assert first.facts() == second.facts()


def test_an_article_that_was_not_found_has_no_reciprocal_rank() -> None:
    one = examples(1, TITLE)[0]
    assert reciprocal_rank(Example(one.table, one.traits, one.relevant * 0), shipped()[0]) == 0.0


def two_kinds(count: int, seed: int) -> list[Example]:
    """Questions of two articles each. Of two in five the one with the better title is right, of the others the one with the better passage."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        table = np.zeros((2, len(FEATURES)), dtype=np.float32)
        table[:, (TITLE, PASSAGE)] = [[1, 0], [0, 1]] + random.normal(0, 0.2, (2, 2))
        relevant = np.array([1, 0] if random.random() < 0.4 else [0, 1], dtype=np.float32)
        made.append(Example(table, np.zeros(len(TRAITS), dtype=np.float32), relevant))
    return made


def shown_by_titles(asked: list[Example], looked_on: float, seed: int) -> tuple[list[Example], tuple[float, ...]]:
    """Return what is known when the better title is shown first and only ``looked_on`` of those whom it does not help look at the other article."""
    random, known, tries = np.random.default_rng(seed), [], []
    for one in asked:
        first = int(np.argmax(one.table[:, TITLE]))
        if one.relevant[first]:
            known.append((one, 0))
            tries.append([True])
        elif random.random() < looked_on:
            known.append((one, 1))
            tries.append([False, True])
        else:
            tries.append([False])
    places = examined(tries)
    return [Example(one.table, one.traits, one.relevant, 1 / places[place]) for one, place in known], places


def test_places_that_few_look_at_count_more_and_the_ranking_is_better_for_it() -> None:
    corrected, places = shown_by_titles(two_kinds(3_000, seed=2), looked_on=0.3, seed=4)
    assert places[1] == pytest.approx(0.3, abs=0.05)
    plain = [Example(one.table, one.traits, one.relevant) for one in corrected]
    fresh = two_kinds(2_000, seed=9)
    fits = [fit_weights(known, shipped()[0]) for known in (corrected, plain)]
    ranks = [np.mean([reciprocal_rank(one, fitted) for one in fresh]) for fitted in fits]
    assert ranks[0] > ranks[1] + 0.05


def test_a_rejected_article_teaches_even_where_nothing_helped() -> None:
    random = np.random.default_rng(3)
    made = []
    for one in examples(300, TITLE):
        rejected = np.zeros(10, dtype=np.float32)
        rejected[int(np.argmax(one.table[:, PASSAGE] + random.normal(0, 0.1, 10)))] = 1.0
        made.append(Example(one.table, one.traits, one.relevant * 0, rejected=rejected))
    fitted = fit_weights(made, shipped()[0])
    assert fitted.features[PASSAGE] < shipped()[0].features[PASSAGE] - 0.3


def test_a_question_whose_every_article_was_rejected_says_nothing() -> None:
    one = examples(1, TITLE)[0]
    assert not Example(one.table, one.traits, one.relevant * 0, rejected=np.ones(10, dtype=np.float32)).says_something
    assert learn([Example(one.table, one.traits, one.relevant * 0)] * 3, shipped()[0]).unsolved == 0


@pytest.mark.parametrize(
    ("tries", "second"),
    [
        ([[True], [False, True], [False], [False, False]], 2 / 3),
        ([[True]] * 5 + [[None]] * 5 + [[False, True]] * 5, 5 / 7.5),
        ([[False]] * 50 + [[False, True]], LEAST_EXAMINED),
        ([[False, True]] * 4, 1.0),
    ],
    ids=["of those not helped two of three went on", "half of the silent were helped too", "hardly anybody", "everybody"],
)
def test_who_looks_at_the_second_place_is_told_from_those_whom_the_first_did_not_help(tries: list[list[bool | None]], second: float) -> None:
    assert examined(tries)[:2] == (1.0, pytest.approx(second))


def test_where_only_one_article_was_ever_shown_nothing_is_known_of_other_places() -> None:
    assert examined([[True], [False], [None]]) == (1.0,)
    assert examined([]) == (1.0,)
