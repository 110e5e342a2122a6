"""Tampers with copies of a real audit, lets the verifier look at each, and counts what it reports."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.adapters.anchors import FileAnchors
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.governance.anchoring import examine, records_of
from assistant.governance.audit import verify
from assistant.ports.audit import AuditUnreadable
from evals.tampering.book import Book
from evals.tampering.manipulations import BEYOND, GUARDS, KINDS, Manipulation, Scene
from kb.adapters.store.engine import open_engine

SAME_ISSUE = 0.5
TRIES = 20
CONTROLS = 100
BEYOND_EACH = 20
TOLD_EVERY = 100


@dataclass(slots=True)
class Tally:
    """How many manipulations of each kind were made, and how many of them the verifier did not report; the same for worse verifiers."""

    made: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    missed_by_chain: int = 0
    """By a verifier that looks at the chain alone."""
    missed_by_file: int = 0
    """By one that looks at chain and anchors file, and not at copies, aliases and guards."""
    controls: int = 0
    false_alarms: int = 0
    beyond: int = 0
    beyond_reported: int = 0


def failings(tally: Tally) -> list[str]:
    """Return why a run does not pass, in words; [] when it does."""
    found = [f"{missed} of {tally.made[kind]} were not reported: {kind}" for kind, missed in sorted(tally.missed.items()) if missed]
    if tally.false_alarms:
        found.append(f"{tally.false_alarms} of {tally.controls} untouched copies were reported")
    if not tally.missed_by_chain or not tally.missed_by_file:
        found.append("a verifier that looks at less reported everything too: the manipulations are too easy to say anything")
    return found


def measure(book: Book, manipulations: int, seed: int, scratch: Path, progress: Callable[[str], None]) -> Tally:
    """Make so many manipulations, each kind in turn, and look at untouched copies too."""
    tally, dice = Tally(), random.Random(seed)
    for number in range(manipulations):
        manipulation = KINDS[number % len(KINDS)]
        with tampered(book, manipulation, dice, scratch) as (store, anchors):
            name = manipulation.__name__
            tally.made[name] += 1
            tally.missed[name] += not examine(store, anchors, book.key).faults
            tally.missed_by_chain += not _chain_alone(store, None)
            tally.missed_by_file += not _chain_alone(store, anchors)
        if (number + 1) % TOLD_EVERY == 0:
            progress(f"{number + 1} of {manipulations} manipulations, {tally.missed.total()} not reported")
    for _ in range(CONTROLS):
        with _copied(book, scratch) as (path, file), _opened(path) as store:
            tally.controls += 1
            tally.false_alarms += bool(examine(store, FileAnchors(file), book.key).faults)
    for number in range(BEYOND_EACH * len(BEYOND)):
        with tampered(book, BEYOND[number % len(BEYOND)], dice, scratch) as (store, anchors):
            tally.beyond += 1
            tally.beyond_reported += bool(examine(store, anchors, book.key).faults)
    return tally


def _chain_alone(store: SqlStore, anchors: FileAnchors | None) -> list[str]:
    """Verify as one would who knows only hash chains, or hash chains and a file of heads."""
    try:
        with store.read() as unit:
            return verify(records_of(unit.audit), [] if anchors is None else list(anchors.read()))
    except (AuditUnreadable, ValueError) as error:
        return [str(error)]


@contextmanager
def tampered(book: Book, manipulation: Manipulation, dice: random.Random, scratch: Path) -> Iterator[tuple[SqlStore, FileAnchors]]:
    """Copy the book and tamper with the copy, until something in it is another; guards that were in the way stand again afterwards."""
    with _copied(book, scratch) as (path, file):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            scene = Scene(connection, file, dice)
            before, guards = scene.state(), scene.guards()
            for _ in range(TRIES):
                connection.execute("BEGIN")
                if manipulation in GUARDS:
                    manipulation(scene)
                else:
                    _without_guards(scene, manipulation, guards)
                connection.execute("COMMIT")
                if scene.state() != before:
                    break
            else:
                raise RuntimeError(f"{manipulation.__name__} changes nothing")
        with _opened(path) as store:
            yield store, FileAnchors(file)


def _without_guards(scene: Scene, manipulation: Manipulation, guards: list[tuple[str, str]]) -> None:
    for name, _ in guards:
        scene.connection.execute(f"DROP TRIGGER {name}")
    manipulation(scene)
    for _, made in guards:
        scene.connection.execute(made)


@contextmanager
def _copied(book: Book, scratch: Path) -> Iterator[tuple[Path, Path]]:
    place = scratch / "copy"
    place.mkdir()
    try:
        yield Path(shutil.copy(book.database, place / "audit.db")), Path(shutil.copy(book.anchors, place / "anchors.jsonl"))
    finally:
        shutil.rmtree(place)


@contextmanager
def _opened(path: Path) -> Iterator[SqlStore]:
    engine = open_engine(f"sqlite:///{path}")
    try:
        yield SqlStore(engine, SAME_ISSUE)
    finally:
        engine.dispose()
