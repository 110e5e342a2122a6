"""The agents' pages of conversations: who may do what in them, what they show, and what is pushed to them."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.support.chat import Chat
from tests.support.service import Service

AGENT, SECOND, EMPLOYEE = "sam.oduya", "laura.keane", "maria.santos"


def console(web: Service, person: str, **headers: str) -> httpx.Client:
    """Return the client of somebody whose session cookie is good."""
    client = web.client(**{"Accept": "application/json", "Origin": web.url, **headers})
    client.cookies.set("firstline_session", web.token(person))
    return client


def waiting(web: Service, person: str = EMPLOYEE, words: str = "I want to talk to a person") -> str:
    """Have somebody ask for a person; return the conversation."""
    with web.client(person) as client:
        begun = client.post("/v1/conversations", json={"text": words}).json()
        if begun["state"] != "handed_off":
            begun = client.post(f"/v1/conversations/{begun['conversation']}/messages", json={"choice": "person"}).json()
    assert begun["state"] == "handed_off"
    return str(begun["conversation"])


@contextlib.contextmanager
def followed(web: Service, conversation: str, person: str = AGENT, after: int = 0, origin: str = "") -> Iterator[ClientConnection]:
    """Open the live line of a conversation's page."""
    address = f"{web.url.replace('http', 'ws', 1)}/console/conversations/{conversation}/live?after={after}"
    cookie = {"Cookie": f"firstline_session={web.token(person) if person else ''}"}
    with connect(address, origin=Origin(origin or web.url), additional_headers=cookie, proxy=None, close_timeout=3) as line:
        yield line


def received(line: ClientConnection, number: int) -> list[dict[str, Any]]:
    """Return the next frames of a live line."""
    return [json.loads(line.recv(10)) for _ in range(number)]


def path(conversation: str, act: str) -> str:
    return f"/console/conversations/{conversation}/{act}"


@pytest.mark.parametrize(("person", "status"), [(AGENT, 200), (SECOND, 200), (EMPLOYEE, 403), ("elin.berg", 403), ("", 401)])
def test_only_the_desk_sees_and_takes_conversations(web: Service, person: str, status: int) -> None:
    conversation = waiting(web)
    with console(web, person) if person else web.client(Origin=web.url) as client:
        for page in ("/console/conversations", f"/console/conversations/{conversation}"):
            assert client.get(page).status_code == status
        assert client.post(path(conversation, "take")).status_code == status
        said = client.post(path(conversation, "say"), data={"text": "hello", "message": secrets.token_hex(4)})
        assert said.status_code == status
        assert client.post(path(conversation, "give-back")).status_code == status


@pytest.mark.parametrize("act", ["take", "say", "give-back"])
def test_another_site_cannot_press_the_buttons(web: Service, act: str) -> None:
    conversation = waiting(web)
    for origin in ("https://evil.example", "null", ""):
        with console(web, AGENT, Origin=origin) as client:
            assert client.post(path(conversation, act), data={"text": "x", "message": "m"}).status_code == 403
    with web.client(EMPLOYEE) as maria:
        events = maria.get(f"/v1/conversations/{conversation}/events").json()
    assert {event["event"]["type"] for event in events} == {"message", "reply"}


def test_two_agents_press_take_and_one_is_told_who_was_faster(web: Service) -> None:
    conversation = waiting(web)
    with console(web, AGENT) as sam, console(web, SECOND) as laura:
        assert sam.post(path(conversation, "take")).status_code == 200
        refused = laura.post(path(conversation, "take"))
        assert (refused.status_code, refused.json()["detail"]) == (409, "Sam Oduya has this conversation. Nothing of yours was sent.")
        assert laura.post(path(conversation, "say"), data={"text": "x", "message": "m"}).status_code == 409
        assert laura.post(path(conversation, "give-back")).status_code == 409
        assert sam.post(path(conversation, "give-back")).status_code == 200


def test_the_forms_work_without_a_script(web: Service) -> None:
    conversation = waiting(web)
    with console(web, AGENT, Accept="text/html") as sam:
        for act, fields in (("take", {}), ("say", {"text": "Hello\r\nthere", "message": "m1"}), ("give-back", {"solved": "true"})):
            answer = sam.post(path(conversation, act), data=fields)
            place = "#answer" if act == "take" else ""
            assert (answer.status_code, answer.headers["location"]) == (303, f"/console/conversations/{conversation}{place}")
        page = sam.get(f"/console/conversations/{conversation}").text
    assert "<p>Hello<br>there</p>" in page
    assert "Sam Oduya has left the conversation." in page


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 4_001])
def test_nothing_and_too_much_are_refused_in_words(web: Service, text: str) -> None:
    conversation = waiting(web)
    with console(web, AGENT) as sam:
        sam.post(path(conversation, "take"))
        assert sam.post(path(conversation, "say"), data={"text": text, "message": "m"}).status_code == 422
        sam.post(path(conversation, "give-back"))


def test_a_conversation_that_the_desk_has_nothing_to_do_with_is_not_shown(web: Service) -> None:
    with web.client(EMPLOYEE) as maria:
        private = maria.post("/v1/conversations", json={"text": "hello"}).json()["conversation"]
    with console(web, AGENT) as sam:
        assert sam.get(f"/console/conversations/{private}").status_code == 404
        assert sam.get("/console/conversations/c_nothing").status_code == 404


def test_what_is_said_is_pushed_once_and_resumed_after_any_event(web: Service) -> None:
    conversation = waiting(web, "jonas.weber")
    with followed(web, conversation) as line:
        old = received(line, 2)
        with console(web, AGENT) as sam:
            sam.post(path(conversation, "take"))
            taken = received(line, 1)[0]
            assert "Your answer to Jonas Weber" in taken["controls"]
            for _ in range(2):
                sam.post(path(conversation, "say"), data={"text": "<script>x</script> Good day", "message": "m1"})
        with Chat(web, "jonas.weber", conversation) as jonas:
            jonas.say("It beeps", "j1")
            new = received(line, 2)
    frames = [*old, taken, *new]
    assert [frame["id"] for frame in frames] == [1, 2, 3, 4, 5]
    assert "&lt;script&gt;x&lt;/script&gt; Good day" in new[0]["turn"]
    assert "It beeps" in new[1]["turn"]
    for last in range(5):
        with followed(web, conversation, after=last) as line:
            assert [frame["turn"] for frame in received(line, 5 - last)] == [frame["turn"] for frame in frames[last:]]
    with console(web, AGENT) as sam:
        sam.post(path(conversation, "give-back"))


@pytest.mark.parametrize("person", ["", EMPLOYEE, "elin.berg"])
def test_the_live_line_is_closed_to_everybody_else(web: Service, person: str) -> None:
    conversation = waiting(web)
    with followed(web, conversation, person) as line, pytest.raises(ConnectionClosed) as closed:
        line.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_no_other_site_gets_a_live_line(web: Service) -> None:
    with pytest.raises(InvalidStatus) as refused, followed(web, waiting(web), origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403


def test_the_person_hears_who_joined_and_gets_no_reply_and_no_typing_while_they_are_there(web: Service) -> None:
    conversation = waiting(web, "priya.nair")
    with console(web, AGENT) as sam, Chat(web, "priya.nair", conversation) as priya:
        received_before = [priya.frame(), priya.frame()]
        assert [frame["id"] for frame in received_before] == [1, 2]
        sam.post(path(conversation, "take"))
        assert priya.frame()["event"]["holds"] is True
        priya.say("It beeps", "p1")
        assert priya.frame()["event"]["type"] == "message"
        sam.post(path(conversation, "say"), data={"text": "I hear it.", "message": "m1"})
        said = priya.frame()["event"]
        assert (said["type"], said["person"]["name"], said["text"], said["html"]) == ("person", "Sam Oduya", "I hear it.", "<p>I hear it.</p>")
        with web.client("priya.nair") as rest:
            accepted = rest.post(f"/v1/conversations/{conversation}/messages", json={"text": "thanks", "id": "p2"}).json()
            assert rest.post(f"/v1/conversations/{conversation}/messages", json={"text": "thanks", "id": "p2"}).json() == accepted
        assert (accepted["kind"], accepted["state"], accepted["text"], accepted["choices"]) == ("handoff", "with_person", "", [])
        assert priya.frame()["event"]["message"] == "p2"
        sam.post(path(conversation, "give-back"))
        assert priya.frame()["event"]["why"] == "given back"
        assert priya.ask("I cannot connect to the VPN")["kind"] == "answer"


def test_what_the_agent_may_not_read_is_not_shown_to_them(web: Service) -> None:
    """Sofie of finance gets an answer that is for finance; Sam sees that there was one, and nothing of it, in the page and on the live line."""
    with web.client("sofie.dahl") as sofie:
        asked = sofie.post("/v1/conversations", json={"text": "My signing token for the bank portal is locked"}).json()
        sofie.post(f"/v1/conversations/{asked['conversation']}/messages", json={"choice": "person"})
    assert {view["article"] for view in asked["citations"]} == {"access-banking-portal-tokens"}
    with console(web, AGENT) as sam, followed(web, asked["conversation"]) as line:
        shown = [sam.get(f"/console/conversations/{asked['conversation']}").text, *(json.dumps(frame) for frame in received(line, 4))]
    for text in shown:
        assert "Bank portal access" not in text
        assert "access-banking-portal-tokens" not in text
        assert all(view["quote"][:40] not in text for view in asked["citations"])
    assert "no longer available to you" in shown[0]
