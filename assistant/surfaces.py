"""Opens the chat surfaces that the settings name. What a surface needs is imported only where it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.connections import Misconfigured, open_letters, open_mail_server

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.entrypoints.mail.mailbox import Server
    from assistant.entrypoints.mail.surface import MailSurface
    from assistant.entrypoints.slack.config import SlackConfig
    from assistant.entrypoints.slack.surface import SlackSurface
    from assistant.entrypoints.surface import Surface
    from assistant.ports.notify import Letters
    from assistant.settings import Settings


def open_surfaces(assistant: Assistant) -> tuple[Surface, ...]:
    """Return the configured surfaces, not yet listening.

    Raises:
        Misconfigured: the settings name one that cannot be used as they say.
    """
    found = (_open_mail(assistant), open_slack(assistant) if assistant.settings.slack_bot_token.get_secret_value() else None)
    return tuple(surface for surface in found if surface is not None)


def _open_mail(assistant: Assistant) -> Surface | None:
    settings = assistant.settings
    server = open_mail_server(settings)
    if server is None:
        return None
    if not settings.mail_authserv_id and not settings.mail_answer_strangers:
        raise Misconfigured(
            "without FIRSTLINE_MAIL_AUTHSERV_ID everybody is a stranger, and FIRSTLINE_MAIL_ANSWER_STRANGERS=false answers none of them"
        )
    return surface_of_mail(assistant, server, open_letters(settings, assistant.clock))


def surface_of_mail(assistant: Assistant, server: Server, letters: Letters) -> MailSurface:
    """Return the mail channel of an assistant over a mailbox and a way to send letters."""
    from assistant.entrypoints.links import Links
    from assistant.entrypoints.mail.automatic import Pace
    from assistant.entrypoints.mail.channel import MailChannel
    from assistant.entrypoints.mail.identity import Trust
    from assistant.entrypoints.mail.mailbox import Folders
    from assistant.entrypoints.mail.receiving import Receiving
    from assistant.entrypoints.mail.surface import MailSurface

    settings, links = assistant.settings, Links(assistant.secret)
    receiving = Receiving(
        store=assistant.store,
        directory=assistant.directory,
        clock=assistant.clock,
        turns=assistant.turns,
        letters=letters,
        links=links,
        trust=Trust(settings.mail_authserv_id, settings.mail_verdict_fields),
        pace=Pace(settings.mail_per_hour, settings.mail_per_hour, assistant.clock.now),
        attach=assistant.files.attach,
        own_addresses=frozenset({letters.address.lower(), settings.mail_from.lower()}),
        answers_strangers=settings.mail_answer_strangers,
    )
    channel = MailChannel(assistant.store, assistant.directory, letters, links, assistant.clock, settings.url)
    folders = Folders(settings.imap_folder, settings.imap_done_folder, settings.imap_failed_folder)
    return MailSurface(channel, receiving, server, folders, settings.mail_max_mb * 1_000_000)


def open_slack(assistant: Assistant) -> SlackSurface:
    """Return Slack's surface; nothing is connected before it starts.

    Raises:
        Misconfigured: a setting is missing or contradicts another.
    """
    from assistant.agent.overhearing import Overhearing
    from assistant.entrypoints.slack.calls import Calls
    from assistant.entrypoints.slack.channel import SlackChannel
    from assistant.entrypoints.slack.identity import Identity
    from assistant.entrypoints.slack.parts import SlackParts
    from assistant.entrypoints.slack.surface import SlackSurface

    settings = assistant.settings
    config = slack_config(settings)
    calls = Calls(config.bot_token, config.api)
    parts = SlackParts(
        config=config,
        calls=calls,
        identity=Identity(calls, assistant.directory, config.teams),
        turns=assistant.turns,
        deciding=assistant.deciding,
        overhearing=Overhearing(assistant.parts),
        store=assistant.store,
        directory=assistant.directory,
        workplace=assistant.workplace,
        knowledge=assistant.knowledge,
        clock=assistant.clock,
        devices_of=assistant.workplace.devices_of,
        console=f"{settings.url}/console/gaps",
        messages_per_minute=settings.messages_per_minute,
    )
    channel = SlackChannel(calls, assistant.store, assistant.clock, assistant.link_hosts, assistant.workplace.devices_of)
    return SlackSurface(parts, channel)


def slack_config(settings: Settings) -> SlackConfig:
    """Return what Slack's surface is configured with.

    Raises:
        Misconfigured: a setting is missing or contradicts another.
    """
    from assistant.entrypoints.slack.config import Listening, SlackConfig

    app_token, secret = settings.slack_app_token.get_secret_value(), settings.slack_signing_secret.get_secret_value()
    if not settings.slack_workspaces:
        raise Misconfigured("FIRSTLINE_SLACK_WORKSPACES has to name the workspace whose people count, such as T0123ABCD")
    if settings.slack_transport == "socket" and not app_token:
        raise Misconfigured("FIRSTLINE_SLACK_TRANSPORT=socket needs FIRSTLINE_SLACK_APP_TOKEN")
    if settings.slack_transport == "http" and not secret:
        raise Misconfigured("FIRSTLINE_SLACK_TRANSPORT=http needs FIRSTLINE_SLACK_SIGNING_SECRET")
    listening = {channel: Listening(one.confidence, one.answers) for channel, one in settings.slack_channels.items()}
    return SlackConfig(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=app_token if settings.slack_transport == "socket" else "",
        signing_secret=secret,
        teams=frozenset(settings.slack_workspaces),
        reaction=settings.slack_reaction.strip(":"),
        channels=listening,
        api=settings.slack_api,
    )
