"""The errands of compliance and changes. Each is done once under its key, however often it is begun and wherever it is broken off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from assistant.desk.changing.carrying_out import (
    APPLY,
    BACK,
    BEGIN,
    CLOSE,
    VERIFY,
    begin,
    close,
    not_taken_on,
    taken_back,
    taken_on,
    verified,
)
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState
from assistant.domain.compliance import Judgement
from assistant.ports.outside import Refused
from assistant.ports.store import Event, OutboxEntry, UnitOfWork
from assistant.workflows.changing import LOOK, ChangePractice
from assistant.workflows.errands import DONE, UNKNOWN, Call, Ended, Errand


class _Plain:
    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}


class _Inner(_Plain):
    patience = timedelta(0)

    def call(self, call: Call) -> dict[str, Any]:
        """Never called."""
        raise AssertionError(call.entry.kind)

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []


@dataclass(frozen=True, slots=True)
class LookAtFleet(_Plain):
    """``compliance.look``: ask the fleet once a day, and open the changes that follow."""

    practice: ChangePractice
    patience: timedelta = timedelta(hours=6)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. The next day's errand is put with the first try, so that one day's trouble is not the next one's."""
        del at
        day = str(entry.body.get("day", ""))
        following = self.practice.next_errand(date.fromisoformat(day)) if day else None
        if following is not None:
            unit.outbox.put(following)
        return [] if unit.compliance.run(entry.key) is not None else None

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. It is read outside and stored in one transaction of its own; a second call finds what the first one stored."""
        return {"run": self.practice.look(call.entry.key).id}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. A fleet that could not be asked shows in the list of what needs a look."""
        del unit, entry, ended, at
        return []


@dataclass(frozen=True, slots=True)
class BeginChange(_Inner):
    """``change.begin``: the window of a change is open."""

    practice: ChangePractice

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. A remedy that the policy does not name any more is not begun."""
        change = unit.changes.load(entry.body["change"])
        allowed = {one.id for one in self.practice.rules.remedies}
        gone = change is not None and change.terms is not None and change.terms.remedy not in allowed
        begin(unit, entry.body["change"], at, "the policy does not allow this remedy any more" if gone else "")
        return []


@dataclass(frozen=True, slots=True)
class CloseChange(_Inner):
    """``change.close``: the window of a change closes."""

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        close(unit, entry.body["change"], at)
        return []


@dataclass(frozen=True, slots=True)
class ApplyRemedy(_Plain):
    """``change.device``: one remedy on one device. It is tried until the window closes."""

    practice: ChangePractice
    patience: timedelta = timedelta(days=8)
    """Longer than any window is open: the window ends it."""

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. Of a change that was stopped nothing more is sent; what may have been sent is looked at."""
        change, step = _of(unit, entry)
        if change is None or step is None or step.state is not StepState.APPLYING:
            return []
        assert change.closes_at is not None, "a change that runs has its window"
        over = at >= change.closes_at
        if change.status is ChangeStatus.RUNNING and not over:
            return None
        if entry.result.get("open"):
            taken_on(unit, change.id, step.number, at, sure=False)
        else:
            why = str(entry.result.get("why", "")) or ("its window closed" if over else "the change was stopped before it was sent")
            not_taken_on(unit, change.id, step.number, why, at, reached=False)
        return []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Where a fleet honours no keys, a remedy whose answer was lost is not sent again: the device is looked at."""
        if call.uncertain and not self.practice.fleet.honours_keys:
            return {"sure": False}
        with self.practice.store.read() as unit:
            change, step = _of(unit, call.entry)
        if change is None or step is None or change.terms is None:
            raise Refused("the change is not there any more")
        self.practice.fleet.remediate(step.device, change.terms.remedy, call.entry.key)
        return {"sure": True}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        change, number = entry.body["change"], entry.body["number"]
        if ended.state in (DONE, UNKNOWN):
            taken_on(unit, change, number, at, sure=ended.state == DONE and bool(ended.result.get("sure", True)))
        else:
            not_taken_on(unit, change, number, str(ended.result.get("why", "")), at, reached=True)
        return []


@dataclass(frozen=True, slots=True)
class VerifyDevice(_Plain):
    """``change.verify``: look whether the device is as it should be now."""

    practice: ChangePractice
    patience: timedelta = timedelta(hours=2)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        del at
        _, step = _of(unit, entry)
        return None if step is not None and step.state is StepState.VERIFYING else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Looking changes nothing, so it may be repeated."""
        with self.practice.store.read() as unit:
            change, step = _of(unit, call.entry)
        assert change is not None, "a device that is looked at has its change"
        assert change.terms is not None, "and its terms"
        assert step is not None, "and itself"
        check = self.practice.compliance.check(change.terms.check)
        if check is None:
            return {"judgement": Judgement.UNKNOWN.value, "said": "the policy does not ask for it any more"}
        judgement, said = check.judge(self.practice.fleet.verify(step.device), self.practice.clock.now())
        return {"judgement": judgement.value, "said": said}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. A device that could not be asked is a device of which nobody can tell."""
        judgement = Judgement(ended.result["judgement"]) if ended.state == DONE else Judgement.UNKNOWN
        said = str(ended.result.get("said") or ended.result.get("why", ""))
        met = None if judgement is Judgement.UNKNOWN else judgement is Judgement.MET
        verified(unit, entry.body["change"], entry.body["number"], met, said, entry.body["look"], at)
        return []


@dataclass(frozen=True, slots=True)
class TakeBack(_Plain):
    """``change.undo``: what takes a remedy back, on one device."""

    practice: ChangePractice
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        del at
        _, step = _of(unit, entry)
        return None if step is not None and step.state is StepState.TAKING_BACK else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Where a fleet honours no keys, one whose answer was lost is left to people."""
        if call.uncertain and not self.practice.fleet.honours_keys:
            raise Refused("it may have been taken back, and the fleet cannot tell")
        with self.practice.store.read() as unit:
            change, step = _of(unit, call.entry)
        assert change is not None, "a device that is taken back has its change"
        assert change.terms is not None, "and its terms"
        assert step is not None, "and itself"
        self.practice.fleet.remediate(step.device, change.terms.rollback, call.entry.key)
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        done = ended.state == DONE
        taken_back(unit, entry.body["change"], entry.body["number"], done, "" if done else str(ended.result.get("why", "")), at)
        return []


def _of(unit: UnitOfWork, entry: OutboxEntry) -> tuple[Change | None, DeviceStep | None]:
    return unit.changes.load(entry.body["change"]), unit.changes.step(entry.body["change"], entry.body["number"])


def change_errands(practice: ChangePractice) -> dict[str, Errand]:
    """Return the errands of the practice by their kind."""
    return {
        LOOK: LookAtFleet(practice),
        BEGIN: BeginChange(practice),
        APPLY: ApplyRemedy(practice),
        VERIFY: VerifyDevice(practice),
        BACK: TakeBack(practice),
        CLOSE: CloseChange(),
    }
