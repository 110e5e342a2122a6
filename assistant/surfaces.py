"""Opens the ways in that run beside the web surface: today the mailbox. All of them share one inbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from assistant.bootstrap import Assistant
from assistant.connections import Misconfigured, open_letters, open_mail_server
from assistant.entrypoints.inbox import Handler, Inbox
from assistant.entrypoints.links import Links
from assistant.ports.outside import Refused


class Surface(Protocol):
    """A way in."""

    @property
    def trouble(self) -> str:
        """Why nothing comes in now, in words without secrets; "" while it does."""

    def start(self) -> None:
        """Begin to listen; returns at once."""

    def stop(self) -> None:
        """Stop listening."""


@dataclass
class Surfaces:
    """All ways in beside the web, by name, and what handles what arrives there."""

    inbox: Inbox
    by_name: dict[str, Surface] = field(default_factory=dict)

    def start(self) -> None:
        """Begin to handle what waits, then to listen. Without a way in nothing is started."""
        if self.by_name:
            self.inbox.start()
        for surface in self.by_name.values():
            surface.start()

    def stop(self) -> None:
        """Stop listening, and finish what is under way."""
        for surface in self.by_name.values():
            surface.stop()
        self.inbox.stop()

    def troubles(self) -> dict[str, str]:
        """Return how each way in is: "" or why nothing comes in."""
        return {name: surface.trouble for name, surface in self.by_name.items()}


def open_surfaces(assistant: Assistant, holder: str, url: Callable[[], str]) -> Surfaces:
    """Return the ways in that the settings name, not started. ``holder`` names this process for the inbox and stays the same after a crash.

    Raises:
        Misconfigured: the settings of one cannot be used.
    """
    handlers: dict[str, Handler] = {}
    surfaces = Surfaces(Inbox(assistant.store, assistant.clock, handlers, holder))
    _open_mailbox(assistant, surfaces, handlers, url)
    return surfaces


def _open_mailbox(assistant: Assistant, surfaces: Surfaces, handlers: dict[str, Handler], url: Callable[[], str]) -> None:
    settings = assistant.settings
    server = open_mail_server(settings)
    if server is None:
        return
    from assistant.entrypoints.mail.automatic import Pace
    from assistant.entrypoints.mail.channel import MailChannel
    from assistant.entrypoints.mail.identity import Trust
    from assistant.entrypoints.mail.mailbox import Folders, Mailbox
    from assistant.entrypoints.mail.reading import Enclosed
    from assistant.entrypoints.mail.receiving import CHANNEL, Receiving

    def keep(person: str, conversation: str, key: str, file: Enclosed) -> None:
        del person, conversation, key, file
        raise Refused("files cannot be taken here yet")

    letters, links = open_letters(settings, assistant.clock), Links(assistant.secret)
    if not settings.mail_authserv_id and not settings.mail_answer_strangers:
        raise Misconfigured(
            "without FIRSTLINE_MAIL_AUTHSERV_ID everybody is a stranger, and FIRSTLINE_MAIL_ANSWER_STRANGERS=false answers none of them"
        )
    receiving = Receiving(
        inbox=surfaces.inbox,
        store=assistant.store,
        directory=assistant.directory,
        clock=assistant.clock,
        turns=assistant.turns,
        letters=letters,
        links=links,
        trust=Trust(settings.mail_authserv_id, settings.mail_verdict_fields),
        pace=Pace(settings.mail_per_hour, settings.mail_per_hour, assistant.clock.now),
        keep=keep,
        own_addresses=frozenset({letters.address.lower(), settings.mail_from.lower()}),
        answers_strangers=settings.mail_answer_strangers,
    )
    handlers[CHANNEL] = receiving
    folders = Folders(settings.imap_folder, settings.imap_done_folder, settings.imap_failed_folder)
    surfaces.by_name[CHANNEL] = Mailbox(server, folders, receiving, settings.mail_max_mb * 1_000_000)
    assistant.channels[CHANNEL] = MailChannel(assistant.store, assistant.directory, letters, links, assistant.clock, url)
