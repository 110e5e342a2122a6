"""Actions over REST, the socket and the console: whose they are, what a link does, and where a code goes."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.adapters.store.organisation import BuiltinDirectory, read_people_file
from assistant.domain.configuration import Organisation
from assistant.governance.policy_file import PACKAGED
from assistant.ports.store import OutboxEntry
from tests.support.chat import Chat
from tests.support.letters import Letter, letter, letters
from tests.support.service import PEOPLE_FILE, Address, Service, copy_demo, running, served_here

MARIA, JONAS, MANAGER, OWNER, AGENT, AUTHOR = "maria.santos", "jonas.weber", "johan.ekstrom", "rachel.thornton", "sam.oduya", "elin.berg"
OTHERS = (JONAS, AUTHOR, "claire.whitfield")
NOT_YOURS = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no such action of yours", "reference": ""}
CALLS = ("/v1/approvals/{id}", "/v1/actions", "/v1/approvals")


@pytest.fixture(scope="module")
def acting(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose people act; what they may do in a day is enough for these tests."""
    home = copy_demo(tmp_path_factory.mktemp("acting") / "home", model_home)
    with running(home, messages_per_minute="100000") as service:
        yield service


def until(what: Callable[[], Any]) -> Any:
    """Wait until something is true and return it."""
    end = time.monotonic() + 20
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def pressed(client: httpx.Client, text: str) -> dict[str, Any]:
    """Ask for an action, press its card and return what is said then."""
    asked = client.post("/v1/conversations", json={"text": text}).json()
    assert asked["action"]["needs"] == "press", asked["text"]
    press = {"choice": f"do:{asked['action']['id']}"}
    reply: dict[str, Any] = client.post(f"/v1/conversations/{asked['conversation']}/messages", json=press).json()
    return reply


def dropped(client: httpx.Client, reply: dict[str, Any]) -> dict[str, Any]:
    """Cancel what a reply is about."""
    drop = {"choice": f"drop:{reply['action']['id']}"}
    said: dict[str, Any] = client.post(f"/v1/conversations/{reply['conversation']}/messages", json=drop).json()
    return said


def request_mail(service: Service, to: str, action: str) -> Letter:
    """Wait for the mail that asks somebody to decide an action."""
    return until(lambda: next((one for one in letters(service.home) if to in one.to and action in one.text), None))  # type: ignore[no-any-return]


def console(service: Address, person: str, **headers: str) -> httpx.Client:
    """Return a browser in which somebody is signed in."""
    client = service.client(Accept="text/html", Origin=service.url, **headers)
    client.cookies.set("firstline_session", service.token(person))
    return client


@contextlib.contextmanager
def waiting_request(service: Service, text: str = "I need access to the CRM for a week") -> Iterator[dict[str, Any]]:
    """Have Maria ask for something that others approve; cancelled afterwards if nobody decided."""
    with service.client(MARIA) as maria:
        reply = pressed(maria, text)
        assert reply["action"]["status"] == "awaiting"
        yield reply
        dropped(maria, reply)


def test_an_action_belongs_to_its_person_alone(acting: Service) -> None:
    with waiting_request(acting) as reply:
        action = reply["action"]["id"]
        for person in OTHERS:
            with acting.client(person) as other:
                assert other.get(f"/v1/approvals/{action}").status_code == 404
                assert other.post(f"/v1/approvals/{action}", json={"approves": True, "hash": "0" * 64}).status_code == 404
                assert other.post(f"/v1/actions/{action}/code", json={"code": "123456"}).status_code == 404
                assert other.get("/v1/approvals").json() == []
                assert action not in other.get("/v1/actions").text
            with console(acting, person) as browser:
                assert browser.get(f"/console/approvals/{action}").status_code == 404
                form = {"decision": "approve", "hash": "0" * 64}
                assert browser.post(f"/console/approvals/{action}", data=form).status_code == 404
        with acting.client(MARIA) as maria:
            (mine,) = [one for one in maria.get("/v1/actions").json() if one["id"] == action]
            assert (mine["status"], mine["tool"], mine["conversation"]) == ("awaiting", "grant_access", reply["conversation"])
            assert maria.get(f"/v1/approvals/{action}").json()["mine"] is False


@pytest.mark.parametrize("call", CALLS)
def test_without_a_token_nothing_is_said(acting: Service, call: str) -> None:
    with httpx.Client(base_url=acting.url, trust_env=False) as nobody:
        answer = nobody.get(call.format(id="a_0"))
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


def test_two_approvers_decide_over_rest_with_the_hash_that_they_saw(acting: Service) -> None:
    with waiting_request(acting) as reply, acting.client(MANAGER) as manager, acting.client(OWNER) as owner, acting.client(MARIA) as maria:
        path = f"/v1/approvals/{reply['action']['id']}"
        seen = manager.get(path).json()
        assert seen["mine"] is True
        assert seen["stages"][0]["people"] == ["Johan Ekström"]
        assert [one["action"]["id"] for one in manager.get("/v1/approvals").json()] == [reply["action"]["id"]]
        stale = manager.post(path, json={"approves": True, "hash": "0" * 64})
        assert (stale.status_code, stale.headers["content-type"]) == (409, "application/problem+json")
        assert "not what would be done now" in stale.json()["detail"]
        early = owner.post(path, json={"approves": True, "hash": seen["hash"]})
        assert early.status_code == 409
        own = maria.post(path, json={"approves": True, "hash": seen["hash"]})
        assert (own.status_code, own.json()["detail"]) == (409, "Nobody approves their own request.")
        note = "fine, my password is Hunter2-Secret"
        first = manager.post(path, json={"approves": True, "hash": seen["hash"], "note": note}).json()
        assert (first["status"], first["stage"], first["mine"]) == ("open", 1, False)
        assert "Hunter2-Secret" not in str(first)
        assert manager.post(path, json={"approves": True, "hash": seen["hash"]}).status_code == 409
        last = owner.post(path, json={"approves": True, "hash": seen["hash"]}).json()
        assert last["status"] == "approved"
        done = until(lambda: [one for one in maria.get("/v1/actions").json() if one["id"] == reply["action"]["id"] and one["status"] == "done"])
        assert done
        events = maria.get(f"/v1/conversations/{reply['conversation']}/events").json()
        ended = events[-1]["event"]["reply"]
        undone = maria.post(f"/v1/conversations/{reply['conversation']}/messages", json={"choice": f"undo:{ended['action']['id']}"}).json()
        assert undone["action"]["reverts"] == reply["action"]["id"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"approves": "yes", "hash": "0" * 64},
        {"approves": True, "hash": "short"},
        {"approves": True, "hash": "0" * 64, "note": "x" * 501},
        {"approves": True, "hash": "0" * 64, "approver": OWNER},
    ],
)
def test_a_decision_in_another_form_is_refused(acting: Service, body: dict[str, Any]) -> None:
    with acting.client(MANAGER) as manager:
        assert manager.post("/v1/approvals/a_0", json=body).status_code == 422


def test_following_every_link_of_a_mail_changes_nothing(acting: Service) -> None:
    with waiting_request(acting) as reply, acting.client(MANAGER) as manager:
        action = reply["action"]["id"]
        mail = request_mail(acting, "johan.ekstrom", action)
        assert mail.links == [f"{acting.url}/console/approvals/{action}"]
        assert "nothing happens before you decide there" in mail.text
        assert re.search(r"open until \d\d \w+ \d{4} \d\d:\d\d CES?T\. If nobody decides", mail.text)
        before = manager.get(f"/v1/approvals/{action}").json()
        for link in mail.links:
            with console(acting, MANAGER) as browser:
                page = browser.get(link)
                assert page.status_code == 200
                assert before["hash"] in page.text
                for inner in re.findall(r'href="(/[^"]*)"', page.text):
                    assert browser.get(inner, follow_redirects=True).status_code == 200, inner
            for method in ("HEAD", "PUT", "DELETE", "OPTIONS"):
                with console(acting, MANAGER) as browser:
                    browser.request(method, link)
        assert manager.get(f"/v1/approvals/{action}").json() == before


def test_a_link_leads_through_the_sign_in_and_back_and_nowhere_else(acting: Service) -> None:
    with waiting_request(acting) as reply, acting.client(Accept="text/html", Origin=acting.url) as browser:
        path = f"/console/approvals/{reply['action']['id']}"
        asked = browser.get(path)
        assert (asked.status_code, asked.headers["location"]) == (303, f"/console/sign-in?next={path}")
        assert f'value="{path}"' in browser.get(asked.headers["location"]).text
        entered = browser.post("/console/sign-in", data={"token": acting.token(MANAGER), "next": path})
        assert (entered.status_code, entered.headers["location"]) == (303, path)
        for elsewhere in (
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/console/../demo",
            "javascript:alert(1)",
            "/articles",
            "/console/\r\nX: y",
        ):
            assert "evil" not in browser.get("/console/sign-in", params={"next": elsewhere}).text
            led = browser.post("/console/sign-in", data={"token": acting.token(MANAGER), "next": elsewhere})
            assert led.headers["location"] == "/console", elsewhere


def test_a_link_in_a_web_mail_is_followed_once_more_from_our_own_page(acting: Service) -> None:
    with acting.client(Accept="text/html") as browser:
        arriving = browser.get("/console/approvals/a_1", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
        assert arriving.status_code == 200
        assert '<meta http-equiv="refresh" content="0; url=/console/approvals/a_1">' in arriving.text
        again = browser.get("/console/approvals/a_1", headers={"Sec-Fetch-Site": "same-origin"})
        assert again.status_code == 303
        forged = browser.get("/console/approvals/a%22%3E%3Cscript%3E", headers={"Sec-Fetch-Site": "cross-site"})
        assert "<script>" not in forged.text


def test_approve_and_refuse_need_the_own_page_and_the_hash_that_was_shown(acting: Service) -> None:
    with waiting_request(acting) as reply:
        path = f"/console/approvals/{reply['action']['id']}"
        with console(acting, MANAGER) as manager:
            page = manager.get(path).text
            shown = re.search(r'name="hash" value="([0-9a-f]{64})"', page)
            assert shown is not None
            form = {"decision": "approve", "hash": shown[1]}
            assert manager.post(path, data=form, headers={"Origin": "https://evil.example"}).status_code == 403
            nowhere = {"Cookie": f"firstline_session={acting.token(MANAGER)}", "Accept": "text/html"}
            assert httpx.post(f"{acting.url}{path}", data=form, headers=nowhere, trust_env=False).status_code == 403
            assert manager.post(path, data={**form, "decision": "perhaps"}).status_code == 422
            stale = manager.post(path, data={**form, "hash": "0" * 64, "note": "as we said"})
            assert stale.status_code == 409
            assert "Nothing was decided." in stale.text
            assert "as we said" in stale.text
            assert 'name="decision" value="approve"' in stale.text
            assert manager.post(path, data={**form, "decision": "refuse"}).headers["location"] == path
            refused = manager.get(path).text
            assert "It was refused. Nothing was done." in refused
            assert 'name="decision"' not in refused
        with acting.client(MARIA) as maria:
            said = maria.get(f"/v1/conversations/{reply['conversation']}/events").json()[-1]["event"]["reply"]
            assert (said["action"]["status"], said["ticket"]["status"]) == ("refused", "open")


def test_the_actions_of_the_desk_are_for_agents_alone(acting: Service) -> None:
    with acting.client(MARIA) as maria:
        action = pressed(maria, "My account is locked, please unlock it")["action"]["id"]
        until(lambda: [one for one in maria.get("/v1/actions").json() if one["id"] == action and one["status"] == "done"])
    for person in (MARIA, MANAGER, AUTHOR):
        with console(acting, person) as browser:
            for path in ("/console/actions", f"/console/actions/{action}"):
                refused = browser.get(path)
                assert refused.status_code == 403
                assert action not in refused.text
            assert browser.post(f"/console/actions/{action}/undo").status_code == 403
            assert 'href="/console/actions"' not in browser.get("/console/approvals").text
    with console(acting, AGENT) as agent:
        listed = agent.get("/console/actions").text
        assert f"/console/actions/{action}" in listed
        assert f"/console/actions/{action}" not in agent.get("/console/actions", params={"status": "unknown"}).text
        assert agent.get("/console/actions", params={"status": "strange"}).status_code == 422
        page = agent.get(f"/console/actions/{action}").text
        assert "act: done" in page
        assert "tools.unlock_account" in page
        assert "Undo</button>" not in page, "an account that was not locked was left as it was"
        refused = agent.post(f"/console/actions/{action}/undo")
        assert refused.status_code == 409
        assert "changed nothing" in refused.text
        assert agent.get("/console/actions/a_nothing").status_code == 404
        ticket = re.search(r"/console/tickets/(T-\d+)", page)
        assert ticket is not None
        assert f"/console/actions/{action}" in agent.get(f"/console/tickets/{ticket[1]}").text


def test_a_code_over_rest_is_judged_and_not_kept(acting: Service) -> None:
    before = frozenset(one.file for one in letters(acting.home))
    with acting.client(JONAS) as jonas, acting.client(MARIA) as maria:
        reply = pressed(jonas, "Reset my password please")
        assert (reply["action"]["needs"], reply["action"]["channel"]) == ("code", "notice")
        path = f"/v1/actions/{reply['action']['id']}/code"
        code = letter(acting.home, "jonas.weber@private.example", "one-time code", before).code
        wrong = jonas.post(path, json={"code": f"{(int(code) + 1) % 1_000_000:06}"}).json()
        assert (wrong["text"], wrong["action"]["status"]) == ("That code is not right. Try again.", "challenged")
        assert maria.post(path, json={"code": code}).status_code == 404
        assert jonas.post(path, json={"code": "1" * 33}).status_code == 422
        assert jonas.post(path, json={"code": code, "action": "other"}).status_code == 422
        messages = len(jonas.get(f"/v1/conversations/{reply['conversation']}/events").json())
        right = jonas.post(path, json={"code": code}).json()
        assert right["action"]["status"] == "ready"
        until(lambda: [one for one in jonas.get("/v1/actions").json() if one["status"] == "done"])
        events = jonas.get(f"/v1/conversations/{reply['conversation']}/events").json()[messages:]
        assert {event["event"]["type"] for event in events} == {"reply"}
        assert code not in str(events)
        assert code not in acting.log.read_text()


def test_a_code_over_the_socket_is_answered_there_and_counts_against_the_limit(demo_home: Callable[[str], Path]) -> None:
    with running(demo_home("limited"), messages_per_minute="5") as service, Chat(service, MARIA) as maria, Chat(service, JONAS) as jonas:
        asked = maria.ask("Reset my password please")
        reply = maria.press(f"do:{asked['action']['id']}")
        action = reply["action"]["id"]
        code = letter(service.home, "maria.santos@private.example", "one-time code").code
        jonas.send({"type": "code", "action": action, "code": code})
        assert jonas.frame() == {"v": 1, "type": "code", "action": action, "problem": NOT_YOURS}
        maria.send({"type": "code", "action": action, "code": "12"})
        answer = maria.frame()
        assert (answer["type"], answer["reply"]["action"]["status"]) == ("code", "challenged")
        maria.send({"type": "code", "action": action, "code": code})
        frames = [maria.frame()]
        while frames[-1]["type"] != "code":
            frames.append(maria.frame())
        assert frames[-1]["reply"]["action"]["status"] == "ready"
        assert code not in str(maria.events)
        for _ in range(10):
            maria.send({"type": "code", "action": action, "code": "000000"})
        with pytest.raises(Exception, match="4429"):
            while True:
                maria.frame()


@pytest.mark.parametrize(
    "frame",
    [
        {"code": "123456"},
        {"action": "a_0"},
        {"action": "a_0", "code": ""},
        {"action": "a_0", "code": "1" * 33},
        {"action": "a_0", "code": "1", "id": "x"},
    ],
)
def test_a_code_frame_in_another_form_ends_the_socket(acting: Service, frame: dict[str, Any]) -> None:
    with Chat(acting, MARIA) as maria, pytest.raises(Exception, match="4400"):
        maria.send({"type": "code", **frame})
        maria.frame()


def test_somebody_who_left_the_company_enters_no_code_over_an_old_token_or_socket(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("left")
    with served_here(home) as service, Chat(service, MARIA) as maria:
        assert maria.ask("Reset my password please")["action"]["needs"] == "press"
        service.assistant.workplace.replace(without(service.assistant.workplace, MARIA))
        with service.client(MARIA) as client:
            assert client.post("/v1/actions/a_0/code", json={"code": "123456"}).status_code == 401
        maria.send({"type": "code", "action": "a_0", "code": "123456"})
        with pytest.raises(Exception, match="4401"):
            maria.frame()


def without(directory: BuiltinDirectory, person: str) -> Organisation:
    """Return the organisation as it is, without somebody."""
    made, _ = read_people_file(PEOPLE_FILE)
    assert directory.person(person) is not None
    return replace(made, people=tuple(one for one in made.people if one.id != person), devices=tuple(d for d in made.devices if d.owner != person))


def test_what_ended_badly_stands_first_and_tools_that_are_off_say_why(demo_home: Callable[[str], Path], tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    shipped = PACKAGED.read_text(encoding="utf-8")
    policy.write_text(re.sub(r"\[tools\.my_devices\]\n(.+\n)+", "", shipped), encoding="utf-8")
    with served_here(demo_home("bad"), policy_file=policy) as service:
        store, now = service.assistant.store, service.assistant.clock.now()
        with store.write() as unit:
            for key, kind, state, body in (
                ("k1", "code.send", "failed", {"action": "gone", "note": "words-of-somebody"}),
                ("k2", "desk.comment", "unknown", {"ticket": "T-1001", "text": "words-of-somebody"}),
                ("k3", "notice", "failed", {"action": "old"}),
            ):
                unit.outbox.put(OutboxEntry(key, kind, body, now, now))
                at = now - timedelta(days=15) if key == "k3" else now
                unit.outbox.finish(key, state, at, {"why": f"because of {key}"})
        with console(service, AGENT) as agent:
            page = agent.get("/console/actions").text
        assert "2 things need a look." in page
        assert page.index("Needs a look") < page.index("Latest")
        assert "because of k1" in page
        assert "Pass a comment on" in page
        assert "/console/tickets/T-1001" in page
        assert "because of k3" not in page
        assert "words-of-somebody" not in page
        assert "my_devices" in page
        assert "the policy does not name it" in page
