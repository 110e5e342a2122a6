"""People who ask all at once, in the demo company: whole turns, with and without group commit, in turns of a few seconds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle
from threading import Thread

from sqlalchemy.exc import OperationalError

from assistant.agent.state import Inbound
from assistant.bootstrap import Assistant
from evals.benchmarks.turns import questions
from evals.durability.commits import watched
from evals.durability.ledger import LEDGER, START, begin
from kb.adapters.store.engine import GROUP, reading

SLICE_SECONDS = 2.0
WRITING_SECONDS = 0.5
QUESTIONS = 400
LEVELS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


@dataclass(slots=True)
class Slice:
    """What happened in a few seconds of one arm."""

    seconds: float
    turn_ms: list[float]
    """Of each question with its retrieval and its answer."""
    kinds: Counter[str]
    pressed: int
    """Answers that were confirmed: turns without a retrieval, counted beside the others."""
    commit_ms: list[float]
    cpu_seconds: float = 0.0
    """Processor time of the whole process."""
    writing_seconds: float = 0.0
    write_ms: list[float] = field(default_factory=list)
    """Of each short durable write, when nobody asked and as many people only wrote."""
    locked: int = 0
    """Writes that found the database locked for five seconds."""


@dataclass(slots=True)
class Arms:
    """The slices of both arms, and how the database was set."""

    synchronous: str
    journal: str
    group: list[Slice] = field(default_factory=list)
    single: list[Slice] = field(default_factory=list)


def measure(assistant: Assistant, people: int, seconds: float, sync_ms: float, progress: Callable[[str], None]) -> Arms:
    """Let so many people ask without pause for so many seconds in each arm; the arms take turns every two seconds.

    After each two seconds the same people only write, for half a second. Each commit is made ``sync_ms`` slower, as on a slower disk.
    """
    engine = assistant.knowledge_base.engine
    with reading(engine) as connection:
        level, journal = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("synchronous", "journal_mode"))
    arms, crowd = Arms(LEVELS[level], str(journal)), Crowd(assistant, people, sync_ms / 1000)
    group = engine.get_execution_options()[GROUP]
    rounds = max(1, round(seconds / SLICE_SECONDS))
    crowd.ask(SLICE_SECONDS)  # the first turns load what later ones use
    try:
        for number in range(rounds):
            arms.group.append(crowd.ask(seconds / rounds))
            engine.update_execution_options(**{GROUP: None})
            arms.single.append(crowd.ask(seconds / rounds))
            engine.update_execution_options(**{GROUP: group})
            progress(f"round {number + 1} of {rounds}: {_rate(arms.group[-1]):.0f} turns/s with group commit, {_rate(arms.single[-1]):.0f} without")
    finally:
        engine.update_execution_options(**{GROUP: group})
    return arms


def rate(slices: Sequence[Slice]) -> float:
    """Return turns per second over slices."""
    return sum(len(one.turn_ms) for one in slices) / sum(one.seconds for one in slices)


def writing_rate(slices: Sequence[Slice]) -> float:
    """Return short durable writes per second over slices."""
    return sum(len(one.write_ms) for one in slices) / sum(one.writing_seconds for one in slices)


def _rate(one: Slice) -> float:
    return rate([one])


class Crowd:
    """Employees of the demo company, each on a thread, each asking one question after the other and saying yes to what solves it."""

    def __init__(self, assistant: Assistant, people: int, sync_seconds: float) -> None:
        """Take so many people, the same ones again where the company has fewer."""
        known = [person.id for person in assistant.directory.people()]
        self._people = [person for person, _ in zip(cycle(known), range(people), strict=False)]
        self._assistant, self._sync_seconds = assistant, sync_seconds
        titles = [article.title for article in assistant.knowledge_base.store.articles()]
        self._questions = cycle(questions(titles, QUESTIONS))
        self._numbers = count()
        begin(assistant.store)

    def ask(self, seconds: float) -> Slice:
        """Ask for so many seconds; ends with the last answer."""
        found = Slice(0.0, [], Counter(), 0, [])
        with watched(self._assistant.knowledge_base.engine, lambda _: time.sleep(self._sync_seconds)) as commits:
            began, spent = time.perf_counter(), time.process_time()
            threads = [Thread(target=self._one, args=(person, began + seconds, found)) for person in self._people]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            found.seconds, found.cpu_seconds = time.perf_counter() - began, time.process_time() - spent
        found.commit_ms = [taken * 1000 for taken in commits.seconds]
        self._write(found)
        return found

    def _write(self, found: Slice) -> None:
        """Let everybody append short events for half a second."""
        with watched(self._assistant.knowledge_base.engine, lambda _: time.sleep(self._sync_seconds)):
            began = time.perf_counter()
            threads = [Thread(target=self._append, args=(began + WRITING_SECONDS, found)) for _ in self._people]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            found.writing_seconds = time.perf_counter() - began

    def _append(self, until: float, found: Slice) -> None:
        while (began := time.perf_counter()) < until:
            try:
                with self._assistant.store.write() as unit:
                    unit.conversations.emit(LEDGER, START, {"type": "count"})
            except OperationalError:
                found.locked += 1
            else:
                found.write_ms.append((time.perf_counter() - began) * 1000)

    def _one(self, person: str, until: float, found: Slice) -> None:
        while (began := time.perf_counter()) < until:
            reply = self._assistant.turns.take(person, None, Inbound(f"d{next(self._numbers)}", next(self._questions)), "eval")
            found.turn_ms.append((time.perf_counter() - began) * 1000)
            found.kinds[reply.kind.value] += 1
            if any(choice.id == "yes" for choice in reply.choices):
                self._assistant.turns.take(person, reply.conversation, Inbound(f"d{next(self._numbers)}", choice="yes"), "eval")
                found.pressed += 1
