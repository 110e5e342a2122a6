"""People who ask at a fixed rate over real sockets, whether or not the service keeps up."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from assistant.agent.turn import GROWING

PATIENCE = 30.0
AHEAD = 2.0
"""Seconds before its message at which a socket is opened."""

WORDS = (
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heron",
    "islet",
    "jetty",
    "knoll",
    "larch",
    "maple",
    "north",
    "ocean",
    "poppy",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as its person saw it. Moments are of the monotonic clock; ``first`` and ``last`` are 0 where nothing came."""

    mark: str
    due: float
    sent: float
    first: float
    last: float
    grew: bool
    """The first frame showed an answer that was still being written."""


def mark_of(number: int) -> str:
    """Return words that no other turn of a run has; they stand in the question, so that the model's journal tells whose request it was."""
    places = [(number >> shift) % len(WORDS) for shift in (0, 4, 8)]
    return "-".join(WORDS[place] for place in places)


async def asked_at(url: str, tokens: Sequence[str], questions: Sequence[str], rate: float, seed: int) -> list[Turn]:
    """Ask every question in a conversation of its own at moments of a Poisson process of so many a second."""
    generator = random.Random(seed)
    due, moment = [], time.monotonic() + AHEAD
    for _ in questions:
        due.append(moment)
        moment += generator.expovariate(rate)
    waiting = [
        asyncio.create_task(_turn(url, tokens[number % len(tokens)], question, mark_of(number), due[number]))
        for number, question in enumerate(questions)
    ]
    return list(await asyncio.gather(*waiting))


async def _turn(url: str, token: str, question: str, mark: str, due: float) -> Turn:
    await asyncio.sleep(max(0.0, due - AHEAD - time.monotonic()))
    address = url.replace("http", "ws", 1)
    try:
        async with (
            asyncio.timeout(PATIENCE + AHEAD),
            connect(f"{address}/v1/chat", origin=Origin(url), proxy=None, compression=None, max_size=None) as socket,
        ):
            await socket.send(json.dumps({"v": 1, "type": "hello", "token": token, "conversation": None, "last_event_id": 0}))
            await socket.recv()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent = time.monotonic()
            await socket.send(json.dumps({"v": 1, "type": "message", "id": mark, "text": f"{question} ({mark})"}))
            return await _heard(socket, mark, due, sent)
    except (TimeoutError, OSError):
        return Turn(mark, due, due, 0.0, 0.0, False)


async def _heard(socket: ClientConnection, mark: str, due: float, sent: float) -> Turn:
    first, grew = 0.0, False
    while True:
        frame = json.loads(await socket.recv())
        now = time.monotonic()
        if frame["type"] == GROWING and not first:
            first, grew = now, True
        elif frame["type"] == "event" and frame["event"]["type"] == "reply" and frame["event"]["reply"]["message"] == mark:
            return Turn(mark, due, sent, first or now, now, grew)
