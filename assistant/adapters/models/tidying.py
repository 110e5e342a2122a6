"""Brings what OpenAI-compatible servers really send into the one form that the OpenAI documentation describes, or says what is wrong with it."""

from __future__ import annotations

import json
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

END = b"data: [DONE]\n\n"


def tidied(pieces: Iterable[bytes], call: Call | None = None) -> Iterator[bytes]:
    """Yield the reply as server-sent events with one choice, numbered tool calls and a finish reason.

    Understood besides what the documentation says: a whole answer in place of a stream, events that no empty line divides, comments, CRLF,
    ``message`` in place of ``delta``, text in parts, fragments of calls without a number or an id, ``function_call``, arguments as an object,
    usage in odd places, and a missing ``[DONE]`` or finish reason (not both). Bytes that are no UTF-8 become replacement characters.

    Raises:
        ChatFailed: the stream ends or breaks before it is complete (``BROKEN_STREAM``), says an error, refuses, is no event stream, or is longer
            than 16 MB in all or 1 MB in one event (``CUT_OFF``).
    """
    tidy = _Tidy(call)
    try:
        for event in _events(pieces):
            if event == "[DONE]":
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
    yield END


def _events(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of each event. The first character tells an event stream from a whole answer and from a web page."""
    lines = _lines(pieces)
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("{"):
        yield _whole(first, lines)
        return
    if first.lstrip().startswith("<"):
        raise ChatFailed(Trouble.UNAVAILABLE, "it answers with a page; check its address")
    yield from _divided(chain([first], lines))


def _divided(lines: Iterable[str]) -> Iterator[str]:
    """Yield the text of each event of a stream: up to an empty line, or as soon as it is whole."""
    waiting: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            waiting.append(line[5:].strip())
        elif line or not waiting:
            continue
        event = "\n".join(waiting)
        if not line or event == "[DONE]" or (event.endswith("}") and _is_whole(event)):
            yield event
            waiting = []
    if waiting:
        yield "\n".join(waiting)


def _is_whole(event: str) -> bool:
    try:
        json.loads(event)
    except ValueError:
        return False
    return True


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

    def event(self, text: str) -> Iterator[bytes]:
        """Yield the event in the common form; what carries nothing yields nothing."""
        event = self._read(text)
        if event.get("error"):
            raise told(event["error"])
        choice = _first(event.get("choices"))
        said = _mapping(choice.get("delta")) or _mapping(choice.get("message"))
        self.refused = self.refused or bool(said.get("refusal"))
        finish = choice.get("finish_reason")
        delta = {"role": "assistant", "content": _text(said.get("content")), "tool_calls": self._calls.numbered(said)}
        made: dict[str, Any] = {
            "id": "reply",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": event.get("model") if isinstance(event.get("model"), str) else "",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish if isinstance(finish, str) and finish else None}],
        }
        usage = _usage(event, choice)
        if usage:
            made["usage"] = usage
        if usage or finish or delta["content"] or delta["tool_calls"]:
            yield b"data: " + json.dumps(made).encode() + b"\n\n"
        if finish and not self.complete:
            self.complete = True
            if self._call:
                self._call.within(LAST_WORD_SECONDS)

    @staticmethod
    def _read(text: str) -> Mapping[str, Any]:
        try:
            event = json.loads(text)
        except (ValueError, RecursionError):
            raise ChatFailed(Trouble.BROKEN_STREAM, "an event is not JSON") from None
        if not isinstance(event, dict):
            raise ChatFailed(Trouble.BROKEN_STREAM, "an event is no object")
        return event


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
