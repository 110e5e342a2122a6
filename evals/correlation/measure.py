"""How well groups of alerts match the incidents that they are labelled with. The alerts go through the code of the running service."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import comb
from pathlib import Path
from typing import Any

from assistant.desk.correlation.following import Taken, take
from assistant.desk.correlation.grouping import Correlator
from assistant.domain.alert import Alert, Fingerprint, Report
from assistant.entrypoints.alert_sources.mapping import Malformed, Mapped
from assistant.governance.correlation_rules import CorrelationRules

LABEL = "incident"
BATCH = 60
"""Reports are worked on in batches of so many, about as the service does under load."""
JUMBLED = 0.2
"""From this share of rows on that are earlier than the one before, the file's order is not that of arrival."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A report and the incident that it belongs to; "" when nobody knows, or it belongs to none."""

    report: Report
    incident: str


@dataclass(frozen=True, slots=True)
class Read:
    """A file of alerts as it was read."""

    rows: list[Labelled]
    refused: int
    sorted: bool
    generated: bool


def read_alerts(path: Path, mapped: Mapped) -> Read:
    """Read JSON lines. The label is taken out before anything else sees the row; rows that cannot be read are counted.

    Rows are taken in the order of the file; a file whose order is none of arrival is sorted by time.
    """
    rows: list[Labelled] = []
    refused, generated = 0, False
    for row in _rows(path):
        label = row.pop(LABEL, None)
        generated = bool(row.pop("generated", False)) or generated
        try:
            report = mapped.report("eval", row, datetime.now(UTC))
        except Malformed:
            refused += 1
            continue
        rows.append(Labelled(replace(report, received_at=report.at), "" if label in (None, "", -1, "-1", "noise", "none") else str(label)))
    back = sum(b.report.at < a.report.at for a, b in zip(rows, rows[1:], strict=False))
    jumbled = bool(rows) and back > JUMBLED * len(rows) and _spread(rows)
    return Read(sorted(rows, key=lambda one: one.report.at) if jumbled else rows, refused, jumbled, generated)


def _spread(rows: Sequence[Labelled]) -> bool:
    """Say whether neighbours of the file lie far apart in time: more than a quarter of an hour in the middle."""
    gaps = sorted(abs((b.report.at - a.report.at).total_seconds()) for a, b in zip(rows, rows[1:], strict=False))
    return bool(gaps) and gaps[len(gaps) // 2] > 900


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    import gzip

    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line) if line.strip() else None
            if isinstance(row, dict) and "scenes" not in row:
                yield row


def grouped(reports: Sequence[Report], rules: CorrelationRules, correlator: Correlator | None = None) -> tuple[list[str], float]:
    """Return the group of each report as the service makes them, and the seconds that took."""
    started = time.perf_counter()
    correlator = correlator or Correlator(rules.window.total_seconds())
    known: dict[Fingerprint, Alert] = {}
    alert_of: list[str] = []
    group_of: dict[str, str] = {}
    into: dict[str, str] = {}
    for start in range(0, len(reports), BATCH):
        batch = reports[start : start + BATCH]
        taken: Taken = take(correlator, batch, known, rules)
        known.update(taken.alerts)
        alert_of += taken.of_report
        group_of.update({alert.id: alert.group for alert in (*taken.earlier, *taken.alerts.values())})
        into.update({gone: kept for kept, gone in taken.united})
        newest = max(report.at for report in batch)
        correlator.close_before(newest.timestamp())
    seconds = time.perf_counter() - started
    return [_end(into, group_of[alert]) for alert in alert_of], seconds


def _end(into: Mapping[str, str], group: str) -> str:
    while group in into:
        group = into[group]
    return group


def measures(rows: Sequence[Labelled], groups: Sequence[str]) -> dict[str, float]:
    """Return pairwise precision, recall and F1, the adjusted Rand index (Hubert and Arabie 1985), and incidents made per true incident.

    What has no label belongs to nothing but itself: a pair of it with anything counts as wrong when it is made, except with reports of the
    same alert, of which nobody knows better.
    """
    labels = [one.incident or f"\x00{one.report.fingerprint}" for one in rows]
    both = _pairs(Counter(zip(groups, labels, strict=True)).values())
    made, true = _pairs(Counter(groups).values()), _pairs(Counter(labels).values())
    every = comb(len(rows), 2)
    precision, recall = both / made if made else 1.0, both / true if true else 1.0
    chance = made * true / every if every else 0.0
    ari = (both - chance) / ((made + true) / 2 - chance) if (made + true) / 2 != chance else 1.0
    incidents = {one.incident for one in rows if one.incident}
    found = {group for one, group in zip(rows, groups, strict=True) if one.incident}
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    per = len(found) / len(incidents) if incidents else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "ari": ari, "incidents_per_true_incident": per}


def _pairs(counts: Iterable[int]) -> int:
    return sum(comb(count, 2) for count in counts)
