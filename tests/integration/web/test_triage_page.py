"""The page of triage, and the webhook that files tickets of other systems, in a service."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.desk.triage.columns import guessed
from assistant.desk.triage.exports import Read, header_of, read_export
from assistant.domain.triage import Route, Triage
from tests.support.service import LocalService, copy_demo, served_here
from tests.support.ticket_history import history, written

SECRET = "hook-secret-of-this-test-0123456789"
AGENT = "sam.oduya"
SENT = {"requester": "maria.santos", "subject": "The printer jams again after the update", "text": "printer jams since this morning, please help"}


@pytest.fixture
def service(model_home: Path, tmp_path: Path) -> Iterator[LocalService]:
    with served_here(copy_demo(tmp_path / "home", model_home), ticket_hook_secret=SECRET) as local:
        path = written(tmp_path / "export.csv", history(500))
        triage = local.assistant.practices.triage
        assert triage.learn(read_export(path, guessed(header_of(path)), Read()), "export.csv", "operator", embed=False).taken
        yield local


def post(service: LocalService, body: bytes, delivery: str, secret: str = SECRET, at: float | None = None) -> httpx.Response:
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(secret.encode(), f"{stamp}.{delivery}.".encode() + body, sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Firstline-Timestamp": stamp,
        "X-Firstline-Delivery": delivery,
        "X-Firstline-Signature": f"sha256={signature}",
    }
    with service.client() as client:
        return client.post("/webhooks/tickets", content=body, headers=headers)


def filed(service: LocalService, delivery: str = "d-1", **changed: Any) -> str:
    answer = post(service, json.dumps({**SENT, **changed}).encode(), delivery)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"])


def triaged(service: LocalService, ticket: str) -> Triage:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        service.assistant.carrier.drain()
        with service.assistant.store.read() as unit:
            found = unit.triage.load(ticket)
        if found is not None:
            return found
        time.sleep(0.2)
    raise AssertionError("the ticket was not triaged")


def tickets(service: LocalService) -> int:
    with service.assistant.store.read() as unit:
        return len(unit.tickets.all())


def pressed(service: LocalService, path: str, **form: str) -> httpx.Response:
    with service.client(Accept="text/html", Origin=service.url, Cookie=f"firstline_session={service.token(AGENT)}") as client:
        return client.post(path, data=form)


def page(service: LocalService, path: str = "/console/triage") -> str:
    with service.client(Accept="text/html", Cookie=f"firstline_session={service.token(AGENT)}") as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_signed_ticket_is_filed_once_and_triaged(service: LocalService) -> None:
    before = tickets(service)
    ticket = filed(service)
    again = post(service, json.dumps(SENT).encode(), "d-1")
    assert (again.status_code, again.json()) == (200, {"ticket": ticket})
    assert tickets(service) == before + 1
    made = triaged(service, ticket)
    assert (made.route, made.suggested) == (Route.AUTO, ("printing", "endpoint"))


def test_a_malformed_ticket_is_refused_in_a_sentence_and_nothing_is_filed(service: LocalService) -> None:
    before = tickets(service)
    for body, why in (
        (b"{", "the body is no JSON"),
        (b"[1]", "has to be a JSON object"),
        (json.dumps({**SENT, "subject": ""}).encode(), "subject is missing"),
        (json.dumps({**SENT, "text": 7}).encode(), "text has to be a text"),
        (json.dumps({**SENT, "subject": "x" * 201}).encode(), "at most 200 characters"),
        (json.dumps({**SENT, "requester": "nobody@nowhere.test"}).encode(), "knows no such requester"),
    ):
        answer = post(service, body, "d-bad")
        assert answer.status_code == 422
        assert why in answer.text
    assert tickets(service) == before


def test_a_ticket_that_is_unsigned_forged_or_old_is_refused(service: LocalService) -> None:
    before, body = tickets(service), json.dumps(SENT).encode()
    with service.client() as client:
        assert client.post("/webhooks/tickets", content=body, headers={"Content-Type": "application/json"}).status_code == 401
    assert post(service, body, "d-2", secret="another").status_code == 401
    assert post(service, body, "d-3", at=time.time() - 3_600).status_code == 401
    assert post(service, body, "d-4", at=time.time() + 3_600).status_code == 401
    assert tickets(service) == before


def test_what_waits_is_shown_with_why_and_one_press_accepts_it(service: LocalService) -> None:
    ticket = filed(service, category="security")
    assert triaged(service, ticket).route is Route.REVIEW
    shown = page(service)
    assert "1 ticket waits for your look" in shown
    assert ticket in shown
    assert "Because of" in shown
    answer = pressed(service, f"/console/triage/{ticket}/settle", place="printing|endpoint")
    assert answer.status_code == 303
    made = triaged(service, ticket)
    assert (made.settled, made.settled_by, made.misrouted) == (("printing", "endpoint"), AGENT, False)
    assert "Nothing waits for your look" in page(service)


def test_a_place_that_is_none_is_refused_and_the_ticket_stays(service: LocalService) -> None:
    ticket = filed(service, category="security")
    triaged(service, ticket)
    assert pressed(service, f"/console/triage/{ticket}/settle", place="printing").status_code == 422
    assert pressed(service, f"/console/triage/{ticket}/settle", place="printing|nowhere").status_code == 409
    assert triaged(service, ticket).settled_at is None


def test_what_was_routed_can_be_put_back_once_and_counts_as_a_misroute_of_the_week(service: LocalService) -> None:
    ticket = filed(service)
    triaged(service, ticket)
    assert "Put back" in page(service, "/console/triage/routed")
    assert pressed(service, f"/console/triage/{ticket}/undo").status_code == 303
    assert pressed(service, f"/console/triage/{ticket}/undo").status_code == 409
    assert "100 % of 1" in page(service)
    assert "moved to general" in page(service, "/console/triage/routed")


def test_the_versions_of_the_model_are_shown_with_their_measures(service: LocalService) -> None:
    shown = page(service)
    assert "m-0001" in shown
    assert "in use" in shown
