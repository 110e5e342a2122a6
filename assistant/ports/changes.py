"""Changes and what they did to devices; findings of compliance and the looks at the fleet that made them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.change import Change, ChangeStatus, DeviceStep
from assistant.domain.compliance import ComplianceFinding, ComplianceRun


class Changes(Protocol):
    """Changes with their devices."""

    def add(self, change: Change, steps: Sequence[DeviceStep] = ()) -> bool:
        """Store a new change with its devices; return False, and change nothing, when there is one of this id."""

    def load(self, change_id: str, lock: bool = False) -> Change | None:
        """Return a change, or None. With ``lock`` no other transaction saves it before this one ends."""

    def save(self, change: Change) -> None:
        """Store a changed change. Whoever saves has loaded it with ``lock``."""

    def steps(self, change_id: str) -> list[DeviceStep]:
        """Return its devices in their order."""

    def step(self, change_id: str, number: int) -> DeviceStep | None:
        """Return one of its devices, or None."""

    def save_step(self, step: DeviceStep) -> None:
        """Store how it stands on a device."""

    def latest(self, limit: int = 50, after: str = "", status: ChangeStatus | None = None) -> list[Change]:
        """Return a page of changes, those opened last first; ``after`` is the last one of the page before."""

    def under_way(self) -> list[Change]:
        """Return the changes that are not over, oldest first."""

    def between(self, start: datetime, end: datetime) -> list[Change]:
        """Return the changes that were opened or ended in [start, end), oldest first."""

    def last_on(self, service: str, before: datetime) -> Change | None:
        """Return the change of a service that took effect last before a moment, or None. Only changes that took place count."""


class Compliance(Protocol):
    """Findings and runs."""

    def open_findings(self, check: str = "") -> list[ComplianceFinding]:
        """Return the findings that are not closed, of one check or of all, by device and check."""

    def finding(self, finding_id: str) -> ComplianceFinding | None:
        """Return one finding, or None."""

    def taken_by(self, change_id: str) -> list[ComplianceFinding]:
        """Return the findings that a change took up last, by device."""

    def of_device(self, device: str) -> list[ComplianceFinding]:
        """Return the findings of a device, the last first."""

    def open(self, finding: ComplianceFinding) -> None:
        """Store a new finding; one of the same id is left as it is."""

    def save(self, finding: ComplianceFinding) -> None:
        """Store a changed finding."""

    def note_run(self, run: ComplianceRun) -> bool:
        """Store a run; return False, and change nothing, when there is one of this id."""

    def run(self, run_id: str) -> ComplianceRun | None:
        """Return one run, or None."""

    def runs(self, limit: int = 60, before: datetime | None = None) -> list[ComplianceRun]:
        """Return runs, the last first."""
