"""The built-in inventory: the devices of the people file that have no owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from assistant.adapters.store.joiners_tables import device_reservations as kept
from assistant.adapters.store.organisation import device_of
from assistant.adapters.store.tables import organisation
from assistant.domain.configuration import Device
from assistant.ports.clock import Clock
from assistant.ports.inventory import OutOfStock
from kb.adapters.store.engine import reading, writing

TRIES = 20
"""How often another device is tried when somebody else was first."""


@dataclass(frozen=True, slots=True)
class BuiltinInventory:
    """The ``Inventory`` port over the table; the key of a reservation and its device are each there once."""

    engine: Engine
    clock: Clock

    def stock(self, kind: str = "laptop", platform: str = "") -> list[Device]:
        """See the port."""
        with reading(self.engine) as connection:
            return _stock(connection, kind, platform)

    def reserve(self, key: str, person: str, kind: str = "laptop", platform: str = "") -> Device:
        """See the port."""
        for _ in range(TRIES):
            known = self.held(key)
            if known is not None:
                return known
            try:
                with writing(self.engine) as connection:
                    free = _stock(connection, kind, platform)
                    if not free:
                        raise OutOfStock(f"no {platform or ''} {kind} is in stock".replace("  ", " "))
                    connection.execute(insert(kept).values(device=free[0].id, key=key, person=person, at=self.clock.now()))
                    return replace(free[0], owner=person)
            except IntegrityError:
                continue
        raise OutOfStock("others were first at every device")

    def held(self, key: str) -> Device | None:
        """See the port. A device that got an owner otherwise, or left the people file, is kept no more."""
        with reading(self.engine) as connection:
            return next(iter(_kept(connection, kept.c.key == key).values()), None)

    def kept_for(self, person: str) -> dict[str, Device]:
        """See the port."""
        with reading(self.engine) as connection:
            return _kept(connection, kept.c.person == person)

    def release(self, key: str) -> bool:
        """See the port."""
        with writing(self.engine) as connection:
            return connection.execute(delete(kept).where(kept.c.key == key)).rowcount > 0


def _stock(connection: Connection, kind: str, platform: str) -> list[Device]:
    query = select(organisation.c.facts).where(organisation.c.kind == "device", organisation.c.owner == "")
    free = query.where(organisation.c.id.not_in(select(kept.c.device))).order_by(organisation.c.id)
    found = [device_of(facts) for facts in connection.execute(free).scalars()]
    return [one for one in found if one.kind == kind and platform in ("", one.platform.value)]


def _kept(connection: Connection, which: Any) -> dict[str, Device]:
    query = select(kept.c.key, kept.c.person, organisation.c.facts).join(organisation, organisation.c.id == kept.c.device)
    rows = connection.execute(query.where(organisation.c.kind == "device", organisation.c.owner == "", which).order_by(kept.c.key))
    return {row.key: replace(device_of(row.facts), owner=row.person) for row in rows}
