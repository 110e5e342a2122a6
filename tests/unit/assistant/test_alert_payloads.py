"""What monitoring systems send: recorded shapes of Alertmanager, Grafana and NinjaOne, and mapping files that are checked as a whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.domain.alert import Report, Severity, State
from assistant.entrypoints.alert_sources.mapping import Malformed, MappingRefused, read_mapping
from assistant.entrypoints.alert_sources.payloads import MOST, Delivered, read_delivery

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
GENERIC = read_mapping()


def delivered(kind: str, document: Any) -> Delivered:
    return read_delivery(kind, "source", json.dumps(document).encode(), GENERIC, NOW)


def labelled(status: str = "firing", **said: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": "DiskFull", "instance": "srv-01:9100", "job": "node", "severity": "critical", "datacenter": "gbg", "rack": "7"},
        "annotations": {"summary": "Disk is full", "description": "/var has 1 % left", "runbook_url": "https://x.example"},
        "startsAt": (NOW - timedelta(minutes=3)).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else (NOW - timedelta(minutes=1)).isoformat(),
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "4af61a7bc1f25a2d",
    } | said


def alertmanager(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {"version": "4", "groupKey": '{}:{alertname="DiskFull"}', "status": "firing", "receiver": "firstline", "alerts": list(alerts)}


def test_an_alert_of_alertmanager_is_read_by_its_labels() -> None:
    [one] = delivered("alertmanager", alertmanager(labelled())).reports
    assert (one.check, one.item, one.service, one.site, one.severity) == ("DiskFull", "srv-01", "node", "gbg", Severity.CRITICAL)
    assert (one.text, one.state, one.at) == ("Disk is full. /var has 1 % left", State.FIRING, NOW - timedelta(minutes=3))
    assert dict(one.fields) == {"rack": "7"}


def test_a_resolved_alert_has_the_fingerprint_of_the_firing_one_and_the_time_of_its_end() -> None:
    one, other = delivered("alertmanager", alertmanager(labelled(), labelled("resolved"))).reports
    assert one.fingerprint == other.fingerprint
    assert (other.state, other.at) == (State.RESOLVED, NOW - timedelta(minutes=1))


def test_what_fires_since_long_is_no_report_from_the_past() -> None:
    old = labelled(startsAt=(NOW - timedelta(days=9)).isoformat())
    assert delivered("alertmanager", alertmanager(old)).reports[0].at == NOW
    assert delivered("alertmanager", alertmanager(labelled("resolved", endsAt="2026-11-01T00:00:00Z"))).reports[0].at < NOW - timedelta(days=20)


def test_grafana_sends_the_same_with_more() -> None:
    more = {"values": {"A": 1}, "valueString": "[ var='A' ]", "silenceURL": "https://g.example", "dashboardURL": "", "panelURL": ""}
    document = alertmanager(labelled() | more) | {"title": "[FIRING:1]", "state": "alerting", "orgId": 1}
    [one] = delivered("grafana", document).reports
    assert (one.check, dict(one.fields)) == ("DiskFull", {"rack": "7"})


def activity(**said: Any) -> dict[str, Any]:
    return {
        "id": 12938,
        "activityTime": NOW.timestamp() - 60,
        "deviceId": 100,
        "severity": "MAJOR",
        "priority": "HIGH",
        "seriesUid": "7c0b5d1e",
        "activityType": "CONDITION",
        "statusCode": "TRIGGERED",
        "status": "Triggered",
        "sourceConfigUid": "abc",
        "sourceName": "Antivirus out of date",
        "subject": "Condition",
        "message": "Definitions are 9 days old",
        "type": "Condition",
        "device": {"systemName": "GOT-LT-014", "references": {"location": {"name": "Gothenburg"}, "organization": {"name": "Lindqvist"}}},
    } | said


def test_a_condition_of_ninjaone_triggers_and_resets() -> None:
    first = delivered("ninjaone", activity())
    second = delivered("ninjaone", activity(id=12939, statusCode="RESET", severity="NONE"))
    [one], [other] = first.reports, second.reports
    assert (first.id, second.id) == ("12938", "12939")
    assert (one.check, one.item, one.site, one.severity) == ("Antivirus out of date", "GOT-LT-014", "Gothenburg", Severity.CRITICAL)
    assert ("organization", "Lindqvist") in one.fields
    assert (one.state, other.state, one.fingerprint == other.fingerprint) == (State.FIRING, State.RESOLVED, True)


def test_an_activity_of_ninjaone_that_is_no_alert_is_taken_and_says_nothing() -> None:
    assert delivered("ninjaone", activity(activityType="SYSTEM", statusCode="USER_LOGGED_IN")).reports == ()
    [failed] = delivered("ninjaone", activity(activityType="PATCH_MANAGEMENT", statusCode="PATCH_FAILED", activityResult="FAILURE")).reports
    assert (failed.state, failed.reason) == (State.FIRING, "PATCH_FAILED")


@pytest.mark.parametrize(("kind", "document"), [("alertmanager", []), ("grafana", {"alerts": 7}), ("ninjaone", {"id": 1}), ("generic", "x")])
def test_what_such_a_system_never_sends_is_refused(kind: str, document: Any) -> None:
    with pytest.raises(Malformed):
        delivered(kind, document)


def test_too_many_alerts_at_once_are_refused() -> None:
    with pytest.raises(Malformed, match=str(MOST)):
        delivered("generic", [{}] * (MOST + 1))


def generic(**said: Any) -> Report:
    return GENERIC.report("s", {"time": NOW.isoformat(), "check": "c"} | said, NOW)


@pytest.mark.parametrize("at", [NOW.timestamp(), NOW.timestamp() * 1000, "2026-11-23T06:00:00Z", "2026-11-23T07:00:00+01:00", "2026-11-23 06:00"])
def test_times_are_read_in_their_usual_forms(at: object) -> None:
    assert generic(time=at).at == NOW


def test_nested_fields_are_found_by_their_last_name_and_unknown_ones_go_along() -> None:
    one = generic(labels={"host": "h1", "Colour": "red"}, tags=["a", "b"], value=3)
    assert (one.item, dict(one.fields)) == ("h1", {"colour": "red", "tags": "a b"})


def test_one_device_and_one_check_are_one_alert_whatever_else_is_left_out() -> None:
    assert generic(host="h", site="x").fingerprint == generic(host="h", service="y").fingerprint
    assert generic(host="h").fingerprint != generic(host="h", patch="KB1").fingerprint
    assert generic(text="one").fingerprint != generic(text="two").fingerprint


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[fields]\ntime = 'a'", "one of check, item and text"),
        ("[fields]\ncheck = 'a'", "where time is"),
        ("[fields]\ntime = 'a'\ncheck = []", "fields.check"),
        ("[fields]\ntime = 'a'\ncheck = 'b'\nplace = 'c'", "fields.place"),
        ("[fields]\ntime = 'a'\ncheck = 'b'\n[states]\nover = ['x']", "states.over"),
        ("[fields]\ntime = 'a'\ncheck = 'b'\n[severities]\ncritical = 'x'", "severities.critical"),
        ("colour = 1\n[fields]\ntime = 'a'\ncheck = 'b'", "unknown: colour"),
        ("[fields", "cannot be read"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(MappingRefused, match=why):
        read_mapping(path)
