"""Sums for pages, over lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assistant.domain.outcome import Judged
from assistant.ports.glance import BINS, OF_POLICY, Certainty
from assistant.ports.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class MemoryGlance:
    """The ``Glance`` protocol over the outcomes beside it."""

    outcomes: Outcomes

    def certainty(self, step: str, since: datetime, until: datetime) -> list[Certainty]:
        """See the port."""
        bins: dict[int, list[Judged]] = {}
        for one in self.outcomes.judged(since, until):
            if one.step == step and one.right is not None and one.decision.startswith(OF_POLICY):
                tenth = next((number for number in range(BINS - 1) if one.confidence < (number + 1) / BINS), BINS - 1)
                bins.setdefault(tenth, []).append(one)
        return [
            Certainty(sum(one.confidence for one in rows) / len(rows), sum(one.right is True for one in rows), len(rows))
            for _, rows in sorted(bins.items())
        ]
