"""The built-in directory and device fleet: the people file, loaded into a table."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, insert, select

from assistant.adapters.store.tables import organisation
from assistant.domain.configuration import Company, Device, Organisation, Person, Queue, Service
from assistant.domain.ticket import TicketStatus
from assistant.ports.identity import Account, NoSuchAccount
from kb.adapters.store.engine import reading, writing
from kb.model import Platform

TICKET_KEY = "people-file:"
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
            people=tuple(_made(Person, row | {"groups": frozenset(_words(row, "groups"))}) for row in _rows(facts, "people")),
            devices=tuple(_made(Device, row | {"platform": Platform(row["platform"])}) for row in _rows(facts, "devices")),
            services=tuple(_made(Service, row) for row in _rows(facts, "services")),
            queues=tuple(_made(Queue, row | {"categories": tuple(_words(row, "categories"))}) for row in _rows(facts, "queues")),
        )
        waiting = [_open_ticket(row) for row in _rows(facts, "tickets")]
        ZoneInfo(made.company.timezone)
        for items in (made.people, made.devices, made.services, made.queues):
            _refuse_doubles([item.id for item in items])
        _refuse_doubles([ticket.key.removeprefix(TICKET_KEY) for ticket in waiting])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise PeopleFileError(f"the people file {path} cannot be used: {error}") from error
    known = {person.id for person in made.people}
    strangers = {device.owner for device in made.devices} | {t.requester for t in waiting} | {p.manager for p in made.people if p.manager}
    if strangers - known:
        raise PeopleFileError(f"the people file {path} names people whom it does not describe: {', '.join(sorted(strangers - known))}")
    return made, waiting


def _rows(facts: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = facts.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"{name} is no list of tables, as in [[{name}]]")
    return rows


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


@dataclass(frozen=True, slots=True)
class BuiltinDirectory:
    """The ``Directory`` and ``DeviceFleet`` ports over the table; every call reads it anew."""

    engine: Engine

    def replace(self, made: Organisation) -> None:
        """Store an organisation in place of the one before; one commit."""
        rows = [_row("company", "company", made.company)]
        for kind, items in (("person", made.people), ("device", made.devices), ("service", made.services), ("queue", made.queues)):
            rows += [_row(kind, item.id, item) for item in items]
        with writing(self.engine) as connection:
            connection.execute(delete(organisation))
            connection.execute(insert(organisation), rows)

    def person(self, person_id: str) -> Person | None:
        """See the port."""
        return next(iter(self._read("person", _person, person_id)), None)

    def people(self) -> list[Person]:
        """See the port."""
        return sorted(self._read("person", _person), key=lambda person: person.name)

    def account(self, person_id: str) -> Account:
        """See the port."""
        facts = self._account_facts(person_id)
        return Account(person_id, True, bool(facts.get("locked")), bool(facts.get("must_change")), frozenset(facts["groups"]))

    def groups(self) -> frozenset[str]:
        """See the port."""
        return frozenset(group for person in self.people() for group in person.groups)

    def _account_facts(self, person_id: str) -> dict[str, Any]:
        with reading(self.engine) as connection:
            found = connection.execute(select(organisation.c.facts).where(organisation.c.kind == "person", organisation.c.id == person_id)).scalar()
        if found is None:
            raise NoSuchAccount(person_id)
        return dict(found)

    def company(self) -> Company:
        """See the port."""
        return next(iter(self._read("company", lambda row: Company(**row))), Company("Your organisation", "example.org"))

    def services(self) -> list[Service]:
        """See the port."""
        return self._read("service", lambda row: Service(**row))

    def queues(self) -> tuple[Queue, ...]:
        """See the port."""
        return tuple(self._read("queue", lambda row: Queue(row["id"], row["name"], tuple(row["categories"]))))

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port."""
        mine: list[Device] = self._read("device", _device, owner=person_id)
        return sorted(mine, key=lambda device: (not device.primary, device.id))

    def _read(self, kind: str, make: Any, key: str | None = None, owner: str | None = None) -> list[Any]:
        query = select(organisation.c.facts).where(organisation.c.kind == kind).order_by(organisation.c.id)
        if key is not None:
            query = query.where(organisation.c.id == key)
        if owner is not None:
            query = query.where(organisation.c.owner == owner)
        with reading(self.engine) as connection:
            return [make(facts) for facts in connection.execute(query).scalars()]


def _row(kind: str, key: str, item: Any) -> dict[str, Any]:
    facts = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(item).items()}
    return {"kind": kind, "id": key, "owner": facts.get("owner", ""), "facts": facts}


def _person(row: dict[str, Any]) -> Person:
    return Person(**row | {"groups": frozenset(row["groups"])})


def _device(row: dict[str, Any]) -> Device:
    return Device(**row | {"platform": Platform(row["platform"])})
