"""Work that takes longer than a page may: it goes on when the page is left, and is found again with its progress or its result."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""
log = logging.getLogger("firstline.web")


@dataclass(frozen=True, slots=True)
class Standing(Generic[Result]):
    """How the work stands: the run that goes on, and what came of the last one that ended."""

    running: bool = False
    done: int = 0
    total: int = 0
    result: Result | None = None
    ended_at: datetime | None = None
    error: str = ""
    """Why the last run came to nothing, as the name of the error; the log has the rest."""


@dataclass
class LongWork(Generic[Result]):
    """One piece of work, done by one thread at a time for everybody who asks for it."""

    name: str
    work: Callable[[Progress], Result]
    now: Callable[[], datetime]
    _standing: Standing[Result] = field(default_factory=Standing, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def standing(self) -> Standing[Result]:
        """How it stands at this moment."""
        with self._guard:
            return self._standing

    def begin(self) -> None:
        """Begin a run; one that goes on is left alone."""
        with self._guard:
            if self._standing.running:
                return
            self._standing = replace(self._standing, running=True, done=0, total=0)
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def _progress(self, done: int, total: int) -> None:
        with self._guard:
            self._standing = replace(self._standing, done=done, total=total)

    def _run(self) -> None:
        result, error = None, ""
        try:
            result = self.work(self._progress)
        except Exception as raised:
            log.exception("%s came to nothing", self.name)
            error = type(raised).__name__
        with self._guard:
            kept = result if not error else self._standing.result
            self._standing = Standing(False, 0, 0, kept, self.now(), error)
