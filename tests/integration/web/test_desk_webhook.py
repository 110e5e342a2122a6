"""Reports of the desk over HTTP: signed over the raw body, fresh, each taken in once, and refused in the open."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from assistant.domain.ticket import TicketBody, TicketDraft
from assistant.ports.store import OutsideTicket, Store
from tests.support.service import LocalService, copy_demo, running, served_here

SECRET = b"hook-secret-of-this-test-0123456789"
SYSTEM = "Zendesk"
FAR = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def service(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """A service whose desk is a Zendesk that nobody answers for, so that only its reports are seen."""
    home = copy_demo(tmp_path_factory.mktemp("hook") / "home", model_home)
    desk = {"desk": "zendesk", "desk_url": "http://127.0.0.1:9", "desk_account": "a@x.test", "desk_token": "t", "desk_hook_secret": SECRET.decode()}
    with served_here(home, **desk) as local:
        yield local


@pytest.fixture
def store(service: LocalService) -> Store:
    return service.assistant.store


@pytest.fixture
def outside(store: Store, request: pytest.FixtureRequest) -> str:
    """A ticket of the desk that is linked to one of ours, and on no list."""
    name = f"9{abs(hash(request.node.name)) % 10**9}"
    now = datetime.now(UTC)
    with store.write() as unit:
        ticket = unit.own_tickets.create(TicketDraft(name, "ana", "s", "q", "c", TicketBody("b")), now)
        unit.outside.add(OutsideTicket(ticket.id, SYSTEM, name, "", name, now))
        unit.outside.looked_at(SYSTEM, name, now)
    return name


def on_the_list(store: Store, outside: str) -> bool:
    with store.read() as unit:
        return any(one == outside for one, _ in unit.outside.to_look_at(SYSTEM, FAR))


def ours(body: bytes, delivery: str, at: float | None = None, secret: bytes = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(secret, f"{stamp}.{delivery}.".encode() + body, sha256).hexdigest()
    return {"X-Firstline-Timestamp": stamp, "X-Firstline-Delivery": delivery, "X-Firstline-Signature": f"sha256={signature}"}


def zendesks(body: bytes, delivery: str, at: datetime | None = None) -> dict[str, str]:
    stamp = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = base64.b64encode(hmac.new(SECRET, stamp.encode() + body, sha256).digest()).decode()
    return {
        "X-Zendesk-Webhook-Signature": signature,
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Invocation-Id": delivery,
    }


def report(outside: str) -> bytes:
    return json.dumps({"ticket": outside}).encode()


@pytest.fixture
def post(service: LocalService) -> Iterator[Callable[..., httpx.Response]]:
    with service.client() as client:
        yield lambda body, headers: client.post("/webhooks/desk", content=body, headers={"Content-Type": "application/json", **headers})


Post = Callable[[bytes, dict[str, str]], httpx.Response]


def test_a_signed_report_puts_the_ticket_on_the_list(post: Post, store: Store, outside: str) -> None:
    body = report(outside)
    answer = post(body, ours(body, f"d-{outside}"))
    assert (answer.status_code, answer.json()) == (200, {"status": "accepted"})
    assert on_the_list(store, outside)


@pytest.mark.parametrize("shape", ['{{"ticket": {0}}}', '{{"type": "zen:event-type:ticket.status_changed", "detail": {{"id": "{0}"}}}}'])
def test_zendesks_own_form_is_taken_too(post: Post, store: Store, outside: str, shape: str) -> None:
    body = shape.format(outside).encode()
    assert post(body, zendesks(body, f"d-{outside}")).status_code == 200
    assert on_the_list(store, outside)


def test_a_replayed_delivery_is_answered_and_does_nothing(post: Post, store: Store, outside: str) -> None:
    body = report(outside)
    headers = ours(body, f"d-{outside}")
    assert post(body, headers).status_code == 200
    with store.write() as unit:
        unit.outside.looked_at(SYSTEM, outside, FAR)
    assert post(body, headers).status_code == 200
    assert not on_the_list(store, outside)


def tampered(outside: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Return what is wrong with a report, with a report of which that is so."""
    body, now = report(outside), time.time()
    spaced = json.dumps({"ticket": outside}, indent=1).encode()
    good = ours(body, "d-good")
    zendesk = zendesks(body, "d-z")
    return {
        "no signature": (body, {}),
        "no time": (body, {name: value for name, value in good.items() if "Timestamp" not in name}),
        "no delivery": (body, {name: value for name, value in good.items() if "Delivery" not in name}),
        "another secret": (body, ours(body, "d", secret=b"guess")),
        "an empty secret": (body, ours(body, "d", secret=b"")),
        "another body": (report("1"), good),
        "signed as parsed, not as sent": (spaced, ours(body, "d")),
        "another delivery": (body, {**good, "X-Firstline-Delivery": "d-other"}),
        "another time": (body, {**good, "X-Firstline-Timestamp": str(int(now) + 5)}),
        "too old": (body, ours(body, "d", now - 302)),
        "from the future": (body, ours(body, "d", now + 302)),
        "a time without sense": (body, ours(body, "d", 10**30)),
        "words for a time": (body, {**good, "X-Firstline-Timestamp": "now"}),
        "a signature cut short": (body, {**good, "X-Firstline-Signature": good["X-Firstline-Signature"][:-1]}),
        "without its name": (body, {**good, "X-Firstline-Signature": good["X-Firstline-Signature"].removeprefix("sha256=")}),
        "a signature of other letters": (body, {**good, "X-Firstline-Signature": "sha256=" + "\u00e9" * 64}),
        "Zendesk, another body": (report("1"), zendesk),
        "Zendesk, too old": (body, zendesks(body, "d", datetime.now(UTC) - timedelta(seconds=302))),
        "Zendesk, no zone": (body, {**zendesk, "X-Zendesk-Webhook-Signature-Timestamp": "2026-01-01T00:00:00"}),
        "both forms at once": (body, {**good, "X-Zendesk-Webhook-Signature": "x"}),
    }


@pytest.mark.parametrize("wrong", tampered("0"))
def test_a_report_with_something_wrong_is_refused(service: LocalService, store: Store, outside: str, wrong: str) -> None:
    body, headers = tampered(outside)[wrong]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in {**headers, "Content-Type": "application/json"}.items()]
    with service.client() as client:
        answer = client.post("/webhooks/desk", content=body, headers=raw)
    assert answer.status_code == 401
    assert SECRET.decode() not in answer.text
    assert not on_the_list(store, outside)


@pytest.mark.parametrize("seconds", [-298, 298])
def test_clocks_may_differ_by_five_minutes(post: Post, store: Store, outside: str, seconds: int) -> None:
    body = report(outside)
    assert post(body, ours(body, f"d{seconds}", time.time() + seconds)).status_code == 200
    assert on_the_list(store, outside)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"ticket": null}', b'{"ticket": true}', b'{"ticket": {"id": 1}}', b"[" * 30_000])
def test_a_signed_report_that_names_no_ticket_is_refused(post: Post, body: bytes) -> None:
    assert post(body, ours(body, "d-empty")).status_code == 422


def test_a_ticket_of_somebody_else_is_no_error(post: Post, store: Store) -> None:
    body = report("424242")
    assert post(body, ours(body, "d-strange")).status_code == 200
    assert not on_the_list(store, "424242")


def test_a_long_report_is_not_read_to_its_end(post: Post) -> None:
    body = b'{"ticket": "1", "pad": "' + b"x" * 70_000 + b'"}'
    assert post(body, ours(body, "d-long")).status_code == 413


def test_every_refusal_stands_in_the_audit_without_the_report(service: LocalService, post: Post, store: Store) -> None:
    body = b'{"ticket": "very private words"}'
    post(body, {"X-Firstline-Signature": "sha256=feedfeedfeed", "X-Firstline-Timestamp": "1", "X-Firstline-Delivery": "d-audit"})
    end = time.monotonic() + 10
    found = ""
    while "/webhooks/desk" not in found and time.monotonic() < end:
        time.sleep(0.1)
        with store.read() as unit:
            found = "\n".join(record.body for record in unit.audit.read(limit=100_000))
    assert "the signature is wrong" in found
    assert "very private words" not in found
    assert "feedfeedfeed" not in found


def test_without_a_secret_nothing_is_accepted(model_home: Path, tmp_path: Path) -> None:
    body = report("1")
    with running(copy_demo(tmp_path / "home", model_home)) as plain, plain.client() as client:
        headers = {"Content-Type": "application/json", **ours(body, "d", secret=b"")}
        assert client.post("/webhooks/desk", content=body, headers=headers).status_code == 404
