"""Runs one system through the whole work: indexing, memory, questions, cold starts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.peers.environments import EnvironmentFailed, prepared
from evals.peers.process import About, Ingested, SystemFailed, SystemProcess
from evals.peers.systems import FIRSTLINE, SERVE, System
from evals.peers.work import Files, Work

LIMIT = 10
COLD_STARTS = 3
WARM_UP = 5
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What one question brought: distinct document ids, best first, the milliseconds of the search, and those of work in it."""

    ranked: tuple[str, ...]
    ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a system did.

    ``indexed`` is the run that the questions were asked of; ``same`` is the indexing of Firstline's passages, where that
    was measured. ``rss_mb`` is resident memory after indexing; ``cold_s`` and ``cold_mb`` are from process start to the
    first answered question on an existing index, and memory then.
    """

    about: About
    indexed: Ingested
    same: Ingested | None
    rss_mb: float
    found: tuple[Found, ...]
    cold_s: tuple[float, ...]
    cold_mb: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What all systems of a run share."""

    work: Work
    files: Files
    scratch: Path
    environments: Path
    models: dict[bool, Path]
    """The folder of the embedding model: for Firstline (True) its exported form in a state folder, for a peer (False) the original."""
    passages: str
    minutes: float
    progress: Progress


def compare(systems: Sequence[System], run: Run) -> tuple[dict[str, Measured], dict[str, str]]:
    """Measure the systems one after another; return what was measured, and why the others failed."""
    measured: dict[str, Measured] = {}
    failed: dict[str, str] = {}
    for system in systems:
        began = time.monotonic()
        try:
            measured[system.name] = _measure(system, run)
            run.progress(f"{system.name}: measured in {(time.monotonic() - began) / 60:.1f} minutes")
        except (EnvironmentFailed, SystemFailed, OSError) as error:
            failed[system.name] = str(error)
            run.progress(f"{system.name}: failed: {error}")
    return measured, failed


def _measure(system: System, run: Run) -> Measured:
    python = str(prepared(system.name, system.lock, run.environments, run.progress)) if system.lock else sys.executable
    return _Measuring(system, run, [python, "-P", str(SERVE), str(system.driver)]).whole()


class _Measuring:
    """One system's way through the work, inside its minutes."""

    def __init__(self, system: System, run: Run, command: list[str]) -> None:
        self._run = run
        self._ours = system.name == FIRSTLINE
        self._command = command
        self._home = run.scratch / system.name
        self._until = time.monotonic() + run.minutes * 60
        self._say: Progress = lambda line: run.progress(f"{system.name}: {line}")

    def whole(self) -> Measured:
        whole_documents = self._ours or self._run.passages != "same"
        with self._started("index") as process:
            indexed = self._ingest(process, whole_documents)
            memory = process.resident_mb()
            found = self._ask(process)
            about = process.about()
        cold = [self._cold_start() for _ in range(COLD_STARTS)]
        same = indexed if self._ours or not whole_documents else None
        if self._run.passages == "both" and not self._ours:
            with self._started("same") as process:
                same = self._ingest(process, split=False)
        return Measured(about, indexed, same, memory, found, tuple(s for s, _ in cold), tuple(mb for _, mb in cold))

    def _started(self, index: str) -> SystemProcess:
        return _opened(SystemProcess(self._command, self._home, self._until), self._home / index, self._run.models[self._ours])

    def _ingest(self, process: SystemProcess, split: bool) -> Ingested:
        files = self._run.files
        self._say(f"indexing {len(self._run.work.documents)} documents" if split else f"indexing the same {files.count} passages")
        indexed = process.ingest(files.documents if split else files.passages, split)
        self._say(f"{indexed.passages} passages in {indexed.seconds:.1f} s")
        return indexed

    def _ask(self, process: SystemProcess) -> tuple[Found, ...]:
        judged = self._run.work.judged
        for item in judged[:WARM_UP]:
            process.search(item.case.text, LIMIT)
        self._say(f"asking {len(judged)} questions")
        return tuple(self._search(process, item.case.text) for item in judged)

    def _search(self, process: SystemProcess, text: str) -> Found:
        answer = process.search(text, LIMIT)
        return Found(tuple(answer.documents), answer.ms, answer.cpu_ms)

    def _cold_start(self) -> tuple[float, float]:
        began = time.perf_counter()
        with self._started("index") as process:
            process.search(self._run.work.judged[0].case.text, LIMIT)
            took = time.perf_counter() - began
            self._say(f"cold start {took:.1f} s")
            return took, process.resident_mb()


def _opened(process: SystemProcess, index: Path, model: Path) -> SystemProcess:
    index.mkdir(parents=True, exist_ok=True)
    try:
        process.open(index, model)
    except BaseException as error:
        process.__exit__(type(error), error, error.__traceback__)
        raise
    return process
