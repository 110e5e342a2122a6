"""Tells operators of spikes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.gaps.watching import sentence
from assistant.domain.configuration import Role
from assistant.domain.local_time import local
from assistant.ports.identity import Directory
from assistant.ports.notify import Notice, Notifier
from assistant.ports.outside import Refused
from assistant.ports.store import Event, OutboxEntry, Store, UnitOfWork
from assistant.workflows.errands import Call, Ended
from kb.model import Spike


@dataclass(frozen=True, slots=True)
class TellOperator:
    """``gap.spike``: one mail to one operator, at the address that the directory has now."""

    store: Store
    directory: Directory
    notifier: Notifier
    url: Callable[[], str]
    zone: Callable[[], str]
    """Gives the organisation's time zone."""
    patience: timedelta = timedelta(hours=4)
    """What is told later than that helps nobody."""

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. What was forgotten meanwhile is not told."""
        del at
        return None if _spike(unit, entry) is not None else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A second delivery carries the same message id."""
        with self.store.read() as unit:
            spike = _spike(unit, call.entry)
        person = self.directory.person(call.entry.body["person"])
        if spike is None or person is None or not person.email or Role.OPERATOR not in person.roles:
            raise Refused("there is nobody to tell")
        page = f"/console/gaps/{spike.subject.partition(':')[2]}" if spike.subject.startswith("gap:") else "/console/gaps"
        text = f"{sentence(spike)}\n\nIt began on {local(spike.since, self.zone())}.\nLook at it: {self.url()}{page}"
        self.notifier.send(Notice(person.email, f"Many questions at once: {spike.label}", text), call.entry.key)
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []


def _spike(unit: UnitOfWork, entry: OutboxEntry) -> Spike | None:
    since = datetime.fromisoformat(entry.body["since"])
    return next((one for one in unit.gaps.spikes(since) if (one.subject, one.since) == (entry.body["subject"], since)), None)
