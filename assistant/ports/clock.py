"""Time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""


class SetClock(Clock, Protocol):
    """A clock that can be set; only a demo and tests have one."""

    def set(self, at: datetime) -> None:
        """Stand at another time, which may go on from there.

        Raises:
            ValueError: the time has no zone.
        """
