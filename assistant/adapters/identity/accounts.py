"""What became of an account after the people file described its owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from assistant.domain.configuration import Organisation, Person
from assistant.ports.identity import Account, NewAccount
from assistant.ports.outside import Refused


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """The state of one account beside the people file: it outlives a reload of the file."""

    locked: bool = False
    must_change: bool = False
    resets: int = 0
    given: frozenset[str] = frozenset()
    """Groups that the person is in although the file does not say so."""
    ended: frozenset[str] = frozenset()
    """Groups of the file that the person is in no more."""
    disabled: bool = False

    @classmethod
    def of(cls, facts: dict[str, Any]) -> AccountChanges:
        """Return what ``facts`` wrote down."""
        return cls(
            facts["locked"], facts["must_change"], facts["resets"], frozenset(facts["given"]), frozenset(facts["ended"]), bool(facts.get("disabled"))
        )

    def facts(self) -> dict[str, Any]:
        """Return the state in a form for JSON."""
        plain = {"locked": self.locked, "must_change": self.must_change, "resets": self.resets}
        return {**plain, "given": sorted(self.given), "ended": sorted(self.ended), "disabled": self.disabled}

    def groups(self, filed: frozenset[str]) -> frozenset[str]:
        """Return the groups that somebody is in for whom the file says ``filed``."""
        return (filed | self.given) - self.ended

    def person(self, filed: Person) -> Person:
        """Return the person of the file with the groups of now."""
        return replace(filed, groups=self.groups(filed.groups))

    def account(self, filed: Person) -> Account:
        """Return the account as the port shows it."""
        return Account(filed.id, not self.disabled, self.locked, self.must_change, self.groups(filed.groups), str(self.resets) if self.resets else "")

    def reset(self) -> AccountChanges:
        """Return the state after a password reset."""
        return replace(self, locked=False, must_change=True, resets=self.resets + 1)

    def shut(self) -> AccountChanges:
        """Return the state after locking."""
        return replace(self, locked=True)

    def unlocked(self) -> AccountChanges:
        """Return the state after unlocking."""
        return replace(self, locked=False)

    def switched(self, off: bool) -> AccountChanges:
        """Return the state after the account was switched off or on."""
        return replace(self, disabled=off)

    def granted(self, filed: frozenset[str], group: str) -> AccountChanges:
        """Return the state after a grant."""
        return replace(self, given=self.given | ({group} - filed), ended=self.ended - {group})

    def revoked(self, filed: frozenset[str], group: str) -> AccountChanges:
        """Return the state after a membership ended."""
        return replace(self, given=self.given - {group}, ended=self.ended | ({group} & filed))

    def reloaded(self, filed: frozenset[str], groups: frozenset[str]) -> AccountChanges:
        """Return what remains of the state when the file is taken anew: what it agrees with, or knows no more, is over."""
        return replace(self, given=(self.given - filed) & groups, ended=self.ended & filed)


def person_of(wanted: NewAccount) -> Person:
    """Return the person for whom an account is opened."""
    return Person(**asdict(wanted))


def check_same(known: Person, wanted: NewAccount) -> None:
    """Let an account be opened again for the same person.

    Raises:
        Refused: the id stands for somebody else.
    """
    if (known.name, known.email) != (wanted.name, wanted.email):
        raise Refused(f"{wanted.id} is the account of somebody else")


def carried_over(before: Iterable[tuple[str, AccountChanges]], made: Organisation) -> dict[str, AccountChanges]:
    """Return the accounts of an organisation that takes the place of another: people who stay keep their state, people who left lose it."""
    known, people, groups = dict(before), {person.id: person for person in made.people}, made.group_names()
    kept = {name: known[name].reloaded(person.groups, groups) for name, person in people.items() if name in known}
    return {name: AccountChanges(locked=True) for name in made.locked & people.keys()} | kept
