"""Rungs and frozen records in tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.adapters.store.rollout_tables import frozen_records, rungs
from assistant.adapters.store.tables import judged, outcomes
from assistant.domain.measured import Kept
from assistant.domain.rollout import NOT_SHOWN, Rung, RungDecision, Verdicts
from assistant.ports.rollout import RecordExists, RungTaken


@dataclass(frozen=True, slots=True)
class SqlRollout:
    """The ``Rollout`` protocol on a connection whose owner commits."""

    connection: Connection

    def decide(self, decision: RungDecision) -> None:
        """See the port."""
        row = asdict(decision) | {"before": decision.before.value, "rung": decision.rung.value}
        row["decided_by"] = row.pop("by")
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(rungs).values(**row))
        except IntegrityError as error:
            raise RungTaken(decision.category) from error

    def decision(self, decision_id: str) -> RungDecision | None:
        """See the port."""
        row = self.connection.execute(select(rungs).where(rungs.c.id == decision_id)).mappings().first()
        return _decision(row) if row else None

    def undo(self, decision: RungDecision) -> None:
        """See the port."""
        changed = update(rungs).where(rungs.c.id == decision.id, rungs.c.undone_at.is_(None))
        if self.connection.execute(changed.values(undone_at=decision.undone_at, undone_by=decision.undone_by)).rowcount != 1:
            raise RungTaken(decision.category)

    def decisions(self, category: str = "", limit: int = 500) -> list[RungDecision]:
        """See the port."""
        query = select(rungs).order_by(rungs.c.at.desc(), rungs.c.category, rungs.c.number.desc()).limit(limit)
        return [_decision(row) for row in self.connection.execute(query.where(rungs.c.category == category) if category else query).mappings()]

    def standing(self) -> list[RungDecision]:
        """See the port."""
        last = select(rungs.c.category, func.max(rungs.c.number).label("last")).where(rungs.c.undone_at.is_(None)).group_by(rungs.c.category)
        newest = last.subquery()
        query = select(rungs).join(newest, (rungs.c.category == newest.c.category) & (rungs.c.number == newest.c.last))
        return [_decision(row) for row in self.connection.execute(query.order_by(rungs.c.category)).mappings()]

    def last_number(self, category: str) -> int:
        """See the port."""
        return self.connection.execute(select(func.max(rungs.c.number)).where(rungs.c.category == category)).scalar() or 0

    def verdicts(self, start: datetime, end: datetime, category: str = "") -> list[Verdicts]:
        """See the port."""
        j, o = judged.c, outcomes.c
        count = [func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in (j.right.is_(True), j.right.is_(False), j.right.is_(None))]
        same = (o.conversation == j.conversation) & (o.episode == j.episode)
        query = select(o.category, *count).select_from(judged.join(outcomes, same))
        query = query.where(j.at >= start, j.at < end, j.step == "answer", o.category == category if category else o.category != "")
        query = query.where(*(j.decision.not_like(f"%:{held}") for held in NOT_SHOWN)).group_by(o.category).order_by(o.category)
        return [Verdicts(name, *(int(number) for number in numbers)) for name, *numbers in self.connection.execute(query)]

    def keep(self, record: Kept) -> None:
        """See the port."""
        row = asdict(record)
        row["made_by"] = row.pop("by")
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(frozen_records).values(**row))
        except IntegrityError as error:
            raise RecordExists(record.name) from error

    def record(self, kind: str, name: str) -> Kept | None:
        """See the port."""
        c = frozen_records.c
        row = self.connection.execute(select(frozen_records).where(c.kind == kind, c.name == name)).mappings().first()
        return _kept(row) if row else None

    def latest(self, kind: str) -> Kept | None:
        """See the port."""
        return next(iter(self.records(kind, 1)), None)

    def records(self, kind: str, limit: int = 50) -> list[Kept]:
        """See the port."""
        c = frozen_records.c
        query = select(frozen_records).where(c.kind == kind).order_by(c.made_at.desc(), c.name.desc()).limit(limit)
        return [_kept(row) for row in self.connection.execute(query).mappings()]


def _decision(row: Any) -> RungDecision:
    facts = dict(row)
    facts["by"] = facts.pop("decided_by")
    return RungDecision(**{**facts, "before": Rung(facts["before"]), "rung": Rung(facts["rung"])})


def _kept(row: Any) -> Kept:
    facts = dict(row)
    facts["by"] = facts.pop("made_by")
    return Kept(**facts)
