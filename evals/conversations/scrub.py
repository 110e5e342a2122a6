"""Takes the people of an organisation out of a conversation: each becomes a person of the demo company, the same one everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant.domain.configuration import Company, Device, Organisation, Person
from assistant.governance.redaction import redact

SHORTEST_NAME = 3
"""Shorter names by themselves are words too often. Longer ones are replaced however they are written, also where they are a word as well."""


@dataclass
class Scrubber:
    """Replaces who and what is known by name; what else is personal (numbers, addresses, secrets) becomes its kind in brackets.

    It cannot know people who are in no directory: a name that somebody wrote about a customer stays. Read a recorded case before it is shared.
    """

    people: Sequence[Person]
    company: Company
    demo: Organisation
    stands_for: dict[str, Person] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)

    def person(self, person_id: str, wanted: Person | None = None) -> Person:
        """Return who stands for somebody: ``wanted``, themselves in the demo company, or whoever stands for nobody yet."""
        if person_id not in self.stands_for:
            taken = {one.id for one in self.stands_for.values()}
            free = [one for one in self.demo.people if one.id not in taken] or list(self.demo.people)
            same = next((one for one in self.demo.people if one.id == person_id), None)
            self.stands_for[person_id] = wanted or same or free[0]
        return self.stands_for[person_id]

    def asker(self, person: Person, devices: Sequence[Device]) -> Person:
        """Return who stands for the asker: somebody with such devices and groups; their devices stand for the asker's by system."""
        if any(one.id == person.id and one.name == person.name for one in self.demo.people):
            chosen = next(one for one in self.demo.people if one.id == person.id)
        else:
            owned = {one.id: [device for device in self.demo.devices if device.owner == one.id] for one in self.demo.people}
            chosen = max(self.demo.people, key=lambda one: _alike(person, devices, one, owned[one.id]))
        self.stands_for[person.id] = chosen
        for device in devices:
            theirs = [one for one in self.demo.devices if one.owner == chosen.id]
            same = [one for one in theirs if one.platform is device.platform]
            if same or theirs:
                self.devices[device.id] = (same or theirs)[0]
        return chosen

    def text(self, said: str) -> str:
        """Return words without anybody of the organisation in them."""
        for known in sorted(self.people, key=lambda one: -len(one.name)):
            if self._named(known, said):
                said = self._without(known, said)
        for device_id, device in self.devices.items():
            said = _word(device_id).sub(device.id, said)
        for ticket, other in self.tickets.items():
            said = _word(ticket).sub(other, said)
        said = self._company(said)
        kept = {one.email for one in self.stands_for.values()}
        pieces = re.split("(" + "|".join(map(re.escape, sorted(kept))) + ")", said) if kept else [said]
        return "".join(piece if piece in kept else redact(piece) for piece in pieces)

    def _named(self, known: Person, said: str) -> bool:
        return any(_word(part).search(said) for part in _parts(known))

    def _without(self, known: Person, said: str) -> str:
        other = self.person(known.id)
        if other.id == known.id:
            return said
        pairs = zip(_parts(known), _parts(other), strict=True)
        for mine, theirs in pairs:
            if mine:
                said = _word(mine).sub(theirs, said)
        return said

    def _company(self, said: str) -> str:
        for mine, theirs in ((self.company.domain, self.demo.company.domain), (self.company.name, self.demo.company.name)):
            if mine and mine != theirs:
                said = re.sub(rf"(?<![\w-]){re.escape(mine)}(?![\w-])", theirs, said, flags=re.IGNORECASE)
        return said


def _parts(person: Person) -> tuple[str, ...]:
    """Return what names a person, longest first: addresses, id, full name, and names by themselves where they are no common words."""
    first, _, last = person.name.partition(" ")
    alone = tuple(name if len(name) >= SHORTEST_NAME else "" for name in (last, first))
    return (person.email, person.recovery or "", person.id, person.name, *alone)


def _word(text: str) -> re.Pattern[str]:
    flags = re.IGNORECASE if len(text) > SHORTEST_NAME else 0
    return re.compile(rf"(?<![\w@.-]){re.escape(text)}(?![\w@-])" if text else r"(?!)", flags)


def _alike(person: Person, devices: Sequence[Device], other: Person, owned: Iterable[Device]) -> tuple[float, ...]:
    mine, theirs = {device.platform for device in devices}, {device.platform for device in owned}
    first = next((device.platform for device in devices), None)
    shared = len(mine & theirs) - len(mine ^ theirs) / 4
    groups = len(person.groups & other.groups) - len(person.groups ^ other.groups) / 4
    return (first is not None and first in theirs, groups, shared, bool(other.recovery), -len(other.id))
