"""Every way in which a server of chat models fails, slows down, refuses or sends without end."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from assistant.adapters.memory.scripted_chat import Said
from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.ports.chat import Answered, Ask, ChatFailed, Line, Trouble, Usage
from tests.support.raw_chat_server import (
    DONE,
    RESET,
    Drip,
    Heard,
    Play,
    RawChatServer,
    Step,
    Wait,
    calls,
    event,
    finish,
    fragment,
    head,
    rendered,
    running_raw_chat,
    text,
    usage,
    whole,
    whole_event,
)
from tests.support.service import free_port

TOOL = {"name": "look_up", "description": "Look it up.", "parameters": {"type": "object", "properties": {"for": {"type": "string"}}}}
OTHER = {**TOOL, "name": "reset"}
HELLO = Ask((Line("user", "My VPN is slow"),))
TOOLS = Ask(HELLO.lines, tools=(TOOL, OTHER))
OBJECT = Ask(HELLO.lines, schema={"title": "understood", "type": "object", "properties": {"intent": {"type": "string"}}})


@pytest.fixture
def raw() -> Iterator[RawChatServer]:
    with running_raw_chat() as server:
        yield server


def model(raw: RawChatServer, **setup: Any) -> LangChainChat:
    return LangChainChat(ChatSetup("openai:m", base_url=raw.url, **setup))


def asked(raw: RawChatServer, *steps: Step | list[bytes], ask: Ask = HELLO, seconds: float = 10.0) -> Answered:
    raw.play(*steps)
    return model(raw).ask(ask, seconds)


def failing(raw: RawChatServer, *steps: Step | list[bytes], ask: Ask = HELLO, seconds: float = 10.0) -> ChatFailed:
    with pytest.raises(ChatFailed) as caught:
        asked(raw, *steps, ask=ask, seconds=seconds)
    return caught.value


class TestBrokenStreams:
    BROKEN: dict[str, list[Step]] = {
        "ends before it is complete": [*text("Hel")],
        "ends before anything": [],
        "ends in an event": [*text("Hel"), text("lo.")[0][:20]],
        "is reset": [*text("Hel"), RESET],
        "has an event that is not JSON": [*text("Hel"), b"data: {oh no}\n\n", finish(), DONE],
        "has an event that is no object": [*text("Hel"), b'data: ["x"]\n\n', finish(), DONE],
        "is no event stream": [b"hello there\n"],
        "nests without end": [b"data: " + b"[" * 100_000 + b"\n\n", DONE],
    }

    @pytest.mark.parametrize("name", BROKEN)
    def test_they_are_no_reply(self, raw: RawChatServer, name: str) -> None:
        failed = failing(raw, head(), *self.BROKEN[name])
        assert failed.trouble is Trouble.BROKEN_STREAM
        assert failed.used is not None

    def test_a_length_that_is_not_kept_is_a_broken_stream(self, raw: RawChatServer) -> None:
        assert failing(raw, head(Content_Length="900"), *text("Hel")).trouble is Trouble.BROKEN_STREAM

    def test_a_chunked_body_that_ends_early_is_a_broken_stream(self, raw: RawChatServer) -> None:
        one = text("Hel")[0]
        assert failing(raw, head(Transfer_Encoding="chunked"), b"%x\r\n" % len(one) + one + b"\r\n").trouble is Trouble.BROKEN_STREAM

    ERRORS = [
        ({"message": "Overloaded", "type": "server_error"}, Trouble.UNAVAILABLE),
        ({"message": "x", "code": 502}, Trouble.UNAVAILABLE),
        ({"message": "x", "type": "rate_limit_error"}, Trouble.RATE_LIMITED),
        ({"message": "x", "code": 429}, Trouble.RATE_LIMITED),
        ({"message": "x", "code": "429"}, Trouble.RATE_LIMITED),
        ({"message": "x", "type": "invalid_request_error", "code": "context_length_exceeded"}, Trouble.REFUSED),
        ({"message": "x", "code": 400}, Trouble.REFUSED),
        ("it broke", Trouble.UNAVAILABLE),
    ]

    @pytest.mark.parametrize(("error", "trouble"), ERRORS)
    @pytest.mark.parametrize("before", [[], text("Hel")])
    def test_an_error_inside_the_stream_is_what_it_says(self, raw: RawChatServer, error: object, trouble: Trouble, before: list[bytes]) -> None:
        assert failing(raw, head(), before, b"data: " + json.dumps({"error": error}).encode() + b"\n\n", DONE).trouble is trouble

    def test_bytes_that_are_no_utf8_become_replacement_characters(self, raw: RawChatServer) -> None:
        assert asked(raw, head(), text("a#b")[0].replace(b"#", b"\xff"), finish(), DONE).text == "a\ufffdb"

    def test_a_character_in_two_pieces_is_one(self, raw: RawChatServer) -> None:
        whole_ = json.dumps(whole_event(delta={"content": "紙"}), ensure_ascii=False).encode()
        cut = whole_.index("紙".encode()) + 1
        assert asked(raw, head(), b"data: " + whole_[:cut], Wait(0.1), whole_[cut:] + b"\n\n", finish(), DONE).text == "紙"


class TestRefusals:
    def test_a_model_that_declines_refuses(self, raw: RawChatServer) -> None:
        assert failing(raw, head(), event(delta={"refusal": "I cannot."}), finish(), DONE).trouble is Trouble.REFUSED

    @pytest.mark.parametrize(
        ("reason", "trouble"), [("content_filter", Trouble.REFUSED), ("length", Trouble.CUT_OFF), ("max_tokens", Trouble.CUT_OFF)]
    )
    def test_the_finish_reason_counts(self, raw: RawChatServer, reason: str, trouble: Trouble) -> None:
        failed = failing(raw, head(), *text("Half of"), finish(reason), usage(10, 20), DONE)
        assert (failed.trouble, failed.used) == (trouble, Usage(10, 20))

    STATUSES = [
        (400, Trouble.REFUSED),
        (401, Trouble.REFUSED),
        (403, Trouble.REFUSED),
        (404, Trouble.REFUSED),
        (405, Trouble.REFUSED),
        (408, Trouble.TIMEOUT),
        (413, Trouble.REFUSED),
        (422, Trouble.REFUSED),
        (429, Trouble.RATE_LIMITED),
        (500, Trouble.UNAVAILABLE),
        (502, Trouble.UNAVAILABLE),
        (503, Trouble.UNAVAILABLE),
        (504, Trouble.TIMEOUT),
        (529, Trouble.UNAVAILABLE),
        (302, Trouble.REFUSED),
    ]

    @pytest.mark.parametrize(("status", "trouble"), STATUSES)
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html><body>Bad Gateway</body></html>",
            b'{"error": {"message": "no", "type": "x"}}',
            b'{"detail": "no"}',
            b'["no"]',
            b"\xff\xfe",
            b"null",
        ],
    )
    def test_each_status_is_one_trouble_after_one_request(self, raw: RawChatServer, status: int, trouble: Trouble, body: bytes) -> None:
        failed = failing(raw, head(status, "text/html", Location="http://127.0.0.1:9/elsewhere"), body)
        assert (failed.trouble, failed.used) == (trouble, None)
        assert str(status) in failed.detail
        assert len(raw.heard) == 1

    def test_a_page_in_place_of_a_reply_is_unavailable(self, raw: RawChatServer) -> None:
        failed = failing(raw, head(kind="text/html"), b"<!doctype html><html><body>Sign in</body></html>")
        assert failed.trouble is Trouble.UNAVAILABLE
        assert "page" in failed.detail

    def test_the_wait_is_said_in_seconds(self, raw: RawChatServer) -> None:
        assert failing(raw, head(429, Retry_After="7")).after == 7.0
        assert failing(raw, head(503, Retry_After="0.5")).after == 0.5
        assert failing(raw, head(429, Retry_After_Ms="250")).after == 0.25

    def test_the_wait_may_be_a_date(self, raw: RawChatServer) -> None:
        when = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
        assert 25.0 < failing(raw, head(429, Retry_After=when)).after <= 30.0

    @pytest.mark.parametrize("value", ["soon", "-5", "Mon, 99 Foo", "nan", "inf", "9" * 400])
    def test_a_wait_that_makes_no_sense_is_none_or_an_hour(self, raw: RawChatServer, value: str) -> None:
        assert failing(raw, head(429, Retry_After=value)).after in (0.0, 3_600.0)


class TestTime:
    def test_nobody_there_is_unavailable_at_once(self) -> None:
        began = time.monotonic()
        with pytest.raises(ChatFailed) as caught:
            LangChainChat(ChatSetup("openai:m", base_url=f"http://127.0.0.1:{free_port()}/v1")).ask(HELLO, 10.0)
        assert caught.value.trouble is Trouble.UNAVAILABLE
        assert time.monotonic() - began < 3

    def test_a_name_that_does_not_exist_is_unavailable(self) -> None:
        with pytest.raises(ChatFailed) as caught:
            LangChainChat(ChatSetup("openai:m", base_url="http://no-such-host.invalid/v1")).ask(HELLO, 20.0)
        assert caught.value.trouble in (Trouble.UNAVAILABLE, Trouble.TIMEOUT)

    SLOW: dict[str, list[Step]] = {
        "nothing at all": [Wait(8.0)],
        "nothing after the head": [head(), Wait(8.0)],
        "nothing in the middle": [head(), *text("Hel"), Wait(8.0)],
        "drips of its head": [Drip(head())],
        "drips of its reply": [head(), Drip(b"".join(text("Hello.")) + b": and more\n" * 100)],
        "a keep-alive for ever": [head(), *[step for _ in range(80) for step in (b": keep-alive\n\n", Wait(0.1))]],
        "drips of an error": [head(500, "text/plain"), Drip(b"x" * 300)],
    }

    @pytest.mark.parametrize("name", SLOW)
    def test_no_call_takes_longer_than_it_may_and_its_thread_comes_back(self, raw: RawChatServer, name: str) -> None:
        before = threading.active_count()
        opened = model(raw)
        raw.play(*self.SLOW[name])
        began = time.monotonic()
        with pytest.raises(ChatFailed) as caught:
            opened.ask(HELLO, 0.8)
        assert time.monotonic() - began < 1.5
        assert caught.value.trouble in ((Trouble.TIMEOUT, Trouble.UNAVAILABLE) if "error" in name else (Trouble.TIMEOUT,))
        until = time.monotonic() + 1.0
        while any(thread.name == "chat-model" for thread in threading.enumerate()) and time.monotonic() < until:
            time.sleep(0.02)
        assert not [thread for thread in threading.enumerate() if thread.name == "chat-model"]
        assert threading.active_count() <= before + 1

    def test_a_whole_reply_does_not_wait_for_an_end_that_never_comes(self, raw: RawChatServer) -> None:
        began = time.monotonic()
        assert asked(raw, head(), *text("Hello."), finish(), Wait(8.0), seconds=7.0).text == "Hello."
        assert time.monotonic() - began < 4

    def test_a_gigantic_reply_needs_little_memory(self, raw: RawChatServer) -> None:
        opened, one = model(raw), text("word " * 200)[0]
        opened_once = asked(raw, head(), *text("Hello."), DONE)
        assert opened_once.text
        raw.play(head(), *[one * 64] * 3_000)
        tracemalloc.start()
        with pytest.raises(ChatFailed) as caught:
            opened.ask(HELLO, 60.0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert caught.value.trouble is Trouble.CUT_OFF
        assert peak < 20_000_000

    ENDLESS: dict[str, bytes] = {
        "a line": b"data: " + b"x" * 3_000_000,
        "an answer": b'{"choices": "' + b"x\n" * 1_500_000,
        "thoughts": event(delta={"reasoning_content": "hm " * 3_000}) * 2_000,
        "arguments": calls(fragment(0, id="a", name="look_up", arguments="x" * 500_000)) * 3,
    }

    @pytest.mark.parametrize("name", ENDLESS)
    def test_what_has_no_end_is_cut_off(self, raw: RawChatServer, name: str) -> None:
        assert failing(raw, head(), self.ENDLESS[name], ask=TOOLS, seconds=30.0).trouble is Trouble.CUT_OFF


class TestPacking:
    BODY = b"".join([*text("Hello."), finish(), DONE])

    def test_a_packed_reply_is_unpacked(self, raw: RawChatServer) -> None:
        assert asked(raw, head(Content_Encoding="gzip"), gzip.compress(self.BODY)).text == "Hello."

    def test_a_packed_reply_that_ends_early_is_broken(self, raw: RawChatServer) -> None:
        assert failing(raw, head(Content_Encoding="gzip"), gzip.compress(text("Hel")[0] * 50)[:-30]).trouble is Trouble.BROKEN_STREAM

    def test_what_cannot_be_unpacked_is_broken(self, raw: RawChatServer) -> None:
        assert failing(raw, head(Content_Encoding="gzip"), b"no gzip").trouble is Trouble.BROKEN_STREAM
        assert failing(raw, head(Content_Encoding="br"), b"x").trouble is Trouble.BROKEN_STREAM

    def test_a_packed_bomb_is_cut_off(self, raw: RawChatServer) -> None:
        assert failing(raw, head(Content_Encoding="gzip"), gzip.compress(b": nothing\n" * 10_000_000)).trouble is Trouble.CUT_OFF

    def test_a_packed_error_is_read(self, raw: RawChatServer) -> None:
        packed = gzip.compress(b'{"error": {"message": "no", "code": "model_gone"}}')
        assert "model_gone" in failing(raw, head(404, "application/json", Content_Encoding="gzip"), packed).detail


def picky(*unknown: str) -> Any:
    """Answers as a server that refuses these parameters."""

    def answer(heard: Heard) -> Play:
        named = next((name for name in unknown if name in heard.body), None)
        return (
            [whole({"error": {"message": f"Unrecognized request argument supplied: {named}", "param": named}}, 400)]
            if named
            else rendered(Said('{"intent": "vpn"}'))
        )

    return answer


class TestPickyServers:
    @pytest.mark.parametrize("name", ["stream_options", "response_format", "max_tokens", "temperature"])
    def test_a_parameter_that_is_refused_is_left_out_once_and_for_all(self, raw: RawChatServer, name: str) -> None:
        raw.answer = picky(name)
        opened = model(raw, temperature=0.0)
        for _ in range(2):
            assert opened.ask(OBJECT, 10.0).text == '{"intent": "vpn"}'
        assert [name in heard.body for heard in raw.heard] == [True, False, False]

    def test_several_parameters_may_be_refused_one_after_the_other(self, raw: RawChatServer) -> None:
        raw.answer = picky("stream_options", "response_format", "max_tokens", "temperature")
        assert model(raw, temperature=0.0).ask(OBJECT, 10.0).text == '{"intent": "vpn"}'
        assert "max_completion_tokens" in raw.heard[-1].body

    def test_without_response_format_the_object_is_asked_for_in_words(self, raw: RawChatServer) -> None:
        raw.answer = picky("response_format")
        model(raw).ask(OBJECT, 10.0)
        assert "JSON Schema" not in json.dumps(raw.heard[0].body["messages"])
        assert "JSON Schema" in raw.heard[1].body["messages"][0]["content"]

    def test_a_refusal_for_another_reason_is_a_refusal(self, raw: RawChatServer) -> None:
        raw.answer = lambda _: [whole({"error": {"message": "the model does not exist"}}, 400)]
        with pytest.raises(ChatFailed) as caught:
            model(raw).ask(OBJECT, 10.0)
        assert caught.value.trouble is Trouble.REFUSED
        assert len(raw.heard) == 1

    def test_a_server_that_refuses_everything_is_asked_a_bounded_number_of_times(self, raw: RawChatServer) -> None:
        words = "stream_options response_format max_tokens max_completion_tokens temperature tool_choice"
        raw.answer = lambda _: [whole({"error": {"message": words}}, 400)]
        with pytest.raises(ChatFailed) as caught:
            model(raw, temperature=0.0).ask(OBJECT, 10.0)
        assert caught.value.trouble is Trouble.REFUSED
        assert len(raw.heard) == 6


def test_a_server_that_closes_without_a_word_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
        with pytest.raises(ChatFailed) as caught:
            LangChainChat(ChatSetup("openai:m", base_url=f"http://127.0.0.1:{listening.getsockname()[1]}/v1")).ask(HELLO, 10.0)
    assert caught.value.trouble is Trouble.UNAVAILABLE
