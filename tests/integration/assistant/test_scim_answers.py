"""Every answer of a SCIM provider that our test server never gives, from a server that says what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assistant.adapters.identity.scim import ScimDirectory, ScimMeaning
from assistant.adapters.identity.scim_wire import open_wire
from assistant.domain.secret import Secret
from assistant.ports.identity import NoSuchAccount
from assistant.ports.outside import Refused, Unavailable, Uncertain

USER = {"id": "1", "userName": "ann", "active": True}
GROUP = {"id": "g", "displayName": "ledger"}


def listed(*rows: Any) -> dict[str, Any]:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(rows), "Resources": list(rows)}


@dataclass
class Provider:
    """What is answered to each kind of request, and what was asked."""

    users: Any = field(default_factory=lambda: listed(USER))
    status: dict[str, int] = field(default_factory=lambda: {"GET": 200, "PATCH": 204})
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def directory(self) -> ScimDirectory:
        meaning = ScimMeaning(frozenset(), True, True, "home")
        return ScimDirectory(open_wire(f"http://127.0.0.1:{self.port}", Secret("token"), 3, ""), meaning)

    def answer(self, method: str, path: str) -> bytes:
        if self.body is not None:
            return self.body
        if path.startswith("/ServiceProviderConfig"):
            return json.dumps({"changePassword": {"supported": True}}).encode()
        if "members.value" in path:
            return json.dumps(listed()).encode()
        return json.dumps(listed(GROUP) if path.startswith("/Groups") else self.users).encode()


@pytest.fixture
def provider() -> Iterator[Provider]:
    told = Provider()

    class Says(BaseHTTPRequestHandler):
        def _say(self) -> None:
            told.asked.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = told.status[self.command]
            body = b"" if status == 204 else told.answer(self.command, self.path)
            self.send_response(status)
            for name, value in {"Content-Type": "application/scim+json", "Content-Length": str(len(body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PATCH = _say

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Says)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()


def test_a_well_behaved_provider_is_the_ground_of_the_rest(provider: Provider) -> None:
    assert provider.directory().grant("ann", "ledger")
    assert provider.asked[-1] == "PATCH /Groups/g"


ENDS = [(400, Refused), (403, Refused), (409, Refused), (412, Unavailable), (401, Unavailable), (404, NoSuchAccount), (429, Unavailable)]
ENDS += [(500, Uncertain), (502, Uncertain), (503, Unavailable), (504, Uncertain), (408, Uncertain), (302, Refused), (413, Refused)]


@pytest.mark.parametrize(("status", "end"), ENDS)
def test_a_change_ends_as_the_answer_says(provider: Provider, status: int, end: type[Exception]) -> None:
    provider.status["PATCH"] = status
    with pytest.raises(end):
        provider.directory().grant("ann", "ledger")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 429, 401])
def test_a_question_that_fails_there_may_be_asked_again(provider: Provider, status: int) -> None:
    provider.status["GET"] = status
    with pytest.raises(Unavailable):
        provider.directory().people()


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed_with_our_token(provider: Provider, status: int) -> None:
    provider.status["GET"], provider.headers = status, {"Location": f"http://127.0.0.1:{provider.port}/elsewhere"}
    with pytest.raises(Refused):
        provider.directory().people()
    assert len(provider.asked) == 1


@pytest.mark.parametrize(("said", "seconds"), [("17", 17.0), ("0", 0.0), ("", None), ("soon", None), ("-3", None)])
def test_the_time_to_wait_is_handed_on(provider: Provider, said: str, seconds: float | None) -> None:
    provider.status["PATCH"], provider.headers = 429, {"Retry-After": said}
    with pytest.raises(Unavailable) as caught:
        provider.directory().grant("ann", "ledger")
    assert caught.value.retry_after == seconds


def test_a_time_to_wait_may_be_a_date(provider: Provider) -> None:
    provider.status["PATCH"] = 503
    provider.headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90))}
    with pytest.raises(Unavailable) as caught:
        provider.directory().grant("ann", "ledger")
    assert caught.value.retry_after is not None
    assert 80 < caught.value.retry_after <= 90


UNREADABLE: list[Any] = [[], "x", None, {}, {"totalResults": "many"}, listed("x"), listed({"id": "1"}), listed({"userName": "ann"}), listed(7)]


@pytest.mark.parametrize("users", UNREADABLE, ids=str)
def test_an_answer_without_the_form_of_the_standard_is_no_answer(provider: Provider, users: Any) -> None:
    provider.users = users
    with pytest.raises(Unavailable, match="cannot be read"):
        provider.directory().person("ann")


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff\xfe"], ids=["html", "nothing", "no text"])
def test_what_is_no_json_is_no_answer(provider: Provider, body: bytes) -> None:
    provider.body = body
    with pytest.raises(Unavailable):
        provider.directory().person("ann")


def test_a_provider_that_repeats_an_empty_page_does_not_hold_us(provider: Provider) -> None:
    provider.users = listed() | {"totalResults": 10_000}
    assert provider.directory().people() == []


def test_an_address_that_the_standards_models_refuse_is_read(provider: Provider) -> None:
    provider.users = listed(USER | {"emails": [{"value": "ann@corp.local", "primary": True}, {"value": 7}, "x"]})
    assert provider.directory().person("ann").email == "ann@corp.local"  # type: ignore[union-attr]


@pytest.mark.parametrize(("active", "locked"), [(True, False), ("True", False), (False, True), ("False", True), (None, True), ("yes", True)])
def test_only_a_clear_yes_is_an_open_account(provider: Provider, active: Any, locked: bool) -> None:
    provider.users = listed(USER | {"active": active})
    assert provider.directory().account("ann").locked is locked


def test_the_words_of_an_error_are_not_repeated(provider: Provider) -> None:
    provider.status["PATCH"] = 400
    provider.body = None
    provider.users = listed(USER)
    directory = provider.directory()
    directory.person("ann")

    def quoting(method: str, path: str) -> bytes:
        if method == "PATCH":
            return json.dumps({"scimType": "invalidValue", "detail": "the password Tr0ub4dor is too weak"}).encode()
        return Provider.answer(provider, method, path)

    provider.answer = quoting  # type: ignore[method-assign]
    with pytest.raises(Refused, match="invalidValue") as caught:
        directory.reset_password("ann")
    assert "Tr0ub4dor" not in repr(caught.value)


@pytest.mark.parametrize(
    "meaning",
    [
        ScimMeaning(frozenset(), False, True, "home"),
        ScimMeaning(frozenset(), True, False, "home"),
        ScimMeaning(frozenset(), False, False, ""),
    ],
)
def test_what_it_says_it_cannot_do_is_refused_and_nothing_is_sent(provider: Provider, meaning: ScimMeaning) -> None:
    directory = ScimDirectory(open_wire(f"http://127.0.0.1:{provider.port}", Secret("token"), 3, ""), meaning)
    assert directory.unable()
    for call in directory.unable():
        with pytest.raises(Refused):
            getattr(directory, call)("ann")
    assert not [asked for asked in provider.asked if asked.startswith("PATCH")]
