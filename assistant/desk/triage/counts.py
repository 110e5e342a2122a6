"""What tickets with the same fields came to: counted for each field and each pair of fields, later ones counting more than earlier ones.

A share is drawn towards the share among all tickets as far as there is little to count (one ticket's weight). This is the part that knows that a
person's tickets went to one team before, and that can say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from assistant.desk.triage.features import Example

FADES = 0.98
"""What a count of a value is worth after one more ticket with that value."""
MOST_FIELDS = 6
FEWEST_KINDS = 2
Key = tuple[str, ...]


def value_of(key: Key, example: Example) -> str:
    """Return the values of some fields of a ticket as one text; "" for the one key of no field."""
    return "\x1f".join(example.fields.get(name, "") for name in key)


def telling_fields(examples: Sequence[Example], labels: np.ndarray) -> list[str]:
    """Return the fields that say most about the label by themselves, at most six; measured on the later half by what the earlier one says."""
    half = len(examples) // 2
    names = sorted({name for one in examples for name in one.fields})
    scored = []
    for name in names:
        best: dict[str, dict[int, int]] = {}
        for one, label in zip(examples[:half], labels[:half].tolist(), strict=True):
            counts = best.setdefault(one.fields.get(name, ""), {})
            counts[label] = counts.get(label, 0) + 1
        if len(best) < FEWEST_KINDS:
            continue
        read = {value: max(counts, key=counts.__getitem__) for value, counts in best.items()}
        hits = sum(read.get(one.fields.get(name, "")) == label for one, label in zip(examples[half:], labels[half:].tolist(), strict=True))
        scored.append((-hits, name))
    return [name for _, name in sorted(scored)[:MOST_FIELDS]]


def keys_of(fields: Sequence[str]) -> tuple[Key, ...]:
    """Return what is counted: everything, each field, each pair of them. () without fields."""
    return ((), *((name,) for name in fields), *combinations(fields, 2)) if fields else ()


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts. ``counts`` (r, k) has a row for each value of each key, ``values`` names them in order as (number of the key, value)."""

    keys: tuple[Key, ...]
    values: tuple[tuple[int, str], ...]
    counts: np.ndarray
    prior: np.ndarray
    """(k,) shares among all tickets."""
    places: dict[tuple[int, str], int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Make looking up fast."""
        self.places.update({value: place for place, value in enumerate(self.values)})

    @classmethod
    def of(cls, examples: Sequence[Example], labels: np.ndarray, k: int, keys: tuple[Key, ...]) -> Counted:
        """Count examples, in their order; ``labels`` are numbers below ``k``."""
        found: dict[tuple[int, str], np.ndarray] = {}
        for one, label in zip(examples, labels.tolist(), strict=True):
            for number, key in enumerate(keys):
                counts = found.setdefault((number, value_of(key, one)), np.zeros(k, dtype=np.float32))
                counts *= FADES if key else 1.0
                counts[label] += 1
        prior = (np.bincount(labels, minlength=k) + 1 / k) / (len(labels) + 1)
        counts = np.stack(list(found.values())) if found else np.zeros((0, k), dtype=np.float32)
        return cls(keys, tuple(found), counts, prior.astype(np.float32))

    def seen(self, number: int, example: Example) -> np.ndarray | None:
        """Return what tickets with the same values came to, None when there was none."""
        place = self.places.get((number, value_of(self.keys[number], example)))
        return self.counts[place] if place is not None else None

    def scores(self, example: Example) -> np.ndarray:
        """Return for each key the logarithm of the shares of the labels, (keys, k)."""
        made = np.empty((len(self.keys), len(self.prior)), dtype=np.float32)
        for number in range(len(self.keys)):
            counts = self.seen(number, example)
            made[number] = self.prior if counts is None else (counts + self.prior) / (counts.sum() + 1)
        return np.log(made)
