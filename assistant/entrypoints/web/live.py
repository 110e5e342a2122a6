"""Pushes stored events to the connections of this process. A push may be lost; the stored event never is."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

from assistant.ports.store import Event

QUEUE_LIMIT = 256
WRITING = "writing"
"""The type of an event that is not stored and has the number 0: somebody of the desk is writing."""


class Live:
    """Fans events out to listeners by conversation. Events may come from any thread."""

    def __init__(self) -> None:
        """Begin with no listener."""
        self._listeners: dict[str, set[asyncio.Queue[Event | None]]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on this event loop from now on."""
        self._loop = loop

    def publish(self, events: Sequence[Event]) -> None:
        """Hand events to their conversations' listeners; safe from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._deliver, tuple(events))

    def _deliver(self, events: Sequence[Event]) -> None:
        for event in events:
            for queue in tuple(self._listeners.get(event.conversation, ())):
                if queue.full():
                    # A stalled reader is cut off; it resumes from its last event when it comes back.
                    while not queue.empty():
                        queue.get_nowait()
                    queue.put_nowait(None)
                else:
                    queue.put_nowait(event)

    @contextlib.contextmanager
    def listening(self, conversation: str, queue: asyncio.Queue[Event | None]) -> Iterator[None]:
        """Deliver a conversation's events to ``queue`` inside the block; None in it means: cut off."""
        self._listeners[conversation].add(queue)
        try:
            yield
        finally:
            self._listeners[conversation].discard(queue)
            if not self._listeners[conversation]:
                del self._listeners[conversation]
