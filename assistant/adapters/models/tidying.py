"""Brings what OpenAI-compatible servers really send into the one form that the OpenAI documentation describes, or says what is wrong with it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from assistant.adapters.models.fragments import Calls
from assistant.adapters.models.troubles import told
from assistant.ports.chat import ChatFailed, Trouble

if TYPE_CHECKING:
    from assistant.adapters.models.clocked import Call

WIRE_LIMIT = 16_000_000
LINE_LIMIT = 1_000_000
LAST_WORD_SECONDS = 2.0
"""How long the usage and ``[DONE]`` are waited for after the reply has said that it is complete."""

TOGETHER_SECONDS = 0.15
"""Words that arrive within this time are passed on together, for the OpenAI client needs much longer for an event than its server."""

TOLD_AT_ONCE = ("]", "\n")
"""What ends a statement with its citation, or a line."""

END = b"data: [DONE]\n\n"


def tidied(pieces: Iterable[bytes], call: Call | None = None) -> Iterator[bytes]:
    """Yield the reply as server-sent events with one choice, numbered tool calls and a finish reason.

    Understood besides what the documentation says: a whole answer in place of a stream, events that no empty line divides, comments, CRLF,
    ``message`` in place of ``delta``, text in parts, fragments of calls without a number or an id, ``function_call``, arguments as an object,
    usage in odd places, and a missing ``[DONE]`` or finish reason (not both). Bytes that are no UTF-8 become replacement characters.
    Words that arrive within ``TOGETHER_SECONDS`` become one event; the first words, and those that end a line or a citation, go on at once. Where
    nobody hears pieces, all words become one.

    Raises:
        ChatFailed: the stream ends or breaks before it is complete (``BROKEN_STREAM``), says an error, refuses, is no event stream, or is longer
            than 16 MB in all or 1 MB in one event (``CUT_OFF``).
    """
    tidy = _Tidy(call)
    try:
        for event in _events(pieces):
            if event is None:
                tidy.complete = True
                break
            yield from tidy.event(event)
    except ChatFailed:
        if not tidy.complete:
            raise
    if not tidy.complete:
        raise ChatFailed(Trouble.BROKEN_STREAM, "it ended without saying that it is complete")
    if tidy.refused:
        raise ChatFailed(Trouble.REFUSED, "the model declines")
    yield from tidy.rest()
    yield END


def _events(pieces: Iterable[bytes]) -> Iterator[Mapping[str, Any] | None]:
    """Yield each event, None for ``[DONE]``. The first character tells an event stream from a whole answer and from a web page."""
    lines = _lines(pieces)
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("{"):
        yield _read(_whole(first, lines))
        return
    if first.lstrip().startswith("<"):
        raise ChatFailed(Trouble.UNAVAILABLE, "it answers with a page; check its address")
    yield from _divided(chain([first], lines))


def _divided(lines: Iterable[str]) -> Iterator[Mapping[str, Any] | None]:
    """Yield each event of a stream: at an empty line, or as soon as it is whole."""
    waiting: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            waiting.append(line[5:].strip())
        elif line or not waiting:
            continue
        text = "\n".join(waiting)
        event = _parsed(text) if text.endswith("}") else None
        if event is not None or not line or text == "[DONE]":
            yield event if event is not None else _read(text)
            waiting = []
    if waiting:
        yield _read("\n".join(waiting))


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _read(text: str) -> Mapping[str, Any] | None:
    if text == "[DONE]":
        return None
    event = _parsed(text)
    if event is None:
        raise ChatFailed(Trouble.BROKEN_STREAM, "an event is no JSON object")
    return event


def _whole(first: str, lines: Iterable[str]) -> str:
    text = first
    for line in lines:
        text += f"\n{line}"
        _within(len(text))
    return text


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield lines; a carriage return ends one like a line feed, and the two together like one."""
    length, rest = 0, bytearray()
    for piece in pieces:
        length += len(piece)
        if length > WIRE_LIMIT:
            raise ChatFailed(Trouble.CUT_OFF, "the reply has no end")
        rest += piece
        held = b"\r" if rest.endswith(b"\r") else b""  # its line feed may be in the next piece
        if b"\n" in piece or b"\r" in piece:
            *lines, last = rest[: len(rest) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
            rest = last + held
        _within(len(rest))
    if rest:
        yield rest.decode("utf-8", "replace")


def _within(length: int) -> None:
    if length > LINE_LIMIT:
        raise ChatFailed(Trouble.CUT_OFF, "one event of the reply has no end")


class _Tidy:
    """What has been seen of one reply."""

    def __init__(self, call: Call | None) -> None:
        self.complete = self.refused = False
        self._call, self._calls = call, Calls()
        self._held, self._told_at, self._model = "", 0.0, ""

    def event(self, event: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield the event in the common form, now or together with later ones; what carries nothing yields nothing."""
        if event.get("error"):
            raise told(event["error"])
        choice = _first(event.get("choices"))
        said = _mapping(choice.get("delta")) or _mapping(choice.get("message"))
        self.refused = self.refused or bool(said.get("refusal"))
        words, calls, usage = _text(said.get("content")), self._calls.numbered(said), _usage(event, choice)
        finish = choice.get("finish_reason")
        self._held += words
        if isinstance(event.get("model"), str):
            self._model = event["model"]
        if calls or usage or finish or self._due(words):
            yield self._together(calls, usage, finish if isinstance(finish, str) and finish else None)
        if finish and not self.complete:
            self.complete = True
            if self._call:
                self._call.within(LAST_WORD_SECONDS)

    def _due(self, words: str) -> bool:
        if not self._held or (self._call and not self._call.heard):
            return False
        return any(sign in words for sign in TOLD_AT_ONCE) or time.monotonic() - self._told_at >= TOGETHER_SECONDS

    def _together(self, calls: list[dict[str, Any]], usage: Mapping[str, int] | None, finish: str | None) -> bytes:
        """Return one event with everything that was held back."""
        if self._call and self._held:
            self._call.begun = True
        delta = {"content": self._held, **({"tool_calls": calls} if calls else {})}
        self._held, self._told_at = "", time.monotonic()
        made = {"model": self._model, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **({"usage": usage} if usage else {})}
        return b"data: " + json.dumps(made).encode() + b"\n\n"

    def rest(self) -> Iterator[bytes]:
        """Yield what is still held back."""
        if self._held:
            yield self._together([], None, None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(choices: object) -> Mapping[str, Any]:
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(_text(_mapping(part).get("text")) for part in content)
    return content if isinstance(content, str) else ""


def _usage(event: Mapping[str, Any], choice: Mapping[str, Any]) -> dict[str, int] | None:
    """Return the tokens that the server says, None when it says nothing that makes sense."""
    for place in (event.get("usage"), choice.get("usage"), _mapping(event.get("x_groq")).get("usage")):
        tokens = [_mapping(place).get(name) for name in ("prompt_tokens", "completion_tokens")]
        if all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in tokens) and any(tokens):
            read, written = (int(count or 0) for count in tokens)
            return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return None
