"""The devices that nobody has yet."""

from __future__ import annotations

from typing import Protocol

from assistant.domain.configuration import Device


class OutOfStock(Exception):
    """No device of that kind is left; there may be one later."""


class Inventory(Protocol):
    """The stock of devices. What is kept for somebody is kept under a key that is fixed with the wish, so asking again changes nothing."""

    def stock(self, kind: str = "laptop", platform: str = "") -> list[Device]:
        """Return the devices of a kind that nobody has and that are kept for nobody, ordered by id."""

    def reserve(self, key: str, person: str, kind: str = "laptop", platform: str = "") -> Device:
        """Keep a device for a person and return it; the one that is kept under this key already.

        Two that reserve at once get two devices. Raises ``OutOfStock``, or ``Refused``, ``Unavailable`` or ``Uncertain``.
        """

    def held(self, key: str) -> Device | None:
        """Return the device that is kept under a key, None when there is none."""

    def kept_for(self, person: str) -> dict[str, Device]:
        """Return the devices that are kept for a person, by the keys they are kept under."""

    def release(self, key: str) -> bool:
        """Put the device under a key back into the stock; return whether one was kept."""
