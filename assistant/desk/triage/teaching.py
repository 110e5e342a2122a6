"""Teaches a sentence encoder the labels of a history, and says which tickets it never saw: only on those its opinion can be weighed.

Where tickets carry the time of their opening, it does not see the latest; otherwise a share that a digest of the text draws, so that equal texts
are on one side. The share is a fifth of a small history and less of a large one: what is weighed has few numbers, and the encoder has many. A later
version may weigh the same encoder anew, on what it never saw and on what came since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import numpy as np

from assistant.desk.triage.features import LONGEST_TEXT, Example
from assistant.desk.triage.model import Embed
from assistant.ports.encoders import Encoders
from kb.ports import EmbedderUnavailable

FEWEST = 3
"""Rows of a label, for it to be learnt."""
FOLDS = 5
TIMED = 0.9
"""Of the tickets have to carry a time for it to count."""
ENOUGH_UNSEEN, UNSEEN = 2_500, (0.08, 0.2)
"""So many tickets are kept from an encoder, between these shares of all."""
FEWEST_TAUGHT = 1_000
"""Texts, for an encoder to be taught."""
MOST_TAUGHT = 60_000
NOTHING = np.zeros((0, 1), dtype=np.float32)
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder that was taught, and what it never saw: tickets opened after ``until``, or of those without a time a drawn share."""

    name: str
    until: datetime | None = None
    unseen: float = UNSEEN[1]

    def saw(self, example: Example) -> bool:
        """Say whether it may have been taught with a ticket."""
        if self.until is not None and example.at is not None:
            return example.at <= self.until
        return _digest("unseen", example) >= self.unseen * 2**32


@dataclass(frozen=True, slots=True)
class Head:
    """What an encoder was taught about one field: the labels, and the logits as (d + 1, k), the last row being the bias."""

    labels: tuple[str, ...]
    weights: np.ndarray

    def over(self, labels: Sequence[str]) -> np.ndarray:
        """Return it over other labels. Of one that it was not taught it says as much as of a label that is hardly ever right."""
        mine = {label: place for place, label in enumerate(self.labels)}
        unknown = self.weights.mean(axis=1)
        unknown[-1] -= 2.0
        return np.stack([self.weights[:, mine[one]] if one in mine else unknown for one in labels], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Taught:
    """An encoder with its heads, one for each field that was asked for; None where it was not taught one."""

    encoder: Encoder
    heads: tuple[Head | None, ...]


@dataclass(frozen=True, slots=True)
class Meanings:
    """Gives the meanings of texts: by the embedding model, or by an encoder that was taught."""

    embed: Embed | None = None
    encoders: Encoders | None = None

    def of(self, texts: Sequence[str], encoder: str = "") -> np.ndarray:
        """Return the vectors of texts, (n, d); no rows where nothing can read them. ``encoder`` is "" for the embedding model."""
        try:
            if encoder:
                return self.encoders.embed(encoder, texts) if self.encoders is not None and len(texts) else NOTHING
            return self.embed(texts) if self.embed is not None and len(texts) else NOTHING
        except EmbedderUnavailable:
            return NOTHING


def fold_of(example: Example) -> int:
    """Return the fold of a ticket. Equal texts, and tickets without text that are equal in every field, stand in one."""
    return _digest("", example) % FOLDS


def _digest(salt: str, example: Example) -> int:
    """Return a number below 2^32 that is the same for tickets that are the same."""
    said = " ".join(example.text.lower().split()) or str(sorted(example.fields.items()))
    return int.from_bytes(sha256(f"{salt}{said}".encode("utf-8", "replace")).digest()[:4], "big")


def _moment(example: Example) -> float:
    """Return when a ticket was opened, in seconds; one without a time is older than every other."""
    return example.at.timestamp() if example.at is not None else float("-inf")


def teach(examples: Sequence[Example], fields: Sequence[Sequence[str]], encoders: Encoders, seconds: float, note: Note) -> Taught | None:
    """Teach an encoder every field at once; None where there are too few texts or no model can be taught, which is said.

    ``fields`` has for each field the label of each ticket, "" for none.
    """
    unseen = min(max(ENOUGH_UNSEEN / max(len(examples), 1), UNSEEN[0]), UNSEEN[1])
    times = sorted(one.at for one in examples if one.at is not None)
    until = times[int((1 - unseen) * (len(times) - 1))] if len(times) >= max(TIMED * len(examples), 1) else None
    draft = Encoder("", until, unseen)
    known = [tuple(label for label, count in sorted(Counter(labels).items()) if label and count >= FEWEST) for labels in fields]
    places = [{label: place for place, label in enumerate(labels)} if len(labels) > 1 else {} for labels in known]
    numbers = np.array([[place.get(label, -1) for label in labels] for place, labels in zip(places, fields, strict=True)], dtype=np.int32).T
    rows = [row for row, one in enumerate(examples) if one.text.strip() and (numbers[row] >= 0).any() and draft.saw(one)]
    if len(rows) < FEWEST_TAUGHT:
        return None
    if len(rows) > MOST_TAUGHT:
        drawn = np.random.default_rng(0).permutation(rows).tolist() if until is None else sorted(rows, key=lambda row: -_moment(examples[row]))
        rows = sorted(drawn[:MOST_TAUGHT])
    note(f"fine-tuning the sentence encoder on {len(rows):,} texts, for {seconds / 60:.0f} minutes at most")
    try:
        made = encoders.fine_tune([examples[row].text[:LONGEST_TEXT] for row in rows], numbers[rows], seconds, note)
    except EmbedderUnavailable as error:
        note(f"the encoder is not fine-tuned: {error}")
        return None
    heads = tuple(Head(labels, head) if place else None for labels, place, head in zip(known, places, made.heads, strict=True))
    return Taught(replace(draft, name=made.name), heads)
