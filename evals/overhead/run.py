"""One measurement: the demo company's service in a process of its own, asked at a rate, with its steps done locally or by the scripted model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evals.benchmarks.turns import questions
from evals.overhead.figures import Share, shares
from evals.overhead.load import Turn, asked_at
from evals.scripted.process import running
from evals.security.served import serving

PEOPLE = ("maria.santos", "jonas.weber", "priya.nair")
WARM_TURNS = 40
SEED = 20_261_122


@dataclass(frozen=True, slots=True)
class Measured:
    """A run: what its people saw, the shares of its answered turns, and how busy the machine was before and after (load of the last minute)."""

    turns: list[Turn]
    shares: list[Share]
    busy: tuple[float, float]
    processor_ms: float
    """Processor time of the service for each turn, the warming ones included."""

    @property
    def unanswered(self) -> int:
        """Turns without a reply."""
        return sum(1 for turn in self.turns if not turn.first)


def measure(scratch: Path, home: Path, titles: list[str], rate: float, seconds: float, delay: float | None, note: Callable[[str], None]) -> Measured:
    """Ask for so many seconds. ``delay`` is the scripted model's pause before each word; None has every step done locally.

    The first turns, asked at the same rate, warm the service up and are not counted.
    """
    if delay is None:
        return _asked(scratch, home, titles, rate, seconds, {}, note)
    with running(scratch, delay=delay) as model:
        settings = {"STEPS_FILE": str(model.steps_file(scratch, ("understand", "answer", "act")))}
        run = _asked(scratch, home, titles, rate, seconds, settings, note)
        return replace(run, shares=shares(run.turns, model.heard()))


def _asked(
    scratch: Path, home: Path, titles: list[str], rate: float, seconds: float, settings: Mapping[str, str], note: Callable[[str], None]
) -> Measured:
    before = os.getloadavg()[0]
    count = max(1, round(rate * seconds))
    wanted = questions(titles, min(count + WARM_TURNS, len(titles) * 5))
    asked = [wanted[number % len(wanted)] for number in range(count + WARM_TURNS)]
    with serving(scratch, home, note, {"MESSAGES_PER_MINUTE": "100000", **settings}) as served:
        tokens = [served.token(person) for person in PEOPLE]
        spent = processor_ms(served.process.pid)
        turns = asyncio.run(asked_at(served.url, tokens, asked, rate, SEED))[WARM_TURNS:]
        spent = processor_ms(served.process.pid) - spent
    return Measured(turns, shares(turns, ()), (before, os.getloadavg()[0]), spent / len(asked))


def processor_ms(pid: int) -> float:
    """Return the processor time that a process has used, user and system, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
