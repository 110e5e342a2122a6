"""Alerts over HTTP: who may deliver, what is taken, kept aside and refused, and how an incident with a ticket comes of it."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from assistant.domain.alert import Standing
from assistant.domain.ticket import ASSISTANT, TicketStatus
from tests.support.service import LocalService, copy_demo, served_here

SECRET = "alert-secret-of-this-test-0123456789"
SOURCES = {
    "monitor": {"kind": "generic", "secret": SECRET},
    "am": {"kind": "alertmanager", "secret": SECRET, "token_allowed": True},
    "grafana": {"kind": "grafana", "secret": SECRET},
    "timed": {"kind": "grafana", "secret": SECRET, "time_header": "X-Sent-At"},
    "ninja": {"kind": "ninjaone", "secret": SECRET, "token_allowed": True},
}


@pytest.fixture(scope="module")
def service(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    home = copy_demo(tmp_path_factory.mktemp("alerts") / "home", model_home)
    with served_here(home, alert_sources=SOURCES) as local:
        yield local


def signed(body: bytes, delivery: str = "", at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp, delivery = str(int(time.time() if at is None else at)), delivery or uuid4().hex
    made = hmac.new(secret.encode(), f"{stamp}.{delivery}.".encode() + body, sha256).hexdigest()
    said = {"X-Firstline-Timestamp": stamp, "X-Firstline-Delivery": delivery, "X-Firstline-Signature": f"sha256={made}"}
    return said | {"Content-Type": "application/json"}


def rows(count: int, check: str, minutes_ago: float = 5, **said: Any) -> list[dict[str, Any]]:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    mark = sha256(check.encode()).hexdigest()[:6]
    base = {"check": check, "site": "Gothenburg", "patch": f"KB{mark}", "error_code": f"0x{mark}", "status": "firing", "message": f"{check} failed"}
    return [base | {"time": (at + timedelta(seconds=n)).isoformat(), "device": f"got-{check[:3]}-{n:03d}"} | said for n in range(count)]


def deliver(service: LocalService, document: Any, source: str = "monitor", headers: dict[str, str] | None = None) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    with service.client() as client:
        return client.post(f"/webhooks/alerts/{source}", content=body, headers=headers if headers is not None else signed(body))


def waiting(service: LocalService) -> int:
    with service.assistant.store.read() as unit:
        counts = unit.alerts.counts()
    return counts.get("waiting", 0)


def worked_on(service: LocalService) -> None:
    until = time.monotonic() + 20
    while waiting(service) and time.monotonic() < until:
        service.assistant.practices.alerts.alerting.follow()
        time.sleep(0.05)


def test_eight_failed_updates_become_one_incident_with_a_ticket(service: LocalService) -> None:
    found = deliver(service, rows(8, "antivirus update", patch="KB77", error_code="0x80070643"))
    assert found.status_code == 200
    assert found.json()["accepted"] == 8
    worked_on(service)
    with service.assistant.store.read() as unit:
        [group] = [one for one in unit.alerts.groups((Standing.INCIDENT,), 50) if one.check == "antivirus update"]
        ticket = unit.tickets.ticket(group.ticket)
    assert ticket is not None
    assert (group.alerts, group.items, group.version, group.reason) == (8, 8, "KB77", "0x80070643")
    assert (ticket.requester, ticket.origin, ticket.queue, ticket.status) == (ASSISTANT, "alerts", "security", TicketStatus.OPEN)
    facts = dict(ticket.body.facts)
    assert "got-ant-007" in facts["Devices"]
    assert "8 of 8 alerts have the version “KB77”." in facts["Why these belong together"]


def test_a_delivery_that_came_before_is_answered_and_changes_nothing(service: LocalService) -> None:
    body = json.dumps(rows(2, "replayed check")).encode()
    headers = signed(body, "delivery-1")
    assert deliver(service, body, headers=headers).json()["accepted"] == 2
    again = deliver(service, body, headers=headers)
    assert (again.status_code, again.json()["status"], again.json()["accepted"]) == (200, "known", 0)
    worked_on(service)
    with service.assistant.store.read() as unit:
        found = [one for one in unit.alerts.groups(tuple(Standing), 200) if one.check == "replayed check"]
    assert sum(one.alerts for one in found) == 2


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "not signed"),
        ({"Authorization": f"Bearer {SECRET}"}, "token_allowed"),
        ({"X-Firstline-Signature": "sha256=00", "X-Firstline-Timestamp": "1", "X-Firstline-Delivery": "d"}, "signature is wrong"),
    ],
)
def test_nobody_who_is_unknown_delivers(service: LocalService, headers: dict[str, str], why: str) -> None:
    before = waiting(service)
    found = deliver(service, rows(1, "unsigned"), headers=headers | {"Content-Type": "application/json"})
    assert found.status_code == 401
    assert why in found.json()["detail"]
    assert waiting(service) == before


def test_an_old_signature_is_refused(service: LocalService) -> None:
    body = json.dumps(rows(1, "old signature")).encode()
    found = deliver(service, body, headers=signed(body, at=time.time() - 3600))
    assert (found.status_code, "too old" in found.json()["detail"]) == (401, True)


def test_a_source_that_nobody_named_is_not_there(service: LocalService) -> None:
    found = deliver(service, rows(1, "x"), "elsewhere")
    assert (found.status_code, "FIRSTLINE_ALERT_SOURCES" in found.json()["detail"]) == (404, True)


@pytest.mark.parametrize("body", [b"{", b'"words"', b"17", b'[{"check": "no time"}]', b'[{"time": "yesterday-ish", "check": "x"}]', b"[[]]"])
def test_what_cannot_be_read_is_refused_with_a_sentence(service: LocalService, body: bytes) -> None:
    found = deliver(service, body)
    assert found.status_code == 422
    assert found.json()["detail"].startswith("nothing was taken: ")


def test_of_a_batch_that_is_partly_bad_the_good_ones_are_taken(service: LocalService) -> None:
    good = rows(2, "partly bad")
    found = deliver(service, [good[0], {"check": "no time"}, good[1], "words"]).json()
    assert (found["accepted"], found["refused_count"]) == (2, 2)
    assert [(one["index"], one["why"]) for one in found["refused"]] == [(1, "it has no time"), (3, "it is no JSON object")]


def test_alerts_from_the_past_and_the_future_are_kept_aside(service: LocalService) -> None:
    found = deliver(service, [*rows(1, "stale", 60 * 48), *rows(1, "ahead", -60), *rows(1, "skewed", -5)]).json()
    assert found["accepted"] == 1
    assert ["hours ago" in one["why"] for one in found["aside"]] == [True, False]
    with service.assistant.store.read() as unit:
        kept = {one.check: one.aside for one in unit.alerts.kept_aside(10)}
    assert "48" not in kept["stale"]
    assert "in the future" in kept["ahead"]
    assert "skewed" not in kept


def test_grafana_signs_with_and_without_the_time(service: LocalService) -> None:
    alerts = [{"status": "firing", "labels": {"alertname": "g", "host": "h1"}, "startsAt": datetime.now(UTC).isoformat()}]
    body = json.dumps({"version": "1", "alerts": alerts}).encode()
    kind = {"Content-Type": "application/json"}
    plain = hmac.new(SECRET.encode(), body, sha256).hexdigest()
    assert deliver(service, body, "grafana", kind | {"X-Grafana-Alerting-Signature": plain}).status_code == 200
    stamp = str(int(time.time()))
    timed = hmac.new(SECRET.encode(), f"{stamp}:".encode() + body, sha256).hexdigest()
    headers = kind | {"X-Grafana-Alerting-Signature": timed, "X-Grafana-Alerting-Timestamp": stamp}
    assert deliver(service, body, "grafana", headers).json()["status"] == "known"
    assert deliver(service, body, "grafana", kind | {"X-Grafana-Alerting-Signature": "0" * 64}).status_code == 401
    refused = deliver(service, body, "timed", kind | {"X-Grafana-Alerting-Signature": plain})
    assert (refused.status_code, "does not say its time" in refused.json()["detail"]) == (401, True)
    headers = kind | {"X-Grafana-Alerting-Signature": timed, "X-Sent-At": stamp}
    assert [deliver(service, body, "timed", headers).json()["status"] for _ in range(2)] == ["accepted", "known"]


def test_the_page_shows_the_incident_and_why(service: LocalService) -> None:
    deliver(service, rows(6, "patch of the browser"))
    worked_on(service)
    with service.assistant.store.read() as unit:
        [group] = [one for one in unit.alerts.groups((Standing.INCIDENT,), 50) if one.check == "patch of the browser"]
    with service.client(Accept="text/html", Cookie=f"firstline_session={service.token('sam.oduya')}") as client:
        listed, shown = client.get("/console/alerts"), client.get(f"/console/alerts/{group.id}")
    assert listed.status_code == shown.status_code == 200
    assert group.title in listed.text
    assert "6 of 6 alerts have the check “patch of the browser”." in shown.text


def test_people_split_a_group_on_its_page_and_take_it_back(service: LocalService) -> None:
    deliver(service, rows(7, "tape robot"))
    worked_on(service)
    with service.assistant.store.read() as unit:
        [group] = [one for one in unit.alerts.groups((Standing.INCIDENT,), 50) if one.check == "tape robot"]
        ids = [one.id for one in unit.alerts.alerts_of(group.id)]
    cookie = {"Cookie": f"firstline_session={service.token('sam.oduya')}", "Origin": service.url}
    with service.client(Accept="text/html", **cookie) as client:
        split = client.post(f"/console/alerts/{group.id}/split", data={"alert": ids[:2]})
        assert (split.status_code, split.headers["location"]) == (303, f"/console/alerts/{group.id}")
        shown = client.get(f"/console/alerts/{group.id}").text
        assert "Split by Sam Oduya" in shown
        assert client.post(f"/console/alerts/{group.id}/split", data={"alert": ids[2:]}).status_code == 409
        with service.assistant.store.read() as unit:
            [made] = [one for one in unit.alerts.judgements_of(group.id) if one.stands]
        back = client.post(f"/console/alerts/{group.id}/undo", data={"judgement": made.id})
        assert back.status_code == 303
        assert "taken back by Sam Oduya" in client.get(f"/console/alerts/{group.id}").text
    with service.assistant.store.read() as unit:
        again = unit.alerts.group(group.id)
    assert again is not None
    assert (again.alerts, again.standing) == (7, Standing.INCIDENT)
