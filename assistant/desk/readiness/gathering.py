"""One pass over an export for everything that an assessment counts. What is kept grows with the categories, and not with the tickets."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from assistant.desk.exports.reading import Export, Row

MOST_TEXTS = 40_000
"""Different texts that are followed; more are thinned out evenly."""
COMPARED = 6_000
"""Tickets that are kept for telling labels apart."""
TRIED = 40
"""Questions of a category that are kept to be tried on the knowledge base."""
LEAST_TRIED = 6
"""So many of each category are tried at least, while there are questions left."""
LEAST_WORDS = 4
"""A note on the resolution with fewer different words says nothing that a colleague could follow."""
BOILERPLATE = 0.01
"""A note that stands in a larger share of noted tickets is a form, not a way."""
_WORD = re.compile(r"\w{2,}")


@dataclass(slots=True)
class Followed:
    """Texts by digest, thinned evenly over all different texts when there are too many: a text and its repetitions stay or go together."""

    counts: dict[int, Counter[str]] = field(default_factory=dict)
    limit: int = 1 << 64

    def saw(self, text: str, label: str) -> None:
        """Count a text under a label; case and spacing do not matter."""
        key = digest_of(" ".join(text.lower().split()))
        if key >= self.limit:
            return
        self.counts.setdefault(key, Counter())[label] += 1
        while len(self.counts) > MOST_TEXTS:
            self.limit //= 2
            self.counts = {key: found for key, found in self.counts.items() if key < self.limit}


@dataclass(slots=True)
class Sample:
    """A few of many: those with the smallest digests, so that every one has the same chance and the same export gives the same sample."""

    size: int
    heap: list[tuple[int, tuple[str, str]]] = field(default_factory=list)
    seen: int = 0

    def add(self, one: tuple[str, str]) -> None:
        """Offer one."""
        self.seen += 1
        key = -digest_of(f"{self.seen}/{one[0]}")
        if len(self.heap) < self.size:
            heapq.heappush(self.heap, (key, one))
        elif key > self.heap[0][0]:
            heapq.heapreplace(self.heap, (key, one))

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The sample, in no order that says anything."""
        return [one for _, one in sorted(self.heap)]


def digest_of(text: str) -> int:
    """Return 64 bits that stand for a text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


@dataclass(slots=True)
class Category:
    """What is counted of one category."""

    tickets: int = 0
    resolved: int = 0
    noted: int = 0
    told: int = 0
    """Notes on the resolution with enough different words."""
    questions: Sample = field(default_factory=lambda: Sample(TRIED))


@dataclass(slots=True)
class Gathered:
    """Everything that was counted. The category "" is none."""

    categories: dict[str, Category] = field(default_factory=dict)
    tickets: int = 0
    with_text: int = 0
    texts: Followed = field(default_factory=Followed)
    notes: Followed = field(default_factory=Followed)
    labelled: Sample = field(default_factory=lambda: Sample(COMPARED))
    has_text: bool = False
    has_notes: bool = False

    @property
    def by_demand(self) -> list[tuple[str, Category]]:
        """The categories, those with most tickets first; without the tickets that have none."""
        named = [(name, one) for name, one in self.categories.items() if name]
        return sorted(named, key=lambda item: (-item[1].tickets, item[0]))

    def questions(self, most: int) -> Iterator[tuple[str, str]]:
        """Yield questions with their category, those of large categories first, at most so many in all."""
        left, ranked = most, self.by_demand or sorted(self.categories.items())
        each = max(LEAST_TRIED, most // max(1, len(ranked)))
        for name, one in ranked:
            for text, _ in one.questions.kept[: min(left, each)]:
                yield name, text
                left -= 1


def gathered(export: Export) -> Gathered:
    """Count an export."""
    found = Gathered(has_text=export.has("subject") or export.has("description"), has_notes=export.has("resolution"))
    for row in export.rows():
        _add(found, row)
    return found


def _add(found: Gathered, row: Row) -> None:
    label, text = row.of("category"), row.text
    category = found.categories.setdefault(label, Category())
    found.tickets += 1
    category.tickets += 1
    if text:
        found.with_text += 1
        found.texts.saw(text, label)
        category.questions.add((text, label))
        if label:
            found.labelled.add((text, label))
    if not found.has_notes:
        return
    over = bool(row.of("resolved") or row.of("closed")) or row.of("status").lower() in ("resolved", "closed", "done", "solved")
    note = row.of("resolution")
    category.resolved += over or bool(note)
    if note:
        category.noted += 1
        category.told += len(set(_WORD.findall(note.lower()))) >= LEAST_WORDS
        found.notes.saw(note, label)
