"""The measures against values worked out by hand."""

from __future__ import annotations

from math import isnan, log2

import pytest

from evals.measures import aurc, auroc, calibration_error, coverage_at, ndcg, recall, reciprocal_rank


def test_ndcg_counts_grades_by_the_logarithm_of_their_rank() -> None:
    assert ndcg(["a", "b"], {"a": 1}) == 1.0
    assert ndcg(["b", "a"], {"a": 1}) == pytest.approx(1 / log2(3))
    assert ndcg(["b", "a"], {"a": 2, "b": 1}) == pytest.approx((1 + 2 / log2(3)) / (2 + 1 / log2(3)))
    assert ndcg(["x"] * 10 + ["a"], {"a": 1}) == 0.0
    assert ndcg(["a"], {}) == 0.0


def test_an_ideal_ranking_of_more_relevant_documents_than_are_looked_at_scores_one() -> None:
    assert ndcg([str(i) for i in range(10)], {str(i): 1 for i in range(30)}) == pytest.approx(1.0)


def test_recall_and_reciprocal_rank_look_no_deeper_than_they_say() -> None:
    ranked = ["x", "a", "y", "z", "w", "b"]
    assert recall(ranked, {"a": 1, "b": 1}, 5) == 0.5
    assert reciprocal_rank(ranked, {"a": 1}) == 0.5
    assert reciprocal_rank(["x"] * 10 + ["a"], {"a": 1}) == 0.0


def test_auroc_is_the_chance_that_a_positive_stands_higher() -> None:
    assert auroc([(True, 0.9), (False, 0.1)]) == 1.0
    assert auroc([(True, 0.5), (False, 0.5)]) == 0.5
    assert isnan(auroc([(True, 0.5)]))


def test_coverage_is_what_can_be_answered_within_the_risk() -> None:
    pairs = [(True, 0.9), (True, 0.8), (False, 0.7), (True, 0.6)]
    assert coverage_at(pairs, 0.0) == 0.5
    assert coverage_at(pairs, 0.25) == 1.0
    assert coverage_at([(False, 0.9)], 0.02) == 0.0


def test_no_threshold_can_part_questions_of_the_same_confidence() -> None:
    assert coverage_at([(True, 0.5), (False, 0.5)], 0.1) == 0.0


def test_the_area_under_risk_and_coverage_is_the_mean_risk() -> None:
    assert aurc([(True, 0.9), (False, 0.5)]) == pytest.approx((0 + 0.5) / 2)


def test_a_confidence_that_is_the_share_of_right_answers_has_no_calibration_error() -> None:
    assert calibration_error([(True, 0.75)] * 3 + [(False, 0.75)]) == pytest.approx(0.0)
    assert calibration_error([(False, 1.0)]) == 1.0
