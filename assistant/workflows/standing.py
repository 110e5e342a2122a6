"""How the outbox stands, for those who run the service: what waits, since when, and what people have to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.ports.store import OutboxEntry, Store

LATE = timedelta(minutes=15)
"""What waits longer than this says that something is down."""
AHEAD = timedelta(hours=1)
"""The longest that a try may be put off; timers that are not due yet are no trouble."""
COUNTED = 1_000
LOOK_BACK = timedelta(days=14)
"""As far back as the console lists them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``waiting`` is what is due or tried again, at most 1,000; ``oldest`` since when the first of it waits; ``unsettled`` what failed or is not
    known to have happened, in the last
    14 days."""

    waiting: int
    oldest: timedelta
    unsettled: int

    @property
    def late(self) -> bool:
        """Say whether something waits for so long that somebody should know."""
        return self.oldest > LATE

    def facts(self) -> dict[str, float]:
        """Return plain values; times in seconds."""
        return {"waiting": self.waiting, "oldest_seconds": round(self.oldest.total_seconds()), "to_look_at": self.unsettled}


def standing(store: Store, now: datetime) -> Standing:
    """Return how the outbox stands at a moment."""
    with store.read() as unit:
        near = unit.outbox.due(now + AHEAD, COUNTED)
        unsettled = sum((entry.done_at or entry.created_at) >= now - LOOK_BACK for entry in unit.outbox.unsettled())
    waits = [since for entry in near if (since := _since(entry, now)) is not None]
    return Standing(len(waits), now - min(waits, default=now), unsettled)


def _since(entry: OutboxEntry, now: datetime) -> datetime | None:
    """Return since when an entry waits, None for one that has time."""
    first = entry.result.get("first")
    if first:
        return datetime.fromisoformat(first)
    return entry.due_at if entry.due_at <= now else None
