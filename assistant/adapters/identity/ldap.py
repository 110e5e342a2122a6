"""A directory behind LDAP, with the password policy of OpenLDAP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

from assistant.adapters.identity.ldap_sessions import NO_SUCH_ATTRIBUTE, VALUE_EXISTS, Entry, LdapConfigurationError, Session, Sessions
from assistant.adapters.identity.passwords import temporary_password
from assistant.domain.configuration import DEFAULT_ROLES, Person
from assistant.domain.secret import Secret
from assistant.ports.identity import Account, NewAccount, NoSuchAccount
from assistant.ports.outside import Refused, Uncertain

LOCKED, MUST_CHANGE, CHANGED = "pwdAccountLockedTime", "pwdReset", "pwdChangedTime"
LOCKED_BY_PEOPLE = "000001010000Z"
"""The lock that only an administrator sets (draft-behera-ldap-password-policy, section 5.3.3): the account is switched off."""
ATTRIBUTES = {
    "id": "uid",
    "name": "cn",
    "email": "mail",
    "title": "title",
    "department": "departmentNumber",
    "location": "l",
    "manager": "manager",
    "delegate": "",
    "recovery": "",
}

NOWHERE = "FIRSTLINE_LDAP_ATTRIBUTES names no attribute for recovery, so a temporary password could go nowhere"
PEOPLE_CLASSES = ("top", "person", "organizationalPerson", "inetOrgPerson")
"""What an entry is made of that is added for somebody who joins."""
PEOPLE_FIELDS = ("manager", "delegate")
"""What an attribute holds as the name of another person's entry."""


def attributes_with(changes: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that hold what we know of a person, with changes; "" leaves one out.

    Raises:
        LdapConfigurationError: a change names nothing that we know of a person, or leaves out the id or the name.
    """
    unknown = sorted(set(changes) - set(ATTRIBUTES))
    if unknown:
        raise LdapConfigurationError(f"FIRSTLINE_LDAP_ATTRIBUTES names {', '.join(unknown)}; it may name {', '.join(ATTRIBUTES)}")
    made = ATTRIBUTES | dict(changes)
    if not made["id"] or not made["name"]:
        raise LdapConfigurationError("FIRSTLINE_LDAP_ATTRIBUTES has to say which attributes hold id and name")
    return made


@dataclass(frozen=True, slots=True)
class LdapTree:
    """Where people and groups stand. What is not below these bases does not exist for Firstline, so it can be neither read nor changed."""

    people_base: str
    people_filter: str
    attributes: Mapping[str, str]
    group_base: str
    group_filter: str
    group_name: str
    group_member: str
    member_of: str
    """Attribute of a person that lists groups; "" searches the groups for the person, which needs no overlay."""


@dataclass(frozen=True, slots=True)
class LdapDirectory:
    """The ``Directory`` port over LDAP."""

    sessions: Sessions
    tree: LdapTree
    roles: Mapping[str, frozenset[str]] = field(default_factory=lambda: DEFAULT_ROLES)
    """The groups that give each role."""

    def person(self, person_id: str) -> Person | None:
        """See the port. An account that an administrator locked for good is nobody."""
        with self.sessions.session() as session:
            entry = self._entry(session, person_id)
            if entry is None or _switched_off(entry):
                return None
            named = {field: self._id_of(session, entry.one(self.tree.attributes[field])) for field in PEOPLE_FIELDS}
            return self._person(entry, self._groups_of(session, entry), named)

    def people(self) -> list[Person]:
        """See the port."""
        with self.sessions.session() as session:
            found = session.search(self.tree.people_base, self.tree.people_filter, self._read())
            entries = [entry for entry in found if self._has_one_id(entry) and not _switched_off(entry)]
            members = self._members(session)
        names = {_plain(entry.dn): entry.one(self.tree.attributes["id"]) for entry in entries}
        bearers = Counter(names.values())
        people = []
        for entry in entries:
            if bearers[names[_plain(entry.dn)]] == 1:
                named = {field: names.get(_plain(entry.one(self.tree.attributes[field])), "") for field in PEOPLE_FIELDS}
                people.append(self._person(entry, self._listed(entry) or members.get(_plain(entry.dn), frozenset()), named))
        return sorted(people, key=lambda person: person.name)

    def account(self, person_id: str) -> Account:
        """See the port. A lock that has run out by itself is shown until the next sign-in."""
        with self.sessions.session() as session:
            entry = self._known(session, person_id)
            active = not _switched_off(entry)
            locked = active and bool(entry.all(LOCKED))
            return Account(person_id, active, locked, entry.one(MUST_CHANGE) == "TRUE", self._groups_of(session, entry), entry.one(CHANGED))

    def groups(self) -> frozenset[str]:
        """See the port."""
        with self.sessions.session() as session:
            return self._names(session.search(self.tree.group_base, self.tree.group_filter, [self.tree.group_name]))

    def unable(self) -> Mapping[str, str]:
        """See the port."""
        return {} if self.tree.attributes["recovery"] else {"reset_password": NOWHERE}

    def reset_password(self, person_id: str) -> Secret | None:
        """See the port. The server does not set ``pwdReset`` when a service account sets a password, so it is set here.

        It is set before the password too: an account that may not set it is refused before anything has changed.
        """
        with self._changing(person_id) as (session, entry):
            _refuse_switched_off(entry)
            before = list(entry.all(MUST_CHANGE))
            session.modify(entry.dn, {MUST_CHANGE: [(ldap3.MODIFY_REPLACE, ["TRUE"])]})
            password = temporary_password()
            try:
                session.set_password(entry.dn, password)
            except Refused:
                session.modify(entry.dn, {MUST_CHANGE: [(ldap3.MODIFY_REPLACE, before)]})
                raise
            try:
                session.modify(entry.dn, {MUST_CHANGE: [(ldap3.MODIFY_REPLACE, ["TRUE"])], LOCKED: [(ldap3.MODIFY_REPLACE, [])]})
            except Exception as error:
                raise Uncertain(f"a password was set that nobody knows, and the account may not ask for a new one: {error}") from error
            return password

    def lock(self, person_id: str) -> bool:
        """See the port. The lock is one of a moment, as the server's own; ``pwdLockoutDuration`` ends it."""
        with self._changing(person_id) as (session, entry):
            if entry.all(LOCKED):
                return False
            moment = datetime.now(UTC).strftime("%Y%m%d%H%M%SZ")
            return session.modify(entry.dn, {LOCKED: [(ldap3.MODIFY_ADD, [moment])]}, already=VALUE_EXISTS)

    def unlock(self, person_id: str) -> bool:
        """See the port. An account that an administrator locked for good is refused: that was no mistyped password."""
        with self._changing(person_id) as (session, entry):
            _refuse_switched_off(entry)
            return session.modify(entry.dn, {LOCKED: [(ldap3.MODIFY_DELETE, [])]}, already=NO_SUCH_ATTRIBUTE)

    def grant(self, person_id: str, group: str) -> bool:
        """See the port."""
        with self._changing(person_id) as (session, entry):
            member = {self.tree.group_member: [(ldap3.MODIFY_ADD, [entry.dn])]}
            return session.modify(self._group(session, group).dn, member, already=VALUE_EXISTS)

    def revoke(self, person_id: str, group: str) -> bool:
        """See the port. The last member of a ``groupOfNames`` cannot leave it; that is refused."""
        with self._changing(person_id) as (session, entry):
            member = {self.tree.group_member: [(ldap3.MODIFY_DELETE, [entry.dn])]}
            return session.modify(self._group(session, group).dn, member, already=NO_SUCH_ATTRIBUTE)

    def create(self, wanted: NewAccount) -> bool:
        """See the port. The entry has no password, so nobody can bind as it before one is set. A manager who is not found is refused."""
        with self.sessions.session() as session:
            known = self._entry(session, wanted.id)
            if known is None:
                return self._added(session, wanted)
            held = (known.one(self.tree.attributes["name"]), known.one(self.tree.attributes["email"]))
            if held != (wanted.name, wanted.email):
                raise Refused(f"{wanted.id} is the account of somebody else")
            return False

    def _added(self, session: Session, wanted: NewAccount) -> bool:
        if any(sign in wanted.id for sign in ',+"\\<>;=#\x00') or wanted.id != wanted.id.strip():
            raise Refused(f"{wanted.id} cannot be the name of an entry")
        attributes = self.tree.attributes
        facts = {name: getattr(wanted, field) for field, name in attributes.items() if name and field not in PEOPLE_FIELDS}
        if attributes["manager"] and wanted.manager:
            facts[attributes["manager"]] = self._known(session, wanted.manager).dn
        filled = {name: value for name, value in facts.items() if value} | {"sn": wanted.name.split()[-1]}
        return session.add(f"{attributes['id']}={wanted.id},{self.tree.people_base}", PEOPLE_CLASSES, filled)

    def disable(self, person_id: str) -> bool:
        """See the port. The lock is the one that only an administrator sets and that never runs out."""
        with self._changing(person_id) as (session, entry):
            if _switched_off(entry):
                return False
            return session.modify(entry.dn, {LOCKED: [(ldap3.MODIFY_REPLACE, [LOCKED_BY_PEOPLE])]})

    def enable(self, person_id: str) -> bool:
        """See the port."""
        with self._changing(person_id) as (session, entry):
            if not _switched_off(entry):
                return False
            return session.modify(entry.dn, {LOCKED: [(ldap3.MODIFY_DELETE, [])]}, already=NO_SUCH_ATTRIBUTE)

    @contextmanager
    def _changing(self, person_id: str) -> Iterator[tuple[Session, Entry]]:
        with self.sessions.session() as session:
            yield session, self._known(session, person_id)

    def _entry(self, session: Session, person_id: str) -> Entry | None:
        return session.one(self.tree.people_base, self.tree.people_filter, self.tree.attributes["id"], person_id, self._read())

    def _known(self, session: Session, person_id: str) -> Entry:
        entry = self._entry(session, person_id)
        if entry is None:
            raise NoSuchAccount(f"there is no account {person_id}")
        return entry

    def _group(self, session: Session, group: str) -> Entry:
        entry = session.one(self.tree.group_base, self.tree.group_filter, self.tree.group_name, group, [])
        if entry is None:
            raise NoSuchAccount(f"there is no group {group}")
        return entry

    def _read(self) -> Sequence[str]:
        return [*self.tree.attributes.values(), self.tree.member_of, LOCKED, MUST_CHANGE, CHANGED]

    def _has_one_id(self, entry: Entry) -> bool:
        return len(entry.all(self.tree.attributes["id"])) == 1

    def _person(self, entry: Entry, groups: frozenset[str], named: dict[str, str]) -> Person:
        known: dict[str, Any] = {field: entry.one(name) for field, name in self.tree.attributes.items()}
        return Person(**known | named | {"groups": groups}).with_roles(self.roles)

    def _groups_of(self, session: Session, entry: Entry) -> frozenset[str]:
        if self.tree.member_of:
            return self._listed(entry)
        condition = f"(&{self.tree.group_filter}({self.tree.group_member}={escape_filter_chars(entry.dn)}))"
        return self._names(session.search(self.tree.group_base, condition, [self.tree.group_name]))

    def _names(self, groups: Sequence[Entry]) -> frozenset[str]:
        """Return the names of the groups that have exactly one."""
        return frozenset(group.one(self.tree.group_name) for group in groups if len(group.all(self.tree.group_name)) == 1)

    def _listed(self, entry: Entry) -> frozenset[str]:
        """Return the groups below our base that the person's own entry names."""
        names = (
            _name_below(dn, self.tree.group_base, self.tree.group_name) for dn in (entry.all(self.tree.member_of) if self.tree.member_of else ())
        )
        return frozenset(name for name in names if name)

    def _members(self, session: Session) -> dict[str, frozenset[str]]:
        """Return the groups of each entry's plain name, by one search."""
        if self.tree.member_of:
            return {}
        found: dict[str, frozenset[str]] = {}
        for group in session.search(self.tree.group_base, self.tree.group_filter, [self.tree.group_name, self.tree.group_member]):
            for dn in map(_plain, group.all(self.tree.group_member)):
                found[dn] = found.get(dn, frozenset()) | self._names([group])
        return found

    def _id_of(self, session: Session, dn: str) -> str:
        """Return the id of the person with this entry name, "" when there is none below our base."""
        if not dn or not dn.lower().endswith(f",{self.tree.people_base.lower()}"):
            return ""
        found = session.search(dn, self.tree.people_filter, [self.tree.attributes["id"], LOCKED], ldap3.BASE)
        usable = found and self._has_one_id(found[0]) and not _switched_off(found[0])
        return found[0].one(self.tree.attributes["id"]) if usable else ""


def _switched_off(entry: Entry) -> bool:
    return LOCKED_BY_PEOPLE in entry.all(LOCKED)


def _refuse_switched_off(entry: Entry) -> None:
    if _switched_off(entry):
        raise Refused("an administrator switched this account off")


def _plain(dn: str) -> str:
    """Return an entry's name without what makes no difference between two spellings of it."""
    try:
        return ",".join(f"{name}={value}" for name, value, _ in parse_dn(dn.lower(), strip=True))
    except LDAPInvalidDnError:
        return dn.lower()


def _name_below(dn: str, base: str, attribute: str) -> str:
    """Return the name in the first part of an entry's name, "" when the entry is not below the base or is named otherwise."""
    try:
        parts, above = parse_dn(dn.lower(), strip=True), parse_dn(base.lower(), strip=True)
        name = parse_dn(dn)[0]
    except (LDAPInvalidDnError, IndexError):
        return ""
    below = len(parts) > len(above) and [part[:2] for part in parts[-len(above) :]] == [part[:2] for part in above]
    return name[1] if below and name[0].lower() == attribute.lower() else ""
