"""Measures of a ranking and of a confidence. Definitions: Manning et al., Introduction to Information Retrieval, ch. 8 (nDCG with
linear gain, as BEIR and trec_eval compute it); Geifman and El-Yaniv 2017 (risk and coverage); Naeini et al. 2015 (ECE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2

import numpy as np


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """Return the normalised discounted cumulative gain of the first ``depth`` documents, 0 to 1."""
    gained = sum(relevant.get(key, 0) / log2(rank + 1) for rank, key in enumerate(ranked[:depth], 1))
    ideal = sum(grade / log2(rank + 1) for rank, grade in enumerate(sorted(relevant.values(), reverse=True)[:depth], 1))
    return gained / ideal if ideal else 0.0


def recall(ranked: Sequence[str], relevant: Mapping[str, int], depth: int = 5) -> float:
    """Return the share of the relevant documents among the first ``depth``."""
    return len(set(ranked[:depth]) & set(relevant)) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """Return one over the rank of the first relevant document, 0 when there is none among the first ``depth``."""
    return next((1 / rank for rank, key in enumerate(ranked[:depth], 1) if key in relevant), 0.0)


def auroc(pairs: Sequence[tuple[bool, float]]) -> float:
    """Return the probability that a positive scores above a negative (ties count half); nan without both kinds."""
    from sklearn.metrics import roc_auc_score

    positives = sum(positive for positive, _ in pairs)
    if not 0 < positives < len(pairs):
        return float("nan")
    return float(roc_auc_score([positive for positive, _ in pairs], [score for _, score in pairs]))


def _risks(pairs: Sequence[tuple[bool, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each number of answered questions that a threshold can give, the coverage and the risk."""
    order = sorted(pairs, key=lambda pair: -pair[1])
    wrong = np.cumsum([not right for right, _ in order])
    answered = np.arange(1, len(order) + 1)
    scores = np.array([score for _, score in order])
    reachable = np.append(scores[:-1] != scores[1:], True)
    return answered[reachable] / len(order), wrong[reachable] / answered[reachable]


def aurc(pairs: Sequence[tuple[bool, float]]) -> float:
    """Return the area under the risk-coverage curve: the mean risk over all coverages, lower is better."""
    order = sorted(pairs, key=lambda pair: -pair[1])
    wrong = np.cumsum([not right for right, _ in order])
    return float(np.mean(wrong / np.arange(1, len(order) + 1)))


def coverage_at(pairs: Sequence[tuple[bool, float]], risk: float) -> float:
    """Return the largest share of questions that a threshold answers with at most this share of wrong answers among them."""
    coverage, risks = _risks(pairs)
    allowed = coverage[risks <= risk]
    return float(allowed.max()) if len(allowed) else 0.0


def calibration_error(pairs: Sequence[tuple[bool, float]], bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins."""
    right = np.array([float(positive) for positive, _ in pairs])
    sure = np.array([score for _, score in pairs])
    place = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum(abs(right[place == i].mean() - sure[place == i].mean()) * (place == i).mean() for i in range(bins) if (place == i).any()))
