"""A chat surface beside the web: what it has to offer so that the service can run it."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import APIRouter

from assistant.entrypoints.inbox import Handler, Inbox
from assistant.ports.channels import Channel


class Surface(Channel, Handler, Protocol):
    """Shows events, handles what arrives, and listens to the other side."""

    @property
    def router(self) -> APIRouter | None:
        """Routes that the other side or its links call, None where there are none."""

    def start(self, inbox: Inbox) -> None:
        """Begin to listen on a thread of its own; what arrives goes into the inbox. Returns at once, also while the other side is away."""

    def stop(self) -> None:
        """Listen no more."""

    def health(self) -> dict[str, Any]:
        """Return what ``/healthz`` and the doctor say: ``state`` (ready, connecting, failing) and ``detail`` in words, nothing secret."""
