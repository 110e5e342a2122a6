"""Notices by e-mail."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

from assistant.adapters.identity.loopback import is_loopback
from assistant.adapters.notify.message import Sender
from assistant.domain.secret import Secret
from assistant.ports.notify import Letter, Notice
from assistant.ports.outside import Refused, Unavailable, Uncertain

LASTING = 500


class MailSecurity(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    """TLS after the greeting; a server that does not offer it gets nothing."""
    TLS = "tls"
    """TLS from the first byte."""
    NONE = "none"
    """Nothing. Notices hold codes and temporary passwords: for a server on this host only."""


class MailConfigurationError(ValueError):
    """The settings for mail cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. ``timeout`` is in seconds, for connecting and for each answer."""

    host: str
    port: int
    security: MailSecurity
    user: str
    password: Secret
    ca_file: str
    timeout: float

    def check(self) -> None:
        """Refuse what would carry secrets in the clear to another host.

        Raises:
            MailConfigurationError: it would.
        """
        if self.security is MailSecurity.NONE and not is_loopback(self.host):
            raise MailConfigurationError(f"FIRSTLINE_SMTP_SECURITY=none would send codes in the clear to {self.host}: use starttls or tls")


@dataclass(frozen=True, slots=True)
class SmtpNotifier:
    """The ``Notifier`` and ``Letters`` ports over SMTP."""

    server: MailServer
    sender: Sender

    def send(self, notice: Notice, key: str) -> None:
        """See the port."""
        message = self.sender.message(notice, key)
        with self._connected() as smtp:
            self._hand_over(smtp, message, notice.address)

    @property
    def address(self) -> str:
        """See the port."""
        return self.sender.address

    def post(self, letter: Letter) -> None:
        """See the port."""
        message = self.sender.letter(letter)
        with self._connected() as smtp:
            self._hand_over(smtp, message, letter.address)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Greet, protect and sign in. Whatever fails here, nothing was sent."""
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._greeted()
            if self.server.user:
                smtp.login(self.server.user, self.server.password.reveal())
        except (OSError, smtplib.SMTPException) as error:  # SSLError is an OSError
            _leave(smtp)
            raise Unavailable(f"the mail server cannot be used: {_kind(error)}") from None
        try:
            yield smtp
        finally:
            _leave(smtp)

    def _greeted(self) -> smtplib.SMTP:
        server = self.server
        if server.security is MailSecurity.NONE:
            return smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        trust = ssl.create_default_context(cafile=server.ca_file or None)
        if server.security is MailSecurity.TLS:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=trust)
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        try:
            smtp.starttls(context=trust)
        except BaseException:
            _leave(smtp)
            raise
        return smtp

    def _hand_over(self, smtp: smtplib.SMTP, message: EmailMessage, address: str) -> None:
        try:
            smtp.ehlo_or_helo_if_needed()
            _expect(smtp.mail(self.sender.address))
            _expect(smtp.rcpt(address))
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server broke off before the message: {_kind(error)}") from None
        try:
            answer = smtp.data(message.as_bytes())
        except smtplib.SMTPDataError as error:
            answer = (error.smtp_code, b"")
        except (OSError, smtplib.SMTPException) as error:
            raise Uncertain(f"the mail server's answer to the message was lost: {_kind(error)}") from None
        _expect(answer)


def _expect(answer: tuple[int, bytes]) -> None:
    """Go on after a 2xx. The words of the answer are not repeated: servers quote addresses and parts of messages."""
    code = answer[0]
    if 200 <= code < 300:
        return
    if code >= LASTING:
        raise Refused(f"the mail server answered {code}")
    raise Unavailable(f"the mail server answered {code}")


def _kind(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _leave(smtp: smtplib.SMTP | None) -> None:
    if smtp is None:
        return
    with suppress(OSError, smtplib.SMTPException):
        smtp.quit()
    smtp.close()
