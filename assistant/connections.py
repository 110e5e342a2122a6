"""Opens the systems of the company that the settings name: its desk, its directory, its mail. Each has a built-in form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from assistant.adapters.store.fleet import BuiltinFleet
from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.adapters.store.signed_roles import SignedRoles
from assistant.entrypoints.alert_sources.mapping import MappingRefused, read_mapping
from assistant.entrypoints.alert_sources.source import Source
from assistant.entrypoints.signatures import DeskHook
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.adapters.notify.message import Sender
    from assistant.adapters.notify.smtp import SmtpNotifier
    from assistant.entrypoints.mail.mailbox import Server
    from assistant.ports.articles import ArticleTarget
    from assistant.ports.clock import Clock
    from assistant.ports.devices import DeviceFleet
    from assistant.ports.identity import Directory
    from assistant.ports.notify import Letters, Notifier
    from assistant.ports.sign_in import IdentityProvider
    from assistant.ports.ticketing import TicketDesk


class Misconfigured(ValueError):
    """The settings name a system that cannot be used as they say; the message says which setting and why."""


def open_directory(settings: Settings, builtin: BuiltinDirectory) -> Directory:
    """Return the directory: the configured one, or the people file's. Nothing is connected before it is needed.

    Raises:
        Misconfigured: a setting is missing or contradicts another.
    """
    found = _open_ldap(settings) if settings.directory == "ldap" else _open_scim(settings) if settings.directory == "scim" else builtin
    return SignedRoles(found, builtin.engine, settings.granted_roles) if settings.oidc_groups_claim else found


def open_provider(settings: Settings, clock: Clock) -> IdentityProvider | None:
    """Return the identity provider that people sign in with; None when none is named. Nothing is connected before it is needed.

    Raises:
        Misconfigured: a setting is missing or cannot be used.
    """
    if not settings.oidc_issuer:
        return None
    from assistant.adapters.identity.oidc import Client, OidcConfigurationError, OidcProvider
    from assistant.domain.secret import Secret

    if not settings.oidc_client_id:
        raise Misconfigured("FIRSTLINE_OIDC_ISSUER needs FIRSTLINE_OIDC_CLIENT_ID")
    secret = settings.oidc_client_secret.get_secret_value()
    client = Client(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=Secret(secret) if secret else None,
        scopes=tuple(settings.oidc_scopes),
        person_claim=settings.oidc_person_claim,
        groups_claim=settings.oidc_groups_claim,
        timeout=settings.oidc_timeout_seconds,
    )
    try:
        client.check()
    except OidcConfigurationError as error:
        raise Misconfigured(str(error)) from None
    return OidcProvider(client, clock.now)


def _open_ldap(settings: Settings) -> Directory:
    from assistant.adapters.identity.ldap import LdapDirectory, LdapTree, attributes_with
    from assistant.adapters.identity.ldap_sessions import LdapConfigurationError, LdapServer, Sessions, check_filter
    from assistant.domain.secret import Secret

    _need(settings, "ldap_url", "ldap_bind_dn", "ldap_password", "ldap_people_base", "ldap_group_base")
    server = LdapServer(
        url=settings.ldap_url,
        bind_dn=settings.ldap_bind_dn,
        password=Secret(settings.ldap_password.get_secret_value()),
        start_tls=settings.ldap_start_tls,
        plain_allowed=settings.ldap_plain_allowed,
        ca_file=settings.ldap_ca_file,
        timeout=settings.ldap_timeout_seconds,
    )
    try:
        server.address()
        check_filter("FIRSTLINE_LDAP_PEOPLE_FILTER", settings.ldap_people_filter)
        check_filter("FIRSTLINE_LDAP_GROUP_FILTER", settings.ldap_group_filter)
        attributes = attributes_with(settings.ldap_attributes)
    except LdapConfigurationError as error:
        raise Misconfigured(str(error)) from None
    tree = LdapTree(
        people_base=settings.ldap_people_base,
        people_filter=settings.ldap_people_filter,
        attributes=attributes,
        group_base=settings.ldap_group_base,
        group_filter=settings.ldap_group_filter,
        group_name=settings.ldap_group_name,
        group_member=settings.ldap_group_member,
        member_of=settings.ldap_member_of,
    )
    return LdapDirectory(Sessions(server), tree, settings.granted_roles)


def _open_scim(settings: Settings) -> Directory:
    from assistant.adapters.identity.scim import ScimDirectory, ScimMeaning
    from assistant.adapters.identity.scim_wire import ScimConfigurationError, open_wire
    from assistant.domain.secret import Secret

    _need(settings, "scim_url", "scim_token")
    token = Secret(settings.scim_token.get_secret_value())
    try:
        wire = open_wire(settings.scim_url, token, settings.scim_timeout_seconds, settings.scim_ca_file)
    except ScimConfigurationError as error:
        raise Misconfigured(str(error)) from None
    meaning = ScimMeaning(
        groups=frozenset(settings.scim_groups),
        inactive_is_locked=settings.scim_inactive_is_locked,
        password_forces_change=settings.scim_password_forces_change,
        recovery_kind=settings.scim_recovery_kind,
    )
    return ScimDirectory(wire, meaning, settings.granted_roles)


def open_clock(settings: Settings) -> Clock:
    """Return the system's clock, or in a demo the one that can be set.

    Raises:
        Misconfigured: the file of the demo's clock holds no time.
    """
    from assistant.adapters.clock import PLAYED, ClockUnreadable, DemoClock, SystemClock

    if not settings.demo_clock:
        return SystemClock()
    clock = DemoClock(settings.home / PLAYED)
    try:
        clock.now()
    except ClockUnreadable as error:
        raise Misconfigured(str(error)) from None
    return clock


def open_letters(settings: Settings, clock: Clock) -> Letters:
    """Return the way to send answers by mail: as notices leave, from the address of the mailbox.

    Raises:
        Misconfigured: the address cannot be used, or mail cannot be sent as the settings say.
    """
    from assistant.adapters.notify.folder import FolderNotifier
    from assistant.adapters.notify.message import Sender, check_sender

    try:
        sender = Sender(settings.mail_name, check_sender(settings.mail_address or settings.mail_from), clock)
    except ValueError as error:
        raise Misconfigured(f"FIRSTLINE_MAIL_ADDRESS: {error}") from None
    return _open_mail(settings, sender) if settings.smtp_host else FolderNotifier(settings.home / "mail", sender)


def open_notifier(settings: Settings, clock: Clock) -> Notifier:
    """Return the way to send notices: the mail server, or a folder of messages while none is configured.

    Raises:
        Misconfigured: a setting cannot be used, or would send codes in the clear to another host.
    """
    from assistant.adapters.notify.folder import FolderNotifier
    from assistant.adapters.notify.message import Sender, check_sender

    try:
        sender = Sender(settings.mail_name, check_sender(settings.mail_from), clock)
    except ValueError as error:
        raise Misconfigured(f"FIRSTLINE_MAIL_FROM: {error}") from None
    if settings.smtp_host:
        return _open_mail(settings, sender)
    return FolderNotifier(settings.home / "mail", sender)


def _open_mail(settings: Settings, sender: Sender) -> SmtpNotifier:
    from assistant.adapters.notify.smtp import MailConfigurationError, MailSecurity, MailServer, SmtpNotifier
    from assistant.domain.secret import Secret

    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=MailSecurity(settings.smtp_security),
        user=settings.smtp_user,
        password=Secret(settings.smtp_password.get_secret_value()),
        ca_file=settings.smtp_ca_file,
        timeout=settings.smtp_timeout_seconds,
    )
    try:
        server.check()
    except MailConfigurationError as error:
        raise Misconfigured(str(error)) from None
    return SmtpNotifier(server, sender)


def _need(settings: Settings, *names: str) -> None:
    values = ((name, getattr(settings, name)) for name in names)
    missing = [name for name, value in values if not (value.get_secret_value() if isinstance(value, SecretStr) else value)]
    if missing:
        named = ", ".join(f"FIRSTLINE_{name.upper()}" for name in missing)
        raise Misconfigured(f"FIRSTLINE_DIRECTORY={settings.directory} needs {named}")


def open_desk(settings: Settings) -> TicketDesk | None:
    """Return the system in which people work tickets; None when that is Firstline's own console."""
    if settings.desk == "request-tracker":
        from assistant.adapters.ticketing.request_tracker import RequestTracker

        return RequestTracker(
            settings.desk_url,
            settings.desk_token.get_secret_value(),
            settings.desk_account,
            settings.desk_queues,
            key_field=settings.desk_key_field,
            category_field=settings.desk_category_field,
            categories=settings.desk_categories,
            timeout_seconds=settings.desk_timeout_seconds,
        )
    if settings.desk == "zendesk":
        from assistant.adapters.ticketing.zendesk import Zendesk

        return Zendesk(
            settings.desk_url,
            settings.desk_token.get_secret_value(),
            settings.desk_account,
            settings.desk_queues,
            category_field=settings.desk_category_field,
            categories=settings.desk_categories,
            timeout_seconds=settings.desk_timeout_seconds,
        )
    return None


def open_fleet(settings: Settings, listed: BuiltinFleet) -> DeviceFleet:
    """Return the system that manages the devices: the configured one, or the list that was loaded. Nothing is connected before it is needed.

    Raises:
        Misconfigured: a setting is missing or cannot be used.
    """
    if settings.fleet == "builtin":
        return listed
    from assistant.adapters.devices.calls import FleetConfigurationError, check_address
    from assistant.domain.secret import Secret

    named = {"url": settings.fleet_url, "account": settings.fleet_account, "secret": settings.fleet_secret.get_secret_value()}
    missing = [f"FIRSTLINE_FLEET_{name.upper()}" for name, value in named.items() if not value]
    if missing:
        raise Misconfigured(f"FIRSTLINE_FLEET={settings.fleet} needs {', '.join(missing)}")
    try:
        check_address(settings.fleet_url)
    except FleetConfigurationError as error:
        raise Misconfigured(str(error)) from None
    secret, timeout = Secret(named["secret"]), settings.fleet_timeout_seconds
    if settings.fleet == "salt":
        from assistant.adapters.devices.salt import SaltFleet

        return SaltFleet(settings.fleet_url, settings.fleet_account, secret, settings.fleet_remedies, timeout)
    from assistant.adapters.devices.ninjaone import NinjaOneFleet, Script

    try:
        scripts = {name: Script.parse(text) for name, text in settings.fleet_remedies.items()}
    except ValueError as error:
        raise Misconfigured(f"FIRSTLINE_FLEET_REMEDIES: {error}") from None
    return NinjaOneFleet(settings.fleet_url, settings.fleet_account, secret, scripts, timeout)


def open_articles(settings: Settings, domain: str) -> ArticleTarget | None:
    """Return where articles go beside the built-in store, None where nothing is set. The repository is opened when something is written."""
    if settings.articles_git is None:
        return None
    from assistant.adapters.articles.git import GitTarget

    return GitTarget(
        settings.articles_git,
        domain or "localhost",
        settings.articles_git_folder,
        settings.articles_git_branch,
        settings.articles_git_base,
        settings.articles_git_remote,
    )


def open_mail_server(settings: Settings) -> Server | None:
    """Return where the mailbox is that people write to; None when e-mail is no way in.

    Raises:
        Misconfigured: a setting is missing, or the password would travel in the clear to another host.
    """
    if not settings.imap_host:
        return None
    from assistant.adapters.identity.loopback import is_loopback
    from assistant.entrypoints.mail.mailbox import Security, Server

    password = settings.imap_password.get_secret_value()
    if not (settings.imap_user and password):
        raise Misconfigured("FIRSTLINE_IMAP_HOST needs FIRSTLINE_IMAP_USER and FIRSTLINE_IMAP_PASSWORD")
    if settings.imap_security == "none" and not is_loopback(settings.imap_host):
        raise Misconfigured(f"FIRSTLINE_IMAP_SECURITY=none would send the password in the clear to {settings.imap_host}: use tls or starttls")
    folders = (settings.imap_folder, settings.imap_done_folder, settings.imap_failed_folder)
    if len(set(folders)) < len(folders) or not all(folders):
        raise Misconfigured("FIRSTLINE_IMAP_FOLDER, FIRSTLINE_IMAP_DONE_FOLDER and FIRSTLINE_IMAP_FAILED_FOLDER have to be three folders")
    security, user, timeout = Security(settings.imap_security), settings.imap_user, settings.imap_timeout_seconds
    return Server(settings.imap_host, settings.imap_port, security, user, password, settings.imap_ca_file, timeout)


def desk_hook(settings: Settings, desk: TicketDesk | None) -> DeskHook | None:
    """Return what checks the reports of the desk; None when there is no desk elsewhere, or no secret for its reports."""
    secret = settings.desk_hook_secret.get_secret_value()
    return DeskHook(desk.name, secret.encode()) if desk is not None and secret else None


def hr_hook(settings: Settings) -> DeskHook | None:
    """Return what checks the messages of HR's system; None when no secret is set for them."""
    secret = settings.hr_hook_secret.get_secret_value()
    return DeskHook("hr", secret.encode()) if secret else None


def alert_sources(settings: Settings) -> dict[str, Source]:
    """Return the configured sources of alerts, by name.

    Raises:
        Misconfigured: a mapping cannot be used.
    """
    found = {}
    for name, one in settings.alert_sources.items():
        try:
            mapped = read_mapping(one.mapping) if one.mapping is not None else read_mapping()
        except MappingRefused as error:
            raise Misconfigured(f"FIRSTLINE_ALERT_SOURCES: {name}: {error}") from None
        secret = one.secret.get_secret_value().encode()
        found[name] = Source(name, one.kind, secret, mapped, one.token_allowed, one.signature_header, one.time_header)
    return found


def ticket_hook(settings: Settings) -> DeskHook | None:
    """Return what checks the tickets that other systems send; None when there is no secret for them."""
    secret = settings.ticket_hook_secret.get_secret_value()
    return DeskHook("tickets", secret.encode()) if secret else None
