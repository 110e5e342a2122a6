"""Moments as the people of an organisation read them: in its time zone, and under the name that they give the zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

DAY_AND_TIME, NUMBERS = "%d %B %Y %H:%M", "%Y-%m-%d %H:%M"
"""Forms of a moment in English text, and where lines are compared."""


def zone_name(at: datetime) -> str:
    """Return what people call the zone of an aware moment: CET, CEST, UTC; UTC+3 or UTC-3:30 where the zone has no name but its offset."""
    name, offset = at.tzname() or "", at.utcoffset()
    if name.isalpha() or offset is None:
        return name
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def local(at: datetime, zone: str, form: str = DAY_AND_TIME) -> str:
    """Return a moment as the clocks of a zone show it, with the zone's name."""
    here = at.astimezone(ZoneInfo(zone))
    return f"{here:{form}} {zone_name(here)}"


def day_of(at: datetime, zone: str) -> date:
    """Return the day on which a moment lies where the organisation is."""
    return at.astimezone(ZoneInfo(zone)).date()
