"""Devices of a list that somebody keeps: what is known of each, and what a remedy would change about it.

Nothing outside is touched: a remedy notes in the list what it would bring about, so that everything around it can be tried, shown and tested
without another system.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from assistant.domain.compliance import Posture
from assistant.domain.configuration import Device
from assistant.ports.outside import Refused, Unavailable
from kb.model import Platform


class Trouble(StrEnum):
    """What is wrong with reaching a device, so that this can be tried as well."""

    NONE = ""
    OFFLINE = "offline"
    """It does not answer: nothing is known of it now, and nothing can be done."""
    REFUSES = "refuses"
    """It answers, and refuses every remedy."""
    STUBBORN = "stubborn"
    """It takes every remedy on, and stays as it was."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One device of the list."""

    device: Device
    signatures_at: datetime | None = None
    earlier_signatures_at: datetime | None = None
    encrypted: bool | None = None
    os_version: str = ""
    newest_os: str = ""
    """What an update of its system would bring it to."""
    seen_at: datetime | None = None
    trouble: Trouble = Trouble.NONE

    def posture(self) -> Posture:
        """Return what is known of it now."""
        if self.trouble is Trouble.OFFLINE:
            return Posture(self.device, seen_at=self.seen_at, trouble="the device does not answer")
        return Posture(self.device, self.signatures_at, self.encrypted, self.os_version, self.seen_at)

    def remedied(self, remedy: str, at: datetime) -> Listed:
        """Return it as it is after a remedy.

        Raises:
            Refused: it refuses, or no list knows this remedy.
            Unavailable: it does not answer.
        """
        if self.trouble is Trouble.OFFLINE:
            raise Unavailable(f"{self.device.name} does not answer")
        if self.trouble is Trouble.REFUSES:
            raise Refused(f"{self.device.name} refuses {remedy}")
        after = {
            "update-signatures": lambda: replace(self, signatures_at=at, earlier_signatures_at=self.signatures_at),
            "older-signatures": lambda: replace(self, signatures_at=self.earlier_signatures_at or self.signatures_at),
            "encrypt-disk": lambda: replace(self, encrypted=True),
            "update-system": lambda: replace(self, os_version=self.newest_os or self.os_version),
        }.get(remedy)
        if after is None:
            raise Refused(f"the list of devices knows no remedy {remedy}")
        return self if self.trouble is Trouble.STUBBORN else after()

    def facts(self) -> dict[str, Any]:
        """Return plain values to be stored; the owner is none of them, he stands in a column of his own."""
        times = {name: when.isoformat() if (when := getattr(self, name)) is not None else None for name in TIMES}
        device = {name: value for name, value in asdict(self.device).items() if name != "owner"}
        plain = {"encrypted": self.encrypted, "os_version": self.os_version, "newest_os": self.newest_os, "trouble": self.trouble.value}
        return {**times, **plain, "device": device}

    @classmethod
    def of(cls, facts: dict[str, Any], owner: str) -> Listed:
        """Read back what ``facts`` returned."""
        device = Device(**{**facts["device"], "owner": owner, "platform": Platform(facts["device"]["platform"])})
        times = {name: datetime.fromisoformat(facts[name]) if facts[name] else None for name in TIMES}
        return cls(
            device,
            encrypted=facts["encrypted"],
            os_version=facts["os_version"],
            newest_os=facts["newest_os"],
            trouble=Trouble(facts["trouble"]),
            **times,
        )


TIMES = ("signatures_at", "earlier_signatures_at", "seen_at")
