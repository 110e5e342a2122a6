"""Names of gaps, in the words of those who asked.

A name is a few words that most of the questions share and others lack, in the order in which people say them, written as most people write them. No
word may point at one person: it is a word that everybody knows or that two people used, and never a part of somebody's name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import log

from kb.evidence import words as content_words
from kb.model import UnresolvedIntent

LENGTH = 4
ENOUGH = 2
"""Of a gap of several questions, so many different words make a name that stays."""
SHARED = 0.34
"""A word of the name is in at least this share of the questions."""
_TOKEN = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Speech:
    """Which words may stand in a name."""

    common: Collection[str] = field(default_factory=frozenset)
    """Words that everybody knows, in lower case."""
    people: Collection[str] = field(default_factory=frozenset)
    """Parts of people's names, in lower case: never."""
    spread: Counter[str] = field(default_factory=Counter)
    """In how many questions of all a stem occurs."""
    total: int = 0

    def allows(self, word: str, askers: int) -> bool:
        """Say whether a word may be shown that so many people used."""
        plain = word.lower()
        if plain in self.people or any(part in self.people for part in re.split(r"[-'’.]", plain)):
            return False
        return askers > 1 or plain in self.common


def spread_of(questions: Sequence[str]) -> Counter[str]:
    """Return in how many questions each stem occurs."""
    return Counter(stem for question in questions for stem in set(content_words(question)))


def name_of(members: Sequence[UnresolvedIntent], speech: Speech) -> tuple[str, bool]:
    """Return a name for a gap, and whether it is good enough to stay; ("", False) where its words say nothing that may be shown."""
    askers: dict[str, set[str]] = defaultdict(set)
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    places: dict[str, list[float]] = defaultdict(list)
    inside: Counter[str] = Counter()
    for member in members:
        tokens = _TOKEN.findall(member.question)
        for place, token in enumerate(tokens):
            for stem in content_words(token)[:1]:
                askers[stem].add(member.asker)
                forms[stem][_written(token, place == 0)] += 1
                places[stem].append(place / len(tokens))
        inside.update({stem for token in tokens for stem in content_words(token)[:1]})
    shown = {stem: forms[stem].most_common(1)[0][0] for stem in inside}
    allowed = [stem for stem in inside if speech.allows(shown[stem], len(askers[stem])) and not shown[stem].isdigit()]
    common = [stem for stem in allowed if inside[stem] >= SHARED * len(members)]
    early = {stem: sum(places[stem]) / len(places[stem]) for stem in inside}
    chosen = sorted(common, key=lambda stem: (-round(_weight(stem, inside[stem] / len(members), speech), 3), early[stem], stem))[:LENGTH]
    chosen.sort(key=lambda stem: (early[stem], stem))
    name = " ".join(shown[stem] for stem in chosen)
    return (name[:1].upper() + name[1:] if name.islower() else name), len(chosen) >= ENOUGH


def _written(token: str, first: bool) -> str:
    """Return a word as it is to be shown: as it was written, but for the capital that a sentence begins with."""
    plain = token.removesuffix("'s").removesuffix("’s")
    return plain.lower() if (first and plain[1:].islower()) or plain.isupper() and len(plain) > 5 else plain


def _weight(stem: str, share: float, speech: Speech) -> float:
    """Return how much a word says: its share in the gap times how rare it is among all questions."""
    return share * log(1 + (1 + speech.total) / (1 + speech.spread[stem]))
