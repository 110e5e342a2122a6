"""Thousands of people with the help centre open, of whom some ask."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from evals.benchmarks.turns import PEOPLE
from evals.overhead.run import processor_ms
from evals.security.served import Served, serving

PATIENCE = 30.0
AT_ONCE = 50
"""Sockets that are being opened at a time."""
WARM = 40
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: seconds until the first frame and until the reply; None where none came."""

    first: float | None
    reply: float | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """What became of a run. ``opened`` is how many sockets there were, ``closed`` how many of them were there no longer at the end."""

    opened: int
    closed: int
    opening_s: float
    asked: list[Asked]
    memory_mb: float
    processor_ms: float
    late_ms: float
    """By how much the service's event loop was late at most, through itself."""


@dataclass
class _Person:
    socket: ClientConnection
    busy: bool = False
    frames: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    gone: bool = False

    async def listen(self) -> None:
        try:
            async for frame in self.socket:
                if self.busy:
                    await self.frames.put(json.loads(frame) | {"came": time.monotonic()})
        except WebSocketException:
            pass
        self.gone = True


def measure(
    scratch: Path, home: Path, sockets: int, rate: float, seconds: float, questions: Sequence[str], seed: int, note: Callable[[str], None]
) -> Crowd:
    """Open the sockets, then ask at moments of a Poisson process of so many a second, each time on a socket that is not asking."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * sockets + 500)), hard))
    with serving(scratch, home, note, {"MESSAGES_PER_MINUTE": "100000"}) as served:
        tokens = [served.token(person) for person in PEOPLE]
        return asyncio.run(_measured(served, tokens, sockets, rate, seconds, questions, random.Random(seed), note))


async def _measured(
    served: Served,
    tokens: Sequence[str],
    sockets: int,
    rate: float,
    seconds: float,
    questions: Sequence[str],
    draw: random.Random,
    note: Callable[[str], None],
) -> Crowd:
    began, gate = time.monotonic(), asyncio.Semaphore(AT_ONCE)
    people = await asyncio.gather(*(_person(served.url, tokens[number % len(tokens)], gate) for number in range(sockets)))
    opening = time.monotonic() - began
    note(f"{sockets} sockets are open after {opening:.1f} s")
    listening = [asyncio.create_task(person.listen()) for person in people]
    await _ask(people, questions, rate, WARM, draw)
    since, spent = time.monotonic(), processor_ms(served.process.pid)
    asked = await _ask(people, questions, rate, round(rate * seconds), draw)
    spent = processor_ms(served.process.pid) - spent
    closed, memory = sum(person.gone for person in people), _resident_mb(served.process.pid)
    for person in people:
        person.socket.transport.abort()
    await asyncio.gather(*listening, return_exceptions=True)
    return Crowd(sockets, closed, opening, asked, memory, spent / max(1, len(asked)), served.lateness_since(since)[1])


async def _person(url: str, token: str, gate: asyncio.Semaphore) -> _Person:
    async with gate:
        address = url.replace("http", "ws", 1)
        socket = await connect(f"{address}/v1/chat", origin=Origin(url), proxy=None, compression=None, max_size=None, open_timeout=PATIENCE)
        await socket.send(json.dumps({"v": 1, "type": "hello", "token": token, "conversation": None, "last_event_id": 0}))
        await socket.recv()
    return _Person(socket)


async def _ask(people: Sequence[_Person], questions: Sequence[str], rate: float, count: int, draw: random.Random) -> list[Asked]:
    asking, due = [], time.monotonic()
    for number in range(count):
        due += draw.expovariate(rate)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        free = [person for person in people if not person.busy and not person.gone]
        if free:
            asking.append(asyncio.create_task(_asked(draw.choice(free), questions[number % len(questions)], f"m{draw.getrandbits(64):x}")))
    return [*await asyncio.gather(*asking), *(Asked(None, None) for _ in range(count - len(asking)))]


async def _asked(person: _Person, question: str, mark: str) -> Asked:
    person.busy, began, first = True, time.monotonic(), None
    try:
        async with asyncio.timeout(PATIENCE):
            await person.socket.send(json.dumps({"v": 1, "type": "message", "id": mark, "text": question}))
            while True:
                frame: dict[str, Any] = await person.frames.get()
                first = first or frame["came"] - began
                reply = frame["event"].get("reply") if frame["type"] == "event" else None
                if reply is not None and reply["message"] == mark:
                    return Asked(first, frame["came"] - began if reply["kind"] != "error" else None)
    except (TimeoutError, WebSocketException):
        return Asked(first, None)
    finally:
        person.busy = False


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
