"""Files in conversations: sent, checked, kept, fetched by those who may, taken along by the ticket."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.doctor import examine
from tests.support import sample_files as files
from tests.support.service import LocalService, Service, served_here

SAM = "sam.oduya"


def begun(client: httpx.Client, text: str = "") -> str:
    return str(client.post("/v1/conversations", json={"text": text} if text else {}).json()["conversation"])


def sent(client: httpx.Client, conversation: str, content: bytes = b"all is well", name: str = "client.log", key: str = "") -> httpx.Response:
    fields = {"key": key} if key else {}
    return client.post(f"/v1/conversations/{conversation}/attachments", files={"file": (name, content, "application/octet-stream")}, data=fields)


def events(client: httpx.Client, conversation: str, kind: str) -> list[dict[str, Any]]:
    found = client.get(f"/v1/conversations/{conversation}/events").json()
    return [one["event"] for one in found if one["event"]["type"] == kind]


@pytest.fixture
def here(demo_home: Callable[[str], Path]) -> Any:
    with served_here(demo_home("home"), messages_per_minute=10_000) as service:
        yield service


def test_a_file_is_kept_told_and_fetched_as_a_download(web: Service) -> None:
    with web.client("maria.santos") as maria:
        conversation = begun(maria)
        answer = sent(maria, conversation, files.picture(), "Fehler – 紙.png")
        assert answer.status_code == 201
        made = answer.json()
        assert (made["name"], made["kind"]) == ("Fehler – 紙.png", "image") and made["size"] > 0 and made["at"]
        [told] = events(maria, conversation, "attachment")
        assert told["person"] == {"id": "maria.santos", "name": "Maria Santos"}
        assert told["attachment"] == {name: made[name] for name in ("id", "name", "kind", "size")}
        got = maria.get(f"/v1/conversations/{conversation}/attachments/{made['id']}")
    assert got.status_code == 200 and len(got.content) == made["size"] and got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"] == "attachment; filename=\"Fehler _ _.png\"; filename*=UTF-8''Fehler%20%E2%80%93%20%E7%B4%99.png"
    assert got.headers["x-content-type-options"] == "nosniff" and "no-store" in got.headers["cache-control"]
    assert got.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_the_same_key_is_the_same_file(web: Service) -> None:
    with web.client("maria.santos") as maria:
        conversation = begun(maria)
        first, again = (sent(maria, conversation, text, key="k-1") for text in (b"first", b"something else"))
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert len(events(maria, conversation, "attachment")) == 1


def test_nobody_else_gets_at_a_file(web: Service) -> None:
    with web.client("maria.santos") as maria, web.client("wei.zhang") as wei, web.client() as nobody:
        conversation, own = begun(maria), begun(wei)
        attachment = sent(maria, conversation).json()["id"]
        assert sent(wei, conversation).status_code == 404
        for place in (conversation, own):
            path = f"/v1/conversations/{place}/attachments/{attachment}"
            assert wei.get(path).status_code == wei.delete(path).status_code == 404
            assert nobody.get(path).status_code == 401
        assert maria.get(f"/v1/conversations/{conversation}/attachments/{attachment}").content == b"all is well"


def test_its_owner_removes_a_file(web: Service) -> None:
    with web.client("maria.santos") as maria:
        conversation = begun(maria)
        attachment = sent(maria, conversation).json()["id"]
        path = f"/v1/conversations/{conversation}/attachments/{attachment}"
        assert maria.delete(path).status_code == 204
        assert maria.get(path).status_code == maria.delete(path).status_code == 404
        assert events(maria, conversation, "attachment_removed") == [{"type": "attachment_removed", "attachment": {"id": attachment}}]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"PK\x03\x04archive", 415, "kind"),
        (b"<html><script>alert(1)</script></html>", 415, "kind"),
        (b"", 422, "empty"),
        (files.moving_gif(), 422, "moves"),
        (files.pdf(b"/OpenAction<</S/JavaScript/JS(1)>>"), 422, "active"),
        (b"x" * 10_000_001, 413, "too_large"),
    ],
    ids=["archive", "page", "empty", "moving", "script", "large"],
)
def test_what_is_not_taken_is_refused_in_words_and_leaves_nothing(web: Service, content: bytes, status: int, code: str) -> None:
    with web.client("maria.santos") as maria:
        conversation = begun(maria)
        refused = sent(maria, conversation, content, "report.pdf")
        assert refused.status_code == status
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == code and len(refused.json()["detail"].split(". ")) > 1
        assert events(maria, conversation, "attachment") == []


def test_only_an_attachment_may_be_larger_than_a_megabyte(web: Service) -> None:
    line = b"2026-11-22 09:15 a line of a log that goes on and on\n"
    with web.client("maria.santos") as maria:
        conversation = begun(maria)
        assert sent(maria, conversation, line * 60_000).status_code == 201
        assert sent(maria, conversation, b"x" * 11_000_000).status_code == 413
        assert maria.post(f"/v1/conversations/{conversation}/messages", content=b"x" * 1_100_000).status_code == 413

        def endless() -> Any:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.log"\r\n\r\n'
            for _ in range(200):
                yield b"x" * 65_536

        path = f"/v1/conversations/{conversation}/attachments"
        answer = maria.post(path, content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"})
        assert answer.status_code == 413
        assert len(events(maria, conversation, "attachment")) == 1


@pytest.mark.parametrize(
    "form", [{"files": {"other": ("a.log", b"x")}}, {"data": {"file": "x"}}, {"json": {"file": "x"}}, {"files": [("file", ("a.log", b"x"))] * 2}]
)
def test_a_form_without_its_one_file_is_refused(web: Service, form: dict[str, Any]) -> None:
    with web.client("maria.santos") as maria:
        conversation = begun(maria)
        assert 400 <= maria.post(f"/v1/conversations/{conversation}/attachments", **form).status_code < 500
        assert events(maria, conversation, "attachment") == []


def test_a_conversation_and_a_day_hold_so_many_files_and_no_more(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home"), attachments_per_conversation=2, attachments_per_day=3) as here, here.client("maria.santos") as maria:
        first, second = begun(maria), begun(maria)
        codes = [sent(maria, place).json().get("code", "") for place in (first, first, first, second, second)]
        assert codes == ["", "", "many_here", "", "many_today"]
        assert sent(maria, second).status_code == 409


def test_the_scanner_that_is_configured_is_asked(demo_home: Callable[[str], Path]) -> None:
    scanner = [sys.executable, "-c", "import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())"]
    with served_here(demo_home("home"), scan_command=scanner) as here, here.client("maria.santos") as maria:
        conversation = begun(maria)
        assert sent(maria, conversation).status_code == 201
        assert sent(maria, conversation, files.EICAR.encode()).json()["code"] == "malware"
    with served_here(demo_home("other"), scan_command=["/nowhere/scanner"]) as here, here.client("maria.santos") as maria:
        refused = sent(maria, begun(maria))
        assert (refused.status_code, refused.json()["code"]) == (503, "unscanned")
        assert refused.headers["retry-after"]


def test_a_service_that_keeps_nothing_takes_no_files_and_says_so(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home"), zero_persistence=True) as here, here.client("maria.santos") as maria:
        assert maria.get("/v1/me").json()["attachments"]["kinds"] == []
        refused = sent(maria, begun(maria))
        assert (refused.status_code, refused.json()["code"]) == (403, "nothing_kept")


def console(service: LocalService | Service, person: str) -> httpx.Client:
    with service.client(Origin=service.url) as entrance:
        entered = entrance.post("/console/sign-in", data={"person": person})
    assert entered.status_code == 303
    return service.client(Cookie=entered.headers["set-cookie"].partition(";")[0])


def test_files_go_to_the_ticket_before_and_after_it_is_filed(here: LocalService) -> None:
    with here.client("maria.santos") as maria, console(here, SAM) as sam:
        conversation = begun(maria, "My laptop smells of smoke and the fan is broken")
        first = sent(maria, conversation, files.picture(), "smoke.png").json()
        reply = maria.post(f"/v1/conversations/{conversation}/messages", json={"choice": "person"}).json()
        ticket = reply["ticket"]["id"]
        second = sent(maria, conversation, b"fan: 0 rpm\n", "fan.log").json()
        with here.assistant.store.read() as unit:
            kept = unit.tickets.ticket(ticket)
            given = unit.attachments.of_ticket(ticket)
        assert kept is not None
        assert [value for name, value in kept.body.facts if name == "Attached"] == ["smoke.png (image, 1 kB)"]
        assert [note.text for note in kept.notes if note.text.startswith("Attached")] == [
            "Attached: smoke.png (image, 1 kB)",
            "Attached: fan.log (text, 1 kB)",
        ]
        assert [one.id for one in given] == [first["id"], second["id"]]
        page, live = sam.get(f"/console/tickets/{ticket}").text, sam.get(f"/console/conversations/{conversation}").text
        for attachment in (first, second):
            assert f'href="/console/attachments/{attachment["id"]}"' in page
            assert f'href="/console/attachments/{attachment["id"]}"' in live
        kept_by_people = maria.delete(f"/v1/conversations/{conversation}/attachments/{first['id']}")
        assert kept_by_people.status_code == 409


def test_the_desk_opens_files_of_its_tickets_only_and_the_audit_says_who(here: LocalService) -> None:
    with here.client("maria.santos") as maria, console(here, SAM) as sam, console(here, "ingrid.lindqvist") as author:
        conversation = begun(maria, "My laptop smells of smoke and the fan is broken")
        attachment = sent(maria, conversation, b"fan: 0 rpm\n", "fan.log").json()["id"]
        path = f"/console/attachments/{attachment}"
        assert sam.get(path).status_code == 404
        maria.post(f"/v1/conversations/{conversation}/messages", json={"choice": "person"})
        assert author.get(path).status_code in (401, 403)
        got = sam.get(path)
        assert got.content == b"fan: 0 rpm\n" and got.headers["content-disposition"].startswith("attachment;")
        assert sam.get(f"/console/attachments/f_{secrets.token_hex(12)}").status_code == 404
    with here.assistant.store.read() as unit:
        lines = [line.facts for line in unit.audit.lines() if line.facts.get("step") == "attach"]
    assert [(line["decision"], line["actor"], line["detail"]["attachment"]) for line in lines] == [
        ("added", "maria.santos", attachment),
        ("opened", SAM, attachment),
    ]
    assert not any("fan.log" in str(line) for line in lines)


@pytest.mark.parametrize(
    ("settings", "state", "says"),
    [
        ({}, "note", "no virus scanner is asked"),
        ({"scan_command": [sys.executable, "-c", "pass"]}, "ok", "is asked"),
        ({"scan_command": ["/nowhere/scanner"]}, "bad", "gives no verdict, so every file is refused"),
        ({"attachment_megabytes": 0}, "ok", "people cannot attach files"),
    ],
)
def test_the_doctor_says_what_is_taken_and_whether_the_scanner_answers(
    demo_home: Callable[[str], Path], settings: dict[str, Any], state: str, says: str
) -> None:
    with served_here(demo_home("home"), **settings) as here:
        (found,) = [check for check in examine(here.assistant, owned_here=True) if check.name == "files"]
    assert found.state == state and says in found.says


def test_a_key_of_any_length_stands_for_one_file(here: LocalService) -> None:
    with here.client("maria.santos") as maria:
        conversation = begun(maria)
    long = "m" * 100
    made = [here.assistant.files.attach("maria.santos", conversation, "a.log", b"x", f"{long}.{number}").id for number in (1, 2, 1)]
    assert made[0] == made[2] != made[1]
