"""Calls to a device management over HTTP: who we are is a token that ends, and a busy system is waited for while a list is read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from assistant.adapters.identity.loopback import is_loopback
from assistant.adapters.ticketing.calls import Answer, DeskCalls
from assistant.ports.outside import Unavailable

Read = TypeVar("Read")
WAITS = 3
LONGEST_WAIT = 30.0
"""Seconds that one page of a list may be waited for, so many times."""


class FleetConfigurationError(ValueError):
    """The settings of the device management cannot be used; the message says which and why."""


def check_address(url: str) -> None:
    """Refuse an address that is none, or over which the secret would travel in the clear to another host.

    Raises:
        FleetConfigurationError: it cannot be used.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise FleetConfigurationError("FIRSTLINE_FLEET_URL has to be https://HOST")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise FleetConfigurationError(f"{url} would carry the secret in the clear: use https://")


class FleetCalls(DeskCalls):
    """``DeskCalls`` with headers of each call, and forms."""

    def fetch(self, path: str, headers: Mapping[str, str], **parameters: str | int) -> Answer:
        """Read something; raises as ``DeskCalls.ask``."""
        return self._call("GET", path, None, headers, parameters, repeatable=True)

    def submit(self, path: str, form: Mapping[str, str]) -> Answer:
        """Send a form that changes nothing; raises as ``DeskCalls.ask``."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._call("POST", path, urlencode(form).encode(), kind, {}, repeatable=True)


def patiently(read: Callable[[], Read], sleep: Callable[[float], None] = time.sleep) -> Read:
    """Return what is read; while the other side is busy and says for how long, that is waited for, three times and 30 seconds each at most.

    Raises:
        Unavailable: it is busy for longer, or does not answer.
    """
    for _ in range(WAITS):
        try:
            return read()
        except Unavailable as busy:
            if busy.retry_after is None or busy.retry_after > LONGEST_WAIT:
                raise
            sleep(busy.retry_after)
    return read()


def rows_of(body: Any, what: str) -> list[dict[str, Any]]:
    """Return a list of objects as it was answered.

    Raises:
        Unavailable: it is none.
    """
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise Unavailable(f"{what} is no list of objects")
    return body
