"""The weekly review's first half: what could not be resolved, grouped into gaps, and what its owners should look at again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from kb.gaps import find_gaps
from kb.lint.findings import Overdue
from kb.model import Gap, UnresolvedIntent

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class GapReport:
    """The gaps of one week, the costliest first, and the articles that are past their review date now."""

    week_start: date
    week_end: date
    total: int
    people: int
    gaps: tuple[Gap, ...]
    overdue: tuple[Overdue, ...] = ()


def week_of(moment: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return Monday 00:00 and the next Monday 00:00 around a moment, in the organisation's time zone."""
    local = moment.astimezone(ZoneInfo(zone))
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(), local.tzinfo)
    return monday, datetime.combine(monday.date() + WEEK, time(), local.tzinfo)


def gap_report(
    intents: Sequence[UnresolvedIntent], start: datetime, embed: Callable[[str], tuple[float, ...]], late: Sequence[Overdue] = ()
) -> GapReport:
    """Cluster a week's unresolved intents; ``embed`` serves those that were stored without a vector.

    ``late`` are the overdue articles that whoever reads the report may see.
    """
    rows = [intent.vector or embed(intent.question) for intent in intents]
    size = max((len(row) for row in rows), default=0)
    vectors = np.array([row if len(row) == size else (0.0,) * size for row in rows], dtype=np.float32).reshape(len(rows), size)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True) if size else np.ones((len(rows), 1))
    gaps = find_gaps(intents, np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)) if intents else []
    last = (start + WEEK - timedelta(days=1)).date()
    people = len({intent.asker for intent in intents})
    return GapReport(start.date(), last, len(intents), people, tuple(gaps), tuple(late))
