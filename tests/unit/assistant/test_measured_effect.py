"""What an article changed is told from what changed for everybody, from chance, and from bad luck that ends by itself."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.desk.effect import ALPHA, SPEND, Past, Trials, boundaries, measured
from assistant.domain.experiment import HORIZON, WEEKS_BEFORE, Effect, Finding

WEEKS = WEEKS_BEFORE + HORIZON


def topics(shares: list[list[float]], asked: int = 100, people: int = 10_000, seed: int = 1) -> Trials:
    """Trials with ``asked`` questions a week in each topic, resolved exactly as often as ``shares`` says for each of its weeks."""
    random = np.random.default_rng(seed)
    topic, week, resolved = [], [], []
    for number, row in enumerate(shares):
        for place, share in enumerate(row):
            topic += [number] * asked
            week += [place] * asked
            resolved += [one < round(share * asked) for one in range(asked)]
    person = random.integers(0, people, len(topic))
    return Trials(np.array(topic), np.array(week), person, np.array(resolved), len(shares))


def steady(share: float, after: float | None = None) -> list[float]:
    return [share] * WEEKS_BEFORE + [share if after is None else after] * HORIZON


def test_what_changed_for_everybody_is_not_the_articles_doing() -> None:
    look = measured(topics([steady(0.3, 0.5)] + [steady(0.4, 0.6) for _ in range(8)]), 0, {}, 6)
    assert look.effect == pytest.approx(0.0, abs=1e-9)
    assert look.others == pytest.approx(0.2)
    assert look.finding is not Finding.MORE


def test_a_clear_effect_is_found_and_its_size_is_right() -> None:
    look = measured(topics([steady(0.2, 0.6)] + [steady(0.4) for _ in range(8)]), 0, {}, 4)
    assert look.finding is Finding.MORE
    assert look.effect == pytest.approx(0.4)
    assert look.low < 0.4 < look.high
    assert look.before == (240, 1200)
    assert look.after == (240, 400)
    assert "More questions are confirmed as resolved" in look.text()


def test_an_article_that_does_harm_is_called_less() -> None:
    look = measured(topics([steady(0.6, 0.3)] + [steady(0.4) for _ in range(8)]), 0, {}, 6)
    assert look.finding is Finding.LESS


def test_shared_weeks_cancel_even_when_the_topic_is_asked_about_late_only() -> None:
    trend = [0.2 + 0.02 * week for week in range(WEEKS)]
    trials = topics([trend for _ in range(9)])
    late = (trials.topic != 0) | (trials.week >= WEEKS_BEFORE - 3)
    cut = Trials(trials.topic[late], trials.week[late], trials.person[late], trials.resolved[late], 9)
    assert measured(cut, 0, {}, 6).effect == pytest.approx(0.0, abs=1e-9)


def test_too_few_questions_are_said_to_be_too_few() -> None:
    look = measured(topics([steady(0.2, 0.6)] + [steady(0.4) for _ in range(8)], asked=1), 0, {}, 3)
    assert look.finding is Finding.NOT_ENOUGH
    assert "3 questions since the article was published, 10 are needed" in look.why
    assert look.deviation == 0


def test_without_untouched_topics_nothing_is_claimed() -> None:
    look = measured(topics([steady(0.2, 0.9)] + [steady(0.4) for _ in range(3)]), 0, {}, 6)
    assert look.finding is Finding.NOT_ENOUGH
    assert "only 3 untouched topics" in look.why


def test_a_topic_that_was_touched_leaves_from_that_week_on() -> None:
    changed = [0.4] * (WEEKS_BEFORE + 3) + [0.9] * (HORIZON - 3)
    trials = topics([steady(0.3)] + [steady(0.4) for _ in range(6)] + [changed] * 4)
    blind = measured(trials, 0, {}, 8)
    told = measured(trials, 0, dict.fromkeys(range(7, 11), WEEKS_BEFORE + 3), 8)
    assert blind.effect < -0.05
    assert told.effect == pytest.approx(0.0, abs=1e-9)
    assert told.controls == 6


def test_a_topic_that_was_touched_before_publishing_is_no_control() -> None:
    trials = topics([steady(0.3)] + [steady(0.4) for _ in range(6)])
    assert measured(trials, 0, {1: WEEKS_BEFORE - 2, 2: 0}, 4).controls == 4


def test_an_interval_within_the_margin_is_called_no_effect_before_the_end() -> None:
    look = measured(topics([steady(0.3)] + [steady(0.4) for _ in range(12)], asked=2_000), 0, {}, 9)
    assert look.finding is Finding.NO_EFFECT
    assert "No effect was found" in look.text()


def test_the_last_look_says_no_effect_when_none_was_shown() -> None:
    rows = [steady(0.3)] + [steady(0.4) for _ in range(6)]
    assert measured(topics(rows, asked=12), 0, {}, HORIZON - 1).finding is Finding.NOT_ENOUGH
    assert measured(topics(rows, asked=12), 0, {}, HORIZON).finding is Finding.NO_EFFECT


def test_untouched_topics_that_scatter_widen_the_interval() -> None:
    calm = measured(topics([steady(0.3, 0.5)] + [steady(0.4) for _ in range(8)]), 0, {}, 6)
    moved = [steady(0.4, 0.4 + shift) for shift in (-0.2, -0.15, -0.1, -0.05, 0.05, 0.1, 0.15, 0.2)]
    restless = measured(topics([steady(0.3, 0.5), *moved]), 0, {}, 6)
    assert restless.high - restless.low > 2 * (calm.high - calm.low)


def test_many_questions_of_one_person_count_for_less() -> None:
    rows = [steady(0.3, 0.5)] + [steady(0.4) for _ in range(8)]
    many = topics(rows)
    alike = Trials(many.topic, many.week, many.topic * 1000 + many.resolved * 20 + many.person % 20, many.resolved, 9)
    assert measured(alike, 0, {}, 6).deviation > 2 * measured(many, 0, {}, 6).deviation


def test_no_questions_at_all_are_no_error() -> None:
    none = np.zeros(0, dtype=np.int64)
    look = measured(Trials(none, none, none, none.astype(bool), 3), 1, {}, 1)
    assert look.finding is Finding.NOT_ENOUGH
    assert look.weeks_before == 0
    assert look.demand_before == 0


def test_a_look_is_read_back_as_it_was_written() -> None:
    look = measured(topics([steady(0.2, 0.6)] + [steady(0.4) for _ in range(8)]), 0, {}, 4)
    assert Effect.of_record(look.record()) == look
    assert [one.week for one in look.weeks] == [*range(-WEEKS_BEFORE, 0), *range(4)]


def test_the_looks_together_spend_no_more_than_their_error() -> None:
    """Played: without an effect the share of sequences that leave their bounds by week w is what the spending function allows."""
    weeks = np.arange(1, HORIZON + 1)
    bounds = boundaries([Past(int(week), float(1 / np.sqrt(week))) for week in weeks])
    walks = np.random.default_rng(3).normal(size=(200_000, HORIZON)).cumsum(axis=1) / np.sqrt(weeks)
    out = np.abs(walks) > np.array(bounds)
    for week in (4, 8, 12):
        assert out[:, :week].any(axis=1).mean() == pytest.approx(ALPHA * (week / HORIZON) ** SPEND, abs=0.002)


def test_a_look_that_was_missed_costs_no_error() -> None:
    all_looks = boundaries([Past(week, 1 / week**0.5) for week in range(1, HORIZON + 1)])
    few = boundaries([Past(6, 6**-0.5), Past(12, 12**-0.5)])
    assert few[-1] < all_looks[-1]
    assert few[-1] > 1.96


def test_the_last_interval_is_hardly_wider_than_one_of_a_single_look() -> None:
    bounds = boundaries([Past(week, (1 / 12 + 1 / week) ** 0.5) for week in range(1, HORIZON + 1)])
    assert bounds == sorted(bounds, reverse=True)
    assert 1.96 < bounds[-1] < 2.12
