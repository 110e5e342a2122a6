"""Replies in the shapes that different OpenAI-compatible servers really send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.adapters.memory.scripted_chat import Said
from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.ports.chat import Answered, Ask, ChatCall, ChatFailed, Line, Trouble, Usage
from tests.support.raw_chat_server import (
    DONE,
    RESET,
    Drip,
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
    whole_event,
)

TOOL = {"name": "look_up", "description": "Look it up.", "parameters": {"type": "object", "properties": {"for": {"type": "string"}}}}
OTHER = {**TOOL, "name": "reset"}
HELLO = Ask((Line("user", "My VPN is slow"),))
TOOLS = Ask(HELLO.lines, tools=(TOOL, OTHER))
OBJECT = Ask(HELLO.lines, schema={"title": "understood", "type": "object", "properties": {"intent": {"type": "string"}}})
ROLE = event(delta={"role": "assistant", "content": ""})


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


def wished(answered: Answered) -> list[tuple[str, dict[str, Any]]]:
    return [(call.tool, dict(call.arguments)) for call in answered.calls]


def crlf(steps: list[bytes]) -> bytes:
    return b"".join(steps).replace(b"\n", b"\r\n")


WHOLE_STREAMS: dict[str, list[Step]] = {
    "content null in the first delta": [event(delta={"role": "assistant", "content": None}), *text("Hello."), finish(), DONE],
    "the role alone first": [event(delta={"role": "assistant"}), *text("Hello."), finish(), DONE],
    "the role in every delta": [*(event(delta={"role": "assistant", "content": part}) for part in ("Hel", "lo.")), finish(), DONE],
    "the finish reason with the last words": [*text("Hel"), event(delta={"content": "lo."}, finish_reason="stop"), DONE],
    "no finish reason, but done": [*text("Hello."), DONE],
    "a finish reason, but not done": [*text("Hello."), finish()],
    "a finish reason that is empty until the end": [event(delta={"content": "Hello."}, finish_reason=""), finish(), DONE],
    "carriage returns": [crlf([*text("Hello."), finish(), DONE])],
    "a carriage return and its line feed apart": [crlf(text("Hello."))[:-1], Wait(0.05), b"\n", finish(), DONE],
    "comments and empty lines": [b": keep-alive\n\n", b"\n\n", *text("Hello."), b":\n\n", finish(), b": bye\n\n", DONE],
    "event names, ids and retries": [b"event: message\nid: 7\nretry: 100\n" + text("Hello.")[0], finish(), DONE],
    "no space after the colon": [b"".join([*text("Hello."), finish(), DONE]).replace(b"data: ", b"data:")],
    "no empty line between events": [b"".join([*text("Hel", "lo."), finish(), DONE]).replace(b"\n\n", b"\n")],
    "an event in several lines": [b'data: {"choices": [{"index": 0,\ndata: "delta": {"content": "Hello."}}]}\n\n', finish(), DONE],
    "message in place of delta": [event(message={"role": "assistant", "content": "Hello."}, finish_reason="stop"), DONE],
    "delta null at the end": [*text("Hello."), event(delta=None, finish_reason="stop"), DONE],
    "text in parts": [event(delta={"content": [{"type": "text", "text": "Hello."}]}), finish(), DONE],
    "thoughts beside the words": [event(delta={"reasoning_content": "Hm."}), *text("Hello."), finish(), DONE],
    "an empty refusal": [event(delta={"content": "Hello.", "refusal": None}), finish(), DONE],
    "choices empty first, as a content filter does": [b'data: {"choices": [], "prompt_filter_results": []}\n\n', *text("Hello."), finish(), DONE],
    "fields that nobody knows": [event(delta={"content": "Hello.", "x": [1]}, y={"z": None}), finish(), DONE],
    "nothing but choices": [b'data: {"choices":[{"delta":{"content":"Hello."}}]}\n\n', DONE],
    "a byte at a time": [*(text("Hello.")[0][at : at + 1] for at in range(len(text("Hello.")[0]))), Drip(DONE)],
    "an end that breaks after the finish reason": [*text("Hello."), finish(), RESET],
    "words after the end": [*text("Hello."), finish(), DONE, *text(" More.")],
}


@pytest.mark.parametrize("name", WHOLE_STREAMS)
def test_a_whole_stream_is_understood_in_every_shape(raw: RawChatServer, name: str) -> None:
    assert asked(raw, head(), *WHOLE_STREAMS[name]).text == "Hello."


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/plain; charset=utf-8", "application/octet-stream"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_whole_answer_in_place_of_a_stream_is_understood(raw: RawChatServer, kind: str, indent: int | None) -> None:
    tokens = {"prompt_tokens": 9, "completion_tokens": 3}
    call = {"id": "a", "type": "function", "function": {"name": "look_up", "arguments": '{"for": "x"}'}}
    answer = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello.", "tool_calls": [call]}, "finish_reason": "stop"}],
        "usage": tokens,
    }
    answered = asked(raw, head(kind=kind), json.dumps(answer, indent=indent).encode(), ask=TOOLS)
    assert answered == Answered("Hello.", (ChatCall("a", "look_up", {"for": "x"}),), Usage(9, 3))


class TestCalls:
    ARGUMENTS = '{"for": "the \\"VPN\\" {client} – 紙", "deep": {"a": [1, 2.5, null]}}'

    @pytest.mark.parametrize("pieces", range(1, 31))
    def test_arguments_in_fragments_are_put_together(self, raw: RawChatServer, pieces: int) -> None:
        size = -(-len(self.ARGUMENTS) // pieces)
        parts = [self.ARGUMENTS[at : at + size] for at in range(0, len(self.ARGUMENTS), size)]
        first = calls(fragment(0, id="a", type="function", name="look_up", arguments=""))
        answered = asked(raw, head(), ROLE, first, *(calls(fragment(0, arguments=part)) for part in parts), finish("tool_calls"), DONE, ask=TOOLS)
        assert wished(answered) == [("look_up", json.loads(self.ARGUMENTS))]

    HALVES = ('{"for": ', '"x"}')
    SHAPES: dict[str, list[bytes]] = {
        "as documented": [calls(fragment(0, id="a", name="look_up", arguments=HALVES[0])), calls(fragment(0, arguments=HALVES[1]))],
        "the name in each fragment": [calls(fragment(0, id="a", name="look_up", arguments=half)) for half in HALVES],
        "the id in each fragment": [calls(fragment(0, id="a", name="look_up", arguments=HALVES[0])), calls(fragment(0, id="a", arguments=HALVES[1]))],
        "no number": [calls(fragment(None, id="a", name="look_up", arguments=HALVES[0])), calls(fragment(None, arguments=HALVES[1]))],
        "a number that is null": [calls({**fragment(0, id="a", name="look_up", arguments=half), "index": None}) for half in HALVES],
        "no id": [calls(fragment(0, name="look_up", arguments=HALVES[0])), calls(fragment(0, arguments=HALVES[1]))],
        "neither a number nor an id": [calls(fragment(None, name="look_up", arguments=half)) for half in HALVES],
        "name and id null later": [
            calls(fragment(0, id="a", name="look_up", arguments=HALVES[0])),
            calls({**fragment(0, name=None, arguments=HALVES[1]), "id": None, "type": None}),
        ],
        "empty name and id later": [
            calls(fragment(0, id="a", name="look_up", arguments=HALVES[0])),
            calls(fragment(0, id="", name="", arguments=HALVES[1])),
        ],
        "arguments null first": [calls(fragment(0, id="a", name="look_up", arguments=None)), calls(fragment(0, arguments="".join(HALVES)))],
        "arguments as an object": [calls(fragment(0, id="a", name="look_up", arguments={"for": "x"}))],
        "the name after the id": [calls(fragment(0, id="a")), calls(fragment(0, name="look_up")), calls(fragment(0, arguments="".join(HALVES)))],
        "a function call of old": [
            event(delta={"function_call": {"name": "look_up", "arguments": HALVES[0]}}),
            event(delta={"function_call": {"arguments": HALVES[1]}}),
        ],
        "null among the calls": [event(delta={"tool_calls": [None, fragment(0, id="a", name="look_up", arguments="".join(HALVES))]})],
    }

    @pytest.mark.parametrize("name", SHAPES)
    def test_one_call_is_one_call_in_every_shape(self, raw: RawChatServer, name: str) -> None:
        answered = asked(raw, head(), ROLE, *self.SHAPES[name], finish("tool_calls"), DONE, ask=TOOLS)
        assert wished(answered) == [("look_up", {"for": "x"})]
        assert answered.calls[0].id

    BOTH = [("look_up", {"for": "x"}), ("reset", {"for": "y"})]
    TWO: dict[str, list[bytes]] = {
        "one after the other": [
            calls(fragment(0, id="a", name="look_up", arguments='{"for": "x"}')),
            calls(fragment(1, id="b", name="reset", arguments='{"for": "y"}')),
        ],
        "in one event": [
            calls(fragment(0, id="a", name="look_up", arguments='{"for": "x"}'), fragment(1, id="b", name="reset", arguments='{"for": "y"}'))
        ],
        "interleaved": [
            calls(fragment(0, id="a", name="look_up", arguments="{"), fragment(1, id="b", name="reset", arguments='{"for"')),
            calls(fragment(1, arguments=': "y"')),
            calls(fragment(0, arguments='"for": "x"}')),
            calls(fragment(1, arguments="}")),
        ],
        "all with the number 0": [
            calls(fragment(0, id="a", name="look_up", arguments='{"for": "x"}')),
            calls(fragment(0, id="b", name="reset", arguments='{"for": "y"}')),
        ],
        "without numbers": [
            calls(fragment(None, id="a", name="look_up", arguments='{"for":')),
            calls(fragment(None, id="a", arguments='"x"}')),
            calls(fragment(None, id="b", name="reset", arguments='{"for": "y"}')),
        ],
        "without numbers and ids": [
            calls(fragment(None, name="look_up", arguments='{"for": "x"}')),
            calls(fragment(None, name="reset", arguments='{"for": "y"}')),
        ],
        "with numbers from 1": [
            calls(fragment(1, id="a", name="look_up", arguments='{"for": "x"}')),
            calls(fragment(2, id="b", name="reset", arguments='{"for": "y"}')),
        ],
    }

    @pytest.mark.parametrize("name", TWO)
    def test_two_calls_stay_apart_in_every_shape(self, raw: RawChatServer, name: str) -> None:
        answered = asked(raw, head(), ROLE, *self.TWO[name], finish("tool_calls"), DONE, ask=TOOLS)
        assert wished(answered) == self.BOTH
        assert len({call.id for call in answered.calls}) == 2

    def test_the_same_tool_twice_without_ids_is_two_calls(self, raw: RawChatServer) -> None:
        twice = [calls(fragment(0, name="look_up", arguments=f'{{"for": "{word}"}}')) for word in ("x", "y")]
        assert wished(asked(raw, head(), *twice, DONE, ask=TOOLS)) == [("look_up", {"for": "x"}), ("look_up", {"for": "y"})]

    def test_a_call_without_arguments_has_none(self, raw: RawChatServer) -> None:
        assert wished(asked(raw, head(), calls(fragment(0, id="a", name="look_up", arguments="")), DONE, ask=TOOLS)) == [("look_up", {})]

    def test_a_call_that_the_length_cut_is_cut_off(self, raw: RawChatServer) -> None:
        cut = calls(fragment(0, id="a", name="look_up", arguments='{"for'))
        assert failing(raw, head(), cut, finish("length"), DONE, ask=TOOLS).trouble is Trouble.CUT_OFF

    def test_a_call_without_a_name_is_unknown(self, raw: RawChatServer) -> None:
        assert failing(raw, head(), calls(fragment(0, id="a", arguments="{}")), DONE, ask=TOOLS).trouble is Trouble.UNKNOWN_TOOL


class TestTokens:
    PLACES: dict[str, list[bytes]] = {
        "in an event without a choice": [finish(), usage(90, 12), DONE],
        "with the finish reason": [
            b"data: "
            + json.dumps({**whole_event(delta={}, finish_reason="stop"), "usage": {"prompt_tokens": 90, "completion_tokens": 12}}).encode()
            + b"\n\n",
            DONE,
        ],
        "growing in each event": [usage(90, 1), usage(90, 7), finish(), usage(90, 12), DONE],
        "inside the choice": [event(delta={}, finish_reason="stop", usage={"prompt_tokens": 90, "completion_tokens": 12}), DONE],
        "in a field of its own": [b'data: {"choices": [], "x_groq": {"usage": {"prompt_tokens": 90, "completion_tokens": 12}}}\n\n', finish(), DONE],
    }

    @pytest.mark.parametrize("name", PLACES)
    def test_they_are_found_where_servers_put_them(self, raw: RawChatServer, name: str) -> None:
        assert asked(raw, head(), *text("Hello."), *self.PLACES[name]).usage == Usage(90, 12)

    @pytest.mark.parametrize(
        "nonsense",
        [
            "null",
            "{}",
            '{"prompt_tokens": null}',
            '{"prompt_tokens": -1, "completion_tokens": 2}',
            '{"prompt_tokens": "9", "completion_tokens": "1"}',
            "[]",
            "7",
            '{"prompt_tokens": 0, "completion_tokens": 0}',
        ],
    )
    def test_nonsense_is_estimated_instead(self, raw: RawChatServer, nonsense: str) -> None:
        assert asked(raw, head(), *text("Hello."), finish(), f'data: {{"choices": [], "usage": {nonsense}}}\n\n'.encode(), DONE).usage.estimated

    def test_what_a_broken_reply_cost_is_said(self, raw: RawChatServer) -> None:
        assert failing(raw, head(), *text("Hello."), usage(90, 2), RESET).used == Usage(90, 2)


class TestObjects:
    SCHEMA_WORDS = {"json_schema": False, "json_object": True, "tool": False, "prompt": True}

    @pytest.mark.parametrize("way", SCHEMA_WORDS)
    def test_an_object_is_asked_for_as_configured(self, raw: RawChatServer, way: Any) -> None:
        raw.answer = lambda _: rendered(Said(calls=(("understood", {"intent": "vpn"}),)) if way == "tool" else Said('{"intent": "vpn"}'))
        heard: list[str] = []
        answered = model(raw, structured=way).ask(OBJECT, 10.0, heard.append)
        assert json.loads(answered.text) == {"intent": "vpn"}
        assert ("".join(heard), answered.calls) == (answered.text, ())
        body = raw.heard[0].body
        assert ("JSON Schema" in json.dumps(body["messages"])) is self.SCHEMA_WORDS[way]
        assert body.get("response_format", {}).get("type", "") == (way if way.startswith("json") else "")
        assert (body.get("tool_choice") == {"type": "function", "function": {"name": "understood"}}) is (way == "tool")

    @pytest.mark.parametrize(
        "said", ['```json\n{"a": "}\\"{"}\n```', 'Sure, here it is: {"a": "}\\"{"} I hope that it helps {really}.', '\n {"a": "}\\"{"}']
    )
    def test_words_around_an_object_are_left_out(self, raw: RawChatServer, said: str) -> None:
        heard: list[str] = []
        raw.play(head(), *text(*said), finish(), DONE)
        assert model(raw, structured="prompt").ask(OBJECT, 10.0, heard.append).text == '{"a": "}\\"{"}' == "".join(heard)

    def test_words_without_an_object_are_given_back_whole(self, raw: RawChatServer) -> None:
        raw.play(head(), *text("I ", "cannot."), finish(), DONE)
        assert model(raw, structured="prompt").ask(OBJECT, 10.0).text == "I cannot."

    @pytest.mark.parametrize("closed", [True, False])
    def test_a_schema_is_strict_when_it_is_closed(self, raw: RawChatServer, closed: bool) -> None:
        inner = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
        outer = {
            "title": "t",
            "type": "object",
            "properties": {"b": {"type": "array", "items": inner}},
            "required": ["b"] if closed else [],
            "additionalProperties": False,
        }
        raw.play(*rendered(Said('{"b": []}')))
        model(raw).ask(Ask(HELLO.lines, schema=outer), 10.0)
        assert raw.heard[0].body["response_format"]["json_schema"]["strict"] is closed


class TestRequests:
    def test_a_conversation_goes_over_the_wire_as_documented(self, raw: RawChatServer) -> None:
        call = ChatCall("c1", "look_up", {"for": "Åsa"})
        lines = (
            Line("system", "You help."),
            Line("user", "Hi"),
            Line("assistant", "", (call,)),
            Line("tool", '{"found": 1}', answers="c1"),
            Line("assistant", "One."),
            Line("user", "Thanks"),
        )
        raw.play(*rendered(Said("Bye.")))
        model(raw).ask(Ask(lines, tools=(TOOL,), longest=77), 10.0)
        body = raw.heard[0].body
        assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "assistant", "user"]
        sent = body["messages"][2]["tool_calls"][0]
        assert (sent["id"], sent["function"]["name"], json.loads(sent["function"]["arguments"])) == ("c1", "look_up", {"for": "Åsa"})
        assert (body["messages"][3]["tool_call_id"], body["messages"][3]["content"]) == ("c1", '{"found": 1}')
        assert (body["max_tokens"], body["stream"], body["stream_options"]) == (77, True, {"include_usage": True})
        assert body["tools"] == [{"type": "function", "function": TOOL}]
        assert "tool_choice" not in body

    @pytest.mark.parametrize(("tools", "choice"), [((TOOL,), {"type": "function", "function": {"name": "look_up"}}), ((TOOL, OTHER), "required")])
    def test_a_call_that_has_to_be_is_asked_for(self, raw: RawChatServer, tools: tuple[Any, ...], choice: object) -> None:
        raw.play(*rendered(Said(calls=(("look_up", {}),))))
        model(raw).ask(Ask(HELLO.lines, tools=tools, must_call=True), 10.0)
        assert raw.heard[0].body["tool_choice"] == choice

    def test_connections_are_used_again(self, raw: RawChatServer) -> None:
        opened = model(raw)
        reply = b"".join([*text("Hello."), finish(), DONE])
        for _ in range(3):
            raw.play(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply)
            assert opened.ask(HELLO, 10.0).text == "Hello."
        assert len(raw.heard) == 3

    def test_a_version_that_the_server_names_becomes_the_identity(self, raw: RawChatServer) -> None:
        opened = model(raw)
        assert opened.identity == "openai:m"
        raw.play(*rendered(Said("Hello.")))
        opened.ask(HELLO, 10.0)
        assert opened.identity == "openai:m-1"
        assert str(raw.port) not in repr(opened)
