"""A directory behind SCIM 2.0 (RFC 7643, RFC 7644)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scim2_models import Group, ServiceProviderConfig, User

from assistant.adapters.identity.passwords import temporary_password
from assistant.adapters.identity.scim_rows import ScimGroup, ScimUser, group_of, new_user, page_of, takes_passwords, user_of
from assistant.adapters.identity.scim_wire import Wire
from assistant.domain.configuration import DEFAULT_ROLES, Person
from assistant.domain.secret import Secret
from assistant.ports.identity import Account, NewAccount, NoSuchAccount
from assistant.ports.outside import Refused

PAGE = 100
ACTIVATE = {"op": "replace", "path": "active", "value": True}
DEACTIVATE = ACTIVATE | {"value": False}
UNCHANGED = "FIRSTLINE_SCIM_PASSWORD_FORCES_CHANGE is not set, so a temporary password might stay"
NOWHERE = "FIRSTLINE_SCIM_RECOVERY_KIND is empty, so a temporary password could go nowhere"
ONLY_LOCKS = "FIRSTLINE_SCIM_INACTIVE_IS_LOCKED is set, so an account that was switched off could be unlocked again by its person"
NO_LOCKS = "FIRSTLINE_SCIM_INACTIVE_IS_LOCKED is not set, so nobody can tell which accounts are locked"


@dataclass(frozen=True, slots=True)
class ScimMeaning:
    """What the provider means by things that the standard leaves open."""

    groups: frozenset[str]
    """The groups that exist for Firstline; empty means every group of the provider."""
    inactive_is_locked: bool
    """``active: false`` is a lock that may be taken back. Otherwise it is an account that was switched off."""
    password_forces_change: bool
    """A password that another sets has to be changed at the next sign-in. Without that nobody's password is reset."""
    recovery_kind: str
    """The type of the e-mail address for one-time codes, such as "home"; "" when the provider has none."""


@dataclass(frozen=True, slots=True)
class ScimDirectory:
    """The ``Directory`` port over SCIM. People are known by their ``userName``, groups by their ``displayName``."""

    wire: Wire
    meaning: ScimMeaning
    roles: Mapping[str, frozenset[str]] = field(default_factory=lambda: DEFAULT_ROLES)
    """The groups that give each role."""

    def person(self, person_id: str) -> Person | None:
        """See the port. An account that was switched off is nobody."""
        user = self._user(person_id)
        if user is None or self._switched_off(user):
            return None
        return self._person(user, frozenset(self._groups_of(user).values()), self._name_of_manager(user))

    def people(self) -> list[Person]:
        """See the port."""
        users = [user for user in self._users() if not self._switched_off(user)]
        names, bearers = {user.id: user.user_name for user in users}, Counter(user.user_name for user in users)
        groups: dict[str, frozenset[str]] = {}
        for group in self._groups():
            for member in group.members:
                groups[member] = groups.get(member, frozenset()) | {group.name}
        people = [self._person(user, groups.get(user.id, frozenset()), names.get(user.manager, "")) for user in users if bearers[user.user_name] == 1]
        return sorted(people, key=lambda person: person.name)

    def account(self, person_id: str) -> Account:
        """See the port. SCIM does not tell whether a password has to be changed or when it was."""
        user = self._known(person_id)
        locked = not user.active and self.meaning.inactive_is_locked
        return Account(person_id, not self._switched_off(user), locked, False, frozenset(self._groups_of(user).values()))

    def groups(self) -> frozenset[str]:
        """See the port."""
        return frozenset(group.name for group in self._groups(attributes=["displayName"]))

    def unable(self) -> Mapping[str, str]:
        """See the port. Whether the provider takes passwords at all is asked when one is set."""
        found = {"disable": ONLY_LOCKS} if self.meaning.inactive_is_locked else dict.fromkeys(("lock", "unlock"), NO_LOCKS)
        if not self.meaning.password_forces_change:
            return found | {"reset_password": UNCHANGED}
        return found if self.meaning.recovery_kind else found | {"reset_password": NOWHERE}

    def reset_password(self, person_id: str) -> Secret | None:
        """See the port. Refused unless the provider takes passwords and is known to have them changed at the next sign-in."""
        user = self._known(person_id)
        self._refuse_switched_off(user)
        if not self.meaning.password_forces_change or not takes_passwords(self.wire.read(ServiceProviderConfig)):
            raise Refused("this directory does not let Firstline set temporary passwords")
        password = temporary_password()
        operations: list[dict[str, Any]] = [{"op": "replace", "path": "password", "value": password.reveal()}]
        self.wire.change(User, user.id, operations + ([] if user.active else [ACTIVATE]))
        return password

    def lock(self, person_id: str) -> bool:
        """See the port. Refused where ``active: false`` means more than a lock."""
        return self._set_active(person_id, DEACTIVATE)

    def unlock(self, person_id: str) -> bool:
        """See the port. Refused where ``active: false`` means more than a lock."""
        return self._set_active(person_id, ACTIVATE)

    def _set_active(self, person_id: str, operation: dict[str, Any]) -> bool:
        user = self._known(person_id)
        self._refuse_switched_off(user)
        if not self.meaning.inactive_is_locked:
            raise Refused("this directory does not say which accounts are locked")
        if user.active is operation["value"]:
            return False
        self.wire.change(User, user.id, [operation])
        return True

    def grant(self, person_id: str, group: str) -> bool:
        """See the port."""
        user, place = self._known(person_id), self._group(group)
        if place in self._groups_of(user):
            return False
        self.wire.change(Group, place, [{"op": "add", "path": "members", "value": [{"value": user.id}]}])
        return True

    def revoke(self, person_id: str, group: str) -> bool:
        """See the port."""
        user, place = self._known(person_id), self._group(group)
        if place not in self._groups_of(user):
            return False
        self.wire.change(Group, place, [{"op": "remove", "path": f"members[value eq {json.dumps(user.id)}]"}])
        return True

    def create(self, wanted: NewAccount) -> bool:
        """See the port. Providers refuse a second user of one name, so two that create at once make one account."""
        known = self._user(wanted.id)
        if known is not None:
            address = known.email(lambda email: email.get("primary") is True) or known.email(lambda email: email.get("type") == "work")
            if (known.shown, address) != (wanted.name, wanted.email):
                raise Refused(f"{wanted.id} is the account of somebody else")
            return False
        manager = self._known(wanted.manager).id if wanted.manager else ""
        self.wire.make(User, "/Users", new_user(wanted, manager, self.meaning.recovery_kind))
        return True

    def disable(self, person_id: str) -> bool:
        """See the port. Refused where ``active: false`` is a lock, which its person could have taken back."""
        return self._switch(person_id, on=False)

    def enable(self, person_id: str) -> bool:
        """See the port."""
        return self._switch(person_id, on=True)

    def _switch(self, person_id: str, on: bool) -> bool:
        user = self._known(person_id)
        if self.meaning.inactive_is_locked:
            raise Refused(ONLY_LOCKS)
        if user.active is on:
            return False
        self.wire.change(User, user.id, [ACTIVATE if on else DEACTIVATE])
        return True

    def _user(self, person_id: str) -> ScimUser | None:
        """Return the only user with exactly this name, or None. Providers compare user names without regard to case."""
        if not person_id:
            return None
        exact = [user for user in self._users(f"userName eq {json.dumps(person_id)}") if user.user_name == person_id]
        return exact[0] if len(exact) == 1 else None

    def _known(self, person_id: str) -> ScimUser:
        user = self._user(person_id)
        if user is None:
            raise NoSuchAccount(f"there is no account {person_id}")
        return user

    def _group(self, name: str) -> str:
        """Return the id of the only group with exactly this name. Providers let several groups share a name."""
        exact = [group.id for group in self._groups(f"displayName eq {json.dumps(name)}", ["displayName"]) if group.name == name]
        if len(exact) != 1:
            raise NoSuchAccount(f"there are several groups {name}" if exact else f"there is no group {name}")
        return exact[0]

    def _groups_of(self, user: ScimUser) -> dict[str, str]:
        """Return the names of the user's groups by their ids, asked of the groups: not every provider fills ``groups`` of a user."""
        return {group.id: group.name for group in self._groups(f"members.value eq {json.dumps(user.id)}", ["displayName"])}

    def _switched_off(self, user: ScimUser) -> bool:
        return not user.active and not self.meaning.inactive_is_locked

    def _refuse_switched_off(self, user: ScimUser) -> None:
        if self._switched_off(user):
            raise Refused("this account was switched off")

    def _name_of_manager(self, user: ScimUser) -> str:
        if not user.manager:
            return ""
        try:
            found = self.wire.read_as(user_of, User, user.manager)
        except NoSuchAccount:
            return ""
        return "" if self._switched_off(found) else found.user_name

    def _person(self, user: ScimUser, groups: frozenset[str], manager: str) -> Person:
        kind = self.meaning.recovery_kind
        return Person(
            id=user.user_name,
            name=user.shown,
            email=user.email(lambda email: email.get("primary") is True) or user.email(lambda email: email.get("type") == "work"),
            title=user.title,
            department=user.department,
            location=user.location,
            manager=manager,
            groups=groups,
            recovery=user.email(lambda email: email.get("type") == kind) if kind else "",
        ).with_roles(self.roles)

    def _users(self, condition: str = "") -> list[ScimUser]:
        return [self.wire.as_(user_of, row) for row in self._rows(User, condition)]

    def _groups(self, condition: str = "", attributes: list[str] | None = None) -> list[ScimGroup]:
        """Return the groups that exist for us."""
        found = [self.wire.as_(group_of, row) for row in self._rows(Group, condition, attributes)]
        return [group for group in found if group.name and (not self.meaning.groups or group.name in self.meaning.groups)]

    def _rows(self, kind: Any, condition: str, attributes: list[str] | None = None) -> Iterator[Any]:
        """Read page by page; a provider may give less than was asked for."""
        start = 1
        while True:
            wanted = {"startIndex": start, "count": PAGE} | ({"filter": condition} if condition else {})
            rows, total = self.wire.read_as(page_of, kind, query=wanted | ({"attributes": attributes} if attributes else {}))
            yield from rows
            start += len(rows)
            if not rows or start > total:
                return
