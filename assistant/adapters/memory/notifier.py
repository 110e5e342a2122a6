"""Notices kept in a list."""

from __future__ import annotations

from assistant.adapters.notify.message import Sender
from assistant.ports.notify import Notice


class MemoryNotifier:
    """The ``Notifier`` port. ``sent`` holds what was delivered, a repeated key once; ``ends`` says for which addresses a call ends otherwise."""

    def __init__(self, sender: Sender) -> None:
        """Begin with nothing sent; addresses and subjects are judged as for mail."""
        self._sender = sender
        self.sent: dict[str, Notice] = {}
        self.ends: dict[str, Exception] = {}

    def send(self, notice: Notice, key: str) -> None:
        """See the port."""
        self._sender.message(notice, key)
        if notice.address in self.ends:
            raise self.ends[notice.address]
        self.sent[key] = notice
