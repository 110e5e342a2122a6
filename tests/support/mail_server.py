"""A mail server for tests, on a thread of the test: it keeps what it takes, and ends conversations as it is told."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.service import free_port
from tests.support.slapd_server import certificate

USER, PASSWORD = "firstline", "mail-test-only"


@dataclass
class MailServer:
    """What arrived, and what is answered instead of taking it."""

    port: int = field(default_factory=free_port)
    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    on_recipient: dict[str, str] = field(default_factory=dict)
    """Answers to RCPT by address; ``drop`` breaks the line."""
    on_data: dict[str, str] = field(default_factory=dict)
    """Answers to the whole message by address; ``drop`` takes it and breaks the line."""
    ends_once: set[str] = field(default_factory=set)
    """Addresses whose special answer is given once."""

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """See aiosmtpd."""
        answer = self.on_recipient.get(address, "250 OK")
        self._once(address, self.on_recipient)
        if answer == "drop":
            server.transport.abort()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    def _once(self, address: str, answers: dict[str, str]) -> None:
        if address in self.ends_once:
            answers.pop(address, None)

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        """See aiosmtpd."""
        answer = self.on_data.get(envelope.rcpt_tos[0], "250 OK")
        self._once(envelope.rcpt_tos[0], self.on_data)
        if answer.startswith("250") or answer == "drop":
            self.taken.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
            self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        if answer == "drop":
            server.transport.abort()
        return answer


def _accepts(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known)


@contextmanager
def running_mail(folder: Path, security: str = "none", sign_in: bool = False) -> Iterator[MailServer]:
    """A mail server inside the block; with TLS its certificate stands in the folder as ``server.pem``."""
    server, options = MailServer(), dict[str, Any]()
    if security != "none":
        trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trust.load_cert_chain(certificate(folder), folder / "server.key")
        options |= {"tls_context": trust, "require_starttls": True} if security == "starttls" else {"ssl_context": trust}
    if sign_in:
        options |= {"authenticator": _accepts, "auth_required": True, "auth_require_tls": security == "starttls"}
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop(no_assert=True)
