"""Proving once more who one is, before a sensitive action on oneself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.configuration import Person


class Channel(StrEnum):
    """How a one-time code reaches the person."""

    NOTICE = "notice"
    """By a notice to the recovery address."""
    TOTP = "totp"
    """From the person's authenticator app; nothing is sent."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question for a one-time code that is bound to one action."""

    action: str
    hash: str
    """Canonical hash of the action that the code was asked for."""
    digest: str
    """What the code has to give with the installation's key; "" for a code of an app. The code itself is stored nowhere."""
    channel: Channel
    expires_at: datetime
    tries: int = 0
    """Wrong codes so far."""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """An authenticator app that a person has registered."""

    person: str
    secret: str
    """Random; the app's key is derived from it with the installation's key, so that a copy of the database makes no codes."""
    registered_at: datetime
    last_step: int = 0
    """The latest half minute whose code was accepted; that code and older ones are not accepted again."""


def may_recover(person: Person, company_domain: str) -> bool:
    """Say whether a person's recovery address opens without the account: outside the company's mail, and not the mailbox itself."""
    address, mailbox = person.recovery.strip().lower(), person.email.strip().lower()
    name, _, host = address.rpartition("@")
    if not name or not host or address == mailbox:
        return False
    inside = (company_domain.strip().lower(), mailbox.rpartition("@")[2])
    return not any(host == one or host.endswith(f".{one}") for one in inside if one)
