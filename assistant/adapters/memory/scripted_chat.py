"""A chat model that says what it is told to say."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.ports.chat import Answered, Ask, ChatCall, ChatFailed, Trouble, Usage

CHARACTERS_IN_A_TOKEN = 4
PIECE = re.compile(r"\s*\S+\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """One reply to play: text and calls (tool and arguments, an object or any other text), piece by piece."""

    text: str = ""
    calls: tuple[tuple[str, Mapping[str, Any] | str], ...] = ()
    pause: float = 0.0
    """Seconds before each piece."""
    breaks_after: int | None = None
    """The stream breaks after so many pieces."""
    usage: Usage | None = None
    """None: the server does not say, so it is estimated."""


Script = Iterable[Said | ChatFailed] | Callable[[Ask], Said | ChatFailed]


class ScriptedChat:
    """The ``ChatModel`` port. A list is played in order, then the model is unavailable; a function is asked each time.

    ``asked`` holds every request.
    """

    def __init__(self, script: Script, identity: str = "scripted:1") -> None:
        """Take the script."""
        self._next: Iterator[Said | ChatFailed] | None = None if callable(script) else iter(list(script))
        self._answer = script if callable(script) else None
        self._identity = identity
        self._lock = threading.Lock()
        self.asked: list[Ask] = []

    @property
    def identity(self) -> str:
        """See the port."""
        return self._identity

    def ask(self, ask: Ask, seconds: float, hear: Callable[[str], None] = lambda _: None) -> Answered:
        """See the port. Pauses are waited for, at most until the limit."""
        until = time.monotonic() + seconds
        with self._lock:
            self.asked.append(ask)
            said = self._answer(ask) if self._answer else next(self._next or iter(()), ChatFailed(Trouble.UNAVAILABLE, "the script is over"))
        if isinstance(said, ChatFailed):
            raise said
        self._speak(said, ask, until, hear)
        calls = tuple(_call(at, tool, arguments, ask) for at, (tool, arguments) in enumerate(said.calls))
        if not said.text.strip() and not calls:
            raise ChatFailed(Trouble.EMPTY, used=_usage(said, ask))
        return Answered(said.text, calls, _usage(said, ask))

    @staticmethod
    def _speak(said: Said, ask: Ask, until: float, hear: Callable[[str], None]) -> None:
        spoken = 0
        for at, piece in enumerate([*PIECE.findall(said.text), *said.calls, ""]):
            if said.breaks_after == at:
                raise ChatFailed(Trouble.BROKEN_STREAM, used=_usage(said, ask))
            left = until - time.monotonic()
            time.sleep(max(0.0, min(said.pause, left)))
            if said.pause > left:
                raise ChatFailed(Trouble.TIMEOUT, used=_usage(said, ask))
            if isinstance(piece, str) and piece:
                spoken += len(piece)
                if spoken > ask.longest * CHARACTERS_IN_A_TOKEN:
                    raise ChatFailed(Trouble.CUT_OFF, used=_usage(said, ask))
                hear(piece)


def _call(at: int, tool: str, arguments: Mapping[str, Any] | str, ask: Ask) -> ChatCall:
    if tool not in {offered["name"] for offered in ask.tools}:
        raise ChatFailed(Trouble.UNKNOWN_TOOL)
    try:
        read = json.loads(arguments) if isinstance(arguments, str) else dict(arguments)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise ChatFailed(Trouble.MALFORMED)
    return ChatCall(f"call_{at}", tool, read)


def _usage(said: Said, ask: Ask) -> Usage:
    read = sum(len(line.text) for line in ask.lines) // CHARACTERS_IN_A_TOKEN
    return said.usage or Usage(read, -(-len(said.text) // CHARACTERS_IN_A_TOKEN), estimated=True)
