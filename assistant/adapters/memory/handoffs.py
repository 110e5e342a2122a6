"""Handoffs and holdings in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from assistant.domain.handoff import Handoff, HandoffReason, Holding


@dataclass(slots=True)
class MemoryHandoffs:
    """The ``Handoffs`` protocol over a list and a dictionary."""

    made: list[Handoff] = field(default_factory=list)
    holders: dict[str, Holding] = field(default_factory=dict)
    explained: Callable[[str, int, str], None] = lambda _conversation, _episode, _reason: None
    """Told why an episode went to people."""

    def copy(self) -> MemoryHandoffs:
        """Return the same, of which each may change without the other."""
        return MemoryHandoffs(list(self.made), dict(self.holders))

    def record(self, handoff: Handoff) -> None:
        """See the port."""
        self.made.append(handoff)
        self.explained(handoff.conversation, handoff.episode, handoff.reason.value)

    def end(self, conversation: str, at: datetime, taken_by: str = "") -> None:
        """See the port."""
        for number, one in enumerate(self.made):
            if one.conversation == conversation and one.waits and one.ended_at is None:
                self.made[number] = replace(one, ended_at=at, taken_by=taken_by)

    def waiting(self) -> list[Handoff]:
        """See the port."""
        return sorted((one for one in self.made if one.waits and one.ended_at is None), key=lambda one: one.at)

    def of_conversation(self, conversation: str) -> list[Handoff]:
        """See the port."""
        return [one for one in self.made if one.conversation == conversation]

    def counts(self, start: datetime, end: datetime) -> dict[HandoffReason, int]:
        """See the port."""
        found = Counter(one.reason for one in self.made if start <= one.at < end)
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def between(self, start: datetime, end: datetime) -> list[Handoff]:
        """See the port."""
        return sorted((one for one in self.made if start <= one.at < end), key=lambda one: one.at)

    def hold(self, holding: Holding) -> None:
        """See the port."""
        if holding.conversation in self.holders:
            raise ValueError(f"somebody has {holding.conversation}")
        self.holders[holding.conversation] = holding

    def heard(self, conversation: str, at: datetime) -> None:
        """See the port."""
        if conversation in self.holders:
            self.holders[conversation] = replace(self.holders[conversation], heard_at=at)

    def release(self, conversation: str) -> None:
        """See the port."""
        self.holders.pop(conversation, None)

    def holding(self, conversation: str) -> Holding | None:
        """See the port."""
        return self.holders.get(conversation)

    def held(self) -> list[Holding]:
        """See the port."""
        return sorted(self.holders.values(), key=lambda holding: (holding.since, holding.conversation))
