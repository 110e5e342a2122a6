"""How sure retrieval is that its first article answers: a logistic model over features of the ranking.

The coefficients stand in ``evidence.json``, fitted by ``firstline eval fit-evidence`` on questions with and without an
article in the collection; the file says on what and how well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log
from pathlib import Path

from kb.model import Evidence

STOPWORDS = frozenset(Path(__file__).with_name("stopwords.txt").read_text(encoding="utf-8").split())
_COMPOUND = re.compile(r"(?<![\w-])([^\W_]+)-([^\W_]+)(?![\w-])")
"""Two words joined by a hyphen are also one word: Wi-Fi and wifi, e-mail and email."""
FEATURES = ("similarity", "lift", "coverage", "agreement", "title_coverage", "words", "title_words", "gap", "length")
"""Of the first article: ``similarity`` blends the cosines of passage and title; ``lift`` compares its cosine with the usual;
``coverage`` and ``title_coverage`` are shares of the question's words found in it and in its title; ``agreement``: words
alone put it first too; ``words`` and ``title_words``: BM25 of its best passage and of its title for each word of the
question; ``gap`` between the first two scores of the ranking; ``length`` of the question."""
TITLE_WEIGHT = 0.3


def blend(passage: float, title: float) -> float:
    """Return how near an article is: its best passage's cosine with 0.3 of its title's, as a weighted mean."""
    return (passage + TITLE_WEIGHT * title) / (1 + TITLE_WEIGHT)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the ranking looks like from outside, before judging it."""

    question: str
    ranked: Sequence[Evidence]
    title: float
    dense: Sequence[float]
    lexical_first: str
    scores: Sequence[float] = ()
    """Of the articles, best first."""
    words: float = 0.0
    """BM25 of the first article's best passage."""
    title_words: float = 0.0
    """BM25 of its title."""


def words(text: str) -> list[str]:
    """Return the content words of a text, lower case and crudely stemmed."""
    plain = text.lower().replace("'", "").replace("’", "")
    compounds = (first + second for first, second in _COMPOUND.findall(plain))
    return [_stem(word) for word in (*re.findall(r"[^\W_]+", plain), *compounds) if word not in STOPWORDS]


def _stem(word: str) -> str:
    for suffix in ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def features(signals: Signals) -> list[float]:
    """Return the features in the order of ``FEATURES``; all zero for an empty ranking."""
    if not signals.ranked:
        return [0.0] * len(FEATURES)
    article = signals.ranked[0].passage.article
    mine = [item for item in signals.ranked if item.passage.article.id == article.id]
    best = max(item.dense for item in mine)
    typical = sorted(signals.dense, reverse=True)[:20]
    asked = set(words(signals.question))
    found = [set(words(f"{article.title} {item.passage.heading} {item.passage.text}")) for item in mine[:3]]
    near = blend(best, signals.title)
    share = 1 / len(asked) if asked else 0.0
    return [
        near,
        best - sum(typical) / len(typical),
        share * max(len(asked & some) for some in found),
        float(article.id == signals.lexical_first),
        share * len(asked & set(words(article.title))),
        signals.words / (1 + len(asked)),
        signals.title_words / (1 + len(asked)),
        signals.scores[0] - signals.scores[1] if len(signals.scores) > 1 else 0.0,
        log(1 + len(asked)),
    ]


@lru_cache(maxsize=1)
def _model() -> tuple[list[float], float]:
    facts = json.loads(Path(__file__).with_name("evidence.json").read_text())
    return [facts["coefficients"][name] for name in FEATURES], facts["intercept"]


def confidence(signals: Signals) -> float:
    """Return the probability in [0, 1] that the first article answers; 0 for an empty ranking."""
    if not signals.ranked:
        return 0.0
    weights, intercept = _model()
    score = intercept + sum(w * x for w, x in zip(weights, features(signals), strict=True))
    return 1 / (1 + exp(-score))
