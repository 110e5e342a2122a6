"""Grades confidence: does it tell what can be answered, and is it the probability that it says it is?

A question is answered rightly when it can be answered and the first article is relevant. Risk is the share of wrong
answers among those given: a wrong article counts as much as an answer where none exists.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.measures import aurc, auroc, calibration_error, coverage_at
from evals.report import Metric, bootstrap, mean
from evals.retrieval import Asked


def metrics(asked: Sequence[Asked], threshold: float) -> dict[str, Metric]:
    """Return the measures of confidence.

    ``auroc``: answerable against unanswerable. ``auroc_right``: answered rightly against wrongly. ``aurc``, ``coverage@...``
    and ``ece``: over right and wrong answers. ``coverage_answerable@5%``: the same with only answers to unanswerable questions
    as wrong. ``over_abstention``: answerable questions below the threshold; ``under_abstention``: unanswerable ones above it.
    """
    right = [(bool(item.ranked) and item.ranked[0] in item.judged.relevant, item.confidence) for item in asked]
    exists = [(item.judged.answerable, item.confidence) for item in asked]
    return {
        "auroc": bootstrap(exists, auroc),
        "auroc_right": bootstrap(right, auroc),
        "aurc": bootstrap(right, aurc),
        "coverage@2%": bootstrap(right, lambda part: coverage_at(part, 0.02)),
        "coverage@5%": bootstrap(right, lambda part: coverage_at(part, 0.05)),
        "coverage_answerable@5%": bootstrap(exists, lambda part: coverage_at(part, 0.05)),
        "ece": bootstrap(right, calibration_error),
        "over_abstention": bootstrap([float(sure < threshold) for answerable, sure in exists if answerable], mean),
        "under_abstention": bootstrap([float(sure >= threshold) for answerable, sure in exists if not answerable], mean),
        "answered": bootstrap([float(sure >= threshold) for _, sure in right], mean),
        "wrong_among_answered": bootstrap([float(not good) for good, sure in right if sure >= threshold], mean),
    }
