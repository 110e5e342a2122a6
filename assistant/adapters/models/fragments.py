"""Tells which fragment of a tool call belongs to which call, whatever a server leaves out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.ports.chat import ChatFailed, Trouble

ARGUMENTS_LIMIT = 16_000
"""Characters of the arguments of one reply. LangChain tries to mend what is not JSON, in a time that grows with the square of its length."""


@dataclass(slots=True)
class _Open:
    number: int
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """The arguments are an object already, so that another one begins another call."""
        text = "".join(self.arguments)
        if not text.rstrip().endswith("}"):
            return False
        try:
            return isinstance(json.loads(text), dict)
        except (ValueError, RecursionError):
            return False


class Calls:
    """The tool calls of one reply so far."""

    def __init__(self) -> None:
        """Begin with none."""
        self._open: list[_Open] = []
        self._at: dict[int, _Open] = {}
        self._length = 0

    def numbered(self, said: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the fragments in a delta, each with the number of its call; the first of each call has the id and the name, no other has.

        Raises:
            ChatFailed: ``CUT_OFF``: the arguments have more than 16,000 characters.
        """
        fragments = said.get("tool_calls")
        found = [item for item in fragments if isinstance(item, dict)] if isinstance(fragments, list) else []
        if not found and isinstance(said.get("function_call"), dict):
            found = [{"index": 0, "function": said["function_call"]}]
        return [self._numbered(item) for item in found]

    def _numbered(self, item: Mapping[str, Any]) -> dict[str, Any]:
        function = item.get("function") if isinstance(item.get("function"), dict) else {}
        assert isinstance(function, dict)
        name, given, index = (function.get("name"), item.get("id"), item.get("index"))
        name, given = (value if isinstance(value, str) else "" for value in (name, given))
        arguments = _arguments(function.get("arguments"))
        self._length += len(arguments)
        if self._length > ARGUMENTS_LIMIT:
            raise ChatFailed(Trouble.CUT_OFF, "the arguments of a call have no end")
        known = self._known(index, given, name, arguments)
        call = known or self._begin(index, given, name)
        call.arguments.append(arguments)
        late = "" if call.name else name
        call.name = call.name or name
        return {
            "index": call.number,
            "id": None if known else call.id,
            "type": "function",
            "function": {"name": (late or None) if known else name, "arguments": arguments},
        }

    def _begin(self, index: object, given: str, name: str) -> _Open:
        call = _Open(len(self._open), given or f"call_{len(self._open)}", name)
        self._open.append(call)
        if isinstance(index, int):
            self._at[index] = call
        return call

    def _known(self, index: object, given: str, name: str, arguments: str) -> _Open | None:
        """Return the call that a fragment goes on with, None when it begins one."""
        if given:
            known = next((call for call in self._open if call.id == given), None)
            if known:
                return known
        before = self._at.get(index) if isinstance(index, int) else (self._open[-1] if self._open else None)
        if before is None or (given and before.id != f"call_{before.number}"):
            return None
        if name and before.name and name != before.name:
            return None
        return None if arguments.lstrip().startswith("{") and before.whole else before


def _arguments(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)
