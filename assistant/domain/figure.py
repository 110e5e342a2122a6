"""Numbers as a record keeps them and people read them: with what it takes to believe them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator

from assistant.domain.measures import Rate


class Plain(BaseModel):
    """A part of a record: it never changes, and has no more fields than these."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(Plain):
    """One number with what it takes to believe it: a rate with denominator and 95 % interval, or a value with a unit and, if known, an interval."""

    name: str
    hits: int | None = None
    total: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    """Of a value; a rate has none."""
    href: str = ""
    """The console's page with the rows behind it."""

    @model_validator(mode="after")
    def _is_a_rate(self) -> Figure:
        if self.hits is not None and self.total is not None:
            Rate(self.hits, self.total)
        return self

    @classmethod
    def rate(cls, name: str, rate: Rate, href: str = "") -> Figure:
        """Return a rate as a figure."""
        return cls(name=name, hits=rate.hits, total=rate.total, value=rate.share, low=rate.low, high=rate.high, href=href)

    @property
    def as_rate(self) -> Rate | None:
        """The rate that it shows, None when it shows something else."""
        return Rate(self.hits, self.total) if self.hits is not None and self.total is not None else None

    @property
    def text(self) -> str:
        """The number as it is read: "62 % of 418, 57-67 %", "+4.2 points, -1.0 to +9.4", "31 conversations"."""
        rate = self.as_rate
        if rate is not None:
            return rate.text
        if self.value is None:
            return "none to count"
        if self.unit == POINTS:
            between = "" if self.low is None or self.high is None else f", {signed(self.low)} to {signed(self.high)}"
            return f"{signed(self.value)} {POINTS}{between}"
        whole = float(self.value).is_integer() and self.low is None
        between = "" if self.low is None or self.high is None else f", {self.low:.1f} to {self.high:.1f}"
        return f"{f'{int(self.value):,}' if whole else f'{self.value:,.1f}'}{' ' if self.unit else ''}{self.unit}{between}"


POINTS = "points"
"""Percentage points: the unit of a difference of two rates."""


def signed(value: float) -> str:
    """Return a difference with its sign, as it is printed: a minus is no hyphen, at which a line would break."""
    return f"{value:+.1f}".replace("-", "−")
