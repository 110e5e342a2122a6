"""Weeks as an organisation has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week of ISO 8601: Monday to Sunday, named by the year that its Thursday lies in."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Week:
        """Return the week that is written as ``2026-W47``.

        Raises:
            ValueError: it is written otherwise, or that year has no such week.
        """
        match = _WEEK.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no week; one is written as 2026-W47")
        try:
            date.fromisocalendar(int(match[1]), int(match[2]), 1)
        except ValueError:
            raise ValueError(f"there is no week {text}") from None
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, moment: datetime, zone: str) -> Week:
        """Return the week that holds a moment, where the organisation is."""
        return cls.of_day(moment.astimezone(ZoneInfo(zone)).date())

    @classmethod
    def of_day(cls, day: date) -> Week:
        """Return the week that holds a day."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    def later(self, weeks: int = 1) -> Week:
        """Return the week so many weeks later; earlier for a negative number."""
        return Week.of_day(self.monday + timedelta(weeks=weeks))

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """Return its Monday 00:00 and the next one's, in a time zone; 167 to 169 hours apart where clocks change."""
        return tuple(datetime.combine(day, time(), ZoneInfo(zone)) for day in (self.monday, self.later().monday))  # type: ignore[return-value]

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.year:04d}-W{self.number:02d}"
