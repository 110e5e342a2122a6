"""The outcome ledger in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np

from assistant.domain.conversation import Conversation, Outcome
from assistant.domain.measures import RESOLVED, Cell
from assistant.domain.outcome import Asked, Judged, Settled, Wanted, settled
from assistant.domain.week import Week
from assistant.ports.outcomes import AXES

Key = tuple[str, int]


@dataclass(slots=True)
class MemoryOutcomes:
    """The ``Outcomes`` port over dictionaries, in UTC."""

    kept: dict[Key, Settled] = field(default_factory=dict)
    questions: dict[Key, Asked] = field(default_factory=dict)
    decisions: dict[tuple[str, int, str, str], Judged] = field(default_factory=dict)
    reasons: dict[Key, str] = field(default_factory=dict)

    def copy(self) -> MemoryOutcomes:
        """Return the same, which changes by itself."""
        return MemoryOutcomes(dict(self.kept), dict(self.questions), dict(self.decisions), dict(self.reasons))

    def count(self, conversation: Conversation) -> None:
        """See the SQL adapter."""
        row = settled(conversation)
        if row is None:
            return
        key = row.conversation, row.episode
        known = self.kept.get(key)
        if known is None or known.closed_at != row.closed_at:
            self.kept[key] = self._explained(replace(row, reopened_at=known.reopened_at if known else None))

    def reopen(self, conversation: str, episode: int, at: datetime) -> None:
        """See the SQL adapter."""
        known = self.kept.get((conversation, episode))
        if known is not None and known.reopened_at is None:
            self.kept[conversation, episode] = replace(known, reopened_at=at)

    def explain(self, conversation: str, episode: int, reason: str) -> None:
        """See the SQL adapter."""
        key = conversation, episode
        self.reasons.setdefault(key, reason)
        if key in self.kept:
            self.kept[key] = self._explained(self.kept[key])

    def _explained(self, row: Settled) -> Settled:
        went = row.outcome in (Outcome.HANDED_OFF, Outcome.TICKET_FILED)
        return replace(row, reason=self.reasons.get((row.conversation, row.episode), "") if went else "")

    def cells(self, start: date, end: date, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Cell]:
        """See the port."""
        grouped: dict[tuple[str, ...], list[Settled]] = {} if by else {(): []}
        _known(by)
        for row in self._within(start, end, where):
            grouped.setdefault(tuple(_value(row, name) for name in by), []).append(row)
        return [_cell(dict(zip(by, key, strict=True)), grouped[key]) for key in sorted(grouped)]

    def rows(
        self, start: date, end: date, where: Mapping[str, str] | None = None, limit: int = 50, skip: int = 0, reopened: bool = False
    ) -> list[Settled]:
        """See the port."""
        found = [row for row in self._within(start, end, where) if (row.reopened_at is not None) is reopened]
        return sorted(sorted(found, key=lambda row: (row.conversation, row.episode)), key=lambda row: row.closed_at, reverse=True)[
            skip : skip + limit
        ]

    def _within(self, start: date, end: date, where: Mapping[str, str] | None) -> list[Settled]:
        _known(where or {})
        inside = [row for row in self.kept.values() if start <= row.closed_at.date() < end]
        return [row for row in inside if all(_value(row, name) == value for name, value in (where or {}).items())]

    def ask(self, asked: Asked) -> None:
        """See the port."""
        self.questions.setdefault((asked.conversation, asked.episode), asked)

    def asked(self, start: datetime, end: datetime) -> list[Asked]:
        """See the port."""
        found = sorted((one for one in self.questions.values() if start <= one.at < end), key=lambda one: (one.at, one.conversation, one.episode))
        return [self._with_end(one) for one in found]

    def _with_end(self, asked: Asked) -> Asked:
        row = self.kept.get((asked.conversation, asked.episode))
        vector = tuple(np.asarray(asked.vector, dtype=np.float16).astype(np.float32).tolist())
        asked = replace(asked, vector=vector)
        return asked if row is None else replace(asked, outcome=row.outcome, reopened=row.reopened_at is not None)

    def judge(self, judged: Judged) -> None:
        """See the port."""
        self.decisions.setdefault((judged.conversation, judged.episode, judged.message, judged.step), judged)

    def decide(self, conversation: str, episode: int, step: str, right: bool, article: str = "") -> None:
        """See the port."""
        for key, one in self.decisions.items():
            mine = key[:2] == (conversation, episode) and one.step == step and one.right is None
            if mine and (not article or one.articles[:1] == (article,)):
                self.decisions[key] = replace(one, right=right)

    def judged(self, start: datetime, end: datetime) -> list[Judged]:
        """See the port."""
        found = [one for one in self.decisions.values() if start <= one.at < end]
        return sorted(found, key=lambda one: (one.at, one.conversation, one.message, one.step))

    def decisions_like(self, wanted: Wanted, start: datetime, end: datetime, limit: int = 50, skip: int = 0) -> list[Judged]:
        """See the port."""
        found = [one for one in self.judged(start, end) if wanted.admits(one)]
        return sorted(found, key=lambda one: (-one.at.timestamp(), one.conversation, one.message))[skip : skip + limit]


def _known(names: Sequence[str] | Mapping[str, str]) -> None:
    for name in names:
        if name not in AXES:
            raise ValueError(f"the ledger is not cut by {name}; it knows {', '.join(AXES)}")


def _value(row: Settled, name: str) -> str:
    made = {
        "day": row.closed_at.date().isoformat(),
        "week": str(Week.of_day(row.closed_at.date())),
        "hour": f"{row.opened_at.hour:02}",
        "outcome": row.outcome.value,
    }
    return made[name] if name in made else str(getattr(row, name))


def _cell(keys: dict[str, str], rows: Sequence[Settled]) -> Cell:
    counts = dict.fromkeys(Outcome, 0)
    reasons: dict[str, int] = {}
    back = [row for row in rows if row.reopened_at is not None]
    for row in rows:
        if row.reopened_at is None:
            counts[row.outcome] += 1
            if row.outcome is Outcome.HANDED_OFF:
                reasons[row.reason] = reasons.get(row.reason, 0) + 1
    return Cell(keys, counts, reasons, len(back), sum(row.outcome in RESOLVED for row in back))
