"""Puts the pieces of a reply together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from assistant.adapters.models.objects import OnlyObject
from assistant.ports.chat import Answered, Ask, ChatCall, ChatFailed, Trouble, Usage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

CHARACTERS_IN_A_TOKEN = 4
MOST_IN_A_TOKEN = 16
"""A reply with more characters for each allowed token than this comes from a server that keeps to no limit."""

SLACK = 2_000
CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
REFUSING = frozenset({"content_filter", "safety", "refusal", "blocklist", "prohibited_content", "recitation", "sensitive", "blocked"})


class Gathering:
    """The reply so far. ``hear`` gets the pieces of its text; when a schema is asked for, the text is the object and nothing around it."""

    def __init__(self, ask: Ask, answer_tool: str, hear: Callable[[str], None]) -> None:
        """Begin with nothing. ``answer_tool`` names the tool whose arguments are the text, if the schema is asked for by a tool."""
        self._ask, self._answer_tool, self._hear = ask, answer_tool, hear
        self._object = OnlyObject() if ask.schema is not None else None
        self._text: list[str] = []
        self._calls: dict[object, dict[str, str]] = {}
        self._length, self._finish, self._said = 0, "", (0, 0)

    def take(self, piece: AIMessage) -> None:
        """Add a piece.

        Raises:
            ChatFailed: ``CUT_OFF``: the reply is much longer than it may be.
        """
        self._speak(str(piece.text))
        fragments = getattr(piece, "tool_call_chunks", None)
        if fragments is None:
            fragments = [{**call, "args": json.dumps(call["args"]), "index": at} for at, call in enumerate(piece.tool_calls)]
            fragments += [{**call, "index": f"invalid {at}"} for at, call in enumerate(piece.invalid_tool_calls)]
        for fragment in fragments:
            self._fragment(fragment)
        finish = piece.response_metadata.get("finish_reason") or piece.response_metadata.get("stop_reason")
        self._finish = str(finish).lower() if finish else self._finish
        usage = piece.usage_metadata
        if usage:
            self._said = (max(self._said[0], usage["input_tokens"]), max(self._said[1], usage["output_tokens"]))
        if self._length > self._ask.longest * MOST_IN_A_TOKEN + SLACK:
            raise ChatFailed(Trouble.CUT_OFF, "the server keeps to no limit")

    def _speak(self, words: str) -> None:
        self._length += len(words)
        heard = self._object.take(words) if self._object else words
        if heard:
            self._text.append(heard)
            self._hear(heard)

    def _fragment(self, fragment: Mapping[str, Any]) -> None:
        index = fragment.get("index")
        place = index if index is not None else fragment.get("id") or next(reversed(self._calls), 0)
        call = self._calls.setdefault(place, {"id": "", "name": "", "arguments": ""})
        call["id"] = call["id"] or fragment.get("id") or ""
        call["name"] = call["name"] or fragment.get("name") or ""
        words = fragment.get("args") or ""
        if self._answer_tool and call["name"] == self._answer_tool:
            self._speak(words)
        else:
            self._length += len(words)
            call["arguments"] += words

    @property
    def usage(self) -> Usage:
        """What the call has cost so far, as the server says or estimated from characters."""
        if any(self._said):
            return Usage(*self._said)
        return Usage(written_in(self._ask) // CHARACTERS_IN_A_TOKEN, -(-self._length // CHARACTERS_IN_A_TOKEN), estimated=True)

    def answered(self) -> Answered:
        """Return the whole reply.

        Raises:
            ChatFailed: as the port says.
        """
        if self._finish in REFUSING:
            raise ChatFailed(Trouble.REFUSED, "the reply was withheld by the server")
        if self._finish in CUT:
            raise ChatFailed(Trouble.CUT_OFF)
        last = self._object.rest() if self._object else ""
        if last:
            self._text.append(last)
            self._hear(last)
        calls = tuple(self._call(at, call) for at, call in enumerate(self._calls.values()) if not self._is_answer(call))
        text = "".join(self._text)
        if not text.strip() and not calls:
            raise ChatFailed(Trouble.EMPTY)
        return Answered(text, calls, self.usage)

    def _is_answer(self, call: Mapping[str, str]) -> bool:
        return bool(self._answer_tool) and call["name"] == self._answer_tool

    def _call(self, at: int, call: Mapping[str, str]) -> ChatCall:
        if call["name"] not in {tool["name"] for tool in self._ask.tools}:
            raise ChatFailed(Trouble.UNKNOWN_TOOL)
        try:
            arguments = json.loads(call["arguments"] or "{}")
        except (ValueError, RecursionError):
            raise ChatFailed(Trouble.MALFORMED, "the arguments of a call are not JSON") from None
        if not isinstance(arguments, dict):
            raise ChatFailed(Trouble.MALFORMED, "the arguments of a call are no object")
        return ChatCall(call["id"] or f"call_{at}", call["name"], arguments)


def written_in(ask: Ask) -> int:
    """Return the characters of a request, for estimates."""
    told = sum(len(line.text) + sum(len(json.dumps(dict(call.arguments))) for call in line.calls) for line in ask.lines)
    return told + sum(len(json.dumps(dict(tool))) for tool in ask.tools) + (len(json.dumps(dict(ask.schema))) if ask.schema is not None else 0)
