"""The built-in device fleet: a list that is loaded from a CSV file, and the devices of the people file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, or_, select, update

from assistant.adapters.devices.listed import Listed
from assistant.adapters.store.change_tables import findings, fleet_devices, fleet_effects
from assistant.adapters.store.organisation import device_of, reserved_for
from assistant.adapters.store.tables import organisation
from assistant.domain.compliance import Posture
from assistant.domain.configuration import Device
from assistant.ports.outside import Refused
from kb.adapters.store.engine import reading, writing

NOTHING_KNOWN = "the people file names the device and says nothing of its state; load a list of devices"
PAGE = 500


@dataclass(frozen=True, slots=True)
class BuiltinFleet:
    """The ``DeviceFleet`` protocol over tables. A device that the list and the people file both name is the list's."""

    engine: Engine
    now: Callable[[], datetime]
    name: str = "the list of devices"
    honours_keys: bool = True

    def replace(self, devices: Sequence[Listed]) -> None:
        """Store a list in place of the one before, one commit."""
        rows = [{"id": one.device.id, "owner": one.device.owner, "facts": one.facts()} for one in devices]
        with writing(self.engine) as connection:
            connection.execute(delete(fleet_devices))
            if rows:
                connection.execute(insert(fleet_devices), rows)

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port. What is kept for somebody out of the stock is theirs, whether the list says so already or not.

        A device with an open finding of a look at the fleet is not compliant. Where another system gives devices numbers of its own, its names are
        our ids.
        """
        with reading(self.engine) as connection:
            listed = [one.device for one in _listed(connection, fleet_devices.c.owner == person_id)]
            kept = reserved_for(connection, person_id)
            filed = _filed(connection, organisation.c.owner == person_id)
            known = _ids(connection, [one.id for one in filed])
            mine = {one.id: one for one in (*kept, *(one for one in filed if one.id not in known), *listed)}
            failing = _failing(connection, list(mine))
        looked_at = [replace(one, compliant=False) if one.id in failing else one for one in mine.values()]
        return sorted(looked_at, key=lambda one: (not one.primary, one.id))

    def device(self, device_id: str) -> Device | None:
        """See the port."""
        with reading(self.engine) as connection:
            found = [one.device for one in _listed(connection, fleet_devices.c.id == device_id)]
            return next(iter(found or _filed(connection, organisation.c.id == device_id)), None)

    def all(self) -> Iterator[Device]:
        """See the port."""
        for one in self.compliance():
            yield one.device

    def compliance(self) -> Iterator[Posture]:
        """See the port. A device of which only the people file speaks has nothing that could be checked."""
        last, seen = "", set[str]()
        while True:
            with reading(self.engine) as connection:
                page = _listed(connection, fleet_devices.c.id > last, PAGE)
            for one in page:
                seen.add(one.device.id)
                yield one.posture()
            if len(page) < PAGE:
                break
            last = page[-1].device.id
        with reading(self.engine) as connection:
            filed = _filed(connection, None)
        for device in filed:
            if device.id not in seen:
                yield Posture(device, trouble=NOTHING_KNOWN)

    def remediate(self, device_id: str, remedy: str, key: str) -> None:
        """See the port. The effect and the key are one commit."""
        with writing(self.engine) as connection:
            done = connection.execute(select(fleet_effects.c.key).where(fleet_effects.c.key == key)).first()
            if done is not None:
                return
            query = select(fleet_devices).where(fleet_devices.c.id == device_id).with_for_update()
            row = connection.execute(query).mappings().first()
            if row is None:
                raise Refused(f"the list has no device {device_id}")
            after = Listed.of(row["facts"], row["owner"]).remedied(remedy, self.now())
            connection.execute(update(fleet_devices).where(fleet_devices.c.id == device_id).values(facts=after.facts()))
            connection.execute(insert(fleet_effects).values(key=key, device=device_id, remedy=remedy, at=self.now()))

    def verify(self, device_id: str) -> Posture:
        """See the port."""
        with reading(self.engine) as connection:
            found = _listed(connection, fleet_devices.c.id == device_id)
        if not found:
            raise Refused(f"the list has no device {device_id}")
        return found[0].posture()


def _listed(connection: Connection, where: Any, limit: int | None = None) -> list[Listed]:
    query = select(fleet_devices).where(where).order_by(fleet_devices.c.id)
    rows = connection.execute(query.limit(limit) if limit is not None else query).mappings()
    return [Listed.of(row["facts"], row["owner"]) for row in rows]


def _filed(connection: Connection, where: Any) -> list[Device]:
    query = select(organisation.c.facts).where(organisation.c.kind == "device").order_by(organisation.c.id)
    return [device_of(facts) for facts in connection.execute(query if where is None else query.where(where)).scalars()]


def _failing(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Return those with an open finding, and the ids and names that stand in it beside theirs."""
    found = findings.c
    if not ids:
        return frozenset()
    # Whether one is open is looked at here: asked in the query, it would lead through all open findings of the fleet, in every turn.
    theirs = select(found.device, found.name, found.closed_at).where(or_(found.device.in_(ids), found.name.in_(ids)))
    return frozenset(value for device, name, closed_at in connection.execute(theirs) if closed_at is None for value in (device, name))


def _ids(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    return frozenset(connection.execute(select(fleet_devices.c.id).where(fleet_devices.c.id.in_(ids))).scalars())
