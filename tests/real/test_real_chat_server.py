"""Chat models against a server that was written by others: through our adapter, and through the plain client of OpenAI beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.ports.chat import Ask, ChatFailed, Line, Trouble
from tests.support.aimock_server import PROGRAM, Aimock, running_aimock

pytestmark = [pytest.mark.real, pytest.mark.skipif(not PROGRAM, reason="FIRSTLINE_TEST_AIMOCK names no program")]
PRINTERS = {
    "name": "printers_near",
    "description": "Printers near a room.",
    "parameters": {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"]},
}
ARTICLE = {**PRINTERS, "name": "article", "parameters": {"type": "object", "properties": {"handle": {"type": "string"}}}}
SCHEMA = {"title": "understood", "type": "object", "properties": {"intent": {"type": "string"}, "confidence": {"type": "number"}}}
SECONDS = 15.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    with running_aimock(tmp_path_factory.mktemp("aimock")) as started:
        yield started


@pytest.fixture(scope="module")
def model(server: Aimock) -> LangChainChat:
    return opened(server)


def opened(server: Aimock, **setup: Any) -> LangChainChat:
    return LangChainChat(ChatSetup("openai:gpt-5-mini", base_url=server.url, **setup))


def user(words: str, **more: Any) -> Ask:
    return Ask((Line("user", words),), **more)


def trouble(model: LangChainChat, words: str, seconds: float = SECONDS) -> ChatFailed:
    with pytest.raises(ChatFailed) as caught:
        model.ask(user(words), seconds)
    return caught.value


def test_text_is_streamed_with_its_tokens(model: LangChainChat) -> None:
    heard: list[str] = []
    answered = model.ask(user("My vpn is slow"), SECONDS, heard.append)
    assert answered.text == "Open the VPN client and choose Connect.\nGrüße – 紙." == "".join(heard)
    assert len(heard) > 1
    assert not answered.usage.estimated
    assert answered.usage.written > 0


def test_calls_come_in_fragments_and_their_results_go_back(model: LangChainChat) -> None:
    first = user("Which printer is near me?", tools=(PRINTERS, ARTICLE))
    answered = model.ask(first, SECONDS)
    assert [(call.id, call.tool, dict(call.arguments)) for call in answered.calls] == [
        ("call_a", "printers_near", {"room": '2.14 "Åsa"'}),
        ("call_b", "article", {"handle": "p1"}),
    ]
    results = tuple(Line("tool", '{"printers": ["P-7"]}', answers=call.id) for call in answered.calls)
    again = Ask((*first.lines, Line("assistant", answered.text, answered.calls), *results), tools=first.tools)
    assert model.ask(again, SECONDS).text == "Printer P-7 stands in room 2.16."


@pytest.mark.parametrize("structured", ["json_schema", "json_object", "prompt"])
def test_an_object_comes_whole(server: Aimock, structured: Any) -> None:
    answered = opened(server, structured=structured).ask(user("Say it as an object", schema=SCHEMA), SECONDS)
    assert json.loads(answered.text) == {"intent": "question", "confidence": 0.9}


def test_what_the_server_refuses_is_told_apart(model: LangChainChat) -> None:
    limited = trouble(model, "This is too much")
    assert limited.trouble is Trouble.RATE_LIMITED
    assert trouble(model, "You are down").trouble is Trouble.UNAVAILABLE
    assert trouble(model, "Nothing matches these words").trouble in (Trouble.UNAVAILABLE, Trouble.REFUSED)


def test_a_reply_that_breaks_off_is_no_reply(model: LangChainChat) -> None:
    assert trouble(model, "Please break off").trouble is Trouble.BROKEN_STREAM


def test_a_reply_that_is_too_slow_is_given_up(model: LangChainChat) -> None:
    assert trouble(model, "Please speak slowly", 1.0).trouble is Trouble.TIMEOUT


def test_the_server_saw_what_we_meant_to_send(server: Aimock, model: LangChainChat) -> None:
    model.ask(user("My vpn is slow", longest=123), SECONDS)
    body = server.journal()[-1]["body"]
    assert (body["model"], body["stream"], body["stream_options"], body["max_tokens"]) == ("gpt-5-mini", True, {"include_usage": True}, 123)


CHAOS = {
    "--chaos-drop": Trouble.UNAVAILABLE,
    "--chaos-malformed": Trouble.BROKEN_STREAM,
    "--chaos-disconnect": Trouble.UNAVAILABLE,
    "--chaos-ratelimit": Trouble.RATE_LIMITED,
}


@pytest.mark.parametrize("flag", CHAOS)
def test_each_kind_of_chaos_is_one_trouble(tmp_path: Path, flag: str) -> None:
    with running_aimock(tmp_path, flag, "1") as wild:
        failed = trouble(opened(wild), "My vpn is slow")
    assert failed.trouble is CHAOS[flag]
    assert (failed.after > 0) is (flag == "--chaos-ratelimit")


def test_among_much_chaos_every_call_ends_as_the_port_says(tmp_path: Path) -> None:
    flags = [part for flag in CHAOS for part in (flag, "0.25")]
    ends: list[Trouble | str] = []
    with running_aimock(tmp_path, *flags) as wild:
        wild_model = opened(wild)
        for _ in range(60):
            try:
                ends.append(wild_model.ask(user("My vpn is slow"), SECONDS).text)
            except ChatFailed as failed:
                ends.append(failed.trouble)
    words = {end for end in ends if not isinstance(end, Trouble)}
    assert words <= {"Open the VPN client and choose Connect.\nGrüße – 紙."}
    assert len(set(ends)) >= 3


class TestThePlainClient:
    """The same server through OpenAI's own client: what our adapter is told must be what that client is told."""

    @pytest.fixture
    def plain(self, server: Aimock) -> Any:
        from openai import OpenAI

        return OpenAI(base_url=server.url, api_key="unused", max_retries=0, timeout=SECONDS)

    def test_text_and_tokens_are_the_same(self, plain: Any, model: LangChainChat) -> None:
        stream = plain.chat.completions.create(
            model="gpt-5-mini", messages=[{"role": "user", "content": "My vpn is slow"}], stream=True, stream_options={"include_usage": True}
        )
        pieces = list(stream)
        ours = model.ask(user("My vpn is slow"), SECONDS)
        assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == ours.text
        assert (pieces[-1].usage.prompt_tokens, pieces[-1].usage.completion_tokens) == (ours.usage.read, ours.usage.written)

    def test_fragments_of_calls_are_the_same(self, plain: Any, model: LangChainChat) -> None:
        tools = [{"type": "function", "function": tool} for tool in (PRINTERS, ARTICLE)]
        words = "Which printer is near me?"
        stream = plain.chat.completions.create(model="gpt-5-mini", messages=[{"role": "user", "content": words}], tools=tools, stream=True)
        joined: dict[int, str] = {}
        fragments = 0
        for piece in stream:
            for call in piece.choices[0].delta.tool_calls or []:
                fragments += 1
                joined[call.index] = joined.get(call.index, "") + (call.function.arguments or "")
        ours = model.ask(user(words, tools=(PRINTERS, ARTICLE)), SECONDS)
        assert [json.loads(arguments) for arguments in joined.values()] == [dict(call.arguments) for call in ours.calls]
        assert fragments > 6

    def test_a_rate_limit_is_one_for_both(self, plain: Any, model: LangChainChat) -> None:
        from openai import RateLimitError

        with pytest.raises(RateLimitError):
            plain.chat.completions.create(model="gpt-5-mini", messages=[{"role": "user", "content": "This is too much"}])
        assert trouble(model, "This is too much").trouble is Trouble.RATE_LIMITED
