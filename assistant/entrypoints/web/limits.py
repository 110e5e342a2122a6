"""How much one person may send."""

from __future__ import annotations

import time
from collections import OrderedDict

PEOPLE_REMEMBERED = 10_000


class Limits:
    """A token bucket for each person: bursts up to a minute's worth, refilled steadily."""

    def __init__(self, per_minute: int) -> None:
        """Allow ``per_minute`` messages a minute."""
        self._capacity = float(per_minute)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, person: str) -> bool:
        """Count one message; return whether it is within the limit."""
        now = time.monotonic()
        level, then = self._buckets.pop(person, (self._capacity, now))
        level = min(self._capacity, level + (now - then) * self._capacity / 60)
        admitted = level >= 1
        self._buckets[person] = (level - 1 if admitted else level, now)
        if len(self._buckets) > PEOPLE_REMEMBERED:
            self._buckets.popitem(last=False)
        return admitted
