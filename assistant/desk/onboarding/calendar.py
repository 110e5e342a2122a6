"""Working days where people work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked, and in which time zone a site is."""

    workdays: frozenset[int] = frozenset(range(5))
    """Numbers of weekdays, Monday is 0."""
    holidays: frozenset[date] = frozenset()
    zones: Mapping[str, str] = field(default_factory=dict)
    """Time zones by location, for sites that are not in the organisation's."""

    def is_working(self, day: date) -> bool:
        """Say whether a day is worked."""
        return day.weekday() in self.workdays and day not in self.holidays

    def working(self, day: date, days: int) -> date:
        """Return the day so many working days later, earlier for a negative number; 0 is the day itself, worked or not."""
        step = timedelta(days=1 if days > 0 else -1)
        for _ in range(abs(days)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def zone(self, location: str, otherwise: str) -> str:
        """Return the time zone of a location."""
        return self.zones.get(location, otherwise)

    def moment(self, day: date, hour: int, zone: str) -> datetime:
        """Return an hour of a day at a place, in UTC. An hour that the clocks leave out is the one after it."""
        local = datetime.combine(day, time(hour), ZoneInfo(zone))
        return local.astimezone(UTC)

    def later(self, moment: datetime, days: int, zone: str) -> datetime:
        """Return the same time of day so many working days after a moment."""
        local = moment.astimezone(ZoneInfo(zone))
        day = self.working(local.date(), days)
        return datetime.combine(day, local.time(), ZoneInfo(zone)).astimezone(UTC)
