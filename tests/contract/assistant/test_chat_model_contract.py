"""What every chat model promises: LangChain's over a real HTTP server that plays bytes, and the scripted one in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from assistant.adapters.memory.scripted_chat import Said, ScriptedChat
from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.ports.chat import Ask, ChatFailed, ChatModel, Line, Trouble, Usage
from tests.support.raw_chat_server import RawChatServer, rendered, running_raw_chat

RESET_PASSWORD = {
    "name": "reset_password",
    "description": "Reset it.",
    "parameters": {"type": "object", "properties": {"account": {"type": "string"}}},
}
LOOK_UP = {"name": "look_up", "description": "Look it up.", "parameters": {"type": "object", "properties": {"for": {"type": "string"}}}}
HELLO = Ask((Line("system", "You help."), Line("user", "My VPN is slow")))
TOOLS = Ask((Line("user", "Reset my password"),), tools=(RESET_PASSWORD, LOOK_UP))
OBJECT = Ask((Line("user", "Say it as JSON"),), schema={"title": "understood", "type": "object", "properties": {"intent": {"type": "string"}}})
SECONDS = 10.0

Opened = Callable[..., ChatModel]


@pytest.fixture
def raw() -> Iterator[RawChatServer]:
    with running_raw_chat() as server:
        yield server


@pytest.fixture(params=["scripted", "langchain"])
def model_of(request: pytest.FixtureRequest) -> Opened:
    """Opens a model that plays these replies."""
    if request.param == "scripted":
        return lambda *script: ScriptedChat(script)
    server: RawChatServer = request.getfixturevalue("raw")

    def open_(*script: Said) -> ChatModel:
        server.plays += [rendered(said) for said in script]
        return LangChainChat(ChatSetup("openai:m", base_url=server.url))

    return open_


def failing(model: ChatModel, ask: Ask = HELLO, seconds: float = SECONDS) -> ChatFailed:
    with pytest.raises(ChatFailed) as caught:
        model.ask(ask, seconds)
    return caught.value


def test_a_reply_is_heard_in_pieces_that_make_its_text(model_of: Opened) -> None:
    heard: list[str] = []
    answered = model_of(Said("Open the VPN client.\nChoose  Connect. Grüße, 紙.")).ask(HELLO, SECONDS, heard.append)
    assert answered.text == "Open the VPN client.\nChoose  Connect. Grüße, 紙."
    assert "".join(heard) == answered.text
    assert len(heard) > 1
    assert answered.calls == ()


def test_pieces_are_heard_while_the_reply_is_under_way(model_of: Opened) -> None:
    moments: list[float] = []
    model_of(Said("one two three four", pause=0.1)).ask(HELLO, SECONDS, lambda _: moments.append(time.monotonic()))
    assert moments[-1] - moments[0] > 0.2


def test_wishes_for_tools_come_with_their_arguments(model_of: Opened) -> None:
    script = Said(calls=(("look_up", {"for": 'Åsa "x" {y}'}), ("reset_password", {"account": "ann", "deep": {"a": [1, None, True]}})))
    answered = model_of(script).ask(TOOLS, SECONDS)
    assert [(call.tool, dict(call.arguments)) for call in answered.calls] == list(script.calls)
    assert len({call.id for call in answered.calls}) == 2


def test_text_and_wishes_may_come_together(model_of: Opened) -> None:
    answered = model_of(Said("I will look.", (("look_up", {}),))).ask(TOOLS, SECONDS)
    assert (answered.text, [call.tool for call in answered.calls]) == ("I will look.", ["look_up"])


def test_a_tool_that_was_not_offered_is_unknown(model_of: Opened) -> None:
    assert failing(model_of(Said(calls=(("delete_everything", {}),))), TOOLS).trouble is Trouble.UNKNOWN_TOOL
    assert failing(model_of(Said(calls=(("look_up", {}),))), HELLO).trouble is Trouble.UNKNOWN_TOOL


@pytest.mark.parametrize("arguments", ['["a"]', '"a"', "7", "null", '{"a": ', "}{", '{"a": 1} {"a": 2', "not JSON"])
def test_arguments_that_are_no_object_are_malformed(model_of: Opened, arguments: str) -> None:
    assert failing(model_of(Said(calls=(("look_up", arguments),))), TOOLS).trouble is Trouble.MALFORMED


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_a_reply_without_words_and_wishes_is_empty(model_of: Opened, text: str) -> None:
    assert failing(model_of(Said(text))).trouble is Trouble.EMPTY


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_stream_that_breaks_is_no_reply(model_of: Opened, after: int) -> None:
    failed = failing(model_of(Said("one two three four", breaks_after=after)))
    assert failed.trouble is Trouble.BROKEN_STREAM
    assert failed.used is not None
    assert failed.used.read > 0


def test_tokens_are_those_that_the_server_says(model_of: Opened) -> None:
    assert model_of(Said("Hello.", usage=Usage(120, 7))).ask(HELLO, SECONDS).usage == Usage(120, 7)


def test_tokens_are_estimated_when_the_server_says_none(model_of: Opened) -> None:
    usage = model_of(Said("Hello, this is an answer.")).ask(HELLO, SECONDS).usage
    assert usage.estimated
    assert 4 <= usage.read <= 10
    assert 5 <= usage.written <= 9


def test_a_slow_model_is_given_up_at_the_limit(model_of: Opened) -> None:
    model = model_of(Said("one two three", pause=5.0))
    began = time.monotonic()
    assert failing(model, seconds=0.4).trouble is Trouble.TIMEOUT
    assert time.monotonic() - began < 1.5


def test_an_endless_reply_is_cut_off(model_of: Opened) -> None:
    assert failing(model_of(Said("word " * 20_000)), Ask(HELLO.lines, longest=50)).trouble is Trouble.CUT_OFF


def test_the_next_call_after_a_failed_one_works(model_of: Opened) -> None:
    model = model_of(Said("half of it", breaks_after=1), Said(), Said("whole"))
    assert failing(model).trouble is Trouble.BROKEN_STREAM
    assert failing(model).trouble is Trouble.EMPTY
    assert model.ask(HELLO, SECONDS).text == "whole"


def test_an_object_is_the_whole_text(model_of: Opened) -> None:
    heard: list[str] = []
    assert model_of(Said('{"intent": "vpn"}')).ask(OBJECT, SECONDS, heard.append).text == '{"intent": "vpn"}'
    assert "".join(heard) == '{"intent": "vpn"}'


def test_what_the_listener_raises_ends_the_call_and_reaches_the_caller(model_of: Opened) -> None:
    class Enough(Exception):
        pass

    def stop(_: str) -> None:
        raise Enough

    model = model_of(Said("one two three", pause=0.05), Said("again"))
    with pytest.raises(Enough):
        model.ask(HELLO, SECONDS, stop)
    assert model.ask(HELLO, SECONDS).text == "again"


def test_many_threads_may_ask_at_once(model_of: Opened) -> None:
    model = model_of(*[Said(f"answer {number}", pause=0.02) for number in range(16)])
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(model.ask(HELLO, SECONDS).text)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == sorted(f"answer {number}" for number in range(16))


def test_a_model_says_who_it_is(model_of: Opened) -> None:
    assert ":" in model_of().identity
    assert "127.0.0.1" not in model_of().identity


class TestTheScript:
    def test_a_script_may_be_a_function_of_the_request(self) -> None:
        model = ScriptedChat(lambda ask: Said(ask.lines[-1].text.upper()))
        assert model.ask(HELLO, SECONDS).text == "MY VPN IS SLOW"
        assert model.asked == [HELLO]

    def test_a_script_may_hold_failures_and_ends_as_unavailable(self) -> None:
        model = ScriptedChat([ChatFailed(Trouble.RATE_LIMITED, after=3.0)])
        assert failing(model).after == 3.0
        assert failing(model).trouble is Trouble.UNAVAILABLE
