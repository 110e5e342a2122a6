"""Which devices people use."""

from __future__ import annotations

from typing import Protocol

from assistant.domain.configuration import Device


class DeviceFleet(Protocol):
    """Answers from device management."""

    def devices_of(self, person_id: str) -> list[Device]:
        """Return the person's devices, the primary one first."""
