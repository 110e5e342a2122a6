"""Alerts of monitoring, what they are grouped into, and what people judged of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, NewType

Fingerprint = NewType("Fingerprint", str)
"""The same for every report of one alert: 32 hexadecimal digits."""
FIELDS = ("check", "item", "site", "service", "version", "reason")
"""What an alert is compared by, beside its words and its time."""


class State(StrEnum):
    """Whether what an alert is about still holds."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How bad a source says it is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return 0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Report:
    """What a source said of one alert, once. Of what it did not say the field is ""."""

    source: str
    fingerprint: Fingerprint
    state: State
    at: datetime
    """When it began to hold, or ended, by the source's clock."""
    received_at: datetime
    severity: Severity = Severity.WARNING
    check: str = ""
    """What was looked at: the rule, the monitor, the condition."""
    item: str = ""
    """The configuration item: a device, a host."""
    site: str = ""
    service: str = ""
    version: str = ""
    """Of the patch or the software."""
    reason: str = ""
    """Why it failed: a code, or a few words."""
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    """What else the source said, by its own names."""
    number: int = 0
    """Its place in the order of arrival; 0 until it is stored."""
    aside: str = ""
    """Why it is kept and not worked on; "" for one that is worked on."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert from its first report to its last: reports of one fingerprint that follow one another soon."""

    id: str
    report: Report
    """The latest."""
    first_at: datetime
    last_at: datetime
    count: int = 1
    """How often it was reported as firing."""
    changes: tuple[datetime, ...] = ()
    """When it last went from firing to resolved or back, at most ``KEPT_CHANGES``."""
    flapping: bool = False
    group: str = ""
    likeness: float = 1.0
    """How probable it seemed, when it joined, that it belongs to its group."""

    @property
    def firing(self) -> bool:
        """Say whether it still holds."""
        return self.report.state is State.FIRING

    @property
    def resolved_at(self) -> datetime | None:
        """Return when it ended, None while it holds."""
        return None if self.firing else self.last_at


KEPT_CHANGES = 12


class Standing(StrEnum):
    """Where a group of alerts stands."""

    SINGLE = "single"
    """One alert, or too little to show anybody."""
    CANDIDATE = "candidate"
    """It may be an incident; somebody may say so, or it grows until that is sure."""
    INCIDENT = "incident"
    """It has a ticket."""
    RESOLVED = "resolved"
    """It was an incident, and all its alerts ended a while ago."""
    DISMISSED = "dismissed"
    """People said that it is none."""
    MERGED = "merged"
    """Its alerts are in another group."""

    @property
    def open(self) -> bool:
        """Say whether alerts may still join it."""
        return self in (Standing.SINGLE, Standing.CANDIDATE, Standing.INCIDENT)


SHOWN = (Standing.CANDIDATE, Standing.INCIDENT, Standing.RESOLVED, Standing.DISMISSED)


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Alerts that seem to have one cause. ``profile`` is what new alerts are compared with, in plain values."""

    id: str
    standing: Standing
    first_at: datetime
    last_at: datetime
    changed_at: datetime
    """By our clock."""
    title: str = ""
    category: str = ""
    queue: str = ""
    ticket: str = ""
    severity: Severity = Severity.WARNING
    alerts: int = 1
    firing: int = 1
    items: int = 0
    """Different devices."""
    confidence: float = 0.0
    check: str = ""
    version: str = ""
    reason: str = ""
    service: str = ""
    site: str = ""
    why: tuple[str, ...] = ()
    """Why these belong together, in sentences, the weightiest first."""
    profile: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    """What the ticket says already."""
    into: str = ""
    """The group that took its alerts."""
    calm_since: datetime | None = None
    """Since when none of its alerts fires; None while one does."""
    settled: bool = False
    """People decided about it: the assistant joins nothing to it or from it by itself any more but new alerts."""


@dataclass(frozen=True, slots=True)
class CorrelationRule:
    """One thing that speaks for or against alerts belonging together, with its weight in log odds."""

    name: str
    weight: float
    sentence: str
    """What is said of it when it spoke for a group; "" for what speaks against."""


DEVICES_LISTED = 200


class Verdict(StrEnum):
    """What people said of a group."""

    CONFIRM = "confirm"
    """These belong together, and it is an incident."""
    SPLIT = "split"
    MERGE = "merge"
    DISMISS = "dismiss"
    """A false positive: no incident."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision of an operator, with all that undoes it and what can be learned from it."""

    id: str
    verdict: Verdict
    group: str
    other: str
    """The group that a split made, or that a merge emptied."""
    by: str
    at: datetime
    pairs_judged: int = 0
    pairs_kept: int = 0
    alone: bool = True
    """Whether the assistant had made the group an incident by itself."""
    moved: tuple[str, ...] = ()
    """Alerts that changed their group."""
    before: dict[str, Any] = field(default_factory=dict)
    pairs: tuple[tuple[tuple[float, ...], bool], ...] = ()
    """Evidence of pairs of alerts, in the order of the rules, and whether they belong together."""
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def stands(self) -> bool:
        """Say whether it was not undone."""
        return self.undone_at is None


@dataclass(frozen=True, slots=True)
class Weights:
    """One version of the rules' weights. Version 0 is the shipped one and is stored nowhere."""

    version: int
    at: datetime
    values: tuple[float, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    """On how many pairs it was fitted and tried, and how it did beside the one before."""
    undone_at: datetime | None = None
    undone_by: str = ""


def fingerprint_of(*parts: str) -> Fingerprint:
    """Return the fingerprint of what tells one alert from others: their casefolded texts, in order."""
    return Fingerprint(sha256("\x1f".join(part.strip().casefold() for part in parts).encode("utf-8", "surrogatepass")).hexdigest()[:32])
