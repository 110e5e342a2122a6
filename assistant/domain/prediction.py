"""What a simulated go-live predicts, and how it is set beside what came."""

from __future__ import annotations

from math import floor

from pydantic import Field

from assistant.domain.figure import Plain
from assistant.domain.measures import Rate


class Predicted(Plain):
    """One category: what would be answered at once, how much of that is expected to be right, and what containment follows."""

    category: str
    tickets: int = Field(ge=0)
    """In the history."""
    tried: int = Field(ge=0)
    """Replayed; the others are like them as far as chance goes."""
    answered: int = Field(ge=0)
    """Of those tried, answered at once."""
    asked: int = Field(default=0, ge=0)
    """... where the person would have been asked which article is meant: it may become an answer, and is not counted as one."""
    right: float = Field(ge=0)
    """Expected number of ``answered`` that is right: the sum of their probabilities."""
    mean: float = Field(ge=0, le=1)
    """Expected containment."""
    deviation: float = Field(ge=0)
    """Standard deviation of the containment that the category has, not of what a week shows of it."""
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    """Between them lies, with 95 % probability, what a period with as many tickets as the history shows."""
    offers: tuple[tuple[str, int], ...] = ()
    """Actions that would have been offered, by tool; they come on top and are not in the containment."""

    @property
    def expected_right(self) -> Rate:
        """The answers that are expected to be right, rounded down to whole tickets."""
        return Rate(min(self.answered, floor(self.right)), self.answered)


class Prediction(Plain):
    """A simulated go-live, as it is kept."""

    source: str
    """SHA-256 of the export."""
    since: str
    until: str
    """First and last day of its tickets, "" when it has no dates."""
    tickets: int
    tried: int
    seed: int
    policy: str
    calibration: str
    """Where the probabilities come from, in a sentence."""
    notes: tuple[str, ...] = ()
    whole: Predicted
    categories: tuple[Predicted, ...]
