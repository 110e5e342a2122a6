"""Every error is a problem in the form of RFC 9457 for programs and a page for people, and says nothing it should not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.entrypoints.web.site import Site
from tests.support.service import Service, served_here

JSON = {"Content-Type": "application/json"}
CONVERSATIONS = "/v1/conversations"


def chunked(size: int) -> Iterator[bytes]:
    """Yield a body of unknown length."""
    for _ in range(size // 100_000):
        yield b" " * 100_000


WRONG: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "unknown path": (404, "GET", "/v1/nothing", {}),
    "unknown page": (404, "GET", "/nothing", {}),
    "unknown file": (404, "GET", "/static/nothing.js", {}),
    "a file outside the folder": (404, "GET", "/static/..%2f..%2fapp.py", {}),
    "a file outside the widget's folder": (404, "GET", "/widget/%2e%2e/__init__.py", {}),
    "unknown article": (404, "GET", "/v1/articles/nothing", {}),
    "unknown revision": (404, "GET", "/v1/articles/vpn-install-windows?revision=99", {}),
    "revision zero": (422, "GET", "/v1/articles/vpn-install-windows?revision=0", {}),
    "a revision beyond every number": (422, "GET", f"/v1/articles/vpn-install-windows?revision={10**30}", {}),
    "an event beyond every number": (422, "GET", f"/v1/conversations/c_1/events?after={10**30}", {}),
    "an event that is no number": (422, "GET", "/v1/conversations/c_1/events?after=last", {}),
    "unknown conversation": (404, "POST", "/v1/conversations/c_1/messages", {"json": {"text": "hello"}}),
    "wrong method": (405, "DELETE", CONVERSATIONS, {}),
    "wrong method of a page": (405, "POST", "/healthz", {}),
    "no body": (422, "POST", CONVERSATIONS, {}),
    "not JSON": (422, "POST", CONVERSATIONS, {"content": "{", "headers": JSON}),
    "bytes": (400, "POST", CONVERSATIONS, {"content": b"\xff\xfe\x00", "headers": JSON}),
    "nested without end": (400, "POST", CONVERSATIONS, {"content": "[" * 100_000, "headers": JSON}),
    "a list": (422, "POST", CONVERSATIONS, {"json": ["text"]}),
    "JSON that says it is text": (415, "POST", CONVERSATIONS, {"content": '{"text":"hello"}', "headers": {"Content-Type": "text/plain"}}),
    "a form": (422, "POST", CONVERSATIONS, {"data": {"text": "hello"}}),
    "unknown field": (422, "POST", CONVERSATIONS, {"json": {"text": "hello", "user_id": "ingrid.lindqvist"}}),
    "unknown field beside a choice": (422, "POST", "/v1/conversations/c_1/messages", {"json": {"choice": "yes", "person": "ingrid.lindqvist"}}),
    "text and choice": (422, "POST", "/v1/conversations/c_1/messages", {"json": {"text": "hello", "choice": "yes"}}),
    "a number for a text": (422, "POST", CONVERSATIONS, {"json": {"text": 7}}),
    "half a character": (422, "POST", CONVERSATIONS, {"content": '{"text":"\\ud83d"}', "headers": JSON}),
    "a text that is too long": (422, "POST", CONVERSATIONS, {"json": {"text": "x" * 100_001}}),
    "an id that is too long": (422, "POST", CONVERSATIONS, {"json": {"text": "x", "id": "x" * 65}}),
    "a choice that is too long": (422, "POST", "/v1/conversations/c_1/messages", {"json": {"choice": "x" * 81}}),
    "a body over a megabyte": (413, "POST", CONVERSATIONS, {"content": b" " * 1_500_000, "headers": JSON}),
    "a body over a megabyte without its length": (413, "POST", CONVERSATIONS, {"content": chunked(3_000_000), "headers": JSON}),
    "another host": (400, "GET", "/v1/me", {"headers": {"Host": "evil.example"}}),
    "another host that begins like ours": (400, "GET", "/v1/me", {"headers": {"Host": "127.0.0.1.evil.example"}}),
    "no host": (400, "GET", "/v1/me", {"headers": {"Host": ""}}),
}


def check(answer: httpx.Response, status: int) -> None:
    """Check the form of an error, and its headers."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert set(found) == {"type", "title", "status", "detail", "reference"}
    assert (found["type"], found["status"]) == ("about:blank", status)
    assert found["title"]
    assert found["detail"]
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] in ("no-store", "no-cache")


@pytest.mark.parametrize("name", WRONG)
def test_every_error_has_the_form_of_a_problem(web: Service, name: str) -> None:
    status, method, path, how = WRONG[name]
    with web.client("maria.santos") as maria:
        check(maria.request(method, path, **how), status)
        assert maria.get("/healthz").status_code == 200


def test_a_wrong_method_says_which_are_right(web: Service) -> None:
    with web.client("maria.santos") as maria:
        assert maria.delete("/v1/me").headers["allow"] == "GET"


def test_what_is_wrong_is_named_without_repeating_what_was_sent(web: Service) -> None:
    with web.client("maria.santos") as maria:
        found = maria.post(CONVERSATIONS, json={"text": "x", "passwrd": "hunter2-secret"}).json()
    assert "passwrd" in found["detail"]
    assert "hunter2" not in str(found)


def test_people_get_a_page_and_programs_of_the_interface_never_do(web: Service) -> None:
    page = {"Accept": "text/html,application/xhtml+xml"}
    with web.client(**page) as browser:
        lost = browser.get("/nothing")
        assert (lost.status_code, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "Go to the help centre" in lost.text
        hidden = browser.get("/articles/access-banking-portal-tokens")
        assert hidden.status_code == 404
        assert "not for you" in hidden.text
        check(browser.get("/v1/me"), 401)


class BrokenKnowledge:
    """A ``Knowledge`` port behind which everything fails."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the shelf has fallen over: postgresql://firstline:s3cret@db/kb")


def without_knowledge(site: Site) -> Site:
    return replace(site, knowledge=BrokenKnowledge())  # type: ignore[arg-type]


def test_an_unexpected_error_gets_a_reference_that_the_log_explains_and_no_detail(
    demo_home: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    with served_here(demo_home("home"), without_knowledge) as service:
        with service.client("maria.santos") as program:
            answer = program.get("/v1/articles/vpn-install-windows")
        with service.client(Accept="text/html") as browser:
            page = browser.get("/articles/vpn-install-windows")
    check(answer, 500)
    reference = answer.json()["reference"]
    assert reference.startswith("E-")
    assert "s3cret" not in answer.text + page.text
    assert f"reference={reference} GET /v1/articles/vpn-install-windows" in caplog.text
    assert page.status_code == 500
    assert "tell the service desk this reference" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
