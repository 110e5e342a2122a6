"""Chat servers of different characters, for what examines or uses an unknown one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.raw_chat_server import DONE, Heard, Play, calls, event, finish, fragment, head, text, usage, whole

NUMBERS = "one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, "
READING = {"about": "vpn", "mood": "annoyed", "urgent": True, "confidence": 0.9}
Personality = Callable[[Heard], Play]


def said(heard: Heard) -> tuple[str, list[tuple[str, dict[str, Any]]], str]:
    """What a competent model says to the probes: text, calls and why it ended."""
    body, last = heard.body, heard.body["messages"][-1]
    names = [tool["function"]["name"] for tool in body.get("tools", [])]
    if names == ["reading"]:
        return "", [("reading", READING)], "tool_calls"
    if last["role"] == "tool":
        return f"It is {json.loads(last['content'])['printer']}.", [], "stop"
    if "find_printer" in names:
        return "", [("find_printer", {"room": "2.14"})], "tool_calls"
    if "response_format" in body or "JSON Schema" in body["messages"][0]["content"]:
        return json.dumps(READING), [], "stop"
    if "numbers" in last["content"]:
        allowed = int(body.get("max_tokens") or body.get("max_completion_tokens") or 10_000)
        whole_ = NUMBERS * (40 if "hundred" in last["content"] else 2)
        return whole_[: allowed * 4], [], "length" if len(whole_) > allowed * 4 else "stop"
    return "The line works.", [], "stop"


def streamed(spoken: str, wishes: list[tuple[str, dict[str, Any]]], why: str, *, counted: bool = True) -> Play:
    """A well-behaved stream."""
    pieces = [spoken[at : at + 12] for at in range(0, len(spoken), 12)]
    called = [calls(fragment(at, id=f"id_{at}", name=tool, arguments=json.dumps(arguments))) for at, (tool, arguments) in enumerate(wishes)]
    return [
        head(),
        event(delta={"role": "assistant", "content": None}),
        *text(*pieces),
        *called,
        finish(why),
        *([usage(40, 20)] if counted else []),
        DONE,
    ]


def competent(heard: Heard) -> Play:
    return streamed(*said(heard))


def uncounted(heard: Heard) -> Play:
    return streamed(*said(heard), counted=False)


def refusing(*names: str) -> Personality:
    """Refuses requests with these parameters, as strict servers do."""

    def answer(heard: Heard) -> Play:
        named = next((name for name in names if name in heard.body), None)
        return [whole({"object": "error", "message": f"Extra inputs are not permitted: {named}"}, 400)] if named else competent(heard)

    return answer


def wordy(heard: Heard) -> Play:
    """Understands no tools, and says objects in words."""
    spoken, wishes, why = said(heard)
    return streamed("I would look that up." if wishes or spoken.startswith("{") else spoken, [], "stop" if wishes else why)


def endless(heard: Heard) -> Play:
    """Keeps to no length."""
    limited = {name: value for name, value in heard.body.items() if name not in ("max_tokens", "max_completion_tokens")}
    return streamed(*said(Heard(heard.line, heard.headers, limited)))


def at_once(heard: Heard) -> Play:
    """Never streams."""
    spoken, wishes, why = said(heard)
    tool_calls = [{"id": f"id_{at}", "function": {"name": tool, "arguments": json.dumps(arguments)}} for at, (tool, arguments) in enumerate(wishes)]
    message = {"role": "assistant", "content": spoken or None, "tool_calls": tool_calls}
    return [whole({"choices": [{"message": message, "finish_reason": why}], "usage": {"prompt_tokens": 4, "completion_tokens": 4}})]
