"""Looks for spikes and has the operators told, once for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from assistant.domain.configuration import Role
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.store import OutboxEntry, Store
from kb.model import Spike
from kb.spikes import HISTORY, labels, spikes

NOTICE = "gap.spike"


@dataclass(frozen=True, slots=True)
class Watching:
    """The job that looks at the hour that ends now."""

    store: Store
    directory: Directory
    clock: Clock

    def look(self) -> list[Spike]:
        """Flag what spikes now and return the spikes that are new; their notices are put into the outbox in the same transaction."""
        now = self.clock.now()
        with self.store.read() as unit:
            askings = unit.gaps.askings(now - HISTORY, now)
            begun = unit.intents.first_asked()
            names = {gap.id: gap.name for gap in unit.gaps.heads()} if askings else {}
        found = spikes(askings, now, begun, labels(names)) if begun is not None else []
        if not found:
            return []
        told = sorted(person.id for person in self.directory.people() if Role.OPERATOR in person.roles)
        fresh: list[Spike] = []
        with self.store.write() as unit:
            unit.gaps.lock()
            for spike in found:
                if unit.gaps.flag(spike):
                    fresh.append(spike)
                    for person in told:
                        unit.outbox.put(notice_of(spike, person, now))
        return fresh


def notice_of(spike: Spike, person: str, at: datetime) -> OutboxEntry:
    """Return the errand that tells somebody of a spike; the same one for the same spike."""
    body: Mapping[str, object] = {"subject": spike.subject, "since": spike.since.isoformat(), "person": person}
    return OutboxEntry(f"{NOTICE}:{spike.subject}:{spike.since:%Y%m%dT%H%M}:{person}", NOTICE, dict(body), at, at)


def sentence(spike: Spike) -> str:
    """Say what a spike is, in a sentence."""
    kind = "in the category" if spike.subject.startswith("category:") else "about"
    return f"{spike.count} questions {kind} {spike.label} within an hour; {spike.expected:.1f} are usual at this time of the week."
