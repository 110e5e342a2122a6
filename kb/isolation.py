"""Works on material that nobody vouches for in child processes with limits: they may crash, hang or swell without harm elsewhere."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from pebble import ProcessFuture, ProcessPool

RECURSION = 10_000
_MEGABYTE = 1_000_000
_KEPT = frozenset({"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT"})
"""All that a sealed process gets of the environment, in which others keep their secrets."""
_NO_MEMORY = 3
_CHILD = "import sys; from kb.isolation import serve_one; serve_one(*sys.argv[1:])"
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one piece of work may cost: seconds of time, and memory above the start in megabytes; ``processes`` work side by side."""

    seconds: float
    memory_megabytes: int
    processes: int


class GivenUp(Exception):
    """The work did not come to its end; the words say why and go on a sentence that begins with what was worked on."""


def _too_slow(bounds: Bounds) -> str:
    return f"took longer than {bounds.seconds:g} seconds to read and was given up"


def _stopped(bounds: Bounds, status: object) -> str:
    return f"made its reader stop (exit status {status}); it is damaged or needs more than {bounds.memory_megabytes} MB of memory"


def _too_large(bounds: Bounds) -> str:
    return f"needs more than {bounds.memory_megabytes} MB of memory to be read"


class Pending(Generic[Made]):
    """Work under way."""

    def __init__(self, future: ProcessFuture[Made], bounds: Bounds) -> None:
        """Wait for a future."""
        self._future, self._bounds = future, bounds

    def result(self) -> Made:
        """Return what was made.

        Raises:
            GivenUp: it took too long, made its process stop, or needed too much memory.
        """
        from pebble import ProcessExpired

        try:
            made: Made = self._future.result()
            return made
        except TimeoutError:
            reason = _too_slow(self._bounds)
        except ProcessExpired as expired:
            reason = _stopped(self._bounds, expired.exitcode)
        except MemoryError:
            reason = _too_large(self._bounds)
        raise GivenUp(reason)


class Isolated:
    """Child processes that are started anew, never forked from this one, and kept warm. What they return is unpickled here."""

    def __init__(self, bounds: Bounds, prepare: Callable[[], None]) -> None:
        """Start no child yet. ``prepare`` runs once in each child, before its limits, and imports what the work needs."""
        from pebble import ProcessPool

        self._bounds = bounds
        context = multiprocessing.get_context("spawn")
        self._pool: ProcessPool = ProcessPool(max_workers=bounds.processes, initializer=_confine, initargs=(bounds, prepare), context=context)

    def begin(self, work: Callable[..., Made], *arguments: Any) -> Pending[Made]:
        """Let a child call ``work``; function, arguments and result travel pickled."""
        future = self._pool.schedule(_bounded, args=(self._bounds.seconds, work, arguments), timeout=self._bounds.seconds)
        return Pending(future, self._bounds)

    def close(self) -> None:
        """End the children, whatever they do."""
        self._pool.stop()
        self._pool.join()


class Sealed:
    """A process of its own for each piece of work, which can open no file and no connection, and of which nothing is believed.

    Bytes go in and bytes come out; what they mean is for the caller to check. A process is started ahead, so that the next piece need not wait
    for its imports.
    """

    def __init__(self, bounds: Bounds, module: str, most: int) -> None:
        """Let ``module.read(bytes) -> bytes`` work, after ``module.prepare()``; more than ``most`` bytes are not taken back."""
        self._bounds, self._module, self._most = bounds, module, most
        self._places, self._guard = threading.BoundedSemaphore(bounds.processes), threading.Lock()
        self._ahead: list[subprocess.Popen[bytes]] = []
        self._closed = False

    def work(self, content: bytes) -> bytes:
        """Return what a process makes of bytes; waits for a place among ``bounds.processes``.

        Raises:
            GivenUp: it took too long, stopped before its end, or needed too much memory.
        """
        with self._places:
            child = self._taken()
            try:
                return self._asked(child, content)
            finally:
                _end(child)
                self._start_ahead()

    def close(self) -> None:
        """End the processes that wait for work; another piece would start its own."""
        with self._guard:
            self._closed = True
            waiting, self._ahead = self._ahead, []
        for child in waiting:
            _end(child)

    def _asked(self, child: subprocess.Popen[bytes], content: bytes) -> bytes:
        assert child.stdin is not None and child.stdout is not None, "both are pipes"
        late = threading.Event()
        timer = threading.Timer(self._bounds.seconds, _end_late, (late, child))
        feeder = threading.Thread(target=_feed, args=(child.stdin, content))
        timer.start()
        feeder.start()
        try:
            answer = child.stdout.read(self._most + 1)
        finally:
            timer.cancel()
        if len(answer) > self._most:
            child.kill()
        status = child.wait()
        feeder.join()
        if late.is_set():
            raise GivenUp(_too_slow(self._bounds))
        if status == _NO_MEMORY:
            raise GivenUp(_too_large(self._bounds))
        if status or len(answer) > self._most:
            raise GivenUp(_stopped(self._bounds, status))
        return answer

    def _taken(self) -> subprocess.Popen[bytes]:
        with self._guard:
            while self._ahead:
                child = self._ahead.pop()
                if child.poll() is None:
                    return child
                _end(child)
        return self._started()

    def _start_ahead(self) -> None:
        with self._guard:
            if not self._closed and not self._ahead:
                self._ahead.append(self._started())

    def _started(self) -> subprocess.Popen[bytes]:
        bounds = (self._module, str(self._bounds.seconds), str(self._bounds.memory_megabytes))
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        return subprocess.Popen(  # noqa: S603  our own code, in the interpreter that runs us
            [sys.executable, "-c", _CHILD, *bounds],
            env={**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()


def _end_late(late: threading.Event, child: subprocess.Popen[bytes]) -> None:
    late.set()
    child.kill()


def _feed(pipe: IO[bytes], content: bytes) -> None:
    with contextlib.suppress(OSError), pipe:
        pipe.write(content)


def serve_one(module: str, seconds: str, memory_megabytes: str) -> None:
    """Run in a sealed child: work on what comes, once. The exit status says whether the memory was not enough."""
    worker, bounds = import_module(module), Bounds(float(seconds), int(memory_megabytes), 1)
    _confine(bounds, worker.prepare)
    _allow_processor(bounds.seconds)
    _seal()
    try:
        made = worker.read(sys.stdin.buffer.read())
    except MemoryError:
        os._exit(_NO_MEMORY)
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    os._exit(0)


def _bounded(seconds: float, work: Callable[..., Made], arguments: tuple[Any, ...]) -> Made:
    """Run in the child: allow processor time for this one piece of work, then do it."""
    _allow_processor(seconds)
    return work(*arguments)


def _allow_processor(seconds: float) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = used.ru_utime + used.ru_stime
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 2, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _confine(bounds: Bounds, prepare: Callable[[], None]) -> None:
    """Run once in each child: bound its memory, forbid writing files and core dumps, and silence native libraries."""
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(RECURSION)
    prepare()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        with Path("/proc/self/statm").open() as status:
            start = int(status.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (start + bounds.memory_megabytes * _MEGABYTE,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _seal() -> None:
    """Let nothing more be opened: every number below the limit is taken. What fails here ends the child."""
    import resource

    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, lowest))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
