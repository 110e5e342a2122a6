"""An inventory over devices given as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from threading import Lock

from assistant.domain.configuration import Device
from assistant.ports.inventory import OutOfStock


class MemoryInventory:
    """The ``Inventory`` port."""

    def __init__(self, devices: Iterable[Device]) -> None:
        """Begin with these devices; those without an owner are the stock."""
        self._devices = {one.id: one for one in devices if not one.owner}
        self._kept: dict[str, Device] = {}
        self._changing = Lock()

    def stock(self, kind: str = "laptop", platform: str = "") -> list[Device]:
        """See the port."""
        taken = {one.id for one in self._kept.values()}
        free = (one for name, one in sorted(self._devices.items()) if name not in taken)
        return [one for one in free if one.kind == kind and platform in ("", one.platform.value)]

    def reserve(self, key: str, person: str, kind: str = "laptop", platform: str = "") -> Device:
        """See the port."""
        with self._changing:
            if key not in self._kept:
                free = self.stock(kind, platform)
                if not free:
                    raise OutOfStock(f"no {platform or ''} {kind} is in stock".replace("  ", " "))
                self._kept[key] = replace(free[0], owner=person)
            return self._kept[key]

    def held(self, key: str) -> Device | None:
        """See the port."""
        return self._kept.get(key)

    def kept_for(self, person: str) -> dict[str, Device]:
        """See the port."""
        return {key: one for key, one in sorted(self._kept.items()) if one.owner == person}

    def release(self, key: str) -> bool:
        """See the port."""
        with self._changing:
            return self._kept.pop(key, None) is not None
