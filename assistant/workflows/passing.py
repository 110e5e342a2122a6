"""Lets played time pass in a demo: from errand to errand, so that a night that takes a second is still a night in which things happen in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assistant.ports.clock import SetClock
from assistant.ports.store import OutboxEntry, Store

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 60.0
LONGEST = timedelta(days=31)
STOPS = timedelta(hours=1)
TOGETHER = timedelta(seconds=1)
"""What is due within this of each other is reached in one step."""
NAMED = 5


class TimeRefused(ValueError):
    """Time cannot pass to that moment; the message says why."""


@dataclass(frozen=True, slots=True)
class Passed:
    """How time passed: where it is now, over how many moments at which something was due, and the kinds of errands that did not end."""

    now: datetime
    moments: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passing:
    """Sets the clock ahead over everything that is due on the way. ``kick`` makes whoever carries out the outbox look at it now."""

    clock: SetClock
    store: Store
    kick: Callable[[], None]
    tend: Callable[[], object] = lambda: None
    """Does what is done again and again without an errand; called at every stop, at least once an hour of played time."""
    patience_seconds: float = PATIENCE_SECONDS
    _one: threading.Lock = field(default_factory=threading.Lock)

    def pass_to(self, to: datetime) -> Passed:
        """Let time pass until ``to``, stopping at each moment at which something is due until that is done, with whatever it brings on.

        An errand that does not end within ``patience_seconds`` of real time is left behind and named: time goes on without it.

        Raises:
            TimeRefused: that moment is over, is more than 31 days away, or time is passing already.
        """
        if not self._one.acquire(blocking=False):
            raise TimeRefused("time is passing already; wait until it stands")
        try:
            return self._pass_to(to)
        finally:
            self._one.release()

    def _pass_to(self, to: datetime) -> Passed:
        now = self.clock.now()
        if to < now:
            raise TimeRefused("the demo's clock is past that already, and does not go back")
        if to - now > LONGEST:
            raise TimeRefused(f"time passes at most {LONGEST.days} days at once")
        left, moments = self._done(frozenset()), 0
        while (now := self.clock.now()) < to:
            due, stop = self._next(to), now + STOPS
            moments += due is not None and due <= stop
            self._set(min(due or to, stop, to))
            self.tend()
            left |= self._done(left)
        left |= self._done(left)
        return Passed(self.clock.now(), moments, self._kinds(left))

    def _set(self, at: datetime) -> None:
        if at > self.clock.now():
            self.clock.set(at)

    def _next(self, to: datetime) -> datetime | None:
        """Return the moment to stop at next; what is due right after the first is waited for with it."""
        now = self.clock.now()
        with self.store.read() as unit:
            ahead = [entry.due_at for entry in unit.outbox.waiting() if now < entry.due_at <= to]
        return max((due for due in ahead if due <= min(ahead) + TOGETHER), default=None)

    def _done(self, left: frozenset[str]) -> frozenset[str]:
        """Wait until nothing is due any more; return the keys that still are when patience ends."""
        until = time.monotonic() + self.patience_seconds
        while due := self._due(left):
            if time.monotonic() > until:
                return frozenset(entry.key for entry in due)
            self.kick()
            time.sleep(LOOK_SECONDS)
        return frozenset()

    def _due(self, left: frozenset[str]) -> list[OutboxEntry]:
        now = self.clock.now()
        with self.store.read() as unit:
            return [entry for entry in unit.outbox.due(now, len(left) + NAMED) if entry.key not in left]

    def _kinds(self, left: frozenset[str]) -> tuple[str, ...]:
        with self.store.read() as unit:
            still = [unit.outbox.load(key) for key in sorted(left)]
        return tuple(entry.kind for entry in still if entry is not None and entry.state == "waiting")
