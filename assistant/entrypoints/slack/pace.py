"""Acknowledges first: work waits for a gap between deliveries, since Slack counts what is not acknowledged soon as failed and sends it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

GAP_SECONDS = 0.15
MOST_SECONDS = 1.0
"""Nobody's answer waits longer for the deliveries of others."""
LOOK_SECONDS = 0.02


@dataclass
class Pace:
    """Knows when something arrived last. Safe from any thread: it is one number."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _last: float = float("-inf")

    def arrived(self) -> None:
        """Note that something is being taken in."""
        self._last = self.now()

    def wait_for_gap(self) -> None:
        """Return when nothing has arrived for a moment, or after a second."""
        end = self.now() + MOST_SECONDS
        while self.now() - self._last < GAP_SECONDS and self.now() < end:
            self.sleep(LOOK_SECONDS)
