"""The words of a message as numbers: hashed words, pairs of words and runs of letters, weighted by how rare they are in the examples.

Runs of letters inside a word are shared by a word and its misspelling, which the words themselves are not. Weights are those of
Salton and Buckley 1988 (logarithmic frequency, smoothed inverse document frequency, unit length) for each of the two kinds apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

BUCKETS = 1 << 15
"""Of each kind. Two grams that fall into one bucket count as the same; with some thousand examples that is rare enough."""
WORDS, LETTERS = 0.6, 0.3
"""Lengths of the two parts beside a sentence vector of length one."""
SHORTEST, LONGEST = 3, 5
READ = 1_000
"""Characters. What comes after them says no more about what is wanted."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded so that case and form of letters do not count."""
    return [word.replace("’", "'") for word in _WORD.findall(unicodedata.normalize("NFKC", text[:READ]).casefold())]


def _buckets(text: str) -> tuple[Counter[int], Counter[int]]:
    words = words_of(text)
    pairs = [f"{first} {second}" for first, second in zip(words, words[1:], strict=False)]
    runs = (f" {word} "[start : start + size] for word in words for size in range(SHORTEST, LONGEST + 1) for start in range(len(word) + 3 - size))
    return _counted(words + pairs, 0), _counted(runs, BUCKETS)


def _counted(grams: Iterable[str], offset: int) -> Counter[int]:
    return Counter(offset + crc32(gram.encode("utf-8", "replace")) % BUCKETS for gram in grams)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The grams of the examples. ``buckets`` (n,) ascending, and ``rarity`` (n,), the weight of each."""

    buckets: np.ndarray
    rarity: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str]) -> Lexicon:
        """Collect the grams of some texts."""
        seen: Counter[int] = Counter()
        for text in texts:
            for part in _buckets(text):
                seen.update(part.keys())
        buckets = np.array(sorted(seen), dtype=np.int64)
        found = np.array([seen[int(bucket)] for bucket in buckets], dtype=np.float64)
        return cls(buckets, (np.log((1 + len(texts)) / (1 + found)) + 1).astype(np.float32))

    def row(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return places in the lexicon and the values there; what no example has is left out."""
        parts = [self._part(counted, length) for counted, length in zip(_buckets(text), (WORDS, LETTERS), strict=True)]
        return np.concatenate([places for places, _ in parts]), np.concatenate([values for _, values in parts])

    def _part(self, counted: Counter[int], length: float) -> tuple[np.ndarray, np.ndarray]:
        wanted = np.fromiter(counted.keys(), dtype=np.int64, count=len(counted))
        times = np.fromiter(counted.values(), dtype=np.float32, count=len(counted))
        places = np.searchsorted(self.buckets, wanted)
        known = places < len(self.buckets)
        known[known] = self.buckets[places[known]] == wanted[known]
        places = places[known]
        values = (1 + np.log(times[known])) * self.rarity[places]
        norm = float(np.linalg.norm(values))
        return places, values * np.float32(length / norm if norm else 0.0)
