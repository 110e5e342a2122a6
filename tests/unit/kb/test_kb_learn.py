"""Learning the ranking of one knowledge base from its answered questions."""

from __future__ import annotations

import numpy as np

from kb.learn import FEWEST, Example, fit_weights, learn, reciprocal_rank
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
