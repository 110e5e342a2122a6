"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FixedClock:
    """The ``Clock`` port; time passes only by ``advance`` and ``set``."""

    def __init__(self, at: datetime) -> None:
        """Stand at an aware time."""
        self.set(at)

    def now(self) -> datetime:
        """See the port."""
        return self._at

    def set(self, at: datetime) -> None:
        """Stand at another aware time.

        Raises:
            ValueError: the time has no zone.
        """
        if at.tzinfo is None:
            raise ValueError("a time needs a zone")
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> datetime:
        """Let time pass; return the new time."""
        self._at += by
        return self._at
