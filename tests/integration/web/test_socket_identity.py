"""Who may open the chat socket, from which page, and which conversations it shows."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.chat import Chat, opened
from tests.support.minting import minted, refused_tokens
from tests.support.service import Service


def closed_after(service: Service, *frames: object, **options: object) -> tuple[int, str]:
    """Send frames on a new socket and return the code and reason with which the service closes it."""
    with opened(service, **options) as socket:  # type: ignore[arg-type]
        for frame in frames:
            socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def hello(token: str, **more: object) -> dict[str, object]:
    return {"v": 1, "type": "hello", "token": token, **more}


ORIGINS = [
    None,
    "null",
    "https://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "file://",
    "",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_page_of_another_site_cannot_open_the_socket(web: Service, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(web, origin=origin if origin != "" else " "):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("lookalike", ["{own}.evil.example", "{own}@evil.example", "http://evil.example/{own}", "{own}/", "HTTP://evil{own}"])
def test_an_origin_that_only_looks_like_ours_is_refused(web: Service, lookalike: str) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(web, origin=lookalike.format(own=web.url)):
        pass
    assert refused.value.response.status_code == 403


def test_a_foreign_host_name_is_refused_at_the_handshake(web: Service) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(web, origin="http://evil.example", additional_headers={"Host": "evil.example"}):
        pass
    assert refused.value.response.status_code in (400, 403)


@pytest.mark.parametrize("wrong", range(9))
def test_a_wrong_token_closes_the_socket_with_its_reason(web: Service, wrong: int) -> None:
    name, (token, reason) = list(refused_tokens(web).items())[wrong]
    code, said = closed_after(web, hello(token))
    assert code == 4401, name
    assert reason in said, name


@pytest.mark.parametrize("first", [{"v": 1, "type": "hello"}, {"v": 1, "type": "hello", "token": ""}])
def test_no_token_closes_the_socket_and_says_so(web: Service, first: dict[str, object]) -> None:
    assert closed_after(web, first) == (4401, "a token is required")


def test_a_token_in_the_address_closes_the_socket_even_when_hello_is_good(web: Service) -> None:
    token = web.token("maria.santos")
    code, reason = closed_after(web, query=f"?token={token}")
    assert (code, reason) == (4401, "the token does not belong in the address")
    assert token not in web.log.read_text()


def test_a_token_in_a_header_or_cookie_does_not_replace_hello(web: Service) -> None:
    token = web.token("maria.santos")
    headers = {"Authorization": f"Bearer {token}", "Cookie": f"firstline_session={token}", "X-Forwarded-User": "maria.santos"}
    first = {"v": 1, "type": "message", "id": "1", "text": "hello"}
    assert closed_after(web, first, additional_headers=headers) == (4401, "a token is required")


def test_an_email_claim_and_identity_headers_do_not_change_who_it_is(web: Service) -> None:
    token = minted(web, email="ingrid.lindqvist@lindqvist.example", email_verified=True)
    with opened(web, additional_headers={"X-User-ID": "ingrid.lindqvist", "X-Forwarded-User": "ingrid.lindqvist"}) as socket:
        socket.send(json.dumps(hello(token)))
        assert json.loads(socket.recv(10))["person"] == {"id": "maria.santos", "name": "Maria Santos"}


def test_the_welcome_names_the_person_and_the_devices(web: Service) -> None:
    with opened(web) as socket:
        socket.send(json.dumps(hello(web.token("maria.santos"))))
        welcome = json.loads(socket.recv(10))
    assert set(welcome) == {"v", "type", "person", "devices", "conversation", "last_event_id"}
    assert [device["id"] for device in welcome["devices"]] == ["LT-2417", "PH-0931"]
    assert (welcome["v"], welcome["type"], welcome["conversation"], welcome["last_event_id"]) == (1, "welcome", None, 0)


def test_a_conversation_of_somebody_else_closes_the_socket_as_one_that_never_was(web: Service) -> None:
    with Chat(web, "jonas.weber") as chat:
        chat.ask("My headset has no sound in Teams")
        theirs = chat.conversation
    token = web.token("maria.santos")
    foreign = closed_after(web, hello(token, conversation=theirs))
    assert foreign == closed_after(web, hello(token, conversation=f"c_{secrets.token_hex(8)}"))
    assert foreign[0] == 4404


def test_a_device_of_somebody_else_is_not_taken(web: Service) -> None:
    with Chat(web, "maria.santos") as chat:
        reply = chat.ask("How do I install software?", device="LT-2101")
    assert reply["device"]["id"] == "LT-2417"


def test_a_token_that_expires_while_the_socket_is_open_ends_it(web: Service) -> None:
    until = int(time.time()) + 1
    with opened(web) as socket:
        socket.send(json.dumps(hello(minted(web, exp=until))))
        assert json.loads(socket.recv(10))["type"] == "welcome"
        time.sleep(max(0.0, (datetime.fromtimestamp(until, UTC) - datetime.now(UTC) + timedelta(seconds=0.1)).total_seconds()))
        socket.send(json.dumps({"v": 1, "type": "message", "id": secrets.token_hex(4), "text": "Am I still here?"}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "the token has expired")
