"""Draws sequences of moves and counts what was against the law."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.adapters.memory.store import MemoryStore
from assistant.desk.fulfilment import Fulfilment
from evals.approvals.builds import BAD
from evals.approvals.law import Unlawful
from evals.approvals.office import CAST, Office

SAME_ISSUE = 0.78
WAITS = (0.2, 1.0, 25.0, 73.0, 800.0)


@dataclass
class Tally:
    """What came of some sequences."""

    sequences: int = 0
    steps: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    unlawful: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    audit_faults: int = 0


def sequence(office: Office, rng: random.Random, steps: int, tally: Tally) -> None:
    """Play one sequence to its end, or to the first violation."""
    trail = []
    try:
        for _ in range(steps):
            name, move = _drawn(office, rng)
            trail.append(name)
            tally.steps += 1
            move()
            office.check()
    except Unlawful as broken:
        tally.unlawful[broken.kind] += 1
        tally.examples.append(f"{broken} after {', '.join(trail)}")
    tally.counted.update(office.law.counted)
    tally.audit_faults += len(office.faults())
    tally.sequences += 1


def _drawn(office: Office, rng: random.Random) -> tuple[str, Callable[[], None]]:
    which, who, other = rng.randrange(8), rng.randrange(len(CAST)), rng.randrange(len(CAST))
    moves: dict[str, tuple[int, Callable[[], None]]] = {
        "propose": (1, lambda: office.propose(who, other, which)),
        "ask": (4 if office.ids else 50, lambda: office.ask(who % 2, other)),
        "press": (2, lambda: office.press(which, who)),
        "drop": (1, lambda: office.drop(which, who)),
        "vote": (6, lambda: office.vote(which, who, rng.random() < 0.9, rng.random() < 0.1)),
        "agree": (8, lambda: office.agree(which)),
        "change": (4, lambda: office.change(rng.randrange(6), who, other)),
        "wait": (2, lambda: office.wait(rng.choice(WAITS))),
        "remind": (1, lambda: office.remind(which)),
        "tamper": (2, lambda: office.tamper(which, other)),
        "force": (2, lambda: office.force(which)),
        "carry": (4, lambda: office.carry(rng.randrange(40))),
        "die": (2, lambda: office.carry(rng.randrange(40), die=True)),
        "carry all": (8, office.carry_all),
        "cheat": (1, lambda: office.cheat(which)),
        "demote": (1, lambda: office.demote(which)),
        "undo": (2, lambda: office.undo(which, who)),
    }
    names = list(moves)
    chosen = rng.choices(names, [moves[name][0] for name in names])[0]
    return chosen, moves[chosen][1]


def play(sequences: int, steps: int, seed: int, build: Callable[..., Fulfilment] = Fulfilment, until: str = "") -> Tally:
    """Play sequences over a store in memory; with ``until``, only until a violation of that kind was seen."""
    rng, tally = random.Random(seed), Tally()
    for _ in range(sequences):
        sequence(Office(MemoryStore(SAME_ISSUE), build), rng, steps, tally)
        if until and tally.unlawful[until]:
            break
    return tally


def unseen(sequences: int, steps: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Play the bad builds; return after how many sequences each was seen to break its rule, and the rules whose bad build was not seen."""
    found, missed = {}, []
    for kind, build in BAD.items():
        tally = play(sequences, steps, seed, build, until=kind)
        if tally.unlawful[kind]:
            found[kind] = tally.sequences
        else:
            missed.append(kind)
    return found, missed
