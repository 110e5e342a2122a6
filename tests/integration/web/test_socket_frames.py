"""What may be sent over the chat socket, and what happens to everything else."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from assistant.domain.reply import Reply
from assistant.entrypoints.web import chat as chat_module
from tests.support.chat import Chat, opened
from tests.support.service import Service, served_here

MESSAGE = {"v": 1, "type": "message", "id": "1", "text": "hello"}


def closed_by(service: Service, frame: str | bytes, person: str = "maria.santos") -> tuple[int, str]:
    """Send one frame after a good hello and return how the service closes the socket."""
    with opened(service) as socket:
        socket.send(json.dumps({"v": 1, "type": "hello", "token": service.token(person)}))
        socket.recv(10)
        with pytest.raises(ConnectionClosed) as closed:
            socket.send(frame)
            while True:
                socket.recv(10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def conversations(service: Service, person: str) -> list[object]:
    """Return what the service has stored of a person."""
    with service.client(person) as client:
        found: list[object] = client.get("/v1/conversations").json()
        return found


def without(name: str) -> str:
    return json.dumps({key: value for key, value in MESSAGE.items() if key != name})


@pytest.mark.parametrize(
    "frame",
    [
        json.dumps(MESSAGE | {"user_id": "ingrid.lindqvist"}),
        json.dumps(MESSAGE | {"conversation": "c_0123456789abcdef"}),
        json.dumps(MESSAGE | {"choice": "yes"}),
        json.dumps(MESSAGE | {"v": 2}),
        json.dumps(MESSAGE | {"type": "approve"}),
        json.dumps(MESSAGE | {"id": ""}),
        json.dumps(MESSAGE | {"id": "x" * 65}),
        json.dumps(MESSAGE | {"id": 7}),
        json.dumps(MESSAGE | {"text": None}),
        json.dumps(MESSAGE | {"text": ["hello"]}),
        json.dumps(MESSAGE | {"device": "x" * 81}),
        json.dumps({"v": 1, "type": "choice", "id": "1", "choice": ""}),
        json.dumps({"v": 1, "type": "choice", "id": "1", "choice": "x" * 81}),
        json.dumps({"v": 1, "type": "hello", "token": "again"}),
        without("v"),
        without("id"),
        without("text"),
        without("type"),
        "",
        "hello",
        "null",
        "[]",
        '"message"',
        "{" * 10,
        "[" * 100_000,
        '{"a":' * 80_000,
        '{"v":1,"type":"message","id":"1","text":"half a smile: \\ud83d"}',
        b"\x00\xff\xfe",
        json.dumps(MESSAGE).encode(),
    ],
)
def test_a_frame_outside_the_protocol_closes_the_socket_and_changes_nothing(web: Service, frame: str | bytes) -> None:
    before = conversations(web, "karin.sjoberg")
    code, reason = closed_by(web, frame, "karin.sjoberg")
    assert code == 4400
    assert reason
    assert conversations(web, "karin.sjoberg") == before


@pytest.mark.parametrize(
    "frame", ["hello", "[" * 100_000, b"\x00", '{"v":1,"type":"ping","token":"x"}', '{"v":1,"type":"hello","token":"x","last_event_id":-1}']
)
def test_anything_but_hello_closes_the_socket_at_once(web: Service, frame: str | bytes) -> None:
    with opened(web) as socket:
        socket.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


@pytest.mark.parametrize("number", [10**30, -1, "one", 1.5])
def test_an_impossible_last_event_is_refused(web: Service, number: object) -> None:
    with opened(web) as socket:
        socket.send(json.dumps({"v": 1, "type": "hello", "token": web.token("maria.santos"), "last_event_id": number}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


def test_without_hello_the_socket_closes_in_time(demo_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_module, "HELLO_SECONDS", 0.3)
    with served_here(demo_home("home")) as service:
        began = time.monotonic()
        with opened(service) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
        assert 0.2 < time.monotonic() - began < 3
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4408, "no hello in time")


@pytest.mark.parametrize("size", [524_289, 599_000])
def test_a_frame_that_is_too_large_closes_the_socket_with_1009(web: Service, size: int) -> None:
    assert closed_by(web, "x" * size) == (1009, "the frame is too large")


def test_a_frame_that_announces_five_megabytes_closes_the_socket_before_it_is_sent(web: Service) -> None:
    with opened(web) as socket:
        socket.send(json.dumps({"v": 1, "type": "hello", "token": web.token("maria.santos")}))
        socket.recv(10)
        socket.socket.sendall(b"\x81\xff" + (5_000_000).to_bytes(8, "big") + bytes(4))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_frame_of_five_megabytes_ends_the_connection(web: Service) -> None:
    """The close frame may be lost on the way: the client is still sending when the service has hung up."""
    with opened(web) as socket:
        socket.send(json.dumps({"v": 1, "type": "hello", "token": web.token("maria.santos")}))
        socket.recv(10)
        with pytest.raises(ConnectionClosed) as closed:
            socket.send("x" * 5_000_000)
            socket.recv(10)
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1009


def test_the_service_is_well_after_all_of_that(web: Service) -> None:
    with Chat(web, "maria.santos") as chat:
        assert chat.ask("hello")["kind"] == "smalltalk"
    with web.client() as client:
        assert client.get("/healthz").json()["status"] == "ready"


def test_ping_is_answered_with_pong(web: Service) -> None:
    with Chat(web, "maria.santos") as chat:
        chat.send({"type": "ping"})
        assert chat.frame() == {"v": 1, "type": "pong"}


def test_a_message_brings_typing_its_own_event_and_the_reply_in_this_order(web: Service) -> None:
    with Chat(web, "sofie.dahl") as chat:
        message = chat.say("How do I report a phishing mail?")
        frames = [chat.frame() for _ in range(3)]
    assert [frame["type"] for frame in frames] == ["typing", "event", "event"]
    assert frames[1]["event"] == {"type": "message", "message": message, "text": "How do I report a phishing mail?", "choice": ""}
    assert frames[2]["event"]["type"] == "reply"
    assert set(frames[2]["event"]["reply"]) == set(Reply.model_fields)
    assert [frame["id"] for frame in frames[1:]] == [1, 2]
    assert all(set(frame) == {"v", "type", "id", "conversation", "at", "event"} for frame in frames[1:])


STRANGE = {
    "empty": "",
    "spaces only": " \n\t ",
    "binary": "\x01\x02\x07\x1b[31m\x7f",
    "right to left": "لا أستطيع الاتصال بالشبكة الافتراضية",
    "right to left override": "\u202ereversed\u202c and \u2066isolated\u2069",
    "emoji": "👩🏽‍💻🔥 VPN 💥 👨‍👩‍👧‍👦",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(2)> VPN",
    "Markdown": "# [VPN](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "combining marks": "V̷̧̨̛̩P̶̢N" * 200,
    "one endless word": "a" * 20_000,
    "template and format signs": "{{7*7}} ${7*7} %s %n {0} {person.secret}",
    "query language": "'; DROP TABLE conversations; -- \" OR 1=1",
    "search operators": 'title:(vpn AND NOT) "unclosed ^~*? +[a TO b] OR',
}


@pytest.mark.parametrize("name", STRANGE)
def test_any_text_is_kept_word_for_word_and_gets_a_visible_reply(web: Service, name: str) -> None:
    with Chat(web, "oskar.hellstrom") as chat:
        reply = chat.ask(STRANGE[name])
        assert reply["text"].strip()
        assert reply["kind"] != "error", reply
        assert chat.events[0]["event"]["text"] == STRANGE[name]
        assert "<script" not in reply["html"].lower()
        assert "onerror" not in reply["html"].lower() or "&lt;img" in reply["html"].lower()


def test_a_null_character_is_replaced_and_the_rest_is_kept(web: Service) -> None:
    with Chat(web, "oskar.hellstrom") as chat:
        assert chat.ask("My VPN\x00 does not connect")["kind"] == "answer"
        assert chat.events[0]["event"]["text"] == "My VPN\ufffd does not connect"


def test_a_message_of_a_hundred_thousand_characters_is_taken_and_said_to_be_shortened(web: Service) -> None:
    text = "I cannot connect to the VPN. " + "ä" * (100_000 - 29)
    assert len(text) == 100_000
    with Chat(web, "oskar.hellstrom") as chat:
        reply = chat.ask(text)
        assert "first 4,000 characters" in reply["text"]
        assert chat.events[0]["event"]["text"] == text


def test_one_character_more_is_refused_with_an_error_and_the_socket_stays_open(web: Service) -> None:
    with Chat(web, "oskar.hellstrom") as chat:
        chat.say("x" * 100_001)
        refusal = chat.frame()
        assert refusal["type"] == "error"
        assert refusal["problem"]["status"] == 413
        assert chat.ask("hello")["kind"] == "smalltalk"
        assert len(chat.events) == 2, "nothing of the refused message was stored"


def test_two_hundred_messages_at_once_end_with_4429_and_what_was_taken_is_answered(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home")) as service, opened(service) as socket:
        socket.send(json.dumps({"v": 1, "type": "hello", "token": service.token("maria.santos")}))
        socket.recv(10)
        with pytest.raises(ConnectionClosed) as closed:
            for number in range(200):
                socket.send(json.dumps({"v": 1, "type": "message", "id": str(number), "text": "hello"}))
            while True:
                socket.recv(20)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4429, "too many messages; wait a minute")
        with service.client("maria.santos") as maria:
            (kept,) = maria.get("/v1/conversations").json()
            events = maria.get(f"/v1/conversations/{kept['conversation']}/events").json()
            kinds = [event["event"]["type"] for event in events]
            assert kinds == ["message", "reply"] * (len(kinds) // 2)
            assert 60 <= len(kinds) // 2 < 80
            # One message a second is let in again, so the first of these may be taken; not all of them.
            answers = [maria.post("/v1/conversations", json={"text": "hello"}) for _ in range(6)]
            refused = next((answer for answer in answers if answer.status_code == 429), None)
            assert refused is not None
            assert refused.headers["retry-after"] == "60"
        with Chat(service, "jonas.weber") as other:
            assert other.ask("hello")["kind"] == "smalltalk", "somebody else is not held up"


def test_the_same_message_over_the_socket_gets_no_second_reply(web: Service) -> None:
    with Chat(web, "tomas.lind") as chat:
        message = secrets.token_hex(8)
        first = chat.ask("How do I map the shared drive?", message=message)
        chat.say("How do I map the shared drive?", message=message)
        assert chat.frame()["type"] == "typing"
        chat.send({"type": "ping"})
        assert chat.frame()["type"] == "pong", "no event follows"
        with web.client("tomas.lind") as tomas:
            again = tomas.post(f"/v1/conversations/{chat.conversation}/messages", json={"text": "x", "id": message})
        assert again.json() == first, "the same id over REST gets it too"
