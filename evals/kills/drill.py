"""Kills the process that carries a workflow, again and again at random moments, until it is over; then counts what it did.

The worker is a real process over SQLite, ended by SIGKILL. What it does outside is appended to a file that no kill takes back, so that
an effect counts whether the worker lived to hear of it or not.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

LONGEST_ROUND, LONGEST_BAD = 120.0, 12.0
"""Seconds after which a workflow that is not over counts as lost; with a seeded fault this is known sooner."""
ENOUGH_KILLS = 40
"""After so many kills a round is let finish: what is killed for ever never ends."""
LONGEST_LIFE = 0.6
"""Seconds that a worker lives at most before it is killed; how long is drawn anew each time."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one round did: how many effects it should have had, which are missing, which came twice, and what else is wrong with it."""

    expected: int
    lost: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()


class Drill(Protocol):
    """A workflow that can be killed."""

    def prepare(self, home: Path, rng: random.Random) -> None:
        """Make the database and begin the workflow in it."""

    def work(self, home: Path, bad: str) -> None:
        """Carry it on until it is over; called in a process of its own. ``bad`` names a seeded fault, "" for none."""

    def account(self, home: Path) -> Account:
        """Look at what was done."""


@dataclass
class Tally:
    """What all rounds came to."""

    rounds: int = 0
    kills: int = 0
    expected: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


def play(drill: Drill, kills: int, seed: int, scratch: Path, progress: Callable[[str], None], bad: str = "") -> Tally:
    """Play rounds until so many kills were made; every round is carried to its end and accounted for."""
    rng, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        home = scratch / f"{bad or 'good'}{tally.rounds}"
        home.mkdir(parents=True)
        drill.prepare(home, rng)
        over = _round(drill, home, rng, tally, bad)
        account = drill.account(home)
        tally.rounds += 1
        tally.expected += account.expected
        tally.lost += [*account.lost, *([] if over else [f"round {tally.rounds} never ended"])]
        tally.twice += account.twice
        progress(f"{bad or 'as it is'}: {tally.kills} kills in {tally.rounds} rounds, {len(tally.lost)} lost, {len(tally.twice)} twice")
    return tally


def _round(drill: Drill, home: Path, rng: random.Random, tally: Tally, bad: str) -> bool:
    """Start the worker and kill it until it is over; return whether it came to its end."""
    context = multiprocessing.get_context("fork")
    begun, mine, longest = time.monotonic(), 0, LONGEST_BAD if bad else LONGEST_ROUND
    while time.monotonic() - begun < longest:
        worker = context.Process(target=_work, args=(drill, home, bad))
        worker.start()
        worker.join(rng.uniform(0.0, LONGEST_LIFE) if mine < ENOUGH_KILLS else longest)
        if worker.is_alive() and worker.pid is not None:
            os.kill(worker.pid, signal.SIGKILL)
            tally.kills, mine = tally.kills + 1, mine + 1
        worker.join()
        if worker.exitcode == 0:
            return True
        if worker.exitcode != -signal.SIGKILL:
            raise RuntimeError(f"the worker ended by itself with {worker.exitcode}; see what it wrote")
    return False


def _work(drill: Drill, home: Path, bad: str) -> None:
    drill.work(home, bad)
    os._exit(0)


class Effects:
    """What was done outside, in a file: one line for each effect, appended in one write."""

    def __init__(self, path: Path) -> None:
        """Append to this file."""
        self._path = path

    def append(self, *words: str) -> None:
        """Write one effect down. The write is the effect: it is whole or not there."""
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, ("\t".join(words) + "\n").encode())
        finally:
            os.close(handle)

    def lines(self) -> list[tuple[str, ...]]:
        """Return all effects in order."""
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        return [tuple(line.split("\t")) for line in text.splitlines()]


@dataclass(frozen=True, slots=True)
class FastClock:
    """The ``Clock`` port: from a moment on, so many times faster than ours; the same for every process that has the same folder."""

    home: Path
    start: datetime
    speed: float

    def begin(self) -> None:
        """Let it begin now."""
        (self.home / "began").write_text(repr(time.time()))

    def now(self) -> datetime:
        """Return the moment."""
        return self.start + timedelta(seconds=(time.time() - float((self.home / "began").read_text())) * self.speed)
