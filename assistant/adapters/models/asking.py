"""How a request is worded for a model: messages, tools, and how its server is asked for an object and for a length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assistant.ports.chat import Ask, Line

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from assistant.adapters.models.opening import ChatSetup

ANSWER_TOOL = "answer"
TITLE_LIMIT = 64
WORDS_FOR = {
    "stream_options": ("stream_options", "include_usage"),
    "response_format": ("response_format", "json_schema", "json_object"),
    "max_completion_tokens": ("max_completion_tokens",),
    "max_tokens": ("max_tokens",),
    "tool_choice": ("tool_choice",),
    "temperature": ("temperature",),
}
"""Parameters that not every server knows, and by which words in a refusal they are recognised."""


class Wording:
    """Words requests for one server, and remembers what it refused to understand."""

    def __init__(self, setup: ChatSetup) -> None:
        """Begin with everything that the setup says."""
        self._setup = setup
        self._length = "max_completion_tokens" if setup.is_openai and not setup.base_url else "max_tokens"
        self.left_out: frozenset[str] = frozenset()

    @property
    def _structured(self) -> str:
        """How an object is asked for: as configured, or in words when the server has refused that."""
        way = self._setup.structured
        return "prompt" if way in ("json_schema", "json_object") and "response_format" in self.left_out else way

    def leave_out(self, ask: Ask, refusal: str) -> bool:
        """Leave out a parameter that this refusal names, if the request had one such; say whether something changed."""
        for name in self._sent(ask):
            if name not in self.left_out and any(word in refusal for word in WORDS_FOR[name]):
                self.left_out |= {name}
                return True
        return False

    def _sent(self, ask: Ask) -> list[str]:
        """Return the parameters of a request that a server may not know, the most likely first."""
        named = {
            "response_format": ask.schema is not None and self._structured in ("json_schema", "json_object"),
            "stream_options": self._setup.usage,
            "max_completion_tokens": self._length_name() == "max_completion_tokens",
            "max_tokens": self._length_name() == "max_tokens",
            "tool_choice": bool(ask.tools and ask.must_call) or bool(self.answer_tool(ask)),
            "temperature": self._setup.temperature is not None,
        }
        return [name for name, sent in named.items() if sent]

    def _length_name(self) -> str:
        """Return the parameter for the length, its other name when that is refused, empty when both are."""
        other = "max_tokens" if self._length == "max_completion_tokens" else "max_completion_tokens"
        return next((name for name in (self._length, other) if name not in self.left_out), "")

    def answer_tool(self, ask: Ask) -> str:
        """Return the name of the tool whose arguments are the object that is asked for; empty when it is not asked for in that way."""
        return _title(ask.schema) if ask.schema is not None and self._structured == "tool" else ""

    def request(self, ask: Ask) -> tuple[list[BaseMessage], list[dict[str, Any]], str | None, dict[str, Any]]:
        """Return messages, tools, what has to be called and the parameters of a request, all for LangChain."""
        tools = [_tool(tool["name"], tool["description"], tool["parameters"]) for tool in ask.tools]
        own, choice = self.answer_tool(ask), "any" if ask.must_call else None
        if own and ask.schema is not None:
            tools.append(_tool(own, "Give the answer.", ask.schema))
            choice = "any"
        if choice and len(tools) == 1:
            choice = tools[0]["function"]["name"]
        if "tool_choice" in self.left_out:
            choice = None
        return _messages(self._lines(ask)), tools, choice, self._parameters(ask)

    def _lines(self, ask: Ask) -> tuple[Line, ...]:
        if ask.schema is None or self._structured not in ("json_object", "prompt"):
            return ask.lines
        wish = f"Reply with one JSON object that matches this JSON Schema, and with nothing else:\n{json.dumps(ask.schema, ensure_ascii=False)}"
        first, rest = (ask.lines[0], ask.lines[1:]) if ask.lines and ask.lines[0].role == "system" else (Line("system", ""), ask.lines)
        return (Line("system", f"{first.text}\n\n{wish}".strip()), *rest)

    def _parameters(self, ask: Ask) -> dict[str, Any]:
        """Return what only OpenAI-compatible servers are asked; the body is written here, so that the OpenAI client does not judge the reply."""
        if not self._setup.is_openai:
            return {}
        body: dict[str, Any] = {}
        if self._length_name():
            body[self._length_name()] = ask.longest
        if self._setup.temperature is not None and "temperature" not in self.left_out:
            body["temperature"] = self._setup.temperature
        if ask.schema is not None and self._structured == "json_object":
            body["response_format"] = {"type": "json_object"}
        elif ask.schema is not None and self._structured == "json_schema":
            named = {"name": _title(ask.schema), "schema": dict(ask.schema), "strict": is_strict(ask.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return {"extra_body": body, "stream_usage": self._setup.usage and "stream_options" not in self.left_out}


def is_strict(schema: object) -> bool:
    """Say whether a schema is of the kind that servers hold replies to exactly: every object closed, and all its properties required."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False or set(schema.get("required") or ()) != set(properties):
            return False
    return all(is_strict(part) for part in schema.values())


def _title(schema: Mapping[str, Any]) -> str:
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in str(schema.get("title") or ""))
    return kept[:TITLE_LIMIT] or ANSWER_TOOL


def _tool(name: str, description: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": dict(parameters)}}


def _messages(lines: tuple[Line, ...]) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

    made: list[BaseMessage] = []
    for line in lines:
        if line.role == "system":
            made.append(SystemMessage(line.text))
        elif line.role == "user":
            made.append(HumanMessage(line.text))
        elif line.role == "tool":
            made.append(ToolMessage(line.text, tool_call_id=line.answers))
        else:
            calls = [{"id": call.id, "name": call.tool, "args": dict(call.arguments), "type": "tool_call"} for call in line.calls]
            made.append(AIMessage(line.text, tool_calls=calls))
    return made
