"""Sums for pages that must be there at once, made where the rows are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

BINS = 10
OF_POLICY = "steps."
"""Begins the decisions that were made by a confidence (``domain.outcome.Judged``)."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """Decisions of about one confidence that their people judged: the mean confidence, how many there were, and how many were right."""

    confidence: float
    right: int
    total: int


class Glance(Protocol):
    """What pages sum up."""

    def certainty(self, step: str, since: datetime, until: datetime) -> list[Certainty]:
        """Return the judged decisions of a step in [since, until) by tenths of confidence, those that have any, the least sure first.

        What the person chose themselves is left out: its confidence was of something else.
        """
