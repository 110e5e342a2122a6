"""Slips of the finger: a word that no language model's vocabulary holds and that is one slip away from a word of the examples is read as that word.

Only what a message is taken to mean is read so; what the person wrote is stored, searched and shown as it was written.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assistant.agent.steps.understand_words import words_of

SHORTEST = 4
"""Letters. Shorter words are one slip away from too many others."""
STRANGE = 0.5
"""With more unknown words than this share a text is in another language, and is left alone."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """``known``: words that are spelt rightly, in small letters. ``wanted``: words of the examples, with how often they occur."""

    known: frozenset[str] = frozenset()
    wanted: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, known: Iterable[str], texts: Iterable[str]) -> Spelling:
        """Take the words of a vocabulary, and those of the examples that it holds: any other there may be a slip itself."""
        held = frozenset(known)
        found = Counter(word for text in texts for word in words_of(text) if len(word) >= SHORTEST and word in held)
        return cls(held, found)

    def corrected(self, text: str) -> str:
        """Return a text without slips; without a vocabulary, or where many words are unknown, the text as it is."""
        words = [word.casefold() for word in _WORD.findall(text)]
        strange = [word for word in words if len(word) >= SHORTEST and word not in self.known]
        if not self.known or not strange or len(strange) > STRANGE * len(words):
            return text
        return _WORD.sub(lambda found: self._word(found.group()), text)

    def _word(self, word: str) -> str:
        small = word.casefold()
        if len(word) < SHORTEST or small in self.known or not word.isascii() or not (word.islower() or word.istitle() or word.isupper()):
            return word
        near = max(_slips(small), key=lambda one: self.wanted[one], default=small)
        return near if self.wanted[near] else word


def _slips(word: str) -> Iterator[str]:
    """Yield what is one letter left out, doubled, wrong or swapped with its neighbour away (Damerau 1964)."""
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
