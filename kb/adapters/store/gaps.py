"""Gaps in tables: what people decided is stored, everything that is counted comes from the members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, delete, func, insert, literal, select, text, true, update

from kb.adapters.store.intents import intent_of
from kb.adapters.store.tables import gap_members as m
from kb.adapters.store.tables import gaps as g
from kb.adapters.store.tables import spikes
from kb.adapters.store.tables import unresolved_intents as u
from kb.model import Asking, FailureClass, Gap, GapState, Spike, UnresolvedIntent

PLACING = 7_012_026
"""The number of the lock that placing takes in PostgreSQL; SQLite has one writer at a time anyway."""
BATCH = 500
UNASKED = (0, 0, None, None)
"""What is counted of a gap without members: people, tickets, and when it was asked first and last."""
SPIKE_ENDS = timedelta(hours=1)

COUNTED = "INDEXED BY ix_unresolved_intents_counted"
"""Holds all that is looked for; SQLite would take the key, and read whole rows with their vectors."""


@dataclass(frozen=True, slots=True)
class SqlGaps:
    """The ``Gaps`` port on a connection whose owner commits."""

    connection: Connection

    def lock(self) -> None:
        """See the port."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": PLACING})

    def heads(self) -> list[Gap]:
        """See the port."""
        classes, _ = self._classes(true())
        return [_with_counts(gap, classes.get(gap.id, {})) for gap in self._stored()]

    def all(self, start: datetime | None = None, end: datetime | None = None) -> list[Gap]:
        """See the port."""
        counted = self._counted(self._stored(), _span(start, end))
        return counted if start is None and end is None else [gap for gap in counted if gap.demand]

    def _stored(self) -> list[Gap]:
        return [_gap(row) for row in self.connection.execute(select(g).order_by(g.c.id)).mappings()]

    def load(self, gap_id: str) -> Gap | None:
        """See the port."""
        row = self.connection.execute(select(g).where(g.c.id == gap_id)).mappings().first()
        return self._counted([_gap(row)], m.c.gap == gap_id)[0] if row is not None else None

    def _counted(self, found: Sequence[Gap], where: ColumnElement[bool]) -> list[Gap]:
        classes, spans = self._classes(where)
        people, tickets = self._different(m.c.asker, where), self._different(m.c.ticket, where & (m.c.ticket != ""))
        return [
            _with_counts(gap, classes.get(gap.id, {}), (people.get(gap.id, 0), tickets.get(gap.id, 0), *spans.get(gap.id, UNASKED[2:])))
            for gap in found
        ]

    def _classes(self, where: ColumnElement[bool]) -> tuple[dict[str, dict[FailureClass, int]], dict[str, tuple[datetime, datetime]]]:
        classes: dict[str, dict[FailureClass, int]] = defaultdict(dict)
        spans: dict[str, tuple[datetime, datetime]] = {}
        counts = (func.count(), func.min(m.c.asked_at), func.max(m.c.asked_at))
        for gap_id, failure, number, first, last in self.connection.execute(
            select(m.c.gap, m.c.failure, *counts).where(where).group_by(m.c.gap, m.c.failure)
        ):
            classes[gap_id][FailureClass(failure)] = number
            earlier = spans.get(gap_id, (first, last))
            spans[gap_id] = (min(first, earlier[0]), max(last, earlier[1]))
        return classes, spans

    def _different(self, column: ColumnElement[str], where: ColumnElement[bool]) -> dict[str, int]:
        """Count the values of a column in each gap. Those of an index that begins with both come in order; COUNT(DISTINCT) would sort them all."""
        each = select(m.c.gap, column).where(where).distinct().subquery()
        return dict(self.connection.execute(select(each.c.gap, func.count()).group_by(each.c.gap)).tuples().all())

    def save(self, gap: Gap) -> None:
        """See the port."""
        row = {
            "name": gap.name,
            "opened_at": gap.opened_at,
            "state": gap.state.value,
            "named": gap.named,
            "category": gap.category,
            "assigned_to": gap.assigned_to,
            "due": gap.due,
            "article": gap.article,
            "reason": gap.reason,
            "centroid": np.asarray(gap.centroid, dtype=np.float32).tobytes(),
        }
        if not self.connection.execute(update(g).where(g.c.id == gap.id).values(**row)).rowcount:
            self.connection.execute(insert(g).values(id=gap.id, **row))

    def remove(self, gap_id: str) -> None:
        """See the port."""
        if self.connection.execute(select(m.c.intent).where(m.c.gap == gap_id).limit(1)).first() is not None:
            raise ValueError(f"{gap_id} has members")
        self.connection.execute(delete(g).where(g.c.id == gap_id))

    def members(self, gap_id: str, limit: int | None = None, skip: int = 0) -> list[UnresolvedIntent]:
        """See the port."""
        latest = (m.c.asked_at.desc(), m.c.intent.desc())
        mine = select(m.c.intent, m.c.failure.label("known_failure")).where(m.c.gap == gap_id).order_by(*latest).limit(limit).offset(skip).subquery()
        query = select(u, mine.c.known_failure).join(mine, mine.c.intent == u.c.id).order_by(u.c.asked_at.desc(), u.c.id.desc())
        return [_member(row) for row in self.connection.execute(query).mappings()]

    def recent(
        self, each: int, start: datetime | None = None, end: datetime | None = None, gap_ids: Sequence[str] | None = None, vectors: bool = True
    ) -> dict[str, list[UnresolvedIntent]]:
        """See the port."""
        wanted = true() if gap_ids is None else m.c.gap.in_(gap_ids)
        order = func.row_number().over(partition_by=m.c.gap, order_by=(m.c.asked_at.desc(), m.c.intent.desc())).label("place")
        numbered = select(m.c.intent, m.c.gap, m.c.failure.label("known_failure"), order).where(_span(start, end), wanted).subquery()
        columns = list(u.c) if vectors else [*(column for column in u.c if column.name != "vector"), literal(b"").label("vector")]
        query = select(*columns, numbered.c.known_failure, numbered.c.gap).join(numbered, numbered.c.intent == u.c.id).where(numbered.c.place <= each)
        found: dict[str, list[UnresolvedIntent]] = defaultdict(list)
        for row in self.connection.execute(query.order_by(numbered.c.gap, numbered.c.place)).mappings():
            found[row["gap"]].append(_member(row))
        return dict(found)

    def waiting(self) -> int:
        """See the port. Members go with their intents, so the rest is what two counts differ by."""
        return (self.connection.execute(select(func.count()).select_from(u)).scalar() or 0) - (
            self.connection.execute(select(func.count()).select_from(m)).scalar() or 0
        )

    def gap_of(self, intent_id: str) -> str:
        """See the port."""
        return self.connection.execute(select(m.c.gap).where(m.c.intent == intent_id)).scalar() or ""

    def homeless(self, limit: int) -> list[UnresolvedIntent]:
        """See the port."""
        free = select(u.c.id).outerjoin(m, m.c.intent == u.c.id).where(m.c.intent.is_(None)).order_by(u.c.asked_at, u.c.id).limit(limit)
        ids = select(free.with_hint(u, COUNTED, "sqlite").subquery().c.id)
        query = select(u).where(u.c.id.in_(ids)).order_by(u.c.asked_at, u.c.id)
        return [intent_of(row) for row in self.connection.execute(query).mappings()]

    def place(self, intent_ids: Sequence[str], gap_id: str, at: datetime) -> int:
        """See the port."""
        rows: list[dict[str, Any]] = []
        for start in range(0, len(intent_ids), BATCH):
            wanted = u.c.id.in_(intent_ids[start : start + BATCH])
            free = (
                select(u.c.id.label("intent"), u.c.failure, u.c.asked_at, u.c.asker, u.c.ticket)
                .outerjoin(m, m.c.intent == u.c.id)
                .where(wanted, m.c.intent.is_(None))
            )
            found = self.connection.execute(free)
            rows += [{"gap": gap_id, "placed_at": at} | dict(one) for one in found.mappings()]
        if rows:
            self.connection.execute(insert(m), rows)
        return len(rows)

    def move(self, intent_ids: Sequence[str], gap_id: str, at: datetime) -> int:
        """See the port."""
        number = 0
        for start in range(0, len(intent_ids), BATCH):
            mine = m.c.intent.in_(intent_ids[start : start + BATCH]) & (m.c.gap != gap_id)
            number += self.connection.execute(update(m).where(mine).values(gap=gap_id, placed_at=at)).rowcount
        return number

    def classify(self, intent_id: str, failure: FailureClass) -> None:
        """See the port."""
        self.connection.execute(update(m).where(m.c.intent == intent_id).values(failure=failure.value))

    def askings(self, start: datetime, end: datetime, gap_id: str = "") -> list[Asking]:
        """See the port."""
        query = select(m.c.gap, u.c.category, u.c.asked_at).select_from(m.join(u, u.c.id == m.c.intent)).where(_span(start, end))
        query = (query.where(m.c.gap == gap_id) if gap_id else query).order_by(u.c.asked_at, u.c.id)
        return [Asking(*row) for row in self.connection.execute(query)]

    def flag(self, spike: Spike) -> bool:
        """See the port."""
        last = self.connection.execute(select(spikes).where(spikes.c.subject == spike.subject).order_by(spikes.c.since.desc())).mappings().first()
        values = {"seen_at": spike.seen_at, "count": spike.count, "expected": spike.expected, "chance": spike.chance, "label": spike.label}
        if last is not None and spike.seen_at - last["seen_at"] <= SPIKE_ENDS:
            mine = (spikes.c.subject == spike.subject) & (spikes.c.since == last["since"])
            self.connection.execute(update(spikes).where(mine).values(**values))
            return False
        self.connection.execute(insert(spikes).values(subject=spike.subject, since=spike.since, **values))
        return True

    def spikes(self, since: datetime) -> list[Spike]:
        """See the port."""
        query = select(spikes).where(spikes.c.seen_at >= since).order_by(spikes.c.seen_at.desc(), spikes.c.chance, spikes.c.subject)
        return [Spike(**row) for row in self.connection.execute(query).mappings()]


def forget_centroids(connection: Connection, intents: ColumnElement[bool]) -> None:
    """Forget the mean vectors of the gaps that intents belong to which are about to be deleted; they are made anew from those that stay."""
    touched = select(m.c.gap).select_from(m.join(u, u.c.id == m.c.intent)).where(intents)
    connection.execute(update(g).where(g.c.id.in_(touched)).values(centroid=b""))


def _span(start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    since = m.c.asked_at >= start if start is not None else true()
    return since & (m.c.asked_at < end) if end is not None else since


def _member(row: Any) -> UnresolvedIntent:
    return replace(intent_of(row), failure=FailureClass(row["known_failure"]))


def _with_counts(gap: Gap, classes: dict[FailureClass, int], row: tuple[Any, ...] = UNASKED) -> Gap:
    people, tickets, first, last = row
    ordered = {failure: classes[failure] for failure in FailureClass if failure in classes}
    return replace(gap, failures=ordered, people=people, tickets=tickets, first_asked=first, last_asked=last)


def _gap(row: Any) -> Gap:
    stored = {name: row[name] for name in ("id", "name", "opened_at", "named", "category", "assigned_to", "due", "article", "reason")}
    return Gap(**stored, state=GapState(row["state"]), centroid=tuple(np.frombuffer(row["centroid"], dtype=np.float32).tolist()))
