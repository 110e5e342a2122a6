"""A notice as an e-mail message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from assistant.ports.clock import Clock
from assistant.ports.notify import Letter, Notice
from assistant.ports.outside import Refused

MESSAGE = SMTP.clone(max_line_length=78)
LETTER = SMTP.clone(max_line_length=900)
"""Longer lines than usual: the ids of a thread must stand in one piece, and the library would encode one that has to be folded."""
MOST_FOLLOWED = 8
OURS = "X-Firstline"
DOMAIN = re.compile(r"[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who notices come from. ``address`` is one plain address, ``name`` stands beside it."""

    name: str
    address: str
    clock: Clock

    def message(self, notice: Notice, key: str) -> EmailMessage:
        """Return a notice as a message with the secret, if there is one, as its last line.

        Raises:
            Refused: the address is not one plain address, or the subject would begin another header.
        """
        message = EmailMessage(policy=MESSAGE)
        try:
            message["From"] = Address(self.name, addr_spec=self.address)
            message["To"] = _one_address(notice.address)
            message["Subject"] = notice.subject
        except ValueError:
            raise Refused("the subject has more than one line") from None
        message["Message-ID"] = self.message_id(key)
        message["Date"] = format_datetime(self.clock.now())
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        secret = [notice.secret.reveal()] if notice.secret else []
        message.set_content("\n".join([notice.text.rstrip("\n"), *([""] if secret else []), *secret, ""]), cte="quoted-printable")
        return message

    def letter(self, letter: Letter) -> EmailMessage:
        """Return a letter as a message: plain text and HTML, threaded, marked as an automatic reply.

        Raises:
            Refused: the address is not one plain address, or the subject would begin another header.
        """
        message = EmailMessage(policy=LETTER)
        try:
            message["From"] = Address(self.name, addr_spec=self.address)
            message["To"] = _one_address(letter.address)
            message["Subject"] = letter.subject
        except ValueError:
            raise Refused("the subject has more than one line") from None
        message["Message-ID"] = f"<{letter.id}>"
        message["Date"] = format_datetime(self.clock.now())
        if letter.follows:
            message["In-Reply-To"] = f"<{letter.follows[-1]}>"
            kept = dict.fromkeys((letter.follows[0], *letter.follows[-MOST_FOLLOWED:]))
            message["References"] = " ".join(f"<{one}>" for one in kept)
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
        message[OURS] = "reply"
        message.set_content(letter.text, cte="quoted-printable")
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        return message

    def message_id(self, key: str) -> str:
        """Return the message id of a key: the same for the same key, and never what somebody wrote."""
        return f"<firstline.{sha256(key.encode()).hexdigest()[:40]}@{self.address.rpartition('@')[2]}>"


def _one_address(text: str) -> Address:
    """Return an address as it stands in the directory.

    Raises:
        Refused: it is none, or more than one, or has a name or a line break in it.
    """
    try:
        made = Address(addr_spec=text)
    except (ValueError, HeaderParseError, IndexError):
        raise Refused("the address in the directory is no e-mail address") from None
    if made.addr_spec != text or not made.username or not DOMAIN.fullmatch(made.domain) or not text.isprintable():
        raise Refused("the address in the directory is no e-mail address")
    return made


def check_sender(address: str) -> str:
    """Return an address that may be a sender.

    Raises:
        ValueError: it is none.
    """
    try:
        return _one_address(address).addr_spec
    except Refused:
        raise ValueError(f"{address!r} is no e-mail address") from None
