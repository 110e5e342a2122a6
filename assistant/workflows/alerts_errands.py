"""The weekly errand that learns the weights of the rules from operators' decisions, and taking back what it learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.correlation.retuning import refit
from assistant.desk.correlation.scoring import SHIPPED
from assistant.domain.alert import Weights
from assistant.domain.audit import AuditEntry
from assistant.domain.ticket import ASSISTANT
from assistant.domain.week import Week
from assistant.ports.clock import Clock
from assistant.ports.store import Event, OutboxEntry, Store, UnitOfWork
from assistant.workflows.errands import Call, Ended

RETUNE = "alerts.retune"
LOOK_BACK = timedelta(weeks=26)
DUE_AFTER = timedelta(hours=5)
"""After the end of the week: before the weekly review is made."""


class CannotUndo(ValueError):
    """There is no version of the weights to go back from."""


@dataclass(frozen=True, slots=True)
class Retuning:
    """Learns once a week; what is learned is a version, and the last one can be taken back."""

    store: Store
    clock: Clock
    zone: Callable[[], str]

    def errand(self, week: Week) -> OutboxEntry:
        """Return the errand that learns from the decisions up to the end of a week."""
        end = week.bounds(self.zone())[1]
        return OutboxEntry(f"{RETUNE}:{week}", RETUNE, {"week": str(week)}, self.clock.now(), end + DUE_AFTER)

    def follow_schedule(self) -> None:
        """Put this week's errand; called at each start. A week that was missed is learned from with the next one."""
        with self.store.write() as unit:
            unit.outbox.put(self.errand(Week.of(self.clock.now(), self.zone())))

    def learn(self, unit: UnitOfWork, at: datetime) -> Weights | None:
        """Fit the weights anew, and store them as a version when they do better; return it, None when they stay."""
        current = in_use(unit.alerts.weights())
        found = refit(unit.alerts.judgements(at - LOOK_BACK, at), current)
        made = None
        if found.better:
            made = Weights(max((one.version for one in unit.alerts.weights()), default=0) + 1, at, found.values, found.facts)
            unit.alerts.keep_weights(made)
            unit.alerts.advance(unit.alerts.revision())
        detail = found.facts | {"version": made.version if made is not None else 0}
        unit.audit.append([AuditEntry(at, ASSISTANT, RETUNE, "kept" if made is not None else "stays", detail=detail)])
        return made

    def undo(self, by: str) -> Weights:
        """Take back the version in use; the one before it is used from the next alert on.

        Raises:
            CannotUndo: the shipped weights are in use.
        """
        now = self.clock.now()
        with self.store.write() as unit:
            known = next((one for one in unit.alerts.weights() if one.undone_at is None), None)
            if known is None:
                raise CannotUndo("the shipped weights are in use")
            taken = replace(known, undone_at=now, undone_by=by)
            unit.alerts.keep_weights(taken)
            unit.alerts.advance(unit.alerts.revision())
            unit.audit.append([AuditEntry(now, by, RETUNE, "undone", detail={"version": known.version})])
        return taken


def in_use(versions: list[Weights]) -> tuple[float, ...]:
    """Return the weights in use: the newest version that stands and knows the same rules, else the shipped ones."""
    return next((one.values for one in versions if one.undone_at is None and len(one.values) == len(SHIPPED)), SHIPPED)


@dataclass(frozen=True, slots=True)
class Retune:
    """``alerts.retune``: all of it is our own records, so that it is done once and with the errand of the week after it."""

    retuning: Retuning
    patience: timedelta = timedelta(0)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        week, current = Week.parse(entry.body["week"]), Week.of(at, self.retuning.zone())
        unit.outbox.put(self.retuning.errand(max(week.later(), current)))
        self.retuning.learn(unit, at)
        return []

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """See the protocol."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """Never called."""
        raise AssertionError(call.entry.kind)

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []
