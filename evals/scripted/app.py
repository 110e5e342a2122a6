"""The scripted model as an OpenAI-compatible server: a small ASGI application."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.scripted.mind import Spoken, asked, spoken
from evals.scripted.spoiling import FAILS, Spoiler, spoiled

BODY_LIMIT = 4_000_000
CHARACTERS_IN_A_TOKEN = 4
MODEL = "scripted-1"
_PIECE = re.compile(r"\s*\S+")
_FIRST_CITED = re.compile(r"\[p\d+[^\]]*\]\s")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class HungUp(Exception):
    """The connection is dropped here, as a server that dies would drop it."""


@dataclass
class Scripted:
    """The application. ``delay`` is the seconds before each piece; ``journal`` gets a JSON line for each request."""

    spoiler: Spoiler
    delay: float = 0.0
    journal: Path | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request: chat completions, streamed or whole, and the list of models."""
        if scope["type"] != "http":
            return
        if scope["path"].endswith("/models") and scope["method"] == "GET":
            await _whole(send, 200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        elif scope["path"].endswith("/chat/completions") and scope["method"] == "POST":
            await self._complete(receive, send)
        else:
            await _whole(send, 404, {"error": {"message": "there is nothing here", "type": "not_found"}})

    async def _complete(self, receive: Receive, send: Send) -> None:
        arrived = time.monotonic()
        body = await _body(receive)
        if body is None:
            await _whole(send, 400, {"error": {"message": "the body is no JSON object", "type": "invalid_request_error"}})
            return
        way = self.spoiler.way(body)
        said = spoiled(spoken(body), way)
        line = {"step": said.step, "words": _words(body), "spoiled": way, "arrived": arrived, "first": 0.0}
        try:
            await self._say(said, way, body, send, line)
        finally:
            self._write({**line, "ended": time.monotonic()})

    async def _say(self, said: Spoken, way: str, body: Mapping[str, Any], send: Send, line: dict[str, Any]) -> None:
        if way == "rate_limited":
            await _whole(send, 429, {"error": {"message": "slow down", "type": "rate_limit_error"}}, (b"retry-after", b"0.2"))
        elif way == "overloaded":
            await _whole(send, 503, {"error": {"message": "overloaded", "type": "server_error"}})
        elif body.get("stream"):
            await self._stream(said, way, body, send, line)
        else:
            await _whole(send, 200, _completion(said, body))

    async def _stream(self, said: Spoken, way: str, body: Mapping[str, Any], send: Send, line: dict[str, Any]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await _event(send, {"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None}]})
        pieces = list(_deltas(said))
        heard = ""
        for at, delta in enumerate(pieces):
            if way in FAILS and at >= len(pieces) // 2:
                await self._break(way, send)
                return
            if self.delay:
                await asyncio.sleep(self.delay)
            await _event(send, {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            heard += delta.get("content") or ""
            if not line["first"] and _FIRST_CITED.search(heard):
                line["first"] = time.monotonic()
        reason = "tool_calls" if said.calls else "stop"
        await _event(send, {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            await _event(send, {"choices": [], "usage": _usage(said, body)})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    @staticmethod
    async def _break(way: str, send: Send) -> None:
        if way == "disconnect":
            raise HungUp
        await send({"type": "http.response.body", "body": b""})

    def _write(self, line: Mapping[str, Any]) -> None:
        if self.journal is not None:
            with self.journal.open("a", encoding="utf-8") as written:
                written.write(json.dumps(line) + "\n")


def _deltas(said: Spoken) -> Iterator[dict[str, Any]]:
    """Yield text word by word, and each call in three fragments."""
    for piece in _PIECE.findall(said.text):
        yield {"content": piece}
    for number, (tool, arguments) in enumerate(said.calls):
        words = json.dumps(arguments)
        half = len(words) // 2
        first = {"index": number, "id": f"call_{number}", "type": "function", "function": {"name": tool, "arguments": ""}}
        yield {"tool_calls": [first]}
        for part in (words[:half], words[half:]):
            yield {"tool_calls": [{"index": number, "function": {"arguments": part}}]}


def _completion(said: Spoken, body: Mapping[str, Any]) -> dict[str, Any]:
    calls = [
        {"id": f"call_{at}", "type": "function", "function": {"name": tool, "arguments": json.dumps(arguments)}}
        for at, (tool, arguments) in enumerate(said.calls)
    ]
    message = {"role": "assistant", "content": said.text or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    return {"id": "reply", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice], "usage": _usage(said, body)}


def _usage(said: Spoken, body: Mapping[str, Any]) -> dict[str, int]:
    read = len(json.dumps([body.get("messages"), body.get("tools")])) // CHARACTERS_IN_A_TOKEN
    written = max(1, (len(said.text) + sum(len(json.dumps(dict(one))) for _, one in said.calls)) // CHARACTERS_IN_A_TOKEN)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _words(body: Mapping[str, Any]) -> str:
    given = asked(body)
    return str(given.get("message") or given.get("question") or "")


async def _body(receive: Receive) -> dict[str, Any] | None:
    taken = b""
    while True:
        part = await receive()
        taken += part.get("body", b"")
        if len(taken) > BODY_LIMIT or part["type"] != "http.request":
            return None
        if not part.get("more_body"):
            break
    try:
        body = json.loads(taken)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


async def _event(send: Send, event: Mapping[str, Any]) -> None:
    whole = {"id": "reply", "object": "chat.completion.chunk", "created": 0, "model": MODEL, **event}
    await send({"type": "http.response.body", "body": b"data: " + json.dumps(whole).encode() + b"\n\n", "more_body": True})


async def _whole(send: Send, status: int, body: Mapping[str, Any], *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json"), *headers]})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
