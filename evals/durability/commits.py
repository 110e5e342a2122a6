"""Watches the commits of an engine from inside the process."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

SYNCS = 100
PAGES = b"\0" * 8_192


@dataclass(slots=True)
class Commits:
    """How long each commit took, in seconds, with the write and the sync of the log that it waits for."""

    seconds: list[float] = field(default_factory=list)


@contextmanager
def watched(engine: Engine, before: Callable[[Any], None] = lambda _: None) -> Iterator[Commits]:
    """Time each commit of a writing transaction inside the block; ``before`` is called with the driver's connection first.

    The time includes ``before``, which runs while the database's write lock is held, as the sync does.
    """
    found, real = Commits(), engine.dialect.do_commit

    def commit(connection: Any) -> None:
        began = time.perf_counter()
        before(connection)
        real(connection)
        found.seconds.append(time.perf_counter() - began)

    setattr(engine.dialect, "do_commit", commit)  # noqa: B010
    try:
        yield found
    finally:
        del engine.dialect.do_commit


def sync_seconds(folder: Path) -> float:
    """Return how long a sync of two freshly appended pages takes in a folder, the median of a hundred."""
    path, taken = folder / "sync.tmp", []
    number = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(SYNCS):
            os.write(number, PAGES)
            began = time.perf_counter()
            os.fsync(number)
            taken.append(time.perf_counter() - began)
    finally:
        os.close(number)
        path.unlink()
    return statistics.median(taken)
