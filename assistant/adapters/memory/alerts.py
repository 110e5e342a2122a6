"""Alerts, their groups, judgements and weights in dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from assistant.domain.alert import (
    Alert,
    AlertGroup,
    Fingerprint,
    Judgement,
    Report,
    Severity,
    Standing,
    Weights,
)
from assistant.ports.alerts import AlertsChanged


@dataclass(slots=True)
class MemoryAlerts:
    """The ``Alerts`` protocol."""

    reports: dict[int, tuple[Report, bool]] = field(default_factory=dict)
    """With whether each still waits."""
    kept: dict[str, Alert] = field(default_factory=dict)
    kept_groups: dict[str, AlertGroup] = field(default_factory=dict)
    judged: dict[str, Judgement] = field(default_factory=dict)
    versions: dict[int, Weights] = field(default_factory=dict)
    number: int = 0
    changes: int = 0

    def copy(self) -> MemoryAlerts:
        """Return the same, which changes by itself."""
        kept = (dict(self.reports), dict(self.kept), dict(self.kept_groups), dict(self.judged), dict(self.versions))
        return MemoryAlerts(*kept, self.number, self.changes)

    def receive(self, reports: Sequence[Report]) -> None:
        """See the port."""
        for one in reports:
            self.number += 1
            self.reports[self.number] = (replace(one, number=self.number), not one.aside)

    def waiting(self, limit: int) -> list[Report]:
        """See the port."""
        return [one for one, waits in self.reports.values() if waits][:limit]

    def worked_on(self, numbers: Collection[int]) -> None:
        """See the port."""
        self.reports |= {number: (self.reports[number][0], False) for number in numbers}

    def kept_aside(self, limit: int, before: int = 0) -> list[Report]:
        """See the port."""
        found = [one for number, (one, _) in self.reports.items() if one.aside and (not before or number < before)]
        return found[::-1][:limit]

    def of_fingerprints(self, fingerprints: Collection[Fingerprint]) -> dict[Fingerprint, Alert]:
        """See the port."""
        wanted = set(fingerprints)
        found = sorted(self.kept.values(), key=lambda one: (one.last_at, one.id))
        return {one.report.fingerprint: one for one in found if one.report.fingerprint in wanted}

    def keep(self, alerts: Sequence[Alert]) -> None:
        """See the port."""
        self.kept.update({one.id: replace(one, report=replace(one.report, number=0, aside="")) for one in alerts})

    def alerts_of(self, group: str, limit: int = 1_000, after: str = "") -> list[Alert]:
        """See the port."""
        return [one for key, one in sorted(self.kept.items()) if one.group == group and key > after][:limit]

    def with_ids(self, ids: Collection[str]) -> list[Alert]:
        """See the port."""
        return [self.kept[one] for one in sorted(set(ids)) if one in self.kept]

    def move(self, ids: Collection[str], group: str) -> None:
        """See the port."""
        self.kept.update({one.id: replace(one, group=group) for one in self.with_ids(ids)})

    def move_all(self, group: str, into: str) -> None:
        """See the port."""
        self.move([one.id for one in self.kept.values() if one.group == group], into)

    def tally(self, groups: Collection[str]) -> dict[str, tuple[int, int, int, int]]:
        """See the port."""
        found = {}
        for group in set(groups):
            mine = [one for one in self.kept.values() if one.group == group]
            firing = [one for one in mine if one.firing]
            if mine:
                items = {one.report.item for one in mine} - {""}
                found[group] = (len(mine), len(firing), sum(not one.flapping for one in firing), len(items))
        return found

    def devices_of(self, group: str, limit: int) -> list[str]:
        """See the port."""
        return sorted({one.report.item for one in self.kept.values() if one.group == group} - {""})[:limit]

    def group(self, group: str) -> AlertGroup | None:
        """See the port."""
        return self.kept_groups.get(group)

    def these(self, groups: Collection[str]) -> dict[str, AlertGroup]:
        """See the port."""
        return {one: self.kept_groups[one] for one in sorted(set(groups)) if one in self.kept_groups}

    def groups(self, standings: Collection[Standing], limit: int, before: datetime | None = None) -> list[AlertGroup]:
        """See the port."""
        found = [one for one in self.kept_groups.values() if one.standing in standings and (before is None or one.last_at < before)]
        return sorted(sorted(found, key=lambda one: one.id), key=lambda one: one.last_at, reverse=True)[:limit]

    def calming(self, standing: Standing, until: datetime, limit: int) -> list[AlertGroup]:
        """See the port."""
        calm = [(one.calm_since, one) for one in self.kept_groups.values() if one.standing is standing and one.calm_since is not None]
        return [one for since, one in sorted(calm, key=lambda pair: (pair[0], pair[1].id)) if since <= until][:limit]

    def lonely(self, until: datetime, since: datetime, limit: int) -> list[AlertGroup]:
        """See the port."""
        bad = {
            one.group
            for one in self.kept.values()
            if one.report.severity is Severity.CRITICAL and one.firing and not one.flapping and one.first_at <= until
        }
        found = [one for one in self.kept_groups.values() if one.standing is Standing.SINGLE and one.last_at > since and one.id in bad]
        return sorted(found, key=lambda one: (one.last_at, one.id))[:limit]

    def keep_groups(self, groups: Sequence[AlertGroup]) -> None:
        """See the port."""
        self.kept_groups.update({one.id: one for one in groups})

    def revision(self) -> int:
        """See the port."""
        return self.changes

    def advance(self, expected: int) -> int:
        """See the port."""
        if self.changes != expected:
            raise AlertsChanged(f"revision {expected}")
        self.changes += 1
        return self.changes

    def judge(self, judgement: Judgement) -> None:
        """See the port."""
        self.judged[judgement.id] = judgement

    def judgement(self, judgement: str) -> Judgement | None:
        """See the port."""
        return self.judged.get(judgement)

    def judgements(self, since: datetime, until: datetime) -> list[Judgement]:
        """See the port."""
        return sorted((one for one in self.judged.values() if since <= one.at < until), key=lambda one: (one.at, one.id))

    def judgements_of(self, group: str) -> list[Judgement]:
        """See the port."""
        return sorted((one for one in self.judged.values() if group in (one.group, one.other)), key=lambda one: (one.at, one.id))

    def made_incidents(self, since: datetime, until: datetime) -> int:
        """See the port."""
        return sum(bool(one.ticket) and since <= one.first_at < until for one in self.kept_groups.values())

    def weights(self) -> list[Weights]:
        """See the port."""
        return sorted(self.versions.values(), key=lambda one: -one.version)

    def keep_weights(self, weights: Weights) -> None:
        """See the port."""
        self.versions[weights.version] = weights

    def counts(self) -> Mapping[str, int]:
        """See the port."""
        found = Counter(one.standing.value for one in self.kept_groups.values())
        found["waiting"] = sum(waits for _, waits in self.reports.values())
        found["aside"] = sum(bool(one.aside) for one, _ in self.reports.values())
        return dict(+found)
