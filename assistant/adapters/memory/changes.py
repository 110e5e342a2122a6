"""Changes and compliance in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant.domain.change import Change, ChangeStatus, DeviceStep
from assistant.domain.compliance import ComplianceFinding, ComplianceRun


@dataclass(slots=True)
class MemoryChanges:
    """The ``Changes`` protocol. One transaction writes at a time, so nothing has to be locked."""

    kept: dict[str, Change] = field(default_factory=dict)
    done: dict[tuple[str, int], DeviceStep] = field(default_factory=dict)

    def copy(self) -> MemoryChanges:
        """Return the same changes, of which each set may change without the other."""
        return MemoryChanges(dict(self.kept), dict(self.done))

    def add(self, change: Change, steps: Sequence[DeviceStep] = ()) -> bool:
        """See the port."""
        if change.id in self.kept:
            return False
        self.kept[change.id] = change
        self.done |= {(step.change, step.number): step for step in steps}
        return True

    def load(self, change_id: str, lock: bool = False) -> Change | None:
        """See the port."""
        del lock
        return self.kept.get(change_id)

    def save(self, change: Change) -> None:
        """See the port."""
        self.kept[change.id] = change

    def steps(self, change_id: str) -> list[DeviceStep]:
        """See the port."""
        return sorted((step for step in self.done.values() if step.change == change_id), key=lambda step: step.number)

    def step(self, change_id: str, number: int) -> DeviceStep | None:
        """See the port."""
        return self.done.get((change_id, number))

    def save_step(self, step: DeviceStep) -> None:
        """See the port."""
        self.done[step.change, step.number] = step

    def latest(self, limit: int = 50, after: str = "", status: ChangeStatus | None = None) -> list[Change]:
        """See the port."""
        found = sorted(self.kept.values(), key=_opened, reverse=True)
        last = self.kept.get(after)
        mine = [one for one in found if (status is None or one.status is status) and (last is None or _opened(one) < _opened(last))]
        return mine[:limit]

    def under_way(self) -> list[Change]:
        """See the port."""
        return sorted((one for one in self.kept.values() if not one.status.is_over), key=_opened)

    def between(self, start: datetime, end: datetime) -> list[Change]:
        """See the port."""
        within = (one for one in self.kept.values() if start <= one.opened_at < end or (one.ended_at is not None and start <= one.ended_at < end))
        return sorted(within, key=_opened)

    def last_on(self, service: str, before: datetime) -> Change | None:
        """See the port."""
        mine = (one for one in self.kept.values() if one.service == service and one.status.took_place)
        found = [(one.at, one.id, one) for one in mine if one.at is not None and one.at < before]
        return max(found, key=lambda row: row[:2])[2] if found else None


@dataclass(slots=True)
class MemoryCompliance:
    """The ``Compliance`` protocol."""

    found: dict[str, ComplianceFinding] = field(default_factory=dict)
    looked: dict[str, ComplianceRun] = field(default_factory=dict)

    def copy(self) -> MemoryCompliance:
        """Return the same findings, of which each set may change without the other."""
        return MemoryCompliance(dict(self.found), dict(self.looked))

    def open_findings(self, check: str = "") -> list[ComplianceFinding]:
        """See the port."""
        return sorted((one for one in self.found.values() if one.closed_at is None and check in ("", one.check)), key=_place)

    def finding(self, finding_id: str) -> ComplianceFinding | None:
        """See the port."""
        return self.found.get(finding_id)

    def taken_by(self, change_id: str) -> list[ComplianceFinding]:
        """See the port."""
        return sorted((one for one in self.found.values() if one.change == change_id), key=_place)

    def of_device(self, device: str) -> list[ComplianceFinding]:
        """See the port."""
        mine = sorted((one for one in self.found.values() if one.device == device), key=lambda one: one.check)
        return sorted(mine, key=lambda one: one.since, reverse=True)

    def open(self, finding: ComplianceFinding) -> None:
        """See the port."""
        self.found.setdefault(finding.id, finding)

    def save(self, finding: ComplianceFinding) -> None:
        """See the port."""
        self.found[finding.id] = finding

    def note_run(self, run: ComplianceRun) -> bool:
        """See the port."""
        return self.looked.setdefault(run.id, run) is run

    def run(self, run_id: str) -> ComplianceRun | None:
        """See the port."""
        return self.looked.get(run_id)

    def runs(self, limit: int = 60, before: datetime | None = None) -> list[ComplianceRun]:
        """See the port."""
        mine = [one for one in self.looked.values() if before is None or one.at < before]
        return sorted(mine, key=lambda one: (one.at, one.id), reverse=True)[:limit]


def _opened(change: Change) -> tuple[datetime, str]:
    return change.opened_at, change.id


def _place(finding: ComplianceFinding) -> tuple[str, str]:
    return finding.device, finding.check
