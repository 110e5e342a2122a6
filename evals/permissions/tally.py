"""What the draws found: passages by the place that they reached, and what a single layer let through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

PLACES = ("retrieval", "citation", "reply", "history", "ticket", "log", "cache", "count", "review")
COUNTED = (
    "filter_misses",
    "stale_hits",
    "wrong_device",
    "stranger_draws",
    "entitled_found",
    "answers",
    "errors",
    "turns",
    "changes",
    "review_shown",
    "review_below_k",
)
EXAMPLES = 40


@dataclass(slots=True)
class Tally:
    """Counts; ``examples`` says in words what the first leaks were."""

    draws: int = 0
    turns: int = 0
    changes: int = 0
    entitled_found: int = 0
    """Draws in which somebody with the right was given the article that they asked about: without these, no leak means nothing."""
    stranger_draws: int = 0
    """Draws at retrieval in which somebody asked about an article that they may not read."""
    answers: int = 0
    """Replies of the assistant with citations."""
    errors: int = 0
    """Turns that ended in an error although no fault was put in."""
    filter_misses: int = 0
    """Hits outside the scope that an index returned although it knew the latest change."""
    stale_hits: int = 0
    """Hits that were inside the scope when the index last followed; the tables said otherwise."""
    wrong_device: int = 0
    review_shown: int = 0
    review_below_k: int = 0
    """Groups of questions in the weekly review, and those among them that fewer than five people asked."""
    leaks: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    examples: list[str] = field(default_factory=list)

    def leak(self, place: str, found: Iterable[str], why: str) -> None:
        """Count what reached a place, with a word on how."""
        for one in sorted(found):
            self.leaks[place] += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(f"{place}: {one} ({why})")

    def add(self, other: Tally) -> None:
        """Add what another worker found."""
        for name in ("draws", *COUNTED):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.leaks.update(other.leaks)
        self.seconds = max(self.seconds, other.seconds)
        self.examples = (self.examples + other.examples)[:EXAMPLES]
