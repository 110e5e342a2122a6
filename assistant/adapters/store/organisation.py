"""The built-in directory and device fleet: the people file, loaded into a table."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Text, cast, delete, insert, select

from assistant.adapters.identity.accounts import AccountChanges, carried_over, check_same, person_of
from assistant.adapters.identity.passwords import temporary_password
from assistant.adapters.store.joiners_tables import device_reservations
from assistant.adapters.store.tables import organisation
from assistant.domain.configuration import DEFAULT_ROLES, Company, Device, Entitlement, Organisation, Person, Queue, Service
from assistant.domain.secret import Secret
from assistant.domain.step_up import may_recover
from assistant.domain.ticket import TicketStatus
from assistant.ports.identity import Account, NewAccount, NoSuchAccount
from kb.adapters.store.engine import reading, writing
from kb.model import Platform

TICKET_KEY = "people-file:"
CREATED = "created"
"""Marks the people for whom an account was opened here, and whom no people file names yet."""
Item = TypeVar("Item")


class PeopleFileError(ValueError):
    """The people file cannot be used; the message says why and where."""


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket that the people file brings along, for a desk that does not begin empty."""

    key: str
    requester: str
    subject: str
    description: str
    category: str
    status: str
    queue: str
    assignee: str
    opened: datetime


def read_people_file(path: Path) -> tuple[Organisation, list[OpenTicket]]:
    """Read a people file (TOML; its form is in docs/guide/people.md).

    Raises:
        PeopleFileError: it is missing or malformed, names something twice, or refers to somebody who is not in it.
    """
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
        made = Organisation(
            company=_made(Company, facts["company"]),
            people=tuple(_person_of_file(row) for row in _rows(facts, "people")),
            devices=tuple(_made(Device, row | {"platform": Platform(row["platform"])}) for row in _rows(facts, "devices")),
            services=tuple(_made(Service, row) for row in _rows(facts, "services")),
            queues=tuple(_made(Queue, row | {"categories": tuple(_words(row, "categories"))}) for row in _rows(facts, "queues")),
            entitlements=tuple(_made(Entitlement, row | {"open_to": tuple(_words(row, "open_to"))}) for row in _rows(facts, "entitlements")),
            locked=frozenset(row["id"] for row in _rows(facts, "people") if _flag(row, "locked")),
        )
        waiting = [_open_ticket(row) for row in _rows(facts, "tickets")]
        ZoneInfo(made.company.timezone)
        for items in (made.people, made.devices, made.services, made.queues, made.entitlements):
            _refuse_doubles([item.id for item in items])
        _refuse_doubles([ticket.key.removeprefix(TICKET_KEY) for ticket in waiting])
        for person in made.people:
            if person.recovery and not may_recover(person, made.company.domain):
                raise ValueError(f"the recovery address of {person.id} is no address outside the company's own mail")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise PeopleFileError(f"the people file {path} cannot be used: {error}") from error
    known = {person.id for person in made.people}
    named = {device.owner for device in made.devices} | {t.requester for t in waiting} | {one.owner for one in made.entitlements}
    strangers = named.union(*({person.manager, person.delegate} for person in made.people)) - known - {""}
    if strangers:
        raise PeopleFileError(f"the people file {path} names people whom it does not describe: {', '.join(sorted(strangers))}")
    return made, waiting


def _rows(facts: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = facts.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"{name} is no list of tables, as in [[{name}]]")
    return rows


def _flag(row: dict[str, Any], name: str) -> bool:
    value = row.get(name, False)
    if not isinstance(value, bool):
        raise TypeError(f"{name} of {row.get('id')} is neither true nor false")
    return value


def _person_of_file(row: dict[str, Any]) -> Person:
    if "roles" in row:
        raise TypeError(f"roles of {row.get('id')} cannot be set: groups give them, see FIRSTLINE_ROLES")
    return _made(Person, {name: value for name, value in row.items() if name != "locked"} | {"groups": frozenset(_words(row, "groups"))})


def _words(row: dict[str, Any], name: str) -> list[str]:
    words = row.get(name, [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise TypeError(f"{name} of {row.get('id')} is no list of words")
    return words


def _made(kind: type[Item], row: dict[str, Any]) -> Item:
    item = kind(**row)
    for one in fields(item):  # type: ignore[arg-type]
        wanted = {"str": str, "bool": bool, "int": int}.get(str(one.type), object)
        if not isinstance(getattr(item, one.name), wanted):
            raise TypeError(f"{one.name} of {row.get('id', kind.__name__)} is no {one.type}")
    return item


def _refuse_doubles(ids: list[str]) -> None:
    if "" in ids:
        raise ValueError("an id is empty")
    twice = sorted(name for name, count in Counter(ids).items() if count > 1)
    if twice:
        raise ValueError(f"named twice: {', '.join(twice)}")


def _open_ticket(row: dict[str, Any]) -> OpenTicket:
    opened = datetime.fromisoformat(row["opened"])
    if opened.tzinfo is None:
        raise ValueError(f"the time {row['opened']} of {row['id']} has no zone")
    made = {
        "key": f"{TICKET_KEY}{row['id']}",
        "status": TicketStatus(row.get("status", "open")).value,
        "assignee": row.get("assignee", ""),
        "opened": opened,
        **{name: row[name] for name in ("requester", "subject", "description", "category", "queue")},
    }
    return _made(OpenTicket, made)


@dataclass(slots=True)
class _Read:
    """Everybody as the last reading of all found them, by what the rows of person and account said."""

    people: dict[tuple[str, str], Person | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuiltinDirectory:
    """The ``Directory``, ``Workplace`` and ``DeviceFleet`` ports over the table; every call reads it anew.

    Nobody signs in anywhere with its passwords: a reset notes that one was set and returns it, so that everything around a
    reset can be tried and tested without another system.
    """

    engine: Engine
    roles: Mapping[str, frozenset[str]] = field(default_factory=lambda: DEFAULT_ROLES)
    """The groups that give each role."""
    _last: _Read = field(default_factory=_Read, init=False, repr=False, compare=False)

    def replace(self, made: Organisation) -> None:
        """Store an organisation in place of the one before, one commit; people who stay keep what was changed about their accounts.

        Those for whom an account was opened here stay until the organisation names them.
        """
        with writing(self.engine) as connection:
            named = {person.id for person in made.people}
            kept = [person for person in _created(connection) if person.id not in named]
            made = replace(made, people=(*made.people, *kept))
            accounts = carried_over(_accounts(connection).items(), made)
            rows = [*_rows_of(made), *(_bare(CREATED, person.id, {}) for person in kept)]
            connection.execute(delete(organisation))
            connection.execute(insert(organisation), rows + [_bare("account", name, account.facts()) for name, account in sorted(accounts.items())])

    def person(self, person_id: str) -> Person | None:
        """See the port."""
        with reading(self.engine) as connection:
            found = _held(connection, person_id)
        return found[1].person(found[0]).with_roles(self.roles) if found and not found[1].disabled else None

    def people(self) -> list[Person]:
        """See the port. Rows are read anew each time; those that say what they said the last time are not taken apart again."""
        rows: dict[str, dict[str, str]] = {"person": {}, "account": {}}
        query = select(organisation.c.kind, organisation.c.id, cast(organisation.c.facts, Text)).where(organisation.c.kind.in_(rows))
        with reading(self.engine) as connection:
            for kind, person_id, facts in connection.execute(query):
                rows[kind][person_id] = facts
        known, now = self._last.people, dict[tuple[str, str], Person | None]()
        for person_id, facts in rows["person"].items():
            said = facts, rows["account"].get(person_id, "")
            now[said] = known[said] if said in known else self._made(*said)
        self._last.people = now
        return sorted((one for one in now.values() if one is not None), key=lambda person: person.name)

    def _made(self, filed: str, account: str) -> Person | None:
        """Return a person of the texts of both rows, None where the account is disabled."""
        state = AccountChanges.of(json.loads(account)) if account else AccountChanges()
        return None if state.disabled else state.person(_person(json.loads(filed))).with_roles(self.roles)

    def account(self, person_id: str) -> Account:
        """See the port."""
        with reading(self.engine) as connection:
            filed, account = _known(connection, person_id)
        return account.account(filed)

    def groups(self) -> frozenset[str]:
        """See the port."""
        with reading(self.engine) as connection:
            return _groups(connection)

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
        with writing(self.engine) as connection:
            known = _held(connection, wanted.id, lock=True)
            if known is not None:
                check_same(known[0], wanted)
                return False
            fresh = AccountChanges(must_change=True).facts()
            rows = [_row("person", wanted.id, person_of(wanted)), _bare("account", wanted.id, fresh), _bare(CREATED, wanted.id, {})]
            connection.execute(insert(organisation), rows)
            return True

    def disable(self, person_id: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda _, account: account.switched(off=True))

    def enable(self, person_id: str) -> bool:
        """See the port."""
        return self._change(person_id, lambda _, account: account.switched(off=False))

    def _change(self, person_id: str, change: Callable[[Person, AccountChanges], AccountChanges], group: str | None = None) -> bool:
        """Change an account in one transaction; return whether anything became different."""
        with writing(self.engine) as connection:
            filed, before = _known(connection, person_id, lock=True)
            if group is not None and group not in _groups(connection):
                raise NoSuchAccount(f"there is no group {group}")
            after = change(filed, before)
            if after != before:
                connection.execute(delete(organisation).where(organisation.c.kind == "account", organisation.c.id == person_id))
                connection.execute(insert(organisation), [_bare("account", person_id, after.facts())])
        return after != before

    def company(self) -> Company:
        """See the port."""
        return next(iter(self._read("company", lambda row: Company(**row))), Company("Your organisation", "example.org"))

    def services(self) -> list[Service]:
        """See the port."""
        return self._read("service", lambda row: Service(**row))

    def queues(self) -> tuple[Queue, ...]:
        """See the port."""
        return tuple(self._read("queue", lambda row: Queue(row["id"], row["name"], tuple(row["categories"]))))

    def entitlements(self) -> tuple[Entitlement, ...]:
        """See the port."""
        return tuple(self._read("entitlement", lambda row: Entitlement(**row | {"open_to": tuple(row["open_to"])})))

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port."""
        mine: list[Device] = self._read("device", device_of, owner=person_id)
        with reading(self.engine) as connection:
            mine += reserved_for(connection, person_id)
        return sorted(mine, key=lambda device: (not device.primary, device.id))

    def _read(self, kind: str, make: Any, key: str | None = None, owner: str | None = None) -> list[Any]:
        query = select(organisation.c.facts).where(organisation.c.kind == kind).order_by(organisation.c.id)
        if key is not None:
            query = query.where(organisation.c.id == key)
        if owner is not None:
            query = query.where(organisation.c.owner == owner)
        with reading(self.engine) as connection:
            return [make(facts) for facts in connection.execute(query).scalars()]


def _held(connection: Connection, person_id: str, lock: bool = False) -> tuple[Person, AccountChanges] | None:
    """Return a person as filed and the state of the account. With ``lock`` nobody else changes it before this transaction ends."""
    query = select(organisation.c.kind, organisation.c.facts).where(organisation.c.id == person_id)
    found: dict[str, Any] = {}
    for kind in ("person", "account"):
        one = query.where(organisation.c.kind == kind)
        found |= {row.kind: row.facts for row in connection.execute(one.with_for_update() if lock else one)}
    if "person" not in found:
        return None
    return _person(found["person"]), AccountChanges.of(found["account"]) if "account" in found else AccountChanges()


def _known(connection: Connection, person_id: str, lock: bool = False) -> tuple[Person, AccountChanges]:
    found = _held(connection, person_id, lock)
    if found is None:
        raise NoSuchAccount(f"there is no account {person_id}")
    return found


def _created(connection: Connection) -> list[Person]:
    """Return the people for whom an account was opened here."""
    here = select(organisation.c.id).where(organisation.c.kind == CREATED)
    query = select(organisation.c.facts).where(organisation.c.kind == "person", organisation.c.id.in_(here))
    return [_person(facts) for facts in connection.execute(query.order_by(organisation.c.id)).scalars()]


def reserved_for(connection: Connection, person_id: str) -> list[Device]:
    """Return the devices without an owner that are kept for a person."""
    query = select(organisation.c.facts).join(device_reservations, device_reservations.c.device == organisation.c.id)
    mine = query.where(organisation.c.kind == "device", organisation.c.owner == "", device_reservations.c.person == person_id)
    return [replace(device_of(facts), owner=person_id) for facts in connection.execute(mine).scalars()]


def _accounts(connection: Connection) -> dict[str, AccountChanges]:
    rows = connection.execute(select(organisation.c.id, organisation.c.facts).where(organisation.c.kind == "account"))
    return {row.id: AccountChanges.of(row.facts) for row in rows}


def _groups(connection: Connection) -> frozenset[str]:
    rows = connection.execute(
        select(organisation.c.kind, organisation.c.id, organisation.c.facts).where(organisation.c.kind.in_(("entitlement", "person")))
    )
    return frozenset().union(*({row.id} if row.kind == "entitlement" else row.facts["groups"] for row in rows))


def _rows_of(made: Organisation) -> list[dict[str, Any]]:
    rows = [_row("company", "company", made.company)]
    rows += [_row("person", item.id, item) for item in made.people] + [_row("device", item.id, item) for item in made.devices]
    rows += [_row("service", item.id, item) for item in made.services] + [_row("queue", item.id, item) for item in made.queues]
    return rows + [_row("entitlement", item.id, item) for item in made.entitlements]


def _bare(kind: str, key: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "id": key, "owner": "", "facts": facts}


def _row(kind: str, key: str, item: Any) -> dict[str, Any]:
    facts = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(item).items() if name != "roles"}
    return {"kind": kind, "id": key, "owner": facts.get("owner", ""), "facts": facts}


def _person(row: dict[str, Any]) -> Person:
    return Person(**row | {"groups": frozenset(row["groups"])})


def device_of(row: dict[str, Any]) -> Device:
    """Return the device of a row of the people file."""
    return Device(**row | {"platform": Platform(row["platform"])})
