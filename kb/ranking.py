"""How articles are ranked: features of an article for a question, weighed by constants that stand in a file.

An article's score is the sum of its features, each standardised over the articles found for this question, times their
weights. The weights of the features that count words move with the question itself: rare words, codes and keywords make
words count more, everyday phrasing less. The constants in ``ranking.json`` come from ``firstline eval fit-ranking``; a
knowledge base with enough confirmed answers may have its own (``kb.learn``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from kb.evidence import STOPWORDS, words
from kb.ports import Vector

SHIPPED = Path(__file__).with_name("ranking.json")
FEATURES = ("passage", "title", "background", "passage_words", "title_words", "article_words", "passages", "title_length", "own_device")
"""``passage``: cosine of the best passage; ``title``: cosine of the title; ``background``: how near the best passage is to
texts of the collection at large (a hub is near to everything: Radovanovic et al. 2010); ``*_words``: BM25 of the best
passage, the title, the whole article; ``passages``: logarithm of their number, for the best of many is high by chance;
``title_length``: logarithm of its words; ``own_device``: 1 for an article that is written for the asker's system."""
WORD_FEATURES = ("passage_words", "title_words", "article_words")
TRAITS = ("length", "codes", "function_words", "word_peak", "meaning_peak")
"""``length``: logarithm of the content words; ``codes``: share of words with a digit, an underscore or a capital inside;
``function_words``: share of stop words; ``word_peak``, ``meaning_peak``: by how much the best passage stands out from the
next nine, by BM25 (relative) and by cosine."""
OVERDUE = 0.35
"""What an article past its review date loses, in units of the score; set by hand: enough to lose against a good twin."""
_CODE = re.compile(r"\d|_|(?<=\w)[A-Z]")
_NEXT = 10
EXTREME = 2.5


@dataclass(frozen=True, slots=True)
class Weights:
    """Constants of the ranking. ``moves[t][w]`` is what trait t, standardised, adds to the weight of word feature w.

    ``floor`` is the least deviation by which each feature is divided: where few articles were found and they hardly
    differ, a difference that means nothing must not count as much as a real one.
    """

    features: Vector
    floor: Vector
    centre: Vector
    spread: Vector
    moves: Vector

    def scores(self, table: Vector, traits: Vector) -> Vector:
        """Return the score of each article; ``table`` has a row for each, in the order of ``FEATURES``."""
        weights = self.features.copy()
        weights[word_columns()] += self.standing(traits) @ self.moves
        return np.asarray(standardised(table, self.floor) @ weights, dtype=np.float32)

    def standing(self, traits: Vector) -> Vector:
        """Return the traits of a question against those of usual questions, an extreme one cut off."""
        return np.asarray(np.clip((traits - self.centre) / self.spread, -EXTREME, EXTREME), dtype=np.float32)

    def facts(self) -> dict[str, Any]:
        """Return plain values for a file, rounded to what matters."""
        rows = zip(TRAITS, self.centre, self.spread, self.moves, strict=True)
        return {
            "features": {name: round(float(w), 4) for name, w in zip(FEATURES, self.features, strict=True)},
            "floors": {name: round(float(w), 4) for name, w in zip(FEATURES, self.floor, strict=True)},
            "traits": {
                name: {"mean": round(float(m), 4), "deviation": round(float(s), 4)}
                | {word: round(float(v), 4) for word, v in zip(WORD_FEATURES, move, strict=True)}
                for name, m, s, move in rows
            },
        }

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Weights:
        """Read what ``facts`` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        traits = [facts["traits"][name] for name in TRAITS]
        return cls(
            np.array([float(facts["features"][name]) for name in FEATURES], dtype=np.float32),
            np.array([max(float(facts["floors"][name]), 1e-6) for name in FEATURES], dtype=np.float32),
            np.array([float(trait["mean"]) for trait in traits], dtype=np.float32),
            np.array([max(float(trait["deviation"]), 1e-6) for trait in traits], dtype=np.float32),
            np.array([[float(trait[word]) for word in WORD_FEATURES] for trait in traits], dtype=np.float32),
        )


@lru_cache(maxsize=1)
def shipped() -> tuple[Weights, Weights]:
    """Return the constants that come with Firstline: for the whole ranking, and for words alone."""
    facts = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return Weights.of(facts["hybrid"]), Weights.of(facts["words"])


def word_columns() -> list[int]:
    """Return the columns of the features that count words."""
    return [FEATURES.index(name) for name in WORD_FEATURES]


def standardised(table: Vector, floor: Vector) -> Vector:
    """Return each column with mean 0 and deviation 1, or less where its deviation is below the floor."""
    return np.asarray((table - table.mean(axis=0)) / np.maximum(table.std(axis=0), floor), dtype=np.float32)


def traits_of(question: str, by_words: Sequence[float], by_meaning: Sequence[float]) -> Vector:
    """Return the traits of a question, given the BM25 scores and the cosines of the passages found."""
    plain = re.findall(r"[^\W]+", question)
    share = 1 / len(plain) if plain else 0.0
    highest, nearest = sorted(by_words, reverse=True), sorted(by_meaning, reverse=True)
    traits = (
        log(1 + len(set(words(question)))),
        share * sum(bool(_CODE.search(word)) for word in plain),
        share * sum(word.lower() in STOPWORDS for word in plain),
        _peak(highest) / highest[0] if highest and highest[0] > 0 else 0.0,
        _peak(nearest),
    )
    return np.array(traits, dtype=np.float32)


def _peak(falling: Sequence[float]) -> float:
    rest = falling[1:_NEXT]
    return falling[0] - sum(rest) / len(rest) if rest else 0.0
