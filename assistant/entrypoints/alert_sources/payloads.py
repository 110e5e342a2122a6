"""The payloads of Alertmanager, Grafana and NinjaOne, read into reports; any other system by its mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from assistant.domain.alert import Report, State
from assistant.entrypoints.alert_sources.mapping import Malformed, Mapped

MOST = 5_000
"""Alerts in one delivery."""
REASON_LENGTH = 200
LONG_FIRING = timedelta(hours=1)
"""An alert that fires longer than this when it is first heard of counts from then: its source reports what still holds."""
_PORT = re.compile(r":\d{2,5}$")
_LINKS = frozenset({"generatorurl", "silenceurl", "dashboardurl", "panelurl", "imageurl", "valuestring", "values", "runbook_url", "fingerprint"})
NINJA_RESOLVED = frozenset({"RESET", "RESOLVED", "CLOSED", "COMPLETED", "CLEARED"})
NINJA_SEVERITY = {"CRITICAL": "critical", "MAJOR": "critical", "MODERATE": "warning", "MINOR": "info", "NONE": "info"}


@dataclass(frozen=True, slots=True)
class Bad:
    """An alert of a delivery that cannot be read: its place in it, from 0, and what is wrong."""

    index: int
    why: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery says. ``id`` tells it from others where its system numbers them, else ""."""

    reports: tuple[Report, ...]
    bad: tuple[Bad, ...] = ()
    id: str = ""


Rows = Callable[[Any, Mapped], tuple[list[Any], str]]


def read_delivery(kind: str, source: str, body: bytes, mapped: Mapped, received_at: datetime) -> Delivered:
    """Read the body of a delivery; alerts in it that cannot be read are named, the others are taken.

    Raises:
        Malformed: the body is no JSON, is not what such a system sends, or holds more than ``MOST`` alerts.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("the body is no JSON") from None
    rows, delivery = _READ[kind](document, mapped)
    if len(rows) > MOST:
        raise Malformed(f"the delivery holds {len(rows)} alerts; at most {MOST} are taken at once")
    reports, bad = [], []
    for index, row in enumerate(rows):
        try:
            report = mapped.report(source, row, received_at)
            reports.append(_still_firing(report) if kind in ("alertmanager", "grafana") else report)
        except Malformed as error:
            bad.append(Bad(index, str(error)[:REASON_LENGTH]))
    return Delivered(tuple(reports), tuple(bad), delivery)


def _still_firing(report: Report) -> Report:
    """These systems tell again of what still holds, with the time of its beginning: that is no report from the past."""
    old = report.received_at - report.at > LONG_FIRING
    return replace(report, at=report.received_at) if old and report.state is State.FIRING else report


def _alertmanager(document: Any, _mapped: Mapped) -> tuple[list[Any], str]:
    """Version 4 of Alertmanager's webhook; Grafana's is the same with more."""
    rows = document.get("alerts") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise Malformed("there is no list of alerts; is this Alertmanager's or Grafana's webhook?")
    return [_labelled(row) for row in rows], ""


def _labelled(row: Any) -> Any:
    if not isinstance(row, dict) or not isinstance(row.get("labels"), dict):
        return "not an alert"
    resolved = str(row.get("status", "")).casefold() == "resolved"
    said = {str(name).casefold(): value for name, value in row["labels"].items() if not str(name).startswith("__")}
    notes: dict[Any, Any] = row["annotations"] if isinstance(row.get("annotations"), dict) else {}
    words = [str(notes[name]) for name in ("summary", "description", "message") if notes.get(name)]
    kept = {
        str(name).casefold(): value for name, value in notes.items() if str(name).casefold() not in (*_LINKS, "summary", "description", "message")
    }
    if isinstance(said.get("instance"), str):
        said["instance"] = _PORT.sub("", said["instance"])
    times = {"time": row.get("endsAt" if resolved else "startsAt") or "", "state": "resolved" if resolved else "firing"}
    return {**kept, **said, **times, "fingerprint": str(row.get("fingerprint", "")), "text": ". ".join(words)}


def _ninjaone(document: Any, _mapped: Mapped) -> tuple[list[Any], str]:
    """An activity of NinjaOne: conditions that trigger and reset, and what failed. Other activities are no alerts."""
    if not isinstance(document, dict) or not document.get("activityType"):
        raise Malformed("there is no activityType; is this NinjaOne's webhook of activities?")
    delivery = str(document["id"]) if document.get("id") else ""
    condition = str(document["activityType"]).upper() == "CONDITION"
    failed = str(document.get("activityResult", "")).upper() == "FAILURE"
    if not (condition or failed):
        return [], delivery
    device = document["device"] if isinstance(document.get("device"), dict) else {}
    status = str(document.get("statusCode", "")).upper()
    place = _places(device)
    name = device.get("systemName") or device.get("dnsName") or device.get("displayName") or document.get("deviceId") or ""
    key = document.get("seriesUid") or f"{document.get('sourceConfigUid', '')}/{document.get('deviceId', '')}"
    told = document["data"] if isinstance(document.get("data"), dict) else {}
    row = {
        "time": document.get("activityTime", ""),
        "check": document.get("sourceName") or document.get("subject") or document["activityType"],
        "device": str(name),
        "site": place.get("location", ""),
        "organization": place.get("organization", ""),
        "reason": "" if condition else status,
        "text": document.get("message") or document.get("subject") or "",
        "state": "resolved" if any(status.endswith(word) for word in NINJA_RESOLVED) and condition else "firing",
        "severity": NINJA_SEVERITY.get(str(document.get("severity", "")).upper(), "warning"),
        "fingerprint": f"{key}/{document['activityType']}" if key.strip("/") else "",
        **{f"data.{name}": value for name, value in told.items()},
    }
    return [row], delivery


def _places(device: Mapping[str, Any]) -> dict[str, str]:
    references = device["references"] if isinstance(device.get("references"), dict) else {}
    named = {name: one["name"] for name, one in references.items() if isinstance(one, dict) and isinstance(one.get("name"), str)}
    numbered = {name: str(device[key]) for name, key in (("location", "locationId"), ("organization", "organizationId")) if device.get(key)}
    return numbered | named


def _generic(document: Any, mapped: Mapped) -> tuple[list[Any], str]:
    return mapped.rows(document), ""


_READ: Mapping[str, Rows] = {"alertmanager": _alertmanager, "grafana": _alertmanager, "ninjaone": _ninjaone, "generic": _generic}
KINDS = tuple(_READ)
