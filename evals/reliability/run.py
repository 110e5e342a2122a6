"""The arms of ``firstline eval faults``: a side that honours keys, one that does not, and a naive client."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from evals.reliability.naive import naive_duplicates
from evals.reliability.play import Figures, playing
from evals.reliability.remote import MODES, Remote, serving

KEYLESS_SHARE = 0.2
SEARCH_LAG = 1.0
UNREACHABLE = "unreachable"
KINDS = (*MODES, UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Load:
    """How much one player plays."""

    kills: int
    faults: int
    keys: bool
    seed: int
    modes: Sequence[str] = KINDS


def play(load: Load, home: Path, progress: Callable[[str], None]) -> Figures:
    """Play requests until so many kills and faults were met; each request has one or the other."""
    rng, remote = random.Random(load.seed), Remote(load.keys, 0.0 if load.keys else SEARCH_LAG)
    most = 4 * (load.kills + load.faults) + 50
    with serving(remote) as url, playing(home, url, remote, most, load.seed) as player:
        figures = player.figures
        for number in range(most):
            wanting_kills, wanting_faults = figures.kills < load.kills, figures.faults < load.faults
            if not (wanting_kills or wanting_faults):
                break
            kill = wanting_kills and (not wanting_faults or rng.random() < load.kills / (load.kills + load.faults))
            player.request(number, kill, [] if kill else [rng.choice(list(load.modes))])
            progress(f"{'with' if load.keys else 'without'} keys: {figures.kills} kills, {figures.faults} faults, {figures.requests} requests")
        return player.finish()


@dataclass(frozen=True, slots=True)
class Result:
    """What all arms found."""

    keyed: Sequence[Figures]
    keyless: Figures
    naive: int
    naive_requests: int


def run(kills: int, faults: int, seed: int, scratch: Path, workers: int, progress: Callable[[str], None]) -> Result:
    """Play both arms; so many kills and faults in all, a fifth of them without keys; then the naive client on as many requests as that fifth."""
    few = (max(1, int(kills * KEYLESS_SHARE)), max(1, int(faults * KEYLESS_SHARE)))
    shares = [((kills - few[0]) // workers, (faults - few[1]) // workers)] * workers
    shares[0] = (shares[0][0] + (kills - few[0]) % workers, shares[0][1] + (faults - few[1]) % workers)
    loads = [Load(k, f, True, seed + i) for i, (k, f) in enumerate(shares)] + [Load(*few, False, seed + 100)]
    with ThreadPoolExecutor(workers + 1) as pool:
        futures = [pool.submit(play, load, scratch / f"arm{i}", progress) for i, load in enumerate(loads)]
        figures = [future.result() for future in futures]
    naive_requests = max(30, sum(few))
    return Result(figures[:-1], figures[-1], naive_duplicates(naive_requests, seed), naive_requests)
