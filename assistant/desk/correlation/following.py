"""From reports to alerts: the same fingerprint again is one alert, one that changes to and fro flaps, and what comes late finds its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from assistant.desk.correlation.grouping import Correlator
from assistant.desk.correlation.reading import signature_of
from assistant.domain.alert import KEPT_CHANGES, Alert, Fingerprint, Report
from assistant.governance.correlation_rules import CorrelationRules


@dataclass(slots=True)
class Taken:
    """What became of some reports. The alerts are as they are now, by fingerprint."""

    alerts: dict[Fingerprint, Alert] = field(default_factory=dict)
    earlier: list[Alert] = field(default_factory=list)
    """Alerts of a fingerprint that came anew meanwhile."""
    touched: dict[str, None] = field(default_factory=dict)
    """Groups with new alerts, or whose alerts changed."""
    united: list[tuple[str, str]] = field(default_factory=list)
    """(group that stays, group whose alerts it has now), in order."""
    of_report: list[str] = field(default_factory=list)
    """The alert of each report, in their order."""


def take(correlator: Correlator, reports: Sequence[Report], known: Mapping[Fingerprint, Alert], rules: CorrelationRules) -> Taken:
    """Take in reports in the order of their arrival. ``known`` holds the latest alert of each fingerprint among them that there is.

    New alerts are put into groups of the correlator; groups that turn out to be one are united at the end.
    """
    taken = Taken()
    grown: dict[str, None] = {}
    for report in reports:
        alert = taken.alerts.get(report.fingerprint) or known.get(report.fingerprint)
        if alert is not None and continues(alert, report, rules) and (alert.firing or alert.group in correlator.groups):
            now = followed(alert, report, rules)
        else:
            if alert is not None and report.fingerprint in taken.alerts:
                taken.earlier.append(alert)
            now = begun(report, correlator)
            grown[now.group] = None
        taken.alerts[report.fingerprint] = now
        taken.touched[now.group] = None
        taken.of_report.append(now.id)
    taken.united = correlator.unite(grown)
    return taken


def continues(alert: Alert, report: Report, rules: CorrelationRules) -> bool:
    """Say whether a report is about an alert that is known, rather than about a new one of the same kind later (or long before)."""
    return alert.first_at - rules.window <= report.at <= alert.last_at + rules.window


def alert_id_of(report: Report) -> str:
    """Return the id of the alert that begins with a report."""
    return f"a_{sha256(f'{report.fingerprint} {report.at.isoformat()}'.encode()).hexdigest()[:20]}"


def begun(report: Report, correlator: Correlator) -> Alert:
    """Return a new alert in its group."""
    alert_id = alert_id_of(report)
    placed = correlator.place(signature_of(alert_id, report))
    likeness = placed.compared.probability if placed.compared is not None else 1.0
    return Alert(alert_id, report, report.at, report.at, group=placed.group, likeness=likeness)


def followed(alert: Alert, report: Report, rules: CorrelationRules) -> Alert:
    """Return the alert after one more report. What is older than what is known counts, and changes nothing of how it stands."""
    late = report.at < alert.last_at
    changed = not late and report.state is not alert.report.state
    changes = (*alert.changes, report.at)[-KEPT_CHANGES:] if changed else alert.changes
    return replace(
        alert,
        report=alert.report if late else report,
        first_at=min(alert.first_at, report.at),
        last_at=max(alert.last_at, report.at),
        count=alert.count + (report.state == "firing"),
        changes=changes,
        flapping=flaps(changes, max(alert.last_at, report.at), rules),
    )


def flaps(changes: Sequence[datetime], now: datetime, rules: CorrelationRules) -> bool:
    """Say whether an alert changed too often of late for anybody to be told each time."""
    return sum(now - rules.flap <= at for at in changes) >= rules.flap_changes


def strayed(report: Report, rules: CorrelationRules) -> str:
    """Return why a report's time cannot be used, "" for one that can."""
    ahead: timedelta = report.at - report.received_at
    if ahead > rules.skew:
        minutes = rules.skew.total_seconds() / 60
        return f"its time, {report.at:%Y-%m-%d %H:%M:%S} UTC, is more than {minutes:g} minutes in the future"
    if -ahead > rules.back:
        return f"its time, {report.at:%Y-%m-%d %H:%M:%S} UTC, is more than {rules.back.total_seconds() / 3600:g} hours ago"
    return ""
