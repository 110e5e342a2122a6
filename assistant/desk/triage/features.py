"""What a ticket is read by: the words of its text, the letters in them, and its fields. Training and serving read alike, by these lines.

Words are single and in pairs; runs of punctuation count as words, because they carry tone. Letters are the three to five that stand beside one
another in a word. Both are weighted by their rarity (TF-IDF with a logarithmic count, each kind of length one). Fields count as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import log

import numpy as np

LONGEST_TEXT = 8_000
"""Letters of a text that are read; what comes after them is mostly quoted mail."""
MOST_GRAMS = 150_000
"""Of each kind; the most frequent stay."""
FEWEST_TEXTS = 2
FEWEST_WITH_LETTERS = 4
FEWEST_WITH_VALUE = 2
LETTERS = (3, 4, 5)
SHARES = {"w": 1.0, "c": 0.7, "f": 1.0}
"""How much each kind of feature counts: words, letters, fields."""
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[^\w\s]{1,4}")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Example:
    """A ticket as triage reads it. ``key`` names it where somebody can look it up, ``at`` is when it was opened."""

    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    key: str = ""


def words_of(text: str) -> list[str]:
    """Return the words and the runs of punctuation of a text, in small letters; every number reads alike but for its length."""
    return [_plain(one) for one in _TOKEN.findall(text[:LONGEST_TEXT].lower())]


def _plain(word: str) -> str:
    return _NUMBER.sub(lambda found: "0" * len(found[0]), word)


def without(text: str, word: str) -> str:
    """Return a text without a word as ``words_of`` gives it."""
    return _TOKEN.sub(lambda found: " " if _plain(found[0].lower()) == word else found[0], text[:LONGEST_TEXT])


@lru_cache(maxsize=200_000)
def _letters(word: str) -> tuple[str, ...]:
    whole = f" {word} "
    return tuple("c" + whole[i : i + n] for n in LETTERS for i in range(max(len(whole) - n + 1, 0)))


def word_grams(words: Sequence[str]) -> Counter[str]:
    """Return the words and pairs of neighbours with how often they occur."""
    found = Counter("w" + one for one in words)
    found.update(f"w{first} {second}" for first, second in zip(words, words[1:], strict=False))
    return found


def letter_grams(words: Sequence[str]) -> Counter[str]:
    """Return the letters that stand beside one another with how often they occur."""
    found: Counter[str] = Counter()
    for word, count in Counter(words).items():
        for one in _letters(word):
            found[one] += count
    return found


def field_values(example: Example) -> dict[str, str]:
    """Return the fields that hold something, with the hour and the weekday of the ticket's opening."""
    found = {name: value for name, value in example.fields.items() if value}
    if example.at is not None:
        found |= {"hour opened": str(example.at.hour), "day opened": str(example.at.weekday())}
    return found


def field_grams(example: Example) -> list[str]:
    """Return the fields as features."""
    return [f"f{name}={value}" for name, value in field_values(example).items()]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features that were seen often enough, by name, and how rare each is. (m,) each."""

    names: tuple[str, ...]
    rarity: np.ndarray
    places: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Make looking up fast."""
        self.places.update({name: place for place, name in enumerate(self.names)})

    @classmethod
    def of(cls, examples: Sequence[Example], letters: bool = True) -> Vocabulary:
        """Return what the examples have in common."""
        seen: dict[str, Counter[str]] = {kind: Counter() for kind in SHARES}
        for one in examples:
            words = words_of(one.text)
            seen["w"].update(word_grams(words).keys())
            if letters:
                seen["c"].update(letter_grams(words).keys())
            seen["f"].update(field_grams(one))
        fewest = {"w": FEWEST_TEXTS, "c": FEWEST_WITH_LETTERS, "f": FEWEST_WITH_VALUE}
        kept = [(name, count) for kind in sorted(SHARES) for name, count in _frequent(seen[kind], fewest[kind])]
        rarity = [1.0 + log((1 + len(examples)) / (1 + count)) if name[0] in "wc" else 1.0 for name, count in kept]
        return cls(tuple(name for name, _ in kept), np.array(rarity, dtype=np.float32))

    @property
    def has_letters(self) -> bool:
        """Say whether letters count."""
        return self.names[:1] != () and self.names[0][0] == "c"

    @property
    def letters(self) -> int:
        """How many of the features are letters; they stand before all others."""
        return bisect_left(self.names, "d")

    def without_letters(self) -> Vocabulary:
        """Return the same without letters."""
        return Vocabulary(self.names[self.letters :], self.rarity[self.letters :])

    def row(self, example: Example) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of a ticket's features and their values, each kind of a length by its share."""
        words = words_of(example.text)
        kinds = {"w": word_grams(words), "c": letter_grams(words) if self.has_letters else Counter(), "f": Counter(field_grams(example))}
        found: list[np.ndarray] = []
        values: list[np.ndarray] = []
        for kind, counted in kinds.items():
            known = [(self.places[name], count) for name, count in counted.items() if name in self.places]
            if known:
                places, counts = np.array(known, dtype=np.int32).T
                weighed = (1 + np.log(counts)) * self.rarity[places]
                found.append(places)
                values.append((SHARES[kind] * weighed / np.linalg.norm(weighed)).astype(np.float32))
        if not found:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        return np.concatenate(found), np.concatenate(values)


def _frequent(seen: Counter[str], fewest: int) -> list[tuple[str, int]]:
    return sorted(((name, count) for name, count in seen.most_common(MOST_GRAMS) if count >= fewest), key=lambda one: one[0])
