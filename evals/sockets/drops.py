"""Sockets that are cut and a service that is killed, again and again; then the clients' view is held against the tables."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, select

from assistant.adapters.store.tables import events, messages
from evals.benchmarks.turns import PEOPLE
from evals.security.served import Served, serving
from evals.sockets.caller import Caller

BETWEEN = (1.0, 4.0)
"""Seconds that the service lives between two restarts, drawn."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a run."""

    callers: list[Caller]
    restarts: int
    away: list[float]
    """Seconds from each end of the service until it was ready again."""
    lost: list[str]
    doubled: list[str]
    errors: list[str]
    resumed: list[float]
    """Seconds of each resumption while the service was there all the time."""
    after_restart: list[float]
    """Seconds from when each client that had lost the service was connected again until it had caught up."""


def measure(scratch: Path, home: Path, drops: int, restarts: int, callers: int, seed: int, note: Callable[[str], None]) -> Seen:
    """Run clients that together drop ``drops`` sockets beside ``restarts`` restarts, every second one a SIGKILL."""
    draw, made, outages, port = random.Random(seed), list[Caller](), list[tuple[float, float]](), None
    over = threading.Event()
    crowd = threading.Thread(target=lambda: asyncio.run(_all(made)))
    for life in range(restarts + 1):
        with serving(scratch, home, note if life == 0 else lambda _: None, {"MESSAGES_PER_MINUTE": "100000"}, port) as served:
            if life == 0:
                port, made = served.port, [_caller(number, served, -(-drops // callers), seed, over) for number in range(callers)]
                crowd.start()
            else:
                outages[-1] = (outages[-1][0], time.monotonic())
                note(f"{life} restarts, {sum(one.dropped for one in made)} drops")
            if life == restarts:
                over.set()
            crowd.join(draw.uniform(*BETWEEN) if life < restarts else None)
            if life < restarts:
                outages.append((time.monotonic(), 0.0))
                served.process.send_signal(signal.SIGKILL if life % 2 else signal.SIGTERM)
                served.process.wait(30)
    return _compared(home, made, outages)


def _caller(number: int, served: Served, drops: int, seed: int, over: threading.Event) -> Caller:
    token, draw = served.token(PEOPLE[number % len(PEOPLE)]), random.Random(f"{seed}/{number}")
    return Caller(served.url, token, f"caller-{seed}-{number}", drops, draw, over)


async def _all(callers: Sequence[Caller]) -> None:
    await asyncio.gather(*(one.run() for one in callers))


def _compared(home: Path, callers: Sequence[Caller], outages: Sequence[tuple[float, float]]) -> Seen:
    lost, doubled = [], []
    with closing(create_engine(f"sqlite:///{home / 'firstline.db'}").connect()) as connection:
        for one in callers:
            stored = list(connection.execute(select(events.c.number).where(events.c.conversation == one.conversation)).scalars())
            kept = list(connection.execute(select(messages.c.id).where(messages.c.conversation == one.conversation)).scalars())
            lost += [f"{one.name}: event {number}" for number in sorted(set(stored) - set(one.numbers))]
            lost += [f"{one.name}: message {mark}" for mark in one.sent if mark not in kept or not one.replied[mark]]
            doubled += [f"{one.name}: event {number}" for number in one.numbers if one.numbers.count(number) > 1]
            doubled += [f"{one.name}: reply to {mark}" for mark, count in one.replied.items() if count > 1]
            doubled += [f"{one.name}: {mark} stored twice" for mark in kept if kept.count(mark) > 1]
            doubled += [f"{one.name}: out of order"] * (one.numbers != sorted(one.numbers))
    calm, after = list[float](), list[float]()
    for one in callers:
        for ended, took, connected in one.resumed[1:]:
            away = any(at < ended and until > ended - took for at, until in outages)
            (after if away else calm).append(connected if away else took)
    errors = [f"{one.name}: {error}" for one in callers for error in one.errors]
    return Seen(list(callers), len(outages), [until - at for at, until in outages], lost, doubled, errors, calm, after)
