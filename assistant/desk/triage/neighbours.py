"""The tickets of the history that are most like one: looked for in the history itself, for nothing of its rows is kept with a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.desk.triage.exports import Row
from assistant.desk.triage.features import Example, Vocabulary, words_of
from assistant.domain.triage import Field

LOOKED_AT = 200
"""Rows that share most words with the ticket, of which the likeness is computed."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A ticket of the history: its key there, its labels, how like it is (cosine), and the words that both have, the rarest first."""

    key: str
    labels: Mapping[Field, str]
    likeness: float
    shared: tuple[str, ...]


def nearest(example: Example, rows: Sequence[Row], vocabulary: Vocabulary, wanted: int = 5) -> list[Neighbour]:
    """Return the tickets most like one, the likest first; what shares nothing with it is none."""
    mine = set(words_of(example.text))
    worth = {word: float(vocabulary.rarity[vocabulary.places[f"w{word}"]]) for word in mine if f"w{word}" in vocabulary.places}
    shared = [sum(worth.get(word, 0.0) for word in set(words_of(row.example.text)) & mine) for row in rows]
    order = sorted((place for place, weight in enumerate(shared) if weight > 0), key=lambda place: -shared[place])[:LOOKED_AT]
    found = []
    for place in order:
        row = rows[place]
        both = sorted(set(words_of(row.example.text)) & set(worth), key=lambda word: (-worth[word], word))
        found.append(Neighbour(row.example.key, row.labels, _likeness(vocabulary, example, row.example), tuple(both[:5])))
    return sorted(found, key=lambda one: -one.likeness)[:wanted]


def _likeness(vocabulary: Vocabulary, first: Example, second: Example) -> float:
    here, there = (dict(zip(*(array.tolist() for array in vocabulary.row(one)), strict=True)) for one in (first, second))
    product = sum(value * there.get(place, 0.0) for place, value in here.items())
    length = float(np.linalg.norm(list(here.values())) * np.linalg.norm(list(there.values())))
    return product / length if length else 0.0
