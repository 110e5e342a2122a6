"""Plays the rows about the chat socket."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from evals.security import words
from evals.security.forged import Forged
from evals.security.stage import SESSION, NotUnderstood, Play, Stage
from evals.security.wire import BINARY, TEXT, Closed, Header, Socket, opened
from evals.security.words import ALICE

HAND_OVER = 65_536
DEEP_BYTES = 400_000


def handshake(stage: Stage, payload: str) -> Play:
    """Open a socket as the row says; where the handshake is let through, say a hello that lacks what the row takes away."""
    lower = payload.lower()
    said = words.headers(payload)
    origin = dict(said).get("Origin")
    rest = [(name, value) for name, value in said if name not in ("Origin", "Host")]
    if re.search(r"origin(?: header)? (?:absent|missing)|no origin|without (?:an )?origin", lower):
        origin = ""
    query, more, first = _shown(stage, payload, lower)
    if first is None and not said and origin is None:
        raise NotUnderstood("no header and no token is named")
    first = first or stage.hello()
    with opened(stage.served, origin, query, [*rest, *more], dict(said).get("Host", "")) as chat:
        return Play((after_hello(chat, first),))


def _shown(stage: Stage, payload: str, lower: str) -> tuple[str, list[Header], dict[str, Any] | None]:
    """Return the query, the headers and the first frame with which a token is shown the wrong way; no frame when none is named."""
    token, bare = stage.served.token(ALICE), {"v": 1, "type": "hello"}
    if re.search(r"query|\?\w*token|in the (?:url|address)", lower):
        return f"?token={token}", [], bare
    if "protocol" in lower:
        return "", [("Sec-WebSocket-Protocol", f"bearer, {token}")], bare
    if "cookie" in lower:
        return "", [("Cookie", f"{SESSION}={token}")], bare
    if re.search(r"no token|without (?:a )?token|token (?:absent|missing)", lower):
        return "", [], bare
    if "token" not in lower:
        return "", [], None
    forged = Forged.of(payload, stage.served.key)
    if not forged.changes:
        raise NotUnderstood("what is wrong with the token")
    return "", [], {**bare, "token": forged.token()}


def after_hello(chat: Socket, first: Any) -> int:
    """Say hello and return the close code, 200 when the service welcomes it, or the status of a refused handshake."""
    if chat.status != 101:
        return chat.status
    with contextlib.suppress(OSError):
        chat.send(first)
    try:
        return 200 if next(chat.replies())["type"] == "welcome" else 0
    except Closed as closed:
        return closed.code
    except TimeoutError:
        return 0


def message(stage: Stage, payload: str) -> Play:
    """Do on a socket of alice what the row says."""
    with opened(stage.served) as chat:
        written = words.objects(payload)
        if "conversation_id" in written or re.search(r"conversation.*\b(?:bob|other|another|foreign)\b", payload.lower()):
            code = after_hello(chat, stage.hello(conversation=stage.foreign))
            return Play((code,), _literal(stage, written) if written else ())
        if after_hello(chat, stage.hello()) != 200:
            return Play((0,), ("a good hello was not welcomed",))
        for rule in (_flood, _deep, _large, _odd, _written):
            if (play := rule(chat, payload, written)) is not None:
                return play
    raise NotUnderstood("what to send")


def _literal(stage: Stage, written: str) -> tuple[str, ...]:
    """Send the frame as it is written too: whatever it is taken for, it must not be answered."""
    with opened(stage.served) as chat:
        after_hello(chat, stage.hello())
        chat.send(re.sub(r"<[^>]*>", stage.foreign, written))
        code = chat.closed()
    return () if code in (4400, 4404) else (f"as written it was closed with {code}",)


def _said(text: str = "hello") -> dict[str, Any]:
    return {"v": 1, "type": "message", "id": secrets.token_hex(8), "text": text}


def _flood(chat: Socket, payload: str, _written: str) -> Play | None:
    wanted = words.rate(payload)
    if wanted is None:
        return None
    a_second, seconds = wanted
    began = time.monotonic()
    chat.connection.settimeout(2.0)
    with contextlib.suppress(OSError):
        for sent in range(int(a_second * min(seconds, 15.0))):
            chat.send({"v": 1, "type": "ping"} if "ping" in payload.lower() else _said())
            time.sleep(max(0.0, began + sent / a_second - time.monotonic()))
    chat.connection.settimeout(15.0)
    return Play((chat.closed(),), own=True)


def _deep(chat: Socket, payload: str, _written: str) -> Play | None:
    levels = words.depth(payload)
    if levels is None:
        return None
    body = '{"a":' * levels if "object" in payload.lower() else "[" * levels
    chat.send(body[:DEEP_BYTES])
    return Play((chat.closed(),))


def _large(chat: Socket, payload: str, _written: str) -> Play | None:
    count = words.size(payload)
    if count is None or "frame" not in payload.lower() and "message" not in payload.lower() and "text" not in payload.lower():
        return None
    body = json.dumps(_said("")).replace('"text": ""', f'"text": "{"A" * count}"').encode()
    opcode = BINARY if "binary" in payload.lower() else TEXT
    with contextlib.suppress(OSError):
        if "fragment" in payload.lower():
            for place in range(0, len(body), HAND_OVER):
                chat.frame(opcode if place == 0 else 0, body[place : place + HAND_OVER], first=0)
        else:
            chat.frame(opcode, body)
    return Play((_answered(chat),))


def _odd(chat: Socket, payload: str, _written: str) -> Play | None:
    lower = payload.lower()
    rules: list[tuple[str, Callable[[], None]]] = [
        (r"invalid utf-?8|not utf-?8|bad utf-?8", lambda: chat.frame(TEXT, b"\xff\xfe\xfa")),
        (r"unmasked|without (?:a )?mask", lambda: chat.frame(TEXT, json.dumps(_said()).encode(), masked=False)),
        (r"reserved (?:bit|opcode)|unknown opcode|rsv", lambda: chat.frame(3, b"x")),
        (r"binary", lambda: chat.frame(BINARY, json.dumps(_said()).encode())),
        (r"empty (?:frame|message|text)", lambda: chat.frame(TEXT, b"")),
        (r"not json|invalid json|malformed|truncated", lambda: chat.send('{"v":1,"type":')),
        (r"second hello|hello twice|another hello", lambda: chat.send({"v": 1, "type": "hello", "token": "x"})),
        (r"unknown type", lambda: chat.send({"v": 1, "type": "become_admin"})),
        (r"\bnul\b|null byte|\\u0000|control char", lambda: chat.send(_said("a\x00b"))),
        (r"surrogate", lambda: chat.send('{"v":1,"type":"message","id":"s1","text":"\\ud800"}')),
    ]
    for pattern, act in rules:
        if re.search(pattern, lower):
            act()
            return Play((_answered(chat),), own=True)
    return None


def _written(chat: Socket, _payload: str, written: str) -> Play | None:
    """Send the object that is written out, with what our protocol needs around it."""
    if not written:
        return None
    try:
        wanted = json.loads(written)
    except ValueError:
        wanted = None
    if isinstance(wanted, dict):
        own = {"v": 1, "type": "message", "id": secrets.token_hex(8)}
        chat.send({**own, **{name: words.PEOPLE.get(str(value), value) for name, value in wanted.items()}})
    else:
        chat.send(written)
    return Play((_answered(chat),), own=True)


def _answered(chat: Socket) -> int:
    """Return the close code, or 200 when the frame was answered."""
    try:
        for reply in chat.replies():
            if reply["type"] == "error":
                return int(reply["problem"]["status"])
            if reply["type"] in ("event", "pong"):
                return 200
    except Closed as closed:
        return closed.code
    except TimeoutError:
        return 0
    return 0
