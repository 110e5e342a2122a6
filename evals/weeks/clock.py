"""Played time: a clock that stands still until it is moved, and what is to happen at which moment."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

OPENS, CLOSES = 8, 17
"""Between which hours the simulated desk works, Monday to Friday, in the organisation's time zone."""


@dataclass(slots=True)
class PlayedClock:
    """The ``Clock`` port over played time. It never goes back."""

    moment: datetime

    def now(self) -> datetime:
        """See the port."""
        return self.moment

    def move(self, to: datetime) -> None:
        """Move on; an earlier moment changes nothing."""
        self.moment = max(self.moment, to)


@dataclass(slots=True)
class Agenda:
    """What is to happen, in the order of its time, and in the order of its coming where times are the same."""

    entries: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def put(self, at: datetime, what: Callable[[], None]) -> None:
        """Let something happen at a moment."""
        heapq.heappush(self.entries, (at, next(self.numbers), what))

    def next_before(self, end: datetime) -> tuple[datetime, Callable[[], None]] | None:
        """Take what comes first; None when nothing comes before ``end``."""
        if not self.entries or self.entries[0][0] >= end:
            return None
        at, _, what = heapq.heappop(self.entries)
        return at, what


def working(at: datetime, zone: str, hours: float) -> datetime:
    """Return the moment so many working hours after another one."""
    moment, left = at.astimezone(ZoneInfo(zone)), timedelta(hours=hours)
    while True:
        moment = _opened(moment)
        closes = datetime.combine(moment.date(), time(CLOSES), moment.tzinfo)
        if moment + left <= closes:
            return moment + left
        left -= closes - moment
        moment = datetime.combine(moment.date() + timedelta(days=1), time(OPENS), moment.tzinfo)


def _opened(moment: datetime) -> datetime:
    """Return the moment itself when the desk is open, else when it opens next."""
    while moment.weekday() > 4 or moment.hour >= CLOSES:
        moment = datetime.combine(moment.date() + timedelta(days=1), time(OPENS), moment.tzinfo)
    return max(moment, datetime.combine(moment.date(), time(OPENS), moment.tzinfo))
