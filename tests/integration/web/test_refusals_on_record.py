"""Whatever the web surface refuses is in the audit, by whom it was asked, without any token."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assistant.governance.refusals import STEP
from tests.support.chat import Chat, opened
from tests.support.minting import minted
from tests.support.service import LocalService, copy_demo, running, served_here

EVIL = {"Origin": "https://evil.example"}


@pytest.fixture(scope="module")
def service(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    with served_here(copy_demo(tmp_path_factory.mktemp("refused") / "home", model_home), messages_per_minute=30) as serving:
        yield serving


def refused(service: LocalService) -> list[dict[str, Any]]:
    with service.assistant.store.read() as unit:
        return [line.facts for line in unit.audit.lines(0, 10_000) if line.facts["step"] == STEP]


@contextmanager
def recorded(service: LocalService, asked: str, status: int, actor: str = "", reason: str = "") -> Iterator[None]:
    """Check that what happens inside the block is on record soon after."""

    def found() -> int:
        said = [entry for entry in refused(service) if entry["detail"]["asked"] == asked and entry["detail"]["status"] == status]
        return sum(e["detail"]["times"] for e in said if e["actor"] == actor and reason in e["detail"]["reason"])

    before = found()
    yield
    end = time.monotonic() + 5
    while found() == before:
        assert time.monotonic() < end, refused(service)[-5:]
        time.sleep(0.05)


CALLS: list[tuple[str, str, int, str, str, dict[str, Any]]] = [
    ("GET", "/v1/me", 401, "", "a token is required", {}),
    ("GET", "/v1/conversations/c_1/events", 404, "maria.santos", "no such conversation", {}),
    ("POST", "/v1/conversations", 422, "maria.santos", "user_id", {"json": {"text": "hi", "user_id": "ingrid.lindqvist"}}),
    ("POST", "/v1/conversations", 415, "", "application/json", {"content": "{}", "headers": {"Content-Type": "text/plain"}}),
    ("POST", "/v1/conversations", 415, "", "application/json", {"content": b"{}"}),
    ("GET", "/v1/me", 403, "", "another site", {"headers": EVIL}),
    ("POST", "/console/sign-in", 403, "", "another site", {"data": {"person": "sam.oduya"}, "headers": EVIL}),
    ("GET", "/v1/me", 400, "", "host name", {"headers": {"Host": "evil.example"}}),
    ("POST", "/v1/conversations", 413, "", "1 MB", {"content": b"x" * 1_000_001, "headers": {"Content-Type": "application/json"}}),
    ("DELETE", "/v1/me", 405, "", "", {}),
    ("GET", "/console/tickets", 303, "", "token is required", {"headers": {"Accept": "text/html"}}),
    ("GET", "/static/..%2f..%2fetc/passwd", 404, "", "", {}),
]


@pytest.mark.parametrize(("method", "path", "status", "actor", "reason", "more"), CALLS)
def test_each_refused_call_is_on_record(
    service: LocalService, method: str, path: str, status: int, actor: str, reason: str, more: dict[str, Any]
) -> None:
    asked = f"{method} {path.replace('%2f', '/')}"
    with recorded(service, asked, status, actor, reason), service.client(actor) as client:
        answer = client.request(method, path, **more)
        assert answer.status_code == status
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_a_browser_asks_for_by_itself_is_no_refusal(service: LocalService) -> None:
    with service.client() as browser:
        for path in ("/favicon.ico", "/robots.txt", "/.well-known/security.txt"):
            assert browser.get(path).status_code == 404
    with recorded(service, "GET /v1/me", 401), service.client() as nobody:
        nobody.get("/v1/me")
    assert not [entry for entry in refused(service) if "favicon" in entry["detail"]["asked"] or "well-known" in entry["detail"]["asked"]]


def test_a_socket_of_another_page_is_on_record(service: LocalService) -> None:
    with (
        recorded(service, "socket /v1/chat", 1008, reason="another site"),
        pytest.raises(InvalidStatus),
        opened(service, origin="https://evil.example"),
    ):
        pass


def test_a_socket_that_is_closed_is_on_record_with_its_person(service: LocalService) -> None:
    with recorded(service, "socket /v1/chat", 4400, "maria.santos", "not part of the protocol"):
        chat = Chat(service, "maria.santos")
        with chat:
            chat.send({"type": "message", "id": "1", "text": "hi", "user_id": "ingrid.lindqvist"})
            with pytest.raises(ConnectionClosed):
                chat.frame()
    with recorded(service, "socket /v1/chat", 4401, reason="expired"), opened(service) as socket:
        socket.send(json.dumps({"v": 1, "type": "hello", "token": minted(service, exp=int(time.time()) - 100)}))
        with pytest.raises(ConnectionClosed):
            socket.recv(5)


def test_a_flood_of_pings_ends_the_socket_and_is_on_record(service: LocalService) -> None:
    with (
        recorded(service, "socket /v1/chat", 4429, "jonas.weber", "too many frames"),
        Chat(service, "jonas.weber") as chat,
        pytest.raises(ConnectionClosed),
    ):
        for _ in range(1_000):
            chat.send({"type": "ping"})
            chat.frame()


def test_a_token_in_a_refused_address_is_nowhere_on_record(service: LocalService) -> None:
    token = minted(service, exp=int(time.time()) - 100)
    with recorded(service, "GET /v1/articles/[token]", 401), service.client() as client:
        client.get(f"/v1/articles/{token}", params={"token": token})
    text = json.dumps(refused(service))
    assert token not in text and token.rsplit(".", 1)[1] not in text


def test_refusals_of_the_last_moment_are_written_when_the_service_stops(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("home")
    with running(home) as stopping, stopping.client() as nobody:
        nobody.get("/v1/me")
        stopping.stop()
    from assistant.bootstrap import open_assistant
    from assistant.settings import Settings

    assistant = open_assistant(Settings(home=home))
    try:
        with assistant.store.read() as unit:
            assert any(STEP in record.body for record in unit.audit.read(0, 1_000))
    finally:
        assistant.close()
