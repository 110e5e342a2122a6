"""Connections that end at the moment at which their call has to be over, however slowly the other side speaks."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore

GATHERING_SECONDS = 0.04
"""How long words gather in the operating system before they are read; the first are read at once."""


@dataclass(slots=True)
class Call:
    """One call under way. ``until`` is a moment of the monotonic clock; it may be moved to an earlier one at any time, by any thread."""

    until: float
    answered: bool = False
    """The server has begun to answer, so the call may cost something."""
    heard: bool = True
    """Somebody hears the words while they arrive."""

    begun: bool = False
    """Words have been passed on."""

    @property
    def left(self) -> float:
        """Seconds that are left; negative when it is over."""
        return self.until - time.monotonic()

    def within(self, seconds: float) -> None:
        """Let the call end in so many seconds at the latest."""
        self.until = min(self.until, time.monotonic() + seconds)

    def let_words_gather(self) -> None:
        """Wait a moment before more is read of a reply that is being heard: waking up for each word costs more than the word."""
        if self.begun and self.heard:
            time.sleep(max(0.0, min(GATHERING_SECONDS, self.left)))


CALL: ContextVar[Call] = ContextVar("chat_call")
"""The call that this thread makes. Connections are kept for other calls, so they ask for it each time."""


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    call = CALL.get(None)
    if call is None:
        return timeout
    if call.left <= 0:
        raise error("the call took too long")
    return call.left if timeout is None else min(timeout, call.left)


class ClockedBackend(httpcore.NetworkBackend):
    """Opens TCP connections of the operating system that keep to the time of ``CALL``."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect in the time that is left."""
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Clocked(self._plain.connect_tcp(host, port, left, local_address, socket_options))


class _Clocked(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        call = CALL.get(None)
        if call is not None:
            call.let_words_gather()
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.NetworkStream:
        return _Clocked(self._stream.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, *asked: Any) -> Any:
        return self._stream.get_extra_info(*asked)
