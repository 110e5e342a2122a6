"""Who people are, what may be done to their accounts, and the organisation they work in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from assistant.domain.configuration import Company, Entitlement, Person, Queue, Service
from assistant.domain.secret import Secret


class NoSuchAccount(LookupError):
    """The directory has no such person, or no such group."""


@dataclass(frozen=True, slots=True)
class Account:
    """The state of a person's account now."""

    person: str
    active: bool = True
    locked: bool = False
    must_change: bool = False
    """A new password must be chosen at the next sign-in."""
    groups: frozenset[str] = frozenset()
    password_mark: str = ""
    """Differs after every change of the password; "" when the system does not tell or there was none."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be opened for somebody who joins. ``recovery`` is their private address, "" where none is known."""

    id: str
    name: str
    email: str = ""
    title: str = ""
    department: str = ""
    location: str = ""
    manager: str = ""
    recovery: str = ""


class Directory(Protocol):
    """The system that knows people and their accounts. Every call asks it anew.

    Calls that change something are idempotent: what is already so is left so. They raise ``NoSuchAccount``, or ``Refused``,
    ``Unavailable`` or ``Uncertain`` of ``ports.outside``.
    """

    def person(self, person_id: str) -> Person | None:
        """Return a person, or None when the directory has no such person (any more)."""

    def people(self) -> list[Person]:
        """Return everybody, ordered by name."""

    def account(self, person_id: str) -> Account:
        """Return the state of an account."""

    def groups(self) -> frozenset[str]:
        """Return the names of all groups."""

    def unable(self) -> Mapping[str, str]:
        """Return the calls of this port that are refused for everybody as things are set up, each with the reason; nothing is connected."""

    def reset_password(self, person_id: str) -> Secret | None:
        """Set a fresh temporary password that must be changed at the next sign-in, and unlock the account.

        Returns it, to be delivered on a registered channel and forgotten; None when the system delivers it by itself.
        """

    def lock(self, person_id: str) -> bool:
        """Lock an account, as too many wrong passwords do; return whether it was not locked. Takes back ``unlock``."""

    def unlock(self, person_id: str) -> bool:
        """Unlock an account; return whether it was locked."""

    def grant(self, person_id: str, group: str) -> bool:
        """Make a person a member of a group; return whether they were none before."""

    def revoke(self, person_id: str, group: str) -> bool:
        """End a membership; return whether there was one."""

    def create(self, wanted: NewAccount) -> bool:
        """Open an account without a password: nobody signs in before one is set. Return whether there was none.

        ``Refused`` when the id stands for somebody else: for another name or another address.
        """

    def disable(self, person_id: str) -> bool:
        """Switch an account off: ``person`` knows nobody of this id until it is enabled, groups stay. Return whether it was on."""

    def enable(self, person_id: str) -> bool:
        """Switch an account on again; return whether it was off. Takes back ``disable``."""


class Workplace(Protocol):
    """The organisation around its people, from the people file."""

    def company(self) -> Company:
        """Return the organisation itself."""

    def services(self) -> list[Service]:
        """Return the IT services and their state."""

    def queues(self) -> tuple[Queue, ...]:
        """Return the queues of the service desk."""

    def entitlements(self) -> tuple[Entitlement, ...]:
        """Return the access that people may ask for."""
