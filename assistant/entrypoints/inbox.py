"""Handles what arrives from channels: stored before it is acknowledged, handled once, and again after a crash until it is done."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from assistant.ports.channels import Received
from assistant.ports.clock import Clock
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import Store

log = logging.getLogger("firstline.channels")
WORKERS = 4
LOOK_SECONDS = 1.0
HELD = timedelta(minutes=2)
"""How long a process keeps an entry for itself: longer than a turn and its calls take."""
TRIES = 12
LONGEST_PAUSE = 120.0
MOST_AT_ONCE = 200


class Handler(Protocol):
    """Handles what arrived on one channel."""

    def handle(self, received: Received) -> None:
        """Handle it. It may be called again with the same thing, after a crash or an exception; the effect has to be the same as of one call.

        Raises:
            Refused: it will never be handled.
            Unavailable: try again later; so is any other exception taken.
        """

    def give_up(self, received: Received, why: str) -> None:
        """Tell the person that this could not be handled, so that it does not end in silence."""


@dataclass(slots=True)
class Inbox:
    """One process's part in handling what arrives. ``holder`` differs between processes and stays the same after a crash."""

    store: Store
    clock: Clock
    handlers: Mapping[str, Handler]
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    workers: int = WORKERS
    _pool: ThreadPoolExecutor | None = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _wake: threading.Event = field(default_factory=threading.Event, init=False)
    _under_way: set[tuple[str, str]] = field(default_factory=set, init=False)
    _stopping: bool = field(default=False, init=False)

    def put(self, received: Received) -> bool:
        """Store what arrived durably; return whether it came for the first time. It is handled on another thread."""
        with self.store.write() as unit:
            fresh = unit.inbox.put(received)
        if fresh:
            self._wake.set()
        return fresh

    def start(self) -> None:
        """Begin to handle what waits."""
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="inbox")
        self._thread = threading.Thread(target=self._follow, name="inbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and take on nothing new."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(10)
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def drain(self) -> int:
        """Handle here what is due now, one after another; return how much that was. For tests, and for commands without the service."""
        handled = 0
        while due := self._due():
            for received in due:
                self._take(received)
                handled += 1
        return handled

    def _follow(self) -> None:
        while not self._stopping:
            try:
                self._submit(self._due())
            except Exception:
                log.exception("the inbox could not be read; it will be tried again")
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _due(self) -> list[Received]:
        with self.store.read() as unit:
            return [one for one in unit.inbox.due(self.clock.now(), MOST_AT_ONCE) if one.channel in self.handlers]

    def _submit(self, due: Sequence[Received]) -> None:
        for received in due:
            name = received.channel, received.id
            if self._pool is None or self._stopping or name in self._under_way:
                continue
            self._under_way.add(name)
            self._pool.submit(self._taken, received)

    def _taken(self, received: Received) -> None:
        try:
            self._take(received)
        except Exception:
            log.exception("channel=%s something that arrived could not be struck off; it will be tried again", received.channel)
        finally:
            self._under_way.discard((received.channel, received.id))
            self._wake.set()

    def _take(self, received: Received) -> None:
        now = self.clock.now()
        with self.store.write() as unit:
            tries = unit.inbox.hold(received, self.holder, now, now + HELD)
        if tries < 0:
            return
        try:
            self.handlers[received.channel].handle(received)
        except Exception as error:
            self._failed(received, error, tries + 1)
            return
        with self.store.write() as unit:
            unit.inbox.finish(received, self.clock.now())

    def _failed(self, received: Received, error: Exception, tries: int) -> None:
        lasting = isinstance(error, Refused) or tries >= TRIES
        if not isinstance(error, Refused | Unavailable):
            log.error("channel=%s try=%d failed: %s", received.channel, tries, type(error).__name__, exc_info=error)
        if not lasting:
            wish = error.retry_after if isinstance(error, Unavailable) and error.retry_after is not None else 0.5 * 2 ** min(tries, 10)
            with self.store.write() as unit:
                unit.inbox.postpone(received, self.clock.now() + timedelta(seconds=min(max(wish, 0.0), LONGEST_PAUSE)), type(error).__name__)
            return
        reference = f"E-{secrets.token_hex(4)}"
        log.error("reference=%s channel=%s given up after %d tries: %s", reference, received.channel, tries, type(error).__name__)
        try:
            self.handlers[received.channel].give_up(received, reference)
        except Exception:
            log.exception("reference=%s its sender could not be told", reference)
        with self.store.write() as unit:
            unit.inbox.finish(received, self.clock.now(), f"{reference} {type(error).__name__}")
