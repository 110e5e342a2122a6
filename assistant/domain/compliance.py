"""Compliance: what a device has to be like, what the fleet says that it is like, and where the two differ since when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from assistant.domain.configuration import Device
from kb.model import Platform


@dataclass(frozen=True, slots=True)
class Posture:
    """What the fleet says of one device now. What it does not say is None or ""; ``trouble`` is why nothing is known, "" where something is."""

    device: Device
    signatures_at: datetime | None = None
    """When its antivirus signatures were made."""
    encrypted: bool | None = None
    """Whether its disk is encrypted, as a whole."""
    os_version: str = ""
    seen_at: datetime | None = None
    """When it was last heard of."""
    trouble: str = ""
    signatures_current: bool | None = None
    """What the antivirus itself says of its signatures, where the fleet does not give their day."""


class Subject(StrEnum):
    """What a check looks at."""

    SIGNATURES = "signatures"
    ENCRYPTION = "encryption"
    OS_VERSION = "os_version"


class Judgement(StrEnum):
    """What a check says of a device."""

    MET = "met"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The fleet does not say. That is neither: nothing is opened or closed by it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule that devices of some platforms have to meet."""

    id: str
    name: str
    subject: Subject
    platforms: frozenset[Platform]
    at_most_days: float = 0.0
    """For signatures."""
    at_least: Mapping[Platform, str] = field(default_factory=dict)
    """For the version of the operating system."""

    def covers(self, device: Device) -> bool:
        """Say whether the device has to meet it."""
        return device.platform in self.platforms

    def judge(self, posture: Posture, at: datetime) -> tuple[Judgement, str]:
        """Return what it says of a device at a moment, and the evidence in words."""
        if posture.trouble:
            return Judgement.UNKNOWN, posture.trouble
        if self.subject is Subject.SIGNATURES:
            return self._signatures(posture, at)
        return self._encryption(posture) if self.subject is Subject.ENCRYPTION else self._version(posture)

    def _signatures(self, posture: Posture, at: datetime) -> tuple[Judgement, str]:
        if posture.signatures_at is None and posture.signatures_current is not None:
            said = "the antivirus calls its signatures up to date" if posture.signatures_current else "the antivirus calls its signatures out of date"
            return (Judgement.MET if posture.signatures_current else Judgement.FAILED), said
        if posture.signatures_at is None:
            return Judgement.UNKNOWN, "the fleet does not say how old the signatures are"
        age = at - posture.signatures_at
        said = f"signatures of {posture.signatures_at:%Y-%m-%d}, {max(age.days, 0)} days old; at most {self.at_most_days:g} days are allowed"
        return (Judgement.MET if age <= timedelta(days=self.at_most_days) else Judgement.FAILED), said

    def _encryption(self, posture: Posture) -> tuple[Judgement, str]:
        if posture.encrypted is None:
            return Judgement.UNKNOWN, "the fleet does not say whether the disk is encrypted"
        return (Judgement.MET, "the disk is encrypted") if posture.encrypted else (Judgement.FAILED, "the disk is not encrypted")

    def _version(self, posture: Posture) -> tuple[Judgement, str]:
        least = self.at_least[posture.device.platform]
        if not version_of(posture.os_version):
            return Judgement.UNKNOWN, "the fleet does not say which version it runs"
        said = f"version {posture.os_version}; at least {least} is needed"
        return (Judgement.MET if version_of(posture.os_version) >= version_of(least) else Judgement.FAILED), said


def version_of(text: str) -> tuple[int, ...]:
    """Return the first dotted number of a text as numbers without closing zeros, () when there is none: ``macOS 14.6.1`` is (14, 6, 1)."""
    found = re.search(r"\d+(?:\.\d+)*", text)
    numbers = [int(part) for part in found.group().split(".")] if found else []
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


@dataclass(frozen=True, slots=True)
class ComplianceFinding:
    """A check that a device does not meet, from the run that first saw it to the one that saw it met."""

    id: str
    device: str
    name: str
    check: str
    evidence: str
    since: datetime
    seen_at: datetime
    closed_at: datetime | None = None
    change: str = ""
    """The last change that took it up."""
    ticket: str = ""
    """The ticket that it became, because a change did not help."""


def finding_id(device: str, check: str, since: datetime) -> str:
    """Return the id of a finding: the same device fails the same check once at a time."""
    said = "\n".join((device, check, since.isoformat()))
    return f"cf_{sha256(said.encode()).hexdigest()[:24]}"


@dataclass(frozen=True, slots=True)
class CheckCount:
    """Of one check in one run: how many devices it covers, how many fail it, and of how many nothing is known."""

    covered: int
    failing: int
    unknown: int


@dataclass(frozen=True, slots=True)
class ComplianceRun:
    """One look at the fleet. ``broken_off`` says why not all devices were heard of, "" when all were."""

    id: str
    at: datetime
    devices: int
    silent: int
    """Devices that the fleet names and could say nothing about."""
    counts: Mapping[str, CheckCount]
    """By the check's id."""
    failing: int
    """Devices that fail at least one check."""
    opened: int
    closed: int
    broken_off: str = ""
