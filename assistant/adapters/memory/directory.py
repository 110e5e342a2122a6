"""A directory and device fleet over an organisation given as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock

from assistant.adapters.identity.accounts import AccountChanges, carried_over, check_same, person_of
from assistant.adapters.identity.passwords import temporary_password
from assistant.domain.configuration import DEFAULT_ROLES, Company, Device, Entitlement, Organisation, Person, Queue, Service
from assistant.domain.secret import Secret
from assistant.ports.identity import Account, NewAccount, NoSuchAccount


class MemoryDirectory:
    """The ``Directory``, ``Workplace`` and ``DeviceFleet`` ports."""

    def __init__(self, organisation: Organisation) -> None:
        """Answer from this organisation."""
        self._organisation = organisation
        self._accounts = carried_over((), organisation)
        self._created: set[str] = set()
        self._changing = Lock()

    def replace(self, made: Organisation) -> None:
        """Answer from another organisation from now on; people who stay keep what was changed about their accounts.

        Those for whom an account was opened here stay until the organisation names them.
        """
        with self._changing:
            named = {person.id for person in made.people}
            self._created -= named
            kept = tuple(person for person in self._organisation.people if person.id in self._created)
            made = replace(made, people=(*made.people, *kept))
            self._accounts, self._organisation = carried_over(self._accounts.items(), made), made

    def person(self, person_id: str) -> Person | None:
        """See the port."""
        filed = self._filed(person_id)
        on = filed is not None and not self._state(person_id).disabled
        return self._state(person_id).person(filed).with_roles(DEFAULT_ROLES) if filed and on else None

    def people(self) -> list[Person]:
        """See the port."""
        now = (self._state(one.id).person(one).with_roles(DEFAULT_ROLES) for one in self._organisation.people if not self._state(one.id).disabled)
        return sorted(now, key=lambda person: person.name)

    def account(self, person_id: str) -> Account:
        """See the port."""
        return self._state(person_id).account(self._known(person_id))

    def groups(self) -> frozenset[str]:
        """See the port."""
        return self._organisation.group_names()

    def unable(self) -> Mapping[str, str]:
        """See the port."""
        return {}

    def reset_password(self, person_id: str) -> Secret | None:
        """See the port."""
        self._change(person_id, lambda _, account: account.reset())
        return temporary_password()

    def lock(self, person_id: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda _, account: account.shut())

    def unlock(self, person_id: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda _, account: account.unlocked())

    def grant(self, person_id: str, group: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda filed, account: account.granted(filed.groups, group), group)

    def revoke(self, person_id: str, group: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda filed, account: account.revoked(filed.groups, group), group)

    def create(self, wanted: NewAccount) -> bool:
        """See the port."""
        with self._changing:
            known = self._filed(wanted.id)
            if known is not None:
                check_same(known, wanted)
                return False
            self._organisation = replace(self._organisation, people=(*self._organisation.people, person_of(wanted)))
            self._accounts[wanted.id] = AccountChanges(must_change=True)
            self._created.add(wanted.id)
            return True

    def disable(self, person_id: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda _, account: account.switched(off=True))

    def enable(self, person_id: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda _, account: account.switched(off=False))

    def company(self) -> Company:
        """See the port."""
        return self._organisation.company

    def services(self) -> list[Service]:
        """See the port."""
        return sorted(self._organisation.services, key=lambda service: service.id)

    def queues(self) -> tuple[Queue, ...]:
        """See the port."""
        return tuple(sorted(self._organisation.queues, key=lambda queue: queue.id))

    def entitlements(self) -> tuple[Entitlement, ...]:
        """See the port."""
        return tuple(sorted(self._organisation.entitlements, key=lambda entitlement: entitlement.id))

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port."""
        mine = [device for device in self._organisation.devices if device.owner == person_id]
        return sorted(mine, key=lambda device: (not device.primary, device.id))

    def _filed(self, person_id: str) -> Person | None:
        return next((person for person in self._organisation.people if person.id == person_id), None)

    def _known(self, person_id: str) -> Person:
        filed = self._filed(person_id)
        if filed is None:
            raise NoSuchAccount(f"there is no account {person_id}")
        return filed

    def _state(self, person_id: str) -> AccountChanges:
        return self._accounts.get(person_id, AccountChanges())

    def _change(self, person_id: str, change: Callable[[Person, AccountChanges], AccountChanges], group: str | None = None) -> bool:
        with self._changing:
            filed, before = self._known(person_id), self._state(person_id)
            if group is not None and group not in self.groups():
                raise NoSuchAccount(f"there is no group {group}")
            self._accounts[person_id] = change(filed, before)
            return self._accounts[person_id] != before
