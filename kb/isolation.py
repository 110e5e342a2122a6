"""Works on material that nobody vouches for in child processes with limits: they may crash, hang or swell without harm elsewhere."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from pebble import ProcessFuture, ProcessPool

RECURSION = 10_000
_MEGABYTE = 1_000_000
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one piece of work may cost: seconds of time, and memory above the start in megabytes; ``processes`` work side by side.

    With ``sealed``, each piece has a process of its own, which can open no file and no connection.
    """

    seconds: float
    memory_megabytes: int
    processes: int
    sealed: bool = False


class GivenUp(Exception):
    """The work did not come to its end; the words say why and go on a sentence that begins with what was worked on."""


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
        from concurrent.futures.process import BrokenProcessPool

        from pebble import ProcessExpired

        bounds = self._bounds
        try:
            made: Made = self._future.result()
            return made
        except TimeoutError:
            reason = f"took longer than {bounds.seconds:g} seconds to read and was given up"
        except ProcessExpired as expired:
            reason = f"made its reader stop (exit status {expired.exitcode}); it is damaged or needs more than {bounds.memory_megabytes} MB of memory"
        except BrokenProcessPool:
            reason = "could not be read because its reader did not start"
        except MemoryError:
            reason = f"needs more than {bounds.memory_megabytes} MB of memory to be read"
        raise GivenUp(reason)


class Isolated:
    """Child processes that are started anew, never forked from this one, and kept warm."""

    def __init__(self, bounds: Bounds, prepare: Callable[[], None]) -> None:
        """Start no child yet. ``prepare`` runs once in each child, before its limits, and imports what the work needs."""
        self._bounds, self._prepare = bounds, prepare
        self._guard = Lock()
        self._pool: ProcessPool | None = None

    def begin(self, work: Callable[..., Made], *arguments: Any) -> Pending[Made]:
        """Let a child call ``work``; function, arguments and result travel pickled."""
        with self._guard:
            if self._pool is not None and not self._pool.active:  # none of its children could be started, or all of them died at once
                self._pool.stop()
                self._pool = None
            self._pool = self._pool or self._opened()
            future = self._pool.schedule(_bounded, args=(self._bounds.seconds, work, arguments), timeout=self._bounds.seconds)
        return Pending(future, self._bounds)

    def _opened(self) -> ProcessPool:
        from pebble import ProcessPool

        return ProcessPool(
            max_workers=self._bounds.processes,
            max_tasks=1 if self._bounds.sealed else 0,
            initializer=_confine,
            initargs=(self._bounds, self._prepare),
            context=multiprocessing.get_context("spawn"),
        )

    def close(self) -> None:
        """End the children, whatever they do."""
        with self._guard:
            if self._pool is not None:
                self._pool.stop()
                self._pool.join()
                self._pool = None


def _bounded(seconds: float, work: Callable[..., Made], arguments: tuple[Any, ...]) -> Made:
    """Run in the child: allow processor time for this one piece of work, then do it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = used.ru_utime + used.ru_stime
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 2, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    return work(*arguments)


def _confine(bounds: Bounds, prepare: Callable[[], None]) -> None:
    """Run once in each child: bound its memory, forbid writing files and core dumps, and silence native libraries."""
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(RECURSION)
    prepare()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        with Path("/proc/self/statm").open() as status:
            start = int(status.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (start + bounds.memory_megabytes * _MEGABYTE,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if bounds.sealed:
            # Every number below is taken, so that nothing can be opened: no file, no socket.
            lowest = os.dup(null)
            os.close(lowest)
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, lowest))
