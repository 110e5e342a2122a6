"""A directory and device fleet over an organisation given as a value."""

from __future__ import annotations

from assistant.domain.configuration import Company, Device, Organisation, Person, Queue, Service


class MemoryDirectory:
    """The ``Directory`` and ``DeviceFleet`` ports."""

    def __init__(self, organisation: Organisation) -> None:
        """Answer from this organisation."""
        self._organisation = organisation

    def replace(self, made: Organisation) -> None:
        """Answer from another organisation from now on."""
        self._organisation = made

    def person(self, person_id: str) -> Person | None:
        """See the port."""
        return next((person for person in self._organisation.people if person.id == person_id), None)

    def people(self) -> list[Person]:
        """See the port."""
        return sorted(self._organisation.people, key=lambda person: person.name)

    def company(self) -> Company:
        """See the port."""
        return self._organisation.company

    def services(self) -> list[Service]:
        """See the port."""
        return sorted(self._organisation.services, key=lambda service: service.id)

    def queues(self) -> tuple[Queue, ...]:
        """See the port."""
        return tuple(sorted(self._organisation.queues, key=lambda queue: queue.id))

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port."""
        mine = [device for device in self._organisation.devices if device.owner == person_id]
        return sorted(mine, key=lambda device: (not device.primary, device.id))
