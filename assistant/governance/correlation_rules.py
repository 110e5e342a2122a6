"""The table ``[correlation]`` of the policy: time bounds, what counts as flapping, and which queue gets what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from assistant.governance.policy import Band, Policy

TABLE, STEP = "correlation", "correlate"
NUMBERS: Mapping[str, float] = {
    "window_minutes": 120,
    "calm_minutes": 10,
    "reopen_minutes": 60,
    "flap_changes": 4,
    "flap_minutes": 15,
    "back_hours": 24,
    "skew_minutes": 10,
    "alone_minutes": 5,
    "note_minutes": 5,
}
LARGEST = 24 * 60 * 31
ASSIGN = ("check", "service", "text", "category", "queue")


@dataclass(frozen=True, slots=True)
class Assigned:
    """Alerts whose check, service or text is like these patterns (``*`` stands for anything) go to a queue, under a category."""

    category: str
    queue: str
    check: str = "*"
    service: str = "*"
    text: str = "*"

    def covers(self, check: str, service: str, text: str) -> bool:
        """Say whether all three patterns fit, whatever the case of letters."""
        said = ((check, self.check), (service, self.service), (text, self.text))
        return all(fnmatchcase(value.casefold(), pattern.casefold()) for value, pattern in said)


@dataclass(frozen=True, slots=True)
class CorrelationRules:
    """What the policy says of alerts."""

    window: timedelta
    """A group takes no alert that is farther from its others than this."""
    calm: timedelta
    """An incident is resolved when none of its alerts fired for this time."""
    reopen: timedelta
    """One whose alerts fire again within this time is the same."""
    flap_changes: int
    flap: timedelta
    """An alert that changes so often within this time flaps: it is shown, and nobody is told."""
    back: timedelta
    """Older reports are kept aside."""
    skew: timedelta
    """So far ahead may a source's clock be; what is farther ahead is kept aside."""
    alone: timedelta
    """A single critical alert that holds for so long becomes a candidate."""
    note: timedelta
    """A ticket gets no more than one note in this time about what joined."""
    assigned: tuple[Assigned, ...] = ()
    band: Band = Band(0.7, 0.4)


def read_rules(row: Mapping[str, Any]) -> CorrelationRules:
    """Read the table; what it does not say keeps its default.

    Raises:
        TypeError: a value is none of its kind.
        ValueError: a key is unknown, or values contradict one another.
    """
    unknown = sorted(set(row) - set(NUMBERS) - {"assign"})
    if unknown:
        raise ValueError(f"{TABLE}: unknown: {', '.join(unknown)}")
    numbers = {name: _number(row.get(name, default), name) for name, default in NUMBERS.items()}
    if numbers["flap_changes"] < 2 or numbers["flap_changes"] != int(numbers["flap_changes"]):
        raise ValueError(f"{TABLE}: flap_changes has to be a whole number, 2 or more")
    if numbers["calm_minutes"] > numbers["window_minutes"]:
        raise ValueError(f"{TABLE}: calm_minutes is longer than window_minutes: an incident would end after it stopped taking alerts")
    if numbers["skew_minutes"] / 60 >= numbers["back_hours"]:
        raise ValueError(f"{TABLE}: skew_minutes is longer than back_hours")
    rows = row.get("assign", [])
    if not isinstance(rows, list):
        raise TypeError(f"{TABLE}: assign is a list of tables")
    minutes: dict[str, Any] = {
        name: timedelta(minutes=numbers[f"{name}_minutes"]) for name in ("window", "calm", "reopen", "flap", "skew", "alone", "note")
    }
    return CorrelationRules(
        flap_changes=int(numbers["flap_changes"]), back=timedelta(hours=numbers["back_hours"]), assigned=tuple(map(_assigned, rows)), **minutes
    )


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{TABLE}: {name} is {value!r} and has to be a number")
    if not 0 < value <= LARGEST:
        raise ValueError(f"{TABLE}: {name} has to be above 0 and at most {LARGEST}")
    return float(value)


def _assigned(row: Mapping[str, Any]) -> Assigned:
    unknown = sorted(set(row) - set(ASSIGN))
    if unknown:
        raise ValueError(f"{TABLE}.assign: unknown: {', '.join(unknown)}")
    if not all(isinstance(value, str) and value for value in row.values()):
        raise TypeError(f"{TABLE}.assign: every value is a text")
    missing = [name for name in ("category", "queue") if name not in row]
    if missing:
        raise ValueError(f"{TABLE}.assign: {' and '.join(missing)} is missing")
    if not {"check", "service", "text"} & set(row):
        raise ValueError(f"{TABLE}.assign: one of check, service and text has to say what it is for")
    return Assigned(**row)


def rules_of(policy: Policy) -> CorrelationRules:
    """Return what a policy says of alerts, with the band of ``[steps.correlate]``."""
    rules: CorrelationRules = policy.practices[TABLE]
    band = policy.bands.get(STEP)
    return replace(rules, band=band) if band is not None else rules
