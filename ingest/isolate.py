"""Reads files in child processes that may crash, hang or swell without harm to the run."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.parse.read import Reading, read_file
from ingest.sources.folder import SourceFile

AHEAD = 16
RECURSION = 10_000
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost: its size in bytes, seconds of time, and memory above the start in megabytes."""

    file_bytes: int = 50 * _MEGABYTE
    seconds: float = 20.0
    memory_megabytes: int = 256
    parsers: int = 2


def read_files(files: Sequence[SourceFile], limits: Limits) -> Iterator[tuple[SourceFile, Reading]]:
    """Yield each file with its reading, in order.

    Files are read in at most ``limits.parsers`` processes that are kept warm. A crash, a timeout or too much memory is the
    failure of that one file.
    """
    from pebble import ProcessFuture, ProcessPool

    if not files:
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(max_workers=min(limits.parsers, len(files)), initializer=_confine, initargs=(limits.memory_megabytes,), context=context)
    waiting: deque[tuple[SourceFile, ProcessFuture[Reading]]] = deque()
    try:
        for file in files:
            arguments = (file, limits.file_bytes, limits.seconds)
            waiting.append((file, pool.schedule(_read, args=arguments, timeout=limits.seconds)))
            if len(waiting) >= AHEAD:
                yield _result(*waiting.popleft(), limits)
        while waiting:
            yield _result(*waiting.popleft(), limits)
    finally:
        pool.stop()
        pool.join()


def _result(file: SourceFile, future: object, limits: Limits) -> tuple[SourceFile, Reading]:
    from pebble import ProcessExpired, ProcessFuture

    assert isinstance(future, ProcessFuture)
    try:
        return file, future.result()
    except TimeoutError:
        reason = f"took longer than {limits.seconds:g} seconds to read and was given up"
    except ProcessExpired as expired:
        reason = f"made its reader stop (exit status {expired.exitcode}); it is damaged or needs more than {limits.memory_megabytes} MB of memory"
    except MemoryError:
        reason = f"needs more than {limits.memory_megabytes} MB of memory to be read"
    return file, Reading(failure=reason)


def _read(file: SourceFile, limit_bytes: int, seconds: float) -> Reading:
    """Run in the child: allow processor time for this one file, then read it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = used.ru_utime + used.ru_stime
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 2, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    return read_file(str(file.location), file.path, limit_bytes, file.kind)


def _confine(memory_megabytes: int) -> None:
    """Run once in each child: bound its memory, forbid writing files and core dumps, and silence native libraries."""
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(RECURSION)
    for module in ("markdown", "html", "pdf_lines", "docx", "table"):
        __import__(f"ingest.parse.{module}")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        with Path("/proc/self/statm").open() as status:
            start = int(status.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (start + memory_megabytes * _MEGABYTE,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
