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


class Notifier(Protocol):
    """Sends notices."""

    def send(self, notice: Notice, key: str) -> None:
        """Send a notice; ``key`` becomes its message id, so that a second delivery can be told from a second notice.

        Raises:
            Refused: the address is not accepted.
            Unavailable: nothing was sent.
            Uncertain: it may have been sent.
        """
