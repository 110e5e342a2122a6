"""Dates as people's tools write them. Whether 03/04 is March or April is decided over the whole column, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from enum import StrEnum

_SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:[,T ]+(.+))?")
_YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[,T ]+(.+))?")
_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(?:(\d{1,2})[ -]([A-Za-z]{3,9})\.?|([A-Za-z]{3,9})\.? (\d{1,2}))(?:st|nd|rd|th)?,?[ -](\d{4}|\d{2})(?:[,T ]+(.+))?"
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)? ?([AaPp]\.?[Mm]\.?)?(?: ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}))?")
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
_NUMBER = re.compile(r"\d{5,13}(?:\.\d+)?")
_DAYS_SINCE = datetime(1899, 12, 30)
"""The day from which spreadsheets count."""


class Order(StrEnum):
    """What stands first in 03/04/2026."""

    DAY = "day"
    MONTH = "month"


@dataclass(slots=True)
class Column:
    """What the values of one column say about the order of day and month; holds no more than one line for each kind."""

    day_first: int = 0
    """The first line that can only be read with the day first; 0 when there is none."""
    month_first: int = 0
    either: int = 0
    """The first line that can be read both ways with different results."""

    def saw(self, text: str, line: int) -> None:
        """Take one value into account."""
        match = _SLASHED.fullmatch(text)
        if match is None:
            return
        first, second = int(match[1]), int(match[3])
        if first > 12 and second <= 12:
            self.day_first = self.day_first or line
        elif second > 12 and first <= 12:
            self.month_first = self.month_first or line
        elif first != second:
            self.either = self.either or line

    @property
    def contradicts(self) -> bool:
        """Say whether no order fits all lines."""
        return bool(self.day_first and self.month_first)

    @property
    def order(self) -> Order | None:
        """The order that the column shows by itself; None when it shows none, or both."""
        if self.contradicts or not (self.day_first or self.month_first):
            return None
        return Order.DAY if self.day_first else Order.MONTH


def moment(text: str, order: Order | None, zone: tzinfo) -> datetime | None:
    """Return the moment that a value names, with its offset or, when it has none, in ``zone``; None when it is no date.

    A value that can be read both ways is no date without an ``order``.
    """
    text = text.strip()
    found = _iso(text)
    if found is None:
        found = _slashed(text, order) or _year_first(text) or _named(text) or _counted(text) or _mailed(text)
    if found is None:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _iso(text: str) -> datetime | None:
    if len(text) < 10 or text[4] != "-":
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _slashed(text: str, order: Order | None) -> datetime | None:
    match = _SLASHED.fullmatch(text)
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    if first <= 12 and second <= 12 and first != second and order is None:
        return None
    day_first = order is Order.DAY if first <= 12 and second <= 12 else first > 12
    day, month = (first, second) if day_first else (second, first)
    return _at(_year(match[4]), month, day, match[5])


def _year_first(text: str) -> datetime | None:
    match = _YEAR_FIRST.fullmatch(text)
    return _at(int(match[1]), int(match[2]), int(match[3]), match[4]) if match else None


def _named(text: str) -> datetime | None:
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    month = _MONTHS.get((match[2] or match[3])[:3].lower())
    return _at(_year(match[5]), month, int(match[1] or match[4]), match[6]) if month else None


def _year(text: str) -> int:
    """Two digits mean 1969 to 2068, as POSIX has it."""
    number = int(text)
    return number if len(text) == 4 else number + (1900 if number >= 69 else 2000)


def _at(year: int, month: int, day: int, time: str | None) -> datetime | None:
    try:
        date = datetime(year, month, day)
        if not time:
            return date
        match = _TIME.fullmatch(time.strip())
        if match is None:
            return None
        hour = int(match[1])
        if match[4]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if match[4][0] in "pP" else 0)
        date = date.replace(hour=hour, minute=int(match[2]), second=int(match[3] or 0))
        return date.replace(tzinfo=_offset(match[5])) if match[5] else date
    except ValueError:
        return None


def _offset(text: str) -> tzinfo:
    if text in ("Z", "UTC", "GMT"):
        return UTC
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo or UTC


def _counted(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970, or days as spreadsheets count them; each range excludes the others."""
    if _NUMBER.fullmatch(text) is None:
        return None
    number = float(text)
    if 20_000 <= number < 80_000:
        return _DAYS_SINCE + timedelta(days=number)
    if 5e8 <= number < 5e9:
        return datetime.fromtimestamp(number, UTC)
    return datetime.fromtimestamp(number / 1000, UTC) if 5e11 <= number < 5e12 else None


def _mailed(text: str) -> datetime | None:
    if len(text) < 16 or text[:1].isdigit() or "," not in text[:5]:
        return None
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
