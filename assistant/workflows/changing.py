"""The practice of compliance and changes over ready parts: look at the fleet, open changes, stop them, take them back; and the schedule of looks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from assistant.desk.changing.carrying_out import stop, take_back
from assistant.desk.changing.opening import not_authorised, open_changes
from assistant.desk.compliance import Heard, take
from assistant.desk.fulfilment import Fulfilment
from assistant.domain.action import Status
from assistant.domain.audit import AuditEntry
from assistant.domain.change import Change, ChangeStatus
from assistant.domain.compliance import ComplianceRun, Posture
from assistant.governance.change_rules import ChangeRules
from assistant.governance.compliance_rules import ComplianceRules
from assistant.ports.clock import Clock
from assistant.ports.devices import DeviceFleet
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.store import OutboxEntry, Store, UnitOfWork

log = logging.getLogger("firstline.workflows")
LOOK = "compliance.look"


@dataclass(frozen=True, slots=True)
class ChangePractice:
    """What pages, commands and errands do with changes and compliance."""

    store: Store
    clock: Clock
    fleet: DeviceFleet
    fulfilment: Fulfilment
    compliance: ComplianceRules
    rules: ChangeRules
    zone: Callable[[], str]
    kick: Callable[[], None] = lambda: None
    """Lets the service look at once for what is to be carried out."""

    # -- looking --------------------------------------------------------------------------------------------------------

    def look(self, run_id: str) -> ComplianceRun:
        """Ask the fleet, store what it says, and open the changes that follow: a look is noted once, whoever repeats it.

        A fleet that breaks off in the middle is heard as far as it came; what it did not speak of stays as it was.

        Raises:
            Unavailable: it said nothing at all. Nothing was stored.
            Refused: it does not let us ask. Nothing was stored.
        """
        with self.store.read() as unit:
            known = unit.compliance.run(run_id)
        if known is not None:
            return known
        heard = self._heard()
        at = self.clock.now()
        with self.store.write() as unit:
            run = take(unit, self.compliance.checks, heard, run_id, at)
            self._open(unit, at)
        return run

    def _heard(self) -> Heard:
        postures: dict[str, Posture] = {}
        try:
            for one in self.fleet.compliance():
                postures[one.device.id] = one
        except (Refused, Unavailable, Uncertain) as error:
            if not postures:
                raise
            log.warning("the look at the fleet was broken off after %d devices: %s", len(postures), error)
            return Heard(list(postures.values()), str(error)[:300] or type(error).__name__)
        return Heard(list(postures.values()))

    def _open(self, unit: UnitOfWork, at: datetime) -> list[Change]:
        opened = open_changes(unit, self.rules, self.compliance, self.zone(), at)
        for one in opened:
            moved = self.fulfilment.begin_for_practice(unit, one.wish, one.change.id, at, one.change.id)
            known = unit.changes.load(one.change.id, lock=True)
            assert known is not None, "it was opened in this transaction"
            unit.changes.save(replace(known, action=moved.action.id))
            if moved.action.status is Status.REFUSED:
                not_authorised(unit, one.change.id, ChangeStatus.REFUSED, moved.why, at, tell=True)
        return [one.change for one in opened]

    def ask_for_look(self, by: str) -> None:
        """Have the fleet looked at as soon as possible, by an errand; somebody who asks twice within a minute asks once."""
        at = self.clock.now()
        with self.store.write() as unit:
            unit.outbox.put(OutboxEntry(f"{LOOK}:asked:{at:%Y-%m-%dT%H:%M}", LOOK, {}, at, at))
            unit.audit.append([AuditEntry(at, by, "compliance", "asked for a look")])
        self.kick()

    # -- the schedule ---------------------------------------------------------------------------------------------------

    def errand(self, day: date) -> OutboxEntry:
        """Return the errand of the look of a day."""
        now = self.clock.now()
        due = datetime.combine(day, time.fromisoformat(self.compliance.at), ZoneInfo(self.zone()))
        return OutboxEntry(f"{LOOK}:{day.isoformat()}", LOOK, {"day": day.isoformat()}, now, max(now, due))

    def follow_schedule(self) -> None:
        """Put the next look; called at each start. A look of today that was missed is made now; earlier ones would say nothing more."""
        if not self.compliance.at:
            return
        with self.store.write() as unit:
            unit.outbox.put(self.errand(self.today()))

    def today(self) -> date:
        """Return the day where the organisation is."""
        return self.clock.now().astimezone(ZoneInfo(self.zone())).date()

    def next_errand(self, day: date) -> OutboxEntry | None:
        """Return the errand of the look after that of a day; None where the policy makes none by itself."""
        return self.errand(max(day, self.today() - timedelta(days=1)) + timedelta(days=1)) if self.compliance.at else None

    # -- what operators do ----------------------------------------------------------------------------------------------

    def stop(self, change_id: str, by: str, why: str = "") -> Change:
        """Stop a change now: nothing more of it begins.

        Raises:
            Refused: there is no such change, or it is over.
        """
        at = self.clock.now()
        with self.store.write() as unit:
            stopped = stop(unit, change_id, by, why or "an operator stopped it", at)
            if stopped is None:
                raise Refused("there is no such change, or it is over")
            if stopped.action:
                self.fulfilment.call_off(unit, stopped.action, "the change was cancelled", at)
        self.kick()
        return stopped

    def take_back(self, change_id: str, by: str, number: int | None = None) -> int:
        """Take back a change on one device, or on all that it fixed; return on how many that was begun.

        Raises:
            Refused: see ``take_back``.
        """
        with self.store.write() as unit:
            begun = take_back(unit, change_id, by, self.clock.now(), number)
        self.kick()
        return begun
