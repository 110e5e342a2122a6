"""Changes and compliance in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from assistant.adapters.store import change_tables as t
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState, Terms
from assistant.domain.compliance import CheckCount, ComplianceFinding, ComplianceRun

OVER = [status.value for status in ChangeStatus if status.is_over]
TOOK_PLACE = [status.value for status in ChangeStatus if status.took_place]


@dataclass(frozen=True, slots=True)
class SqlChanges:
    """The ``Changes`` protocol on a connection whose owner commits."""

    connection: Connection

    def add(self, change: Change, steps: Sequence[DeviceStep] = ()) -> bool:
        """See the port."""
        if self.load(change.id) is not None:
            return False
        self.connection.execute(insert(t.changes).values(**_row(change)))
        if steps:
            self.connection.execute(insert(t.change_devices), [_step_row(step) for step in steps])
        return True

    def load(self, change_id: str, lock: bool = False) -> Change | None:
        """See the port."""
        query = select(t.changes).where(t.changes.c.id == change_id)
        row = self.connection.execute(query.with_for_update() if lock else query).mappings().first()
        return _change(row) if row else None

    def save(self, change: Change) -> None:
        """See the port."""
        self.connection.execute(update(t.changes).where(t.changes.c.id == change.id).values(**_row(change)))

    def steps(self, change_id: str) -> list[DeviceStep]:
        """See the port."""
        c = t.change_devices.c
        rows = self.connection.execute(select(t.change_devices).where(c.change == change_id).order_by(c.number)).mappings()
        return [_step(row) for row in rows]

    def step(self, change_id: str, number: int) -> DeviceStep | None:
        """See the port."""
        c = t.change_devices.c
        row = self.connection.execute(select(t.change_devices).where(c.change == change_id, c.number == number)).mappings().first()
        return _step(row) if row else None

    def save_step(self, step: DeviceStep) -> None:
        """See the port."""
        c = t.change_devices.c
        self.connection.execute(update(t.change_devices).where(c.change == step.change, c.number == step.number).values(**_step_row(step)))

    def latest(self, limit: int = 50, after: str = "", status: ChangeStatus | None = None) -> list[Change]:
        """See the port."""
        c = t.changes.c
        query = select(t.changes).order_by(c.opened_at.desc(), c.id.desc()).limit(limit)
        if status is not None:
            query = query.where(c.status == status.value)
        last = self.load(after) if after else None
        if last is not None:
            query = query.where(or_(c.opened_at < last.opened_at, and_(c.opened_at == last.opened_at, c.id < last.id)))
        return [_change(row) for row in self.connection.execute(query).mappings()]

    def under_way(self) -> list[Change]:
        """See the port."""
        c = t.changes.c
        query = select(t.changes).where(c.status.not_in(OVER)).order_by(c.opened_at, c.id)
        return [_change(row) for row in self.connection.execute(query).mappings()]

    def between(self, start: datetime, end: datetime) -> list[Change]:
        """See the port."""
        c = t.changes.c
        within = or_(and_(c.opened_at >= start, c.opened_at < end), and_(c.ended_at >= start, c.ended_at < end))
        query = select(t.changes).where(within).order_by(c.opened_at, c.id)
        return [_change(row) for row in self.connection.execute(query).mappings()]

    def last_on(self, service: str, before: datetime) -> Change | None:
        """See the port."""
        c = t.changes.c
        mine = (c.service == service, c.at < before, c.status.in_(TOOK_PLACE))
        row = self.connection.execute(select(t.changes).where(*mine).order_by(c.at.desc(), c.id.desc()).limit(1)).mappings().first()
        return _change(row) if row else None


@dataclass(frozen=True, slots=True)
class SqlCompliance:
    """The ``Compliance`` protocol on a connection whose owner commits."""

    connection: Connection

    def open_findings(self, check: str = "") -> list[ComplianceFinding]:
        """See the port."""
        c = t.findings.c
        query = select(t.findings).where(c.closed_at.is_(None)).order_by(c.device, c.check)
        rows = self.connection.execute(query.where(c.check == check) if check else query).mappings()
        return [ComplianceFinding(**row) for row in rows]

    def finding(self, finding_id: str) -> ComplianceFinding | None:
        """See the port."""
        row = self.connection.execute(select(t.findings).where(t.findings.c.id == finding_id)).mappings().first()
        return ComplianceFinding(**row) if row else None

    def taken_by(self, change_id: str) -> list[ComplianceFinding]:
        """See the port."""
        c = t.findings.c
        rows = self.connection.execute(select(t.findings).where(c.change == change_id).order_by(c.device, c.check)).mappings()
        return [ComplianceFinding(**row) for row in rows]

    def of_device(self, device: str) -> list[ComplianceFinding]:
        """See the port."""
        c = t.findings.c
        rows = self.connection.execute(select(t.findings).where(c.device == device).order_by(c.since.desc(), c.check)).mappings()
        return [ComplianceFinding(**row) for row in rows]

    def open(self, finding: ComplianceFinding) -> None:
        """See the port."""
        if self.finding(finding.id) is None:
            self.connection.execute(insert(t.findings).values(**asdict(finding)))

    def save(self, finding: ComplianceFinding) -> None:
        """See the port."""
        self.connection.execute(update(t.findings).where(t.findings.c.id == finding.id).values(**asdict(finding)))

    def note_run(self, run: ComplianceRun) -> bool:
        """See the port."""
        if self.run(run.id) is not None:
            return False
        counts = {name: asdict(count) for name, count in run.counts.items()}
        self.connection.execute(insert(t.runs).values(**{**asdict(run), "counts": counts}))
        return True

    def run(self, run_id: str) -> ComplianceRun | None:
        """See the port."""
        row = self.connection.execute(select(t.runs).where(t.runs.c.id == run_id)).mappings().first()
        return _run(row) if row else None

    def runs(self, limit: int = 60, before: datetime | None = None) -> list[ComplianceRun]:
        """See the port."""
        c = t.runs.c
        query = select(t.runs).order_by(c.at.desc(), c.id.desc()).limit(limit)
        rows = self.connection.execute(query.where(c.at < before) if before is not None else query).mappings()
        return [_run(row) for row in rows]


def _row(change: Change) -> dict[str, Any]:
    row = {name: getattr(change, name) for name in Change.__slots__}
    terms = change.terms.facts() if change.terms is not None else None
    return {**{name: value for name, value in row.items() if name != "by"}, "made_by": change.by, "status": change.status.value, "terms": terms}


def _change(row: Any) -> Change:
    facts = {name: value for name, value in row.items() if name != "made_by"}
    terms = Terms.of(facts["terms"]) if facts["terms"] is not None else None
    return Change(**{**facts, "by": row["made_by"], "status": ChangeStatus(row["status"]), "terms": terms})


def _step_row(step: DeviceStep) -> dict[str, Any]:
    return asdict(step) | {"state": step.state.value}


def _step(row: Any) -> DeviceStep:
    return DeviceStep(**{**row, "state": StepState(row["state"])})


def _run(row: Any) -> ComplianceRun:
    return ComplianceRun(**{**row, "counts": {name: CheckCount(**count) for name, count in row["counts"].items()}})
