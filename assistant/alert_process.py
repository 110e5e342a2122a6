"""Works on alerts inside of the service while they are few, and in a process of their own while they are many.

Correlating is plain Python: beside it in one process a turn waits for the interpreter. In a flood another process takes over, which the tables
allow at any time: each pass is a transaction that holds only when nobody changed the groups meanwhile. It ends when it had nothing to do for a while.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from assistant.workflows.alerting import Alerting

log = logging.getLogger("firstline")
FLOOD, WITHIN_SECONDS = 300, 60.0
"""So many reports worked on within so many seconds are a flood."""
IDLE_MINUTES = 10.0
STUCK_SECONDS = 60.0
"""A report that waits for so long says that the other process does not get on."""
LOOK_SECONDS = 5.0
AGAIN_SECONDS = 600.0
"""After it failed, alerts are worked on in the service for so long."""
STOP_SECONDS = 10.0


class Running(Protocol):
    """A process that was started."""

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""

    def terminate(self) -> None:
        """Ask it to end."""

    def wait(self, timeout: float) -> int:
        """Wait for its end."""

    def kill(self) -> None:
        """End it."""


def started() -> Running:
    """Start the process that works on alerts, with the settings of this one; it ends by itself after this one."""
    words = ["-c", "from assistant.cli import main; main()", "alerts", "follow", "--idle-minutes", f"{IDLE_MINUTES:g}", "--beside", str(os.getpid())]
    return subprocess.Popen([sys.executable, *words], stdin=subprocess.DEVNULL)  # noqa: S603  our own code, in the interpreter that runs us


@dataclass(slots=True)
class AlertProcess:
    """Keeps up with alerts, here or there. For one thread."""

    alerting: Alerting
    start: Callable[[], Running] = started
    now: Callable[[], float] = time.monotonic
    _worked: deque[tuple[float, int]] = field(default_factory=deque, init=False)
    _other: Running | None = field(default=None, init=False)
    _looked: float = field(default=0.0, init=False)
    _not_before: float = field(default=float("-inf"), init=False)

    def keep_up(self) -> None:
        """Do what is to be done, for the service to call again and again."""
        if self._other is not None and self._works():
            return
        now, done = self.now(), self.alerting.follow(gently=True)
        self._worked.append((now, done))
        while self._worked[0][0] < now - WITHIN_SECONDS:
            self._worked.popleft()
        if sum(count for _, count in self._worked) >= FLOOD and now >= self._not_before:
            self._begin()

    def _begin(self) -> None:
        self._worked.clear()
        try:
            self._other = self.start()
        except OSError as error:
            self._give_up(f"cannot be started ({error})")
            return
        self._looked = self.now()
        log.info("many alerts: they are worked on in a process of their own")

    def _works(self) -> bool:
        """Say whether the other process lives and gets on; one that does not is ended."""
        assert self._other is not None
        ended = self._other.poll()
        if ended is not None:
            self._other = None
            if ended:
                self._give_up(f"ended with status {ended}")
            else:
                log.info("few alerts: they are worked on in the service again")
            return False
        if self.now() - self._looked < LOOK_SECONDS:
            return True
        self._looked = self.now()
        if self.alerting.waits_for().total_seconds() < STUCK_SECONDS:
            return True
        self._end()
        self._give_up(f"left a report waiting for {STUCK_SECONDS:.0f} seconds")
        return False

    def _give_up(self, why: str) -> None:
        self._not_before = self.now() + AGAIN_SECONDS
        log.warning("the process that works on alerts %s; they are worked on in the service", why)

    def stop(self) -> None:
        """End the other process; what waits goes on at the next start."""
        if self._other is not None:
            self._end()

    def _end(self) -> None:
        other, self._other = self._other, None
        if other is None:
            return
        other.terminate()
        try:
            other.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            other.kill()
            other.wait(STOP_SECONDS)
