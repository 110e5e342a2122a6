"""How calls to systems outside the house end when they do not end well. What may be done next depends on which it was."""

from __future__ import annotations


class Refused(Exception):
    """The other system said no: nothing was changed there, and asking again will not help."""


class Unavailable(Exception):
    """Nothing was changed there, and the same call may be made again; ``retry_after`` is in seconds, None when it did not say."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        """Remember when to come back."""
        super().__init__(why)
        self.retry_after = retry_after


class Uncertain(Exception):
    """The call may have taken effect or not: the answer was lost. Find out before doing it again."""
