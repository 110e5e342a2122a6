"""E-mail as a surface of the service: the mailbox, what handles its mails, and the letters that answer them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from assistant.entrypoints.inbox import Inbox
from assistant.entrypoints.mail.channel import MailChannel
from assistant.entrypoints.mail.mailbox import Folders, Mailbox, Server
from assistant.entrypoints.mail.receiving import CHANNEL, Receiving
from assistant.entrypoints.web.answering import router
from assistant.ports.channels import Delivery, Received


@dataclass
class MailSurface:
    """The ``Surface`` protocol over a mailbox and a way to send letters."""

    channel: MailChannel
    receiving: Receiving
    server: Server
    folders: Folders
    max_bytes: int
    name: str = CHANNEL
    _mailbox: Mailbox | None = field(default=None, init=False)

    @property
    def router(self) -> APIRouter:
        """See the protocol: the page that the links of a letter open."""
        return router

    def start(self, inbox: Inbox) -> None:
        """See the protocol."""
        self.receiving.inbox = inbox
        self._mailbox = Mailbox(self.server, self.folders, self.receiving, self.max_bytes)
        self._mailbox.start()

    def stop(self) -> None:
        """See the protocol."""
        if self._mailbox is not None:
            self._mailbox.stop()
            self._mailbox = None

    def health(self) -> dict[str, Any]:
        """See the protocol."""
        box = self._mailbox
        if box is None or (box.trouble and not box.tried):
            return {"state": "connecting", "detail": ""}
        return {"state": "failing" if box.trouble else "ready", "detail": box.trouble}

    def deliver(self, delivery: Delivery) -> str:
        """See the port."""
        return self.channel.deliver(delivery)

    def handle(self, received: Received) -> None:
        """See the protocol."""
        self.receiving.handle(received)

    def give_up(self, received: Received, why: str) -> None:
        """See the protocol."""
        self.receiving.give_up(received, why)
