"""What triage said of tickets, in a dictionary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from assistant.domain.triage import Route, Triage
from assistant.ports.triage import Routed, TriageChanged


@dataclass(slots=True)
class MemoryTriages:
    """The ``Triages`` protocol."""

    kept: dict[str, Triage] = field(default_factory=dict)

    def copy(self) -> MemoryTriages:
        """Return the same, which changes by itself."""
        return MemoryTriages(dict(self.kept))

    def add(self, made: Triage) -> bool:
        """See the port."""
        if made.ticket in self.kept:
            return False
        self.kept[made.ticket] = made
        return True

    def load(self, ticket_id: str) -> Triage | None:
        """See the port."""
        return self.kept.get(ticket_id)

    def save(self, changed: Triage) -> None:
        """See the port."""
        stored = self.kept.get(changed.ticket)
        if stored is None or stored.version != changed.version:
            raise TriageChanged(changed.ticket)
        self.kept[changed.ticket] = replace(changed, version=changed.version + 1)

    def waiting(self, limit: int, after: str = "") -> list[Triage]:
        """See the port."""
        found = sorted((one for one in self.kept.values() if one.waits), key=_order)
        last = self.kept.get(after)
        return [one for one in found if last is None or _order(one) > _order(last)][:limit]

    def waiting_count(self) -> int:
        """See the port."""
        return sum(one.waits for one in self.kept.values())

    def routed(self, limit: int, after: str = "") -> list[Triage]:
        """See the port."""
        found = sorted((one for one in self.kept.values() if one.route is Route.AUTO), key=_order, reverse=True)
        last = self.kept.get(after)
        return [one for one in found if last is None or _order(one) < _order(last)][:limit]

    def corrected(self, limit: int) -> list[Triage]:
        """See the port."""
        found = sorted((one for one in self.kept.values() if one.settled_at is not None), key=lambda one: one.ticket)
        return sorted(found, key=lambda one: one.settled_at or one.at, reverse=True)[:limit]

    def between(self, start: datetime, end: datetime, within_days: int) -> Routed:
        """See the port."""
        inside = [one for one in self.kept.values() if start <= one.at < end]
        counts = Counter(one.route for one in inside)
        late = timedelta(days=within_days)
        corrected = sum(one.misrouted and one.settled_at is not None and one.settled_at - one.at <= late for one in inside)
        return Routed(counts[Route.AUTO], counts[Route.REVIEW], counts[Route.ESCALATE], corrected)

    def waited_since(self) -> datetime | None:
        """See the port."""
        return min((one.at for one in self.kept.values() if one.waits), default=None)


def _order(one: Triage) -> tuple[datetime, str]:
    return one.at, one.ticket
