"""The reader of one field as it serves: numbers that were learnt from history, and how a ticket is read by them. numpy only.

Three opinions are weighed: a linear one over words, letters and fields; one by what tickets with the same fields came to; one by the meaning of the
text, where an embedding model was there. The weights were fitted on rows that the opinions had not seen, so what comes out is a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.desk.triage.counts import Counted
from assistant.desk.triage.features import Example, Vocabulary, letter_grams, without, word_grams, words_of

Embed = Callable[[Sequence[str]], np.ndarray]
MOST_REASONS = 8
MOST_LEFT_OUT = 60
"""Words of a text without which its meaning is read, to say what they mean for it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a field is read as, and with which probability; ``others`` are the next likely ones."""

    label: str
    confidence: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Something in a ticket that spoke for the label, by how much more than for the other labels on average."""

    what: str
    weight: float


@dataclass(frozen=True, slots=True)
class FieldReader:
    """What was learnt about one field. Arrays by shape: k labels, m features, d numbers of a sentence vector."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    weights: np.ndarray
    """(m, k)"""
    bias: np.ndarray
    """(k,)"""
    counted: Counted
    by_meaning: np.ndarray
    """(d + 1, k), the last row being the bias; (0, k) without an embedding model. Of a fine-tuned encoder it is the head that was taught with it."""
    mixing: np.ndarray
    """(1 + keys + 1,): the weight of the linear opinion, of each count, and of the meaning."""
    shift: np.ndarray
    """(k,)"""
    thresholds: tuple[float, ...]
    """The confidences from which up 95 % and 98 % were right on rows that it was not learnt from."""

    def opinions(self, example: Example, vector: np.ndarray | None) -> np.ndarray:
        """Return what each opinion says of each label, (1 + keys + 1, k)."""
        places, values = self.vocabulary.row(example)
        linear = values @ self.weights[places] + self.bias if len(places) else self.bias
        meant = np.zeros(len(self.labels), dtype=np.float32)
        if vector is not None and len(vector) and len(self.by_meaning):
            meant = log_shares(vector @ self.by_meaning[:-1] + self.by_meaning[-1])
        return np.asarray(np.vstack([linear[None], self.counted.scores(example), meant[None]]))

    def probabilities(self, examples: Sequence[Example], vectors: np.ndarray | None = None) -> np.ndarray:
        """Return the probability of each label for each ticket, (n, k)."""
        rows = [self.opinions(one, vectors[n] if vectors is not None and len(vectors) else None) for n, one in enumerate(examples)]
        scores = np.stack([self.mixing @ one for one in rows]) + self.shift if rows else np.zeros((0, len(self.labels)))
        return np.asarray(np.exp(log_shares(scores)))

    def read(self, example: Example, vector: np.ndarray | None = None) -> Reading:
        """Read the field of one ticket."""
        shares = self.probabilities([example], vector[None] if vector is not None else None)[0]
        order = np.argsort(-shares, kind="stable")
        named = [(self.labels[place], float(shares[place])) for place in order[:4]]
        return Reading(*named[0], tuple(named[1:]))

    def why(self, example: Example, label: str, embed: Embed | None = None) -> list[Reason]:
        """Return what in the ticket spoke most for a label: words with the letters in them, fields, and what such tickets came to.

        With ``embed``, words also count for what the text would mean less without them, which takes an embedding for each word.
        """
        if label not in self.labels:
            return []
        place = self.labels.index(label)
        words = self._words(example, place)
        if embed is not None and len(self.by_meaning):
            words = _summed(words + self._meant(example, place, embed))
        found = words + self._counts(example, place)
        return sorted((one for one in found if one.weight > 0), key=lambda one: -one.weight)[:MOST_REASONS]

    def _meant(self, example: Example, place: int, embed: Embed) -> list[Reason]:
        """Return by how much less the text would mean the label without each of its words."""
        words = list(dict.fromkeys(words_of(example.text)))[:MOST_LEFT_OUT]
        vectors = embed([example.text, *(without(example.text, word) for word in words)])
        if not len(vectors):
            return []
        worth = log_shares(vectors @ self.by_meaning[:-1] + self.by_meaning[-1])[:, place] * self.mixing[-1]
        return [Reason(f"“{word}”", float(worth[0] - less)) for word, less in zip(words, worth[1:], strict=True)]

    def _words(self, example: Example, place: int) -> list[Reason]:
        places, values = self.vocabulary.row(example)
        apart = self.weights[:, place] - self.weights.mean(axis=1)
        worth = {self.vocabulary.names[p]: float(v * apart[p] * self.mixing[0]) for p, v in zip(places.tolist(), values.tolist(), strict=True)}
        words = words_of(example.text)
        told = {name[1:]: weight for name, weight in worth.items() if name[0] == "w"}
        everywhere = letter_grams(words)
        for word in set(words):
            mine = letter_grams([word])
            told[word] = told.get(word, 0.0) + sum(worth.get(gram, 0.0) * count / everywhere[gram] for gram, count in mine.items())
        found = [Reason(f"“{gram[1:]}”", told[gram[1:]]) for gram in word_grams(words) if gram[1:] in told]
        return found + [Reason(name[1:].replace("=", ": ", 1), weight) for name, weight in worth.items() if name[0] == "f"]

    def _counts(self, example: Example, place: int) -> list[Reason]:
        found = []
        for number, key in enumerate(self.counted.keys):
            counts = self.counted.seen(number, example)
            if key and counts is not None and counts.sum() >= 1:
                shares = np.log((counts + self.counted.prior) / (counts.sum() + 1))
                named = " and ".join(f"{name}: {example.fields.get(name, '') or 'none'}" for name in key)
                came = f"{named} ({counts[place]:.0f} of {counts.sum():.0f} lately)"
                found.append(Reason(came, float((shares[place] - shares.mean()) * self.mixing[1 + number])))
        return found


def _summed(reasons: Sequence[Reason]) -> list[Reason]:
    """Return each word once, with all that it speaks for the label."""
    found: dict[str, float] = {}
    for one in reasons:
        found[one.what] = found.get(one.what, 0.0) + one.weight
    return [Reason(what, weight) for what, weight in found.items()]


def log_shares(scores: np.ndarray) -> np.ndarray:
    """Return the logarithm of the softmax over the last axis."""
    apart = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(apart - np.log(np.exp(apart).sum(axis=-1, keepdims=True)))
