"""Telling people something outside the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to one person. Links in it open a page; none of them acts by itself."""

    address: str
    subject: str
    text: str
    secret: Secret | None = None
    """Added as the last line of the text where it is sent, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail within a thread, in two forms that say the same. ``id`` is its Message-ID without brackets; a second sending has the same one."""

    address: str
    subject: str
    text: str
    html: str
    id: str
    follows: tuple[str, ...] = ()
    """The ids of the mails before it in its thread, oldest first; the last one is what it answers."""


class Letters(Protocol):
    """Sends letters, from an address that people write to."""

    @property
    def address(self) -> str:
        """The address that letters come from and answers go to."""

    def post(self, letter: Letter) -> None:
        """Send a letter, marked as one that a program sent (RFC 3834).

        Raises:
            Refused: the address or the letter is not accepted.
            Unavailable: nothing was sent.
            Uncertain: it may have been sent.
        """


class Notifier(Protocol):
    """Sends notices."""

    def send(self, notice: Notice, key: str) -> None:
        """Send a notice; ``key`` becomes its message id, so that a second delivery can be told from a second notice.

        Raises:
            Refused: the address is not accepted.
            Unavailable: nothing was sent.
            Uncertain: it may have been sent.
        """
