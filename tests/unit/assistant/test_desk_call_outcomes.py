"""How a call to a ticketing system ends decides what may be done next, so every end is told apart."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from assistant.adapters.ticketing import calls
from assistant.adapters.ticketing.calls import DeskCalls, NotThere, Stale, checked_key, is_number, retry_after
from assistant.ports.outside import Refused, Unavailable, Uncertain

SECRET = "s3cret-token-0123456789"
End = Callable[[socket.socket], None]


def answers(status: str, body: str = "{}", *headers: str) -> End:
    """Answer with a status line and a body."""

    def end(connection: socket.socket) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers, "Connection: close"))
        connection.sendall(f"{head}\r\n\r\n{body}".encode())

    return end


def hangs_up(connection: socket.socket) -> None:
    """Read the call and close without a word."""


def breaks_off(connection: socket.socket) -> None:
    """Begin an answer and close in the middle of it."""
    connection.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"id":')


def talks_nonsense(connection: socket.socket) -> None:
    connection.sendall(b"\x15\x03\x01 this is not the protocol\r\n\r\n")


def stays_silent(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.settimeout(3)
        connection.recv(1)


@contextlib.contextmanager
def system_that(end: End) -> Iterator[DeskCalls]:
    """Serve calls that all end in one way, each on a connection of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(3)
                connection.recv(65_536)
                end(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield DeskCalls("The desk", f"http://127.0.0.1:{listener.getsockname()[1]}/api", {"Authorization": f"Basic {SECRET}"}, 0.4)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def read(desk: DeskCalls) -> None:
    desk.ask("tickets", query="x")


def change(desk: DeskCalls) -> None:
    desk.tell("POST", "ticket", {"a": 1})


def change_with_key(desk: DeskCalls) -> None:
    desk.tell("POST", "ticket", {"a": 1}, {"Idempotency-Key": "k"}, repeatable=True)


LOST = {
    "no answer at all": hangs_up,
    "half an answer": breaks_off,
    "another protocol": talks_nonsense,
    "silence": stays_silent,
    "500": answers("500 Internal Server Error"),
    "502": answers("502 Bad Gateway", "<html>"),
    "504": answers("504 Gateway Timeout"),
    "a page with 200": answers("200 OK", "<html>maintenance</html>"),
    "a page with 201": answers("201 Created", "<html>"),
}
LATER = {
    "429": answers("429 Too Many Requests", "{}", "Retry-After: 2"),
    "503": answers("503 Service Unavailable", "<html>maintenance</html>", "Retry-After: 2"),
    "408": answers("408 Request Timeout", "{}", "Retry-After: 2"),
}
NO: dict[str, tuple[End, type[Refused]]] = {
    "400": (answers("400 Bad Request", '{"message": "no such field"}'), Refused),
    "401": (answers("401 Unauthorized"), Refused),
    "403": (answers("403 Forbidden"), Refused),
    "404": (answers("404 Not Found"), NotThere),
    "409": (answers("409 Conflict"), Stale),
    "412": (answers("412 Precondition Failed"), Stale),
    "422": (answers("422 Unprocessable", '{"error": "RecordInvalid", "description": "Record validation errors"}'), Refused),
    "302": (answers("302 Found", "", "Location: http://evil.test/"), Refused),
}


@pytest.mark.parametrize("end", LOST)
def test_a_lost_answer_to_a_change_is_uncertain(end: str) -> None:
    with system_that(LOST[end]) as desk, pytest.raises(Uncertain):
        change(desk)


@pytest.mark.parametrize("call", [read, change_with_key])
@pytest.mark.parametrize("end", LOST)
def test_a_lost_answer_to_what_may_be_repeated_asks_for_patience_only(end: str, call: Callable[[DeskCalls], None]) -> None:
    with system_that(LOST[end]) as desk, pytest.raises(Unavailable):
        call(desk)


@pytest.mark.parametrize("call", [read, change, change_with_key])
@pytest.mark.parametrize("end", LATER)
def test_a_system_without_time_says_when_to_come_back(end: str, call: Callable[[DeskCalls], None]) -> None:
    with system_that(LATER[end]) as desk, pytest.raises(Unavailable) as caught:
        call(desk)
    assert caught.value.retry_after == 2


@pytest.mark.parametrize("call", [read, change, change_with_key])
@pytest.mark.parametrize("end", NO)
def test_a_no_is_refused_and_never_repeated(end: str, call: Callable[[DeskCalls], None]) -> None:
    answer, kind = NO[end]
    with system_that(answer) as desk, pytest.raises(kind):
        call(desk)


@pytest.mark.parametrize("call", [read, change, change_with_key])
def test_a_connection_that_was_never_made_changed_nothing(call: Callable[[DeskCalls], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid", "ftp://127.0.0.1"):
        with pytest.raises(Unavailable):
            call(DeskCalls("The desk", url, {}, 0.4))


def test_what_the_system_says_of_a_refusal_is_told_in_short() -> None:
    with system_that(answers("422 No", '{"description": "' + "long " * 200 + '"}')) as desk, pytest.raises(Refused) as caught:
        change(desk)
    assert "long long" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "ANSWER_LIMIT", 1_000)
    with system_that(answers("200 OK", '"' + "x" * 5_000 + '"')) as desk:
        with pytest.raises(Unavailable):
            read(desk)
        with pytest.raises(Uncertain):
            change(desk)


def test_an_empty_answer_is_an_answer() -> None:
    with system_that(answers("204 No Content", "")) as desk:
        assert desk.tell("PUT", "ticket/1", {"a": 1}).body is None


@pytest.mark.parametrize("end", [*LOST.values(), *LATER.values(), *(answer for answer, _ in NO.values())])
def test_the_credentials_stand_in_no_error_and_no_log(end: End, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with system_that(end) as desk, pytest.raises(Exception, match="The desk") as caught:
        change(desk)
    chain = [caught.value, caught.value.__cause__]
    assert not any(SECRET in repr(error) for error in chain)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert SECRET not in caplog.text


def test_a_time_to_come_back_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    seconds = retry_after({"retry-after": soon})
    assert seconds is not None
    assert 50 < seconds <= 60
    assert retry_after({"retry-after": "Mon, 02 Mar 2020 12:00:00 GMT"}) == 0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


@pytest.mark.parametrize("key", ["", "a b", "x'y", 'x"y', "k\\", "ä", "k" * 121, "a\n"])
def test_a_key_that_could_end_a_query_early_is_not_taken(key: str) -> None:
    with pytest.raises(ValueError, match="a key has"):
        checked_key(key)


def test_a_number_is_made_of_plain_digits() -> None:
    assert [is_number(text) for text in ("1", "007", "", "1a", "-1", "²", "٣", "1/2")] == [True, True, False, False, False, False, False, False]
