"""Runs the draws, in one process or in several with a company each."""

from __future__ import annotations

import logging
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from evals.permissions.company import company
from evals.permissions.draws import Draws, watching
from evals.permissions.surface import surface
from evals.permissions.tally import Tally
from evals.permissions.turns import TurnDraws
from evals.world import prepared_home

TURN_EVERY = 50
CHANGE_EVERY = 100
NOTE_EVERY = 2_000
SEED_STEP = 1_000_003


@dataclass(frozen=True, slots=True)
class Order:
    """What one worker does."""

    draws: int
    seed: int
    articles: int
    model_home: Path


def run(order: Order, workers: int, progress: Callable[[str], None]) -> Tally:
    """Draw; with several workers each takes a share of the draws, in a process and a company of its own."""
    if workers == 1:
        return draw(order, progress)
    prepare(order.model_home)
    shares = [order.draws // workers + (number < order.draws % workers) for number in range(workers)]
    orders = [Order(share, order.seed + SEED_STEP * number, order.articles, order.model_home) for number, share in enumerate(shares) if share]
    total = Tally()
    with ProcessPoolExecutor(len(orders), multiprocessing.get_context("spawn")) as pool:
        for tally in pool.map(_draw_aloud, orders):
            total.add(tally)
    return total


def prepare(model_home: Path) -> None:
    """Export the embedding model before several processes want it."""
    with tempfile.TemporaryDirectory() as scratch:
        prepared_home(Path(scratch), model_home)


def draw(order: Order, progress: Callable[[str], None]) -> Tally:
    """Draw in this process. Every hundredth draw changes something first; every fiftieth goes through the whole assistant."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        home = prepared_home(Path(scratch), order.model_home)
        with company(home, order.articles, order.seed, progress) as made, surface(made.assistant) as shown, watching(made) as watched:
            draws, turns = Draws(made, tally, watched), TurnDraws(made, shown, tally)
            began = time.perf_counter()
            for number in range(order.draws):
                if number % CHANGE_EVERY == 0:
                    draws.aims = made.change()
                    tally.changes += 1
                if number % TURN_EVERY == TURN_EVERY - 1:
                    turns.one()
                    tally.draws += 1
                else:
                    draws.one()
                if (number + 1) % NOTE_EVERY == 0:
                    spent = time.perf_counter() - began
                    progress(f"seed {order.seed}: {number + 1} of {order.draws} draws, {(number + 1) / spent:.0f}/s, {tally.leaks.total()} leaks")
            turns.finish(home)
            tally.seconds = time.perf_counter() - began
    return tally


def _draw_aloud(order: Order) -> Tally:
    from evals.commands.options import note

    logging.getLogger().addHandler(logging.NullHandler())
    return draw(order, note)
