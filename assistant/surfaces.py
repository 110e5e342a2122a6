"""Opens the chat surfaces that the settings name. What a surface needs is imported only where it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.connections import Misconfigured, open_letters, open_mail_server

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.entrypoints.surface import Surface


def open_surfaces(assistant: Assistant) -> tuple[Surface, ...]:
    """Return the configured surfaces, not yet listening.

    Raises:
        Misconfigured: the settings name one that cannot be used as they say.
    """
    found = (_open_mail(assistant),)
    return tuple(surface for surface in found if surface is not None)


def _open_mail(assistant: Assistant) -> Surface | None:
    settings = assistant.settings
    server = open_mail_server(settings)
    if server is None:
        return None
    from assistant.entrypoints.links import Links
    from assistant.entrypoints.mail.automatic import Pace
    from assistant.entrypoints.mail.channel import MailChannel
    from assistant.entrypoints.mail.identity import Trust
    from assistant.entrypoints.mail.mailbox import Folders
    from assistant.entrypoints.mail.reading import Enclosed
    from assistant.entrypoints.mail.receiving import Receiving
    from assistant.entrypoints.mail.surface import MailSurface
    from assistant.ports.outside import Refused

    def keep(person: str, conversation: str, key: str, file: Enclosed) -> None:
        del person, conversation, key, file
        raise Refused("files cannot be taken here yet")

    if not settings.mail_authserv_id and not settings.mail_answer_strangers:
        raise Misconfigured(
            "without FIRSTLINE_MAIL_AUTHSERV_ID everybody is a stranger, and FIRSTLINE_MAIL_ANSWER_STRANGERS=false answers none of them"
        )
    letters, links = open_letters(settings, assistant.clock), Links(assistant.secret)
    receiving = Receiving(
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
    url = settings.public_url or f"http://{settings.host}:{settings.port}"
    channel = MailChannel(assistant.store, assistant.directory, letters, links, assistant.clock, lambda: url)
    folders = Folders(settings.imap_folder, settings.imap_done_folder, settings.imap_failed_folder)
    return MailSurface(channel, receiving, server, folders, settings.mail_max_mb * 1_000_000)
