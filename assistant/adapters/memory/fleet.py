"""A device fleet over a list in memory, which can be told to fail as real ones do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from assistant.adapters.devices.listed import Listed
from assistant.domain.compliance import Posture
from assistant.domain.configuration import Device
from assistant.ports.outside import Refused, Unavailable


@dataclass
class MemoryFleet:
    """The ``DeviceFleet`` protocol."""

    listed: dict[str, Listed] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    name: str = "Memory fleet"
    honours_keys: bool = True
    breaks_off_after: int | None = None
    """After so many devices the next page cannot be had."""
    before: list[Exception] = field(default_factory=list)
    """What the next calls of a remedy raise before anything is done."""
    after: list[Exception] = field(default_factory=list)
    """What they raise after it was done: the answer is lost."""
    done: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What was carried out, by its key: device and remedy."""
    effects: list[tuple[str, str, str]] = field(default_factory=list)
    """Every effect in order: key, device, remedy."""
    _changing: Lock = field(default_factory=Lock)

    def replace(self, devices: Sequence[Listed]) -> None:
        """Keep another list from now on."""
        self.listed = {one.device.id: one for one in devices}

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port."""
        mine = [one.device for one in self.listed.values() if one.device.owner == person_id]
        return sorted(mine, key=lambda one: (not one.primary, one.id))

    def device(self, device_id: str) -> Device | None:
        """See the port."""
        found = self.listed.get(device_id)
        return found.device if found is not None else None

    def all(self) -> Iterator[Device]:
        """See the port."""
        for one in self.compliance():
            yield one.device

    def compliance(self) -> Iterator[Posture]:
        """See the port."""
        for number, key in enumerate(sorted(self.listed)):
            if self.breaks_off_after == number:
                raise Unavailable(f"{self.name} failed (500)")
            yield self.listed[key].posture()

    def remediate(self, device_id: str, remedy: str, key: str) -> None:
        """See the port."""
        with self._changing:
            if self.before:
                raise self.before.pop(0)
            known = self.listed.get(device_id)
            if known is None:
                raise Refused(f"there is no device {device_id}")
            if key not in self.done or not self.honours_keys:
                self.listed[device_id] = known.remedied(remedy, self.now())
                self.done[key] = (device_id, remedy)
                self.effects.append((key, device_id, remedy))
            if self.after:
                raise self.after.pop(0)

    def verify(self, device_id: str) -> Posture:
        """See the port."""
        known = self.listed.get(device_id)
        if known is None:
            raise Refused(f"there is no device {device_id}")
        return known.posture()
