"""Windows: the hours of the week in which something may be done to people's devices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOOK_AHEAD = 15
"""Days: whatever weekday a window names, it opens within a week; twice that covers hours that a change of clocks leaves out."""


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` to ``end`` (HH:MM by the clocks of ``zone``) of each of these days; an end before the start is the next day's."""

    days: tuple[str, ...]
    start: str
    end: str
    zone: str

    def spans(self, after: datetime) -> list[tuple[datetime, datetime]]:
        """Return when it opens and closes (UTC) in the two weeks from the day before ``after``; hours that do not exist are left out."""
        zone, today = ZoneInfo(self.zone), after.astimezone(ZoneInfo(self.zone)).date()
        opens, closes = time.fromisoformat(self.start), time.fromisoformat(self.end)
        found = []
        for n in range(-1, LOOK_AHEAD):
            day = today + timedelta(days=n)
            if DAYS[day.weekday()] in self.days:
                until = day if closes > opens else day + timedelta(days=1)
                begin, end = (datetime.combine(when, clock, zone).astimezone(UTC) for when, clock in ((day, opens), (until, closes)))
                if begin < end:
                    found.append((begin, end))
        return found

    def in_words(self) -> str:
        """Return it as people read it."""
        return f"{', '.join(day.capitalize() for day in self.days)} {self.start} to {self.end} ({self.zone})"


def next_span(windows: Iterable[Window], at: datetime, least: timedelta = timedelta(0)) -> tuple[datetime, datetime] | None:
    """Return the first opening of any window that has at least ``least`` left: the one that is open now, or the next. None without windows."""
    spans = (span for window in windows for span in window.spans(at) if span[1] - max(span[0], at) > least)
    return min(spans, default=None)
