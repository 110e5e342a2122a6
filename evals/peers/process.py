"""One system's process: requests and answers as JSON lines, inside a time limit, never trusted to answer well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.benchmarks.turns import resident_mb

THREADS = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "RAYON_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}
"""Two threads for everybody. Waiting threads sleep: where two OpenMP runtimes meet in one process (torch and faiss) their spinning costs
more than the search, the more so on a busy machine. OpenBLAS is left as each system ships it: Firstline gives it one thread, for the
others it takes one for each core that they may use, which are two as well (see ``serve.CORES``)."""
LONGEST_ANSWER = 1 << 20
SECONDS_TO_END = 20.0
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "DO_NOT_TRACK": "1",
}


class SystemFailed(Exception):
    """A system crashed, hung, or answered something else than an answer; the message says which."""


class Answer(BaseModel):
    """What a driver may answer; anything else is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class Opened(Answer):
    """The index is open."""


class Ingested(Answer):
    """How long indexing took, how long its processor cores worked for it, and how many passages it gave."""

    seconds: float = Field(gt=0)
    cpu_seconds: float = Field(gt=0)
    passages: int = Field(gt=0)


class Found(Answer):
    """Distinct document ids, best first, the milliseconds of the search, and those for which cores worked for it."""

    documents: list[str]
    ms: float = Field(ge=0)
    cpu_ms: float = Field(ge=0)


class About(Answer):
    """How the system is set up and of which versions."""

    settings: dict[str, Any]
    versions: dict[str, str]


Given = TypeVar("Given", bound=Answer)


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment variables that every system gets: two threads, no network, nothing of the caller's own settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", **THREADS, **OFFLINE}


class SystemProcess:
    """A running driver. Use it as a context; at ``until`` (monotonic seconds) it is killed with all its children."""

    def __init__(self, command: list[str], home: Path, until: float) -> None:
        """Start the command with ``home`` as its working folder and home; what it says on standard error goes to ``home/said``."""
        home.mkdir(parents=True, exist_ok=True)
        self._said = home / "said"
        with self._said.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=home,
                env=surroundings(home),
                start_new_session=True,
            )
        self._late = False
        self._watchdog = threading.Timer(max(0.0, until - time.monotonic()), self._give_up)
        self._watchdog.daemon = True
        self._watchdog.start()

    def __enter__(self) -> Self:
        """Return the process itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the driver end, or kill it and whatever it started."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # what was not written has no reader any more
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=SECONDS_TO_END if error is None else 0)
        self._watchdog.cancel()
        self._kill()
        self._process.wait()
        self._process.stdout.close()

    def open(self, folder: Path, model: Path) -> None:
        """Open the index in a folder."""
        self._ask(Opened, {"do": "open", "folder": str(folder), "model": str(model)})

    def ingest(self, file: Path, split: bool) -> Ingested:
        """Index the lines of a file."""
        return self._ask(Ingested, {"do": "ingest", "file": str(file), "split": split})

    def search(self, text: str, limit: int) -> Found:
        """Search for at most ``limit`` documents.

        Raises:
            SystemFailed: it failed, or it returned a document twice or too many of them.
        """
        found = self._ask(Found, {"do": "search", "text": text, "limit": limit})
        if len(found.documents) > limit or len(set(found.documents)) < len(found.documents):
            raise SystemFailed(
                f"it returned {len(found.documents)} documents, {len(set(found.documents))} of them distinct, where {limit} were asked for"
            )
        return found

    def about(self) -> About:
        """Ask how the system is set up."""
        return self._ask(About, {"do": "about"})

    def resident_mb(self) -> float:
        """Return the process's resident memory in MB."""
        return resident_mb(self._process.pid)

    def _ask(self, kind: type[Given], request: dict[str, Any]) -> Given:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline(LONGEST_ANSWER)
        except OSError:
            line = b""
        if not line:
            raise self._ended(request["do"])
        try:
            return kind.model_validate(_object(line))
        except ValidationError as error:
            raise SystemFailed(f"{request['do']}: not an answer: {error.errors()[0]['msg']} ({line[:80]!r})") from error

    def _ended(self, asked: str) -> SystemFailed:
        if self._late:
            return SystemFailed(f"{asked}: no answer inside the time limit")
        try:
            status = self._process.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return SystemFailed(f"{asked}: it closed its output without an answer")
        said = self._said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return SystemFailed(f"{asked}: it ended with status {status}" + (f": {said[-1][-300:]}" if said else ""))

    def _give_up(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):  # it and its children have ended
            os.killpg(self._process.pid, signal.SIGKILL)


def _object(line: bytes) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except ValueError as error:
        raise SystemFailed(f"not an answer: {line[:80]!r}") from error
    if isinstance(given, dict) and "error" in given:
        raise SystemFailed(str(given["error"])[:500])
    if not isinstance(given, dict):
        raise SystemFailed(f"not an answer: {line[:80]!r}")
    return given
