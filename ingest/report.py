"""Tells a person at a terminal, or a log, how far a run is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ingest.sync import Report

EVERY = 200


@dataclass
class LineReport:
    """Writes a line for every 200 files and one for the last."""

    write: Callable[[str], None]
    done: int = field(default=0, init=False)

    def advance(self, done: int, total: int, failed: int) -> None:
        """See ``Report``."""
        if done == total or done // EVERY > self.done // EVERY:
            self.write(f"ingest: {done} of {total} files, {failed} failed")
        self.done = done

    def say(self, text: str) -> None:
        """See ``Report``."""
        self.write(f"ingest: {text}")


@dataclass
class _BarReport:
    progress: Any
    task: Any

    def advance(self, done: int, total: int, failed: int) -> None:
        note = f", {failed} failed" if failed else ""
        self.progress.update(self.task, completed=done, total=total, description=f"{done} of {total} files{note}")

    def say(self, text: str) -> None:
        self.progress.console.print(text, markup=False, highlight=False)


@contextmanager
def reporting(terminal: bool, write: Callable[[str], None]) -> Iterator[Report]:
    """Yield a progress bar on standard error for a terminal, else lines through ``write``."""
    if not terminal:
        yield LineReport(write)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _BarReport(progress, progress.add_task("listing files", total=None))
