"""Which systems the settings name, and settings that are refused by name before anything is connected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.clock import SystemClock
from assistant.adapters.identity.ldap import LdapDirectory
from assistant.adapters.identity.scim import ScimDirectory
from assistant.adapters.notify.folder import FolderNotifier
from assistant.adapters.notify.smtp import SmtpNotifier
from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.connections import Misconfigured, open_directory, open_letters, open_mail_server, open_notifier
from assistant.settings import Settings
from kb.adapters.store.engine import open_engine

LDAP: dict[str, Any] = {
    "directory": "ldap",
    "ldap_url": "ldaps://ldap.x.example",
    "ldap_bind_dn": "cn=firstline,dc=x",
    "ldap_password": "ldap-secret",
    "ldap_people_base": "ou=people,dc=x",
    "ldap_group_base": "ou=groups,dc=x",
}
SCIM: dict[str, Any] = {"directory": "scim", "scim_url": "https://idp.x.example/scim/v2", "scim_token": "scim-secret"}


def settings(tmp_path: Path, **given: Any) -> Settings:
    return Settings(home=tmp_path, **given)


def directory(tmp_path: Path, **given: Any) -> object:
    return open_directory(settings(tmp_path, **given), BuiltinDirectory(open_engine(f"sqlite:///{tmp_path}/x.db")))


def test_the_people_file_is_the_directory_unless_another_is_named(tmp_path: Path) -> None:
    assert isinstance(directory(tmp_path), BuiltinDirectory)
    assert isinstance(directory(tmp_path, **LDAP), LdapDirectory)
    assert isinstance(directory(tmp_path, **SCIM), ScimDirectory)


@pytest.mark.parametrize("name", [name for name in LDAP if name != "directory"])
def test_a_missing_setting_of_ldap_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match=f"FIRSTLINE_{name.upper()}$"):
        directory(tmp_path, **LDAP | {name: ""})


@pytest.mark.parametrize("name", [name for name in SCIM if name != "directory"])
def test_a_missing_setting_of_scim_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match=f"FIRSTLINE_{name.upper()}$"):
        directory(tmp_path, **SCIM | {name: ""})


BAD_LDAP = [
    ({"ldap_url": "ldap://ldap.x.example"}, "clear"),
    ({"ldap_url": "http://ldap.x.example"}, "FIRSTLINE_LDAP_URL"),
    ({"ldap_url": "ldaps://"}, "FIRSTLINE_LDAP_URL"),
    ({"ldap_url": "ldaps://ldap.x.example:port"}, "FIRSTLINE_LDAP_URL"),
    ({"ldap_people_filter": "(uid=*"}, "FIRSTLINE_LDAP_PEOPLE_FILTER"),
    ({"ldap_group_filter": "cn"}, "FIRSTLINE_LDAP_GROUP_FILTER"),
    ({"ldap_attributes": {"shoe": "size"}}, "shoe"),
    ({"ldap_attributes": {"id": ""}}, "id"),
]


@pytest.mark.parametrize(("given", "why"), BAD_LDAP)
def test_ldap_settings_that_cannot_be_used_are_refused_in_words(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as caught:
        directory(tmp_path, **LDAP | given)
    assert "ldap-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"ldap_url": "ldap://ldap.x.example", "ldap_start_tls": True},
        {"ldap_url": "ldap://ldap.x.example", "ldap_plain_allowed": True},
        {"ldap_url": "ldap://127.0.0.1:1389"},
        {"ldap_url": "ldap://[::1]"},
        {"ldap_url": "ldap://localhost"},
    ],
)
def test_without_tls_only_this_host_is_spoken_to_unless_it_is_allowed(tmp_path: Path, given: dict[str, Any]) -> None:
    assert isinstance(directory(tmp_path, **LDAP | given), LdapDirectory)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"scim_url": "http://idp.x.example"}, "clear"),
        ({"scim_url": "http://127.0.0.1.x.example"}, "clear"),
        ({"scim_url": "idp.x.example"}, "FIRSTLINE_SCIM_URL"),
        ({"scim_ca_file": "/no/such/file"}, "FIRSTLINE_SCIM_CA_FILE"),
    ],
)
def test_scim_settings_that_cannot_be_used_are_refused_in_words(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as caught:
        directory(tmp_path, **SCIM | given)
    assert "scim-secret" not in str(caught.value)


def test_notices_are_files_until_a_mail_server_is_named(tmp_path: Path) -> None:
    opened = open_notifier(settings(tmp_path), SystemClock())
    assert isinstance(opened, FolderNotifier)
    assert opened.folder == tmp_path / "mail"
    named = open_notifier(settings(tmp_path, smtp_host="mail.x.example", mail_from="it@x.example"), SystemClock())
    assert isinstance(named, SmtpNotifier)
    assert (named.server.security.value, named.server.port) == ("starttls", 587)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"smtp_host": "mail.x.example", "smtp_security": "none"}, "clear"),
        ({"mail_from": "it"}, "FIRSTLINE_MAIL_FROM"),
        ({"mail_from": "it@x.example\nBcc: e@evil.example"}, "FIRSTLINE_MAIL_FROM"),
    ],
)
def test_mail_settings_that_cannot_be_used_are_refused_in_words(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        open_notifier(settings(tmp_path, **given), SystemClock())


MAILBOX: dict[str, Any] = {"imap_host": "imap.x.example", "imap_user": "it-help", "imap_password": "imap-secret"}


def test_there_is_no_mailbox_unless_one_is_named_and_its_password_is_not_shown(tmp_path: Path) -> None:
    assert open_mail_server(settings(tmp_path)) is None
    server = open_mail_server(settings(tmp_path, **MAILBOX))
    assert server is not None
    assert (server.host, server.port, server.security.value) == ("imap.x.example", 993, "tls")
    assert "imap-secret" not in repr(server)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"imap_user": ""}, "FIRSTLINE_IMAP_USER"),
        ({"imap_password": ""}, "FIRSTLINE_IMAP_PASSWORD"),
        ({"imap_security": "none"}, "in the clear"),
        ({"imap_done_folder": "INBOX"}, "three folders"),
        ({"imap_failed_folder": ""}, "three folders"),
    ],
)
def test_a_mailbox_that_cannot_be_used_is_refused_by_name(tmp_path: Path, changed: dict[str, str], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        open_mail_server(settings(tmp_path, **MAILBOX | changed))


def test_answers_come_from_the_address_of_the_mailbox(tmp_path: Path) -> None:
    assert (
        open_letters(settings(tmp_path, mail_address="it-help@x.example", mail_from="notices@x.example"), SystemClock()).address
        == "it-help@x.example"
    )
    assert open_letters(settings(tmp_path, mail_from="notices@x.example"), SystemClock()).address == "notices@x.example"
    with pytest.raises(Misconfigured, match="FIRSTLINE_MAIL_ADDRESS"):
        open_letters(settings(tmp_path, mail_address="it-help"), SystemClock())
