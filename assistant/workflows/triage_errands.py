"""The errands of triage: read a ticket and route it, note what people moved, and learn from them once a week."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.triage.filing import LEARN
from assistant.desk.triage.running import Triaging
from assistant.domain.triage import Field, Suggested
from assistant.domain.week import Week
from assistant.ports.store import Event, OutboxEntry, UnitOfWork
from assistant.workflows.errands import DONE, Call, Ended

log = logging.getLogger("firstline.workflows")
Reads = Callable[[str], dict[Field, Suggested]]
"""Reads the fields of a ticket of this id; LookupError where it is gone."""


@dataclass(frozen=True, slots=True)
class TriageTicket:
    """``triage``. Reading is outside of the transaction, for it takes a moment; it may be done twice, storing is done once."""

    reads: Reads
    triaging: Triaging
    patience: timedelta = timedelta(minutes=10)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. What was triaged before is done."""
        del at
        ticket = entry.body["ticket"]
        return [] if unit.triage.load(ticket) is not None or unit.tickets.ticket(ticket) is None else None

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Whatever keeps a ticket from being read, a person gets it: nothing waits for triage."""
        try:
            found = self.reads(call.entry.body["ticket"])
        except Exception as error:
            log.exception("ticket %s could not be read for triage", call.entry.body["ticket"])
            return {"failed": type(error).__name__}
        return {"fields": {name.value: [one.value, one.confidence, one.by] for name, one in found.items()}}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        failed = str(ended.result.get("failed", "")) if ended.state == DONE else str(ended.result.get("why", ended.state))
        fields = {Field(name): Suggested(value, sure, by) for name, (value, sure, by) in ended.result.get("fields", {}).items()}
        self.triaging.triage(unit, entry.body["ticket"], fields, failed, at)
        return []


@dataclass(frozen=True, slots=True)
class NoteMoved:
    """``triage.moved``: somebody moved a ticket; of one that was triaged that is what is right."""

    triaging: Triaging
    patience: timedelta = timedelta(0)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        del at
        body = entry.body
        self.triaging.moved(unit, body["ticket"], body["category"], body["queue"], body["by"], datetime.fromisoformat(body["at"]))
        return []

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """Never called."""
        raise AssertionError(call.entry.kind)

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []


@dataclass(frozen=True, slots=True)
class LearnWeekly:
    """``triage.learn``: one for each week; its end puts the next one's. What was learnt is taken only where the paired difference holds."""

    learns: Callable[[], dict[str, Any]]
    zone: Callable[[], str]
    patience: timedelta = timedelta(hours=12)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        del unit, entry, at
        return None

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A history that cannot be read leaves the model as it is, and says so."""
        del call
        try:
            return self.learns()
        except Exception as error:
            log.exception("triage could not learn this week; the model in use stays")
            return {"kept": False, "why": type(error).__name__}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        del entry, ended
        unit.outbox.put(next_learning(at, self.zone()))
        return []


def next_learning(at: datetime, zone: str) -> OutboxEntry:
    """Return the errand of the week that comes; it is due in the first hours of it."""
    week = Week.of(at, zone).later()
    return OutboxEntry(f"{LEARN}:{week}", LEARN, {"week": str(week)}, at, week.bounds(zone)[0] + timedelta(hours=2))
