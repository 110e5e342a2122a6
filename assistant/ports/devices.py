"""The devices that people use, and the system that manages them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from assistant.domain.compliance import Posture
from assistant.domain.configuration import Device


class PeoplesDevices(Protocol):
    """Which devices people use, as far as it is known here; asked in every turn, so nobody outside is called for it."""

    def devices_of(self, person_id: str) -> list[Device]:
        """Return the person's devices, the primary one first."""


class DeviceFleet(PeoplesDevices, Protocol):
    """Device management. Calls end as ``ports.outside`` says: Refused, Unavailable, or, for a remedy, Uncertain."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def honours_keys(self) -> bool:
        """Say whether a remedy that is sent again under its key is done once. Where not, a lost answer is settled by looking at the device."""

    def device(self, device_id: str) -> Device | None:
        """Return one device, or None."""

    def all(self) -> Iterator[Device]:
        """Give the devices, as they come page by page. When a page cannot be had it raises after those that could: they count."""

    def compliance(self) -> Iterator[Posture]:
        """Give what is known of every device now, as ``all`` does; a device that cannot be asked has its ``trouble``, and the others go on."""

    def remediate(self, device_id: str, remedy: str, key: str) -> None:
        """Have a remedy, by its name, carried out on one device; returns when the fleet has taken it on.

        Raises:
            Refused: there is no such device or remedy, or the fleet says no. Nothing was done.
            Unavailable: the fleet or the device cannot be reached now. Nothing was done.
            Uncertain: it may have been done.
        """

    def verify(self, device_id: str) -> Posture:
        """Ask one device, or the fleet about it, anew.

        Raises:
            Refused: there is no such device.
            Unavailable: it cannot be asked now.
        """
