"""Alerts, their groups, judgements and weights in tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, case, delete, func, insert, or_, select, update

from assistant.adapters.store import alerts_tables as t
from assistant.domain.alert import (
    FIELDS,
    Alert,
    AlertGroup,
    Fingerprint,
    Judgement,
    Report,
    Severity,
    Standing,
    State,
    Verdict,
    Weights,
)
from assistant.ports.alerts import AlertsChanged

WAITING, DONE, ASIDE = "waiting", "done", "aside"
AT_ONCE = 400
"""Values in one statement."""
COMMON = ("check", "version", "reason", "service", "site")
REVISION_LOCK = 0x464C41
LIVE = (Standing.SINGLE.value, Standing.CANDIDATE.value, Standing.INCIDENT.value)


@dataclass(frozen=True, slots=True)
class SqlAlerts:
    """The ``Alerts`` protocol on a connection whose owner commits."""

    connection: Connection

    def receive(self, reports: Sequence[Report]) -> None:
        """See the port."""
        rows = [_report_row(one) | {"standing": ASIDE if one.aside else WAITING, "aside": one.aside} for one in reports]
        if rows:
            self.connection.execute(insert(t.reports), rows)

    def waiting(self, limit: int) -> list[Report]:
        """See the port."""
        query = select(t.reports).where(t.reports.c.standing == WAITING).order_by(t.reports.c.number).limit(limit)
        return [_report(row) for row in self.connection.execute(query).mappings()]

    def worked_on(self, numbers: Collection[int]) -> None:
        """See the port."""
        for some in _some(sorted(numbers)):
            self.connection.execute(update(t.reports).where(t.reports.c.number.in_(some)).values(standing=DONE))

    def kept_aside(self, limit: int, before: int = 0) -> list[Report]:
        """See the port."""
        query = select(t.reports).where(t.reports.c.standing == ASIDE).order_by(t.reports.c.number.desc()).limit(limit)
        return [_report(row) for row in self.connection.execute(query.where(t.reports.c.number < before) if before else query).mappings()]

    def of_fingerprints(self, fingerprints: Collection[Fingerprint]) -> dict[Fingerprint, Alert]:
        """See the port."""
        found: dict[Fingerprint, Alert] = {}
        for some in _some(sorted(set(fingerprints))):
            query = select(t.alerts).where(t.alerts.c.fingerprint.in_(some)).order_by(t.alerts.c.last_at, t.alerts.c.id)
            found.update({Fingerprint(row["fingerprint"]): _alert(row) for row in self.connection.execute(query).mappings()})
        return found

    def keep(self, alerts: Sequence[Alert]) -> None:
        """See the port."""
        self._replace(t.alerts, [_alert_row(one) for one in alerts])

    def _replace(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        last = {row["id"]: row for row in rows}
        for some in _some(list(last)):
            self.connection.execute(delete(table).where(table.c.id.in_(some)))
            self.connection.execute(insert(table), [last[one] for one in some])

    def alerts_of(self, group: str, limit: int = 1_000, after: str = "") -> list[Alert]:
        """See the port."""
        query = select(t.alerts).where(t.alerts.c.in_group == group, t.alerts.c.id > after).order_by(t.alerts.c.id).limit(limit)
        return [_alert(row) for row in self.connection.execute(query).mappings()]

    def with_ids(self, ids: Collection[str]) -> list[Alert]:
        """See the port."""
        found = []
        for some in _some(sorted(set(ids))):
            query = select(t.alerts).where(t.alerts.c.id.in_(some)).order_by(t.alerts.c.id)
            found += [_alert(row) for row in self.connection.execute(query).mappings()]
        return found

    def move(self, ids: Collection[str], group: str) -> None:
        """See the port."""
        for some in _some(sorted(set(ids))):
            self.connection.execute(update(t.alerts).where(t.alerts.c.id.in_(some)).values(in_group=group))

    def move_all(self, group: str, into: str) -> None:
        """See the port."""
        self.connection.execute(update(t.alerts).where(t.alerts.c.in_group == group).values(in_group=into))

    def tally(self, groups: Collection[str]) -> dict[str, tuple[int, int, int, int]]:
        """See the port."""
        a, found = t.alerts.c, {}
        fires = a.state == State.FIRING.value
        calm = and_(fires, a.flapping.is_(False))
        named = func.count(func.distinct(case((a.item != "", a.item))))
        sums = (func.count(), func.sum(case((fires, 1), else_=0)), func.sum(case((calm, 1), else_=0)), named)
        for some in _some(sorted(set(groups))):
            query = select(a.in_group, *sums).where(a.in_group.in_(some)).group_by(a.in_group)
            found.update({row[0]: (row[1], int(row[2]), int(row[3]), row[4]) for row in self.connection.execute(query)})
        return found

    def devices_of(self, group: str, limit: int) -> list[str]:
        """See the port."""
        a = t.alerts.c
        return list(
            self.connection.execute(select(a.item).where(a.in_group == group, a.item != "").distinct().order_by(a.item).limit(limit)).scalars()
        )

    def group(self, group: str) -> AlertGroup | None:
        """See the port."""
        row = self.connection.execute(select(t.groups).where(t.groups.c.id == group)).mappings().first()
        return _group(row) if row else None

    def these(self, groups: Collection[str]) -> dict[str, AlertGroup]:
        """See the port."""
        found = {}
        for some in _some(sorted(set(groups))):
            rows = self.connection.execute(select(t.groups).where(t.groups.c.id.in_(some)).order_by(t.groups.c.id)).mappings()
            found.update({row["id"]: _group(row) for row in rows})
        return found

    def groups(self, standings: Collection[Standing], limit: int, before: datetime | None = None) -> list[AlertGroup]:
        """See the port."""
        g = t.groups.c
        query = select(t.groups).where(g.standing.in_([one.value for one in standings])).order_by(g.last_at.desc(), g.id).limit(limit)
        return [_group(row) for row in self.connection.execute(query.where(g.last_at < before) if before else query).mappings()]

    def calming(self, standing: Standing, until: datetime, limit: int) -> list[AlertGroup]:
        """See the port."""
        g = t.groups.c
        query = select(t.groups).where(g.standing == standing.value, g.calm_since <= until).order_by(g.calm_since, g.id).limit(limit)
        return [_group(row) for row in self.connection.execute(query).mappings()]

    def lonely(self, until: datetime, since: datetime, limit: int) -> list[AlertGroup]:
        """See the port."""
        g, a = t.groups.c, t.alerts.c
        bad = (a.severity == Severity.CRITICAL.value, a.state == State.FIRING.value, a.flapping.is_(False), a.first_at <= until)
        query = select(t.groups).join(t.alerts, a.in_group == g.id).where(g.standing == Standing.SINGLE.value, g.last_at > since, *bad)
        found = {row["id"]: _group(row) for row in self.connection.execute(query.order_by(g.last_at, g.id).limit(limit)).mappings()}
        return list(found.values())

    def keep_groups(self, groups: Sequence[AlertGroup]) -> None:
        """See the port."""
        self._replace(t.groups, [_group_row(one) for one in groups])

    def revision(self) -> int:
        """See the port."""
        return self.connection.execute(select(t.revision.c.number)).scalar() or 0

    def advance(self, expected: int) -> int:
        """See the port. On PostgreSQL those who change groups at the same time wait for one another (SQLite has one writer anyway)."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(select(func.pg_advisory_xact_lock(REVISION_LOCK)))
        if self.revision() != expected:
            raise AlertsChanged(f"revision {expected}")
        if expected == 0:
            self.connection.execute(delete(t.revision))
            self.connection.execute(insert(t.revision).values(id=1, number=1))
        else:
            self.connection.execute(update(t.revision).values(number=expected + 1))
        return expected + 1

    def judge(self, judgement: Judgement) -> None:
        """See the port."""
        row = asdict(judgement) | {"verdict": judgement.verdict.value, "moved": list(judgement.moved)}
        row["pairs"] = [[list(values), same] for values, same in judgement.pairs]
        row["about"] = row.pop("group")
        self._replace(t.judgements, [row])

    def judgement(self, judgement: str) -> Judgement | None:
        """See the port."""
        row = self.connection.execute(select(t.judgements).where(t.judgements.c.id == judgement)).mappings().first()
        return _judgement(row) if row else None

    def judgements(self, since: datetime, until: datetime) -> list[Judgement]:
        """See the port."""
        j = t.judgements.c
        query = select(t.judgements).where(j.at >= since, j.at < until).order_by(j.at, j.id)
        return [_judgement(row) for row in self.connection.execute(query).mappings()]

    def judgements_of(self, group: str) -> list[Judgement]:
        """See the port."""
        j = t.judgements.c
        query = select(t.judgements).where(or_(j.about == group, j.other == group)).order_by(j.at, j.id)
        return [_judgement(row) for row in self.connection.execute(query).mappings()]

    def made_incidents(self, since: datetime, until: datetime) -> int:
        """See the port."""
        g = t.groups.c
        query = select(func.count()).select_from(t.groups).where(g.ticket != "", g.first_at >= since, g.first_at < until)
        return self.connection.execute(query).scalar() or 0

    def weights(self) -> list[Weights]:
        """See the port."""
        rows = self.connection.execute(select(t.weights).order_by(t.weights.c.version.desc())).mappings()
        return [Weights(**{**row, "values": tuple(row["values"])}) for row in rows]

    def keep_weights(self, weights: Weights) -> None:
        """See the port."""
        self.connection.execute(delete(t.weights).where(t.weights.c.version == weights.version))
        self.connection.execute(insert(t.weights).values(asdict(weights) | {"values": list(weights.values)}))

    def counts(self) -> Mapping[str, int]:
        """See the port."""
        by_standing = select(t.groups.c.standing, func.count()).group_by(t.groups.c.standing)
        held = select(t.reports.c.standing, func.count()).where(t.reports.c.standing.in_((WAITING, ASIDE))).group_by(t.reports.c.standing)
        return {row[0]: row[1] for query in (by_standing, held) for row in self.connection.execute(query)}


def _some(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]


def _report_row(one: Report) -> dict[str, Any]:
    said = {name: value for name in (*FIELDS, "text") if (value := getattr(one, name))} | ({"fields": one.fields} if one.fields else {})
    facts = {"source": one.source, "fingerprint": one.fingerprint, "state": one.state.value, "severity": one.severity.value}
    return facts | {"at": one.at, "received_at": one.received_at, "said": said}


def _report(row: Any) -> Report:
    said = dict(row["said"])
    fields = tuple((name, value) for name, value in said.pop("fields", ()))
    return Report(
        source=row["source"],
        fingerprint=Fingerprint(row["fingerprint"]),
        state=State(row["state"]),
        at=row["at"],
        received_at=row["received_at"],
        severity=Severity(row["severity"]),
        fields=fields,
        number=row.get("number", 0),
        aside=row.get("aside", ""),
        **said,
    )


def _alert_row(one: Alert) -> dict[str, Any]:
    own = {"id": one.id, "item": one.report.item, "first_at": one.first_at, "last_at": one.last_at, "count": one.count}
    changes = [at.isoformat() for at in one.changes]
    return _report_row(one.report) | own | {"changes": changes, "flapping": one.flapping, "in_group": one.group, "likeness": one.likeness}


def _alert(row: Any) -> Alert:
    changes = tuple(datetime.fromisoformat(at) for at in row["changes"])
    times = (row["first_at"], row["last_at"], row["count"], changes)
    return Alert(row["id"], _report(row), *times, row["flapping"], row["in_group"], row["likeness"])


def _group_row(one: AlertGroup) -> dict[str, Any]:
    kept = ("id", "first_at", "last_at", "changed_at", "title", "category", "queue", "ticket", "alerts", "firing", "items", "confidence")
    row = {name: getattr(one, name) for name in (*kept, "profile", "told", "into", "calm_since", "settled")}
    common = {name: getattr(one, name) for name in COMMON}
    return row | {"standing": one.standing.value, "severity": one.severity.value, "common": common, "why": list(one.why)}


def _group(row: Any) -> AlertGroup:
    facts = {name: value for name, value in row.items() if name != "common"}
    changed = {"standing": Standing(row["standing"]), "severity": Severity(row["severity"]), "why": tuple(row["why"])}
    return AlertGroup(**facts | changed | dict(row["common"]))


def _judgement(row: Any) -> Judgement:
    facts = {name: value for name, value in row.items() if name != "about"}
    pairs = tuple((tuple(values), same) for values, same in row["pairs"])
    return Judgement(**facts | {"group": row["about"], "verdict": Verdict(row["verdict"]), "moved": tuple(row["moved"]), "pairs": pairs})
