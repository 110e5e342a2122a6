"""Connections to an LDAP server: opened with TLS, kept for the next call, and every way in which a call can end."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.operation.search import parse_filter
from ldap3.utils.conv import escape_filter_chars

from assistant.adapters.identity.loopback import is_loopback
from assistant.domain.secret import Secret
from assistant.ports.identity import NoSuchAccount
from assistant.ports.outside import Refused, Unavailable, Uncertain

SUCCESS, TIME_LIMIT, SIZE_LIMIT, ADMIN_LIMIT, NO_SUCH_ATTRIBUTE, VALUE_EXISTS, NO_SUCH_OBJECT, ENTRY_EXISTS = 0, 3, 4, 11, 16, 20, 32, 68
OPERATIONS_ERROR, BUSY, UNAVAILABLE, OTHER = 1, 51, 52, 80
PAGE = 100
MOST_IDLE = 4
SECURE_PORT, PLAIN_PORT = 636, 389


class LdapConfigurationError(ValueError):
    """The settings for LDAP cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class LdapServer:
    """Where the server is and how it is spoken to. ``timeout`` is in seconds, for connecting and for each answer."""

    url: str
    bind_dn: str
    password: Secret
    start_tls: bool
    plain_allowed: bool
    ca_file: str
    timeout: float

    def address(self) -> tuple[str, int, bool]:
        """Return host, port, and whether TLS begins with the first byte.

        Raises:
            LdapConfigurationError: the URL is none, or passwords would travel in the clear to another host.
        """
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise LdapConfigurationError(f"FIRSTLINE_LDAP_URL is no address: {error}") from error
        if parts.scheme not in ("ldap", "ldaps") or not host:
            raise LdapConfigurationError("FIRSTLINE_LDAP_URL has to be ldaps://HOST or ldap://HOST, with :PORT if need be")
        secure = parts.scheme == "ldaps"
        if not (secure or self.start_tls or self.plain_allowed or is_loopback(host)):
            raise LdapConfigurationError(
                f"{self.url} would carry passwords in the clear: use ldaps://, or FIRSTLINE_LDAP_START_TLS=true; "
                "FIRSTLINE_LDAP_PLAIN_ALLOWED=true takes the risk"
            )
        return host, port or (SECURE_PORT if secure else PLAIN_PORT), secure


def check_filter(name: str, condition: str) -> None:
    """Refuse a search filter that no server could read.

    Raises:
        LdapConfigurationError: it is malformed.
    """
    try:
        parse_filter(condition, None, False, False, None, False)  # type: ignore[no-untyped-call]
    except LDAPException as error:
        raise LdapConfigurationError(f"{name} is no search filter: {error}") from None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as read."""

    dn: str
    attributes: Mapping[str, tuple[str, ...]]

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of an attribute."""
        return self.attributes.get(name.lower(), ())

    def one(self, name: str) -> str:
        """Return an attribute's first value, "" when it has none."""
        return next(iter(self.all(name)), "") if name else ""


@dataclass(frozen=True, slots=True)
class Session:
    """One bound connection, used by one caller at a time."""

    connection: Any = field(repr=False)
    """Its own ``repr`` shows the password."""

    def search(self, base: str, condition: str, attributes: Sequence[str], scope: Any = ldap3.SUBTREE) -> list[Entry]:
        """Return all entries that meet a condition, read page by page; a base that does not exist holds none."""
        wanted, cookie, found = sorted({name for name in attributes if name}), None, list[Entry]()
        while True:
            try:
                self.connection.search(base, condition, scope, attributes=wanted or ["1.1"], paged_size=PAGE, paged_cookie=cookie)
            except (LDAPException, OSError) as error:
                raise Unavailable(f"the directory did not answer: {error}") from None
            self._check_read()
            found += [_entry(row) for row in self.connection.response or [] if row["type"] == "searchResEntry"]
            controls = self.connection.result.get("controls", {})
            cookie = controls.get("1.2.840.113556.1.4.319", {}).get("value", {}).get("cookie")
            if not cookie:
                return found

    def one(self, base: str, condition: str, name: str, value: str, attributes: Sequence[str]) -> Entry | None:
        """Return the only entry below a base whose attribute ``name`` is exactly ``value`` and nothing else, or None.

        A directory compares without regard to case and spaces, and an attribute may have several values: who can be named
        in two ways would be two people to every rule, so such an entry is nobody, and so are two entries with one name.
        """
        if not value or "\x00" in value or not _is_text(value):
            return None
        found = self.search(base, f"(&{condition}({name}={escape_filter_chars(value)}))", [*attributes, name])
        exact = [entry for entry in found if entry.all(name) == (value,)]
        return exact[0] if len(exact) == 1 else None

    def modify(self, dn: str, changes: dict[str, list[tuple[Any, list[str]]]], already: int | None = None) -> bool:
        """Change an entry in one step; return False when the answer is ``already``, which says that it is so already."""
        self._changing(lambda: self.connection.modify(dn, changes))
        return self._check_change(already)

    def add(self, dn: str, classes: Sequence[str], attributes: Mapping[str, str]) -> bool:
        """Add an entry; return False when there is one of this name already."""
        self._changing(lambda: self.connection.add(dn, list(classes), dict(attributes)))
        return self._check_change(ENTRY_EXISTS)

    def set_password(self, dn: str, password: Secret) -> None:
        """Set a password by the operation that is made for it (RFC 3062), so that the server applies its rules and hashes it."""
        self._changing(lambda: self.connection.extend.standard.modify_password(dn, new_password=password.reveal()))
        self._check_change(None)

    def _changing(self, send: Any) -> None:
        try:
            send()
        except (LDAPException, OSError) as error:
            raise Uncertain(f"the directory's answer was lost: {type(error).__name__}") from None

    def _check_read(self) -> None:
        code, says = self._result()
        if code in (SUCCESS, NO_SUCH_OBJECT):
            return
        if code in (OPERATIONS_ERROR, TIME_LIMIT, SIZE_LIMIT, ADMIN_LIMIT, BUSY, UNAVAILABLE, OTHER):
            raise Unavailable(f"the directory did not find out: {says}")
        raise Refused(f"the directory refused to look: {says}")

    def _check_change(self, already: int | None) -> bool:
        code, says = self._result()
        if code in (SUCCESS, already):
            return code == SUCCESS
        if code == NO_SUCH_OBJECT:
            raise NoSuchAccount("the entry is gone")
        if code in (BUSY, UNAVAILABLE):
            raise Unavailable(f"the directory did not change anything: {says}")
        if code in (OPERATIONS_ERROR, TIME_LIMIT, ADMIN_LIMIT, OTHER):
            raise Uncertain(f"the directory does not say whether it changed anything: {says}")
        raise Refused(f"the directory refused: {says}")

    def _result(self) -> tuple[int, str]:
        result = self.connection.result
        return int(result["result"]), ", ".join(str(result[part]) for part in ("description", "message") if result.get(part))


@dataclass(frozen=True, slots=True)
class Sessions:
    """Connections to one server. They are kept, tried before they are used again, and opened anew when the server was restarted."""

    server: LdapServer
    _idle: list[Any] = field(default_factory=list, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a connection that answers.

        Raises:
            Unavailable: the server cannot be reached, its certificate does not hold, or it does not accept the account.
        """
        connection = self._kept() or self._opened()
        sound = False
        try:
            yield Session(connection)
            sound = True
        except (Refused, NoSuchAccount):
            sound = True
            raise
        finally:
            (self._keep if sound else _close)(connection)

    def close(self) -> None:
        """Let go of the kept connections."""
        with self._lock:
            idle, self._idle[:] = list(self._idle), []
        for connection in idle:
            _close(connection)

    def _kept(self) -> Any:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None or _answers(connection):
            return connection
        _close(connection)
        self.close()
        return None

    def _keep(self, connection: Any) -> None:
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
                return
        _close(connection)

    def _opened(self) -> Any:
        host, port, secure = self.server.address()
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=self.server.ca_file or None)
        place = ldap3.Server(host, port, use_ssl=secure, tls=tls, get_info=ldap3.NONE, connect_timeout=self.server.timeout)
        password = self.server.password.reveal()
        connection = ldap3.Connection(
            place,
            self.server.bind_dn,
            password,
            receive_timeout=ceil(self.server.timeout),
            auto_referrals=False,
            check_names=False,
            raise_exceptions=False,
        )
        try:
            connection.open()
            if self.server.start_tls and not secure and not connection.start_tls():
                raise Unavailable("the directory does not offer TLS")
            accepted = connection.bind()
        except (LDAPException, OSError) as error:
            _close(connection)
            raise Unavailable(f"the directory cannot be reached: {error}") from None
        except Unavailable:
            _close(connection)
            raise
        if not accepted:
            _close(connection)
            raise Unavailable(f"the directory does not accept {self.server.bind_dn}: {connection.result['description']}")
        return connection


def _answers(connection: Any) -> bool:
    try:
        connection.search("", "(objectClass=*)", ldap3.BASE, attributes=["1.1"])
    except (LDAPException, OSError):
        return False
    return bool(connection.result["result"] == SUCCESS)


def _close(connection: Any) -> None:
    with suppress(LDAPException, OSError):
        connection.unbind()


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(row["dn"], {name.lower(): tuple(map(_text, values)) for name, values in row["raw_attributes"].items()})


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
