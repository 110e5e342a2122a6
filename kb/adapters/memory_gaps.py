"""Gaps in memory, with the same promises as those in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kb.adapters.memory import MemoryIntentLog
from kb.model import Asking, FailureClass, Gap, Spike, UnresolvedIntent

SPIKE_ENDS = timedelta(hours=1)


@dataclass(slots=True)
class MemoryGaps:
    """The ``Gaps`` port over dictionaries, beside a log of intents."""

    log: MemoryIntentLog = field(default_factory=MemoryIntentLog)
    kept: dict[str, Gap] = field(default_factory=dict)
    homes: dict[str, tuple[str, FailureClass]] = field(default_factory=dict)
    """Of each placed intent its gap and its class of failure."""
    seen: dict[tuple[str, datetime], Spike] = field(default_factory=dict)

    def copy(self) -> MemoryGaps:
        """Return gaps that hold the same and change by themselves; whoever copies the log says which one they stand beside."""
        return MemoryGaps(self.log, dict(self.kept), dict(self.homes), dict(self.seen))

    def lock(self) -> None:
        """See the port; there is one writer at a time."""

    def heads(self) -> list[Gap]:
        """See the port."""
        return [replace(self._counted(self.kept[key]), people=0, tickets=0, first_asked=None, last_asked=None) for key in sorted(self.kept)]

    def all(self, start: datetime | None = None, end: datetime | None = None) -> list[Gap]:
        """See the port."""
        found = [self._counted(self.kept[key], start, end) for key in sorted(self.kept)]
        return found if start is None and end is None else [gap for gap in found if gap.demand]

    def load(self, gap_id: str) -> Gap | None:
        """See the port."""
        return self._counted(self.kept[gap_id]) if gap_id in self.kept else None

    def save(self, gap: Gap) -> None:
        """See the port."""
        self.kept[gap.id] = replace(gap, failures={}, people=0, tickets=0, first_asked=None, last_asked=None)

    def remove(self, gap_id: str) -> None:
        """See the port."""
        if any(True for _ in self._mine(gap_id)):
            raise ValueError(f"{gap_id} has members")
        self.kept.pop(gap_id, None)

    def members(self, gap_id: str, limit: int | None = None, skip: int = 0) -> list[UnresolvedIntent]:
        """See the port."""
        found = sorted(self._mine(gap_id), key=lambda one: (one.asked_at, one.id), reverse=True)[skip:]
        return found if limit is None else found[:limit]

    def recent(
        self, each: int, start: datetime | None = None, end: datetime | None = None, gap_ids: Sequence[str] | None = None, vectors: bool = True
    ) -> dict[str, list[UnresolvedIntent]]:
        """See the port."""
        wanted = [key for key in self.kept if gap_ids is None or key in gap_ids]
        found = {key: [one for one in self.members(key) if _within(one, start, end)][:each] for key in wanted}
        return {key: some if vectors else [replace(one, vector=()) for one in some] for key, some in found.items() if some}

    def gap_of(self, intent_id: str) -> str:
        """See the port."""
        return self.homes[intent_id][0] if intent_id in self.homes else ""

    def waiting(self) -> int:
        """See the port."""
        return sum(one.id not in self.homes for one in self.log.intents)

    def homeless(self, limit: int) -> list[UnresolvedIntent]:
        """See the port."""
        free = (one for one in self.log.intents if one.id not in self.homes)
        return sorted(free, key=lambda one: (one.asked_at, one.id))[:limit]

    def place(self, intent_ids: Sequence[str], gap_id: str, at: datetime) -> int:  # noqa: ARG002 - no table keeps when
        """See the port."""
        known = {one.id: one for one in self.log.intents}
        placed = [known[key] for key in intent_ids if key in known and key not in self.homes]
        self.homes |= {one.id: (gap_id, one.failure) for one in placed}
        return len(placed)

    def move(self, intent_ids: Sequence[str], gap_id: str, at: datetime) -> int:  # noqa: ARG002
        """See the port."""
        moved = [key for key in intent_ids if key in self.homes and self.homes[key][0] != gap_id]
        self.homes |= {key: (gap_id, self.homes[key][1]) for key in moved}
        return len(moved)

    def classify(self, intent_id: str, failure: FailureClass) -> None:
        """See the port."""
        if intent_id in self.homes:
            self.homes[intent_id] = (self.homes[intent_id][0], failure)

    def askings(self, start: datetime, end: datetime, gap_id: str = "") -> list[Asking]:
        """See the port."""
        placed = sorted(
            (one for one in self.log.intents if one.id in self.homes and _within(one, start, end)), key=lambda one: (one.asked_at, one.id)
        )
        found = [Asking(self.homes[one.id][0], one.category, one.asked_at) for one in placed]
        return [one for one in found if not gap_id or one.gap == gap_id]

    def flag(self, spike: Spike) -> bool:
        """See the port."""
        last = max((one for one in self.seen.values() if one.subject == spike.subject), key=lambda one: one.since, default=None)
        goes_on = last is not None and spike.seen_at - last.seen_at <= SPIKE_ENDS
        kept = replace(spike, since=last.since) if last is not None and goes_on else spike
        self.seen[kept.subject, kept.since] = kept
        return not goes_on

    def spikes(self, since: datetime) -> list[Spike]:
        """See the port."""
        found = sorted((one for one in self.seen.values() if one.seen_at >= since), key=lambda one: (one.chance, one.subject))
        return sorted(found, key=lambda one: one.seen_at, reverse=True)

    def _mine(self, gap_id: str) -> Iterator[UnresolvedIntent]:
        for one in self.log.intents:
            gap, failure = self.homes.get(one.id, ("", one.failure))
            if gap == gap_id:
                yield replace(one, failure=failure)

    def _counted(self, gap: Gap, start: datetime | None = None, end: datetime | None = None) -> Gap:
        mine = [one for one in self._mine(gap.id) if _within(one, start, end)]
        if not mine:
            return gap
        counts = Counter(one.failure for one in mine)
        times = [one.asked_at for one in mine]
        return replace(
            gap,
            failures={failure: counts[failure] for failure in FailureClass if failure in counts},
            people=len({one.asker for one in mine}),
            tickets=len({one.ticket for one in mine if one.ticket}),
            first_asked=min(times),
            last_asked=max(times),
        )


def _within(one: UnresolvedIntent, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or one.asked_at >= start) and (end is None or one.asked_at < end)
