"""The classifier of messages as it serves: numbers that were learnt from examples, and how a message is read by them.

Three signals say whether a message is like the examples at all: how near the nearest example is, how near the centre of an intent is once
directions in which every intent varies count less (Lee et al. 2018, with the covariance of Ledoit and Wolf 2004, by angle), and how sure the
regression is. Where there are examples of what is not meant, a fourth says whether it is rather like those. Training weighs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from assistant.agent.steps.understand_words import Lexicon

FORM = 1
"""Raised when the same examples would give another classifier than before, so that what is kept is trained anew."""
FAMILIAR = 0.5
"""The shipped threshold: below it a message is taken for something that no example stands for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message is read as. ``confidence``: the probability that the intent is right, given that one of them is meant.

    ``familiar``: the probability that one is meant at all, at even odds. ``outside``: the probability, among all, of the examples of what is not.
    """

    label: str
    confidence: float
    familiar: float
    outside: float = 0.0


@dataclass(frozen=True, slots=True)
class Classifier:
    """What was learnt. Arrays by shape: k intents, n examples of them, d numbers of a sentence vector, m grams."""

    labels: np.ndarray
    """(k,) names of intents; one named by ``outside`` is what is not meant."""
    outside: np.ndarray
    """(k,) true for labels that stand for what is not meant."""
    examples: np.ndarray
    """(n, d) sentence vectors of the examples of what is meant."""
    by_vector: np.ndarray
    """(d, k) weights of the regression for the sentence vector."""
    by_gram: np.ndarray
    """(m, k) weights of the regression for the grams."""
    bias: np.ndarray
    """(k,)"""
    buckets: np.ndarray
    rarity: np.ndarray
    """(m,) each: the lexicon."""
    middle: np.ndarray
    """(d,) mean of the examples."""
    whitening: np.ndarray
    """(d, d)"""
    centres: np.ndarray
    """(intents that are meant, d) whitened, of length one."""
    sharpness: np.ndarray
    """(1,) by what scores are multiplied so that probabilities hold."""
    weights: np.ndarray
    """(5,) of the four signals and of one."""

    def read(self, text: str, vector: Sequence[float] | np.ndarray) -> Reading:
        """Read one message by its words and its sentence vector of length one."""
        scores, signals = self.measure(text, np.asarray(vector, dtype=np.float32))
        return self.judged(scores, signals)

    def measure(self, text: str, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of the labels (k,) and the four signals."""
        places, values = Lexicon(self.buckets, self.rarity).row(text)
        scores = vector @ self.by_vector + values @ self.by_gram[places] + self.bias
        meant = scores[~self.outside]
        near = float((self.examples @ vector).max())
        turned = (vector - self.middle) @ self.whitening
        centre = float((self.centres @ turned).max() / max(float(np.linalg.norm(turned)), 1e-9))
        rather = _total(meant) - _total(scores[self.outside]) if self.outside.any() else 0.0
        return scores, np.array([near, centre, float(meant.max()), rather])

    def judged(self, scores: np.ndarray, signals: np.ndarray) -> Reading:
        """Return the reading that scores and signals come to."""
        sure = softmax(scores[~self.outside] * self.sharpness[0])
        best = int(sure.argmax())
        familiar = 1 / (1 + np.exp(-np.clip(float(signals @ self.weights[:4] + self.weights[4]), -30, 30)))
        outside = float(softmax(scores * self.sharpness[0])[self.outside].sum())
        return Reading(str(self.labels[~self.outside][best]), float(sure[best]), float(familiar), outside)

    def keep(self, path: Path, key: str) -> None:
        """Write it to a file (through another, so that no reader sees half of it), with the key of what it was made from."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.stem}.{id(self):x}.npz")
        np.savez(fresh, key=np.array(key), **{field.name: getattr(self, field.name) for field in fields(self)})
        fresh.replace(path)

    @classmethod
    def kept(cls, path: Path, key: str) -> Classifier | None:
        """Return what was kept under this key; None when there is nothing, or something else."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(**{field.name: stored[field.name] for field in fields(cls)}) if str(stored["key"]) == key else None
        except (OSError, KeyError, ValueError, BadZipFile):
            return None


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return probabilities along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _total(scores: np.ndarray) -> float:
    return float(np.logaddexp.reduce(scores))
