"""The errands of joiners and leavers. A step is one errand, whose end puts what comes next in the same transaction: killed anywhere, it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from assistant.domain.local_time import local
from assistant.domain.onboarding import Case, CaseKind, CaseStatus, PlannedStep, StepKind, StepState, StepStatus
from assistant.ports.notify import Notice
from assistant.ports.outside import Refused
from assistant.ports.store import Event, OutboxEntry, UnitOfWork
from assistant.workflows.errands import DONE, UNKNOWN, Call, Ended, Errand
from assistant.workflows.joiner_cases import Moving, escalates_at, late_entry
from assistant.workflows.joiner_parts import ENDED, LATE, MAIL, STEP, UNDO, Around, mail, note
from assistant.workflows.joiner_steps import OUTSIDE, Doing

K, S = StepKind, StepStatus
LEAVES = frozenset({K.ACCESS, K.DISABLE})


def joiner_errands(around: Around) -> dict[str, Errand]:
    """Return the errands by kind."""
    doing, moving = Doing(around), Moving(around)
    return {
        STEP: RunStep(around, doing, moving),
        UNDO: Release(around, moving),
        ENDED: FollowAction(moving),
        LATE: TellLate(around, moving),
        MAIL: SendMail(around, doing),
    }


def _found(unit: UnitOfWork, entry: OutboxEntry) -> tuple[Case, StepState] | None:
    case = unit.joiners.load(str(entry.body["case"]))
    return (case, case.state(entry.body["step"])) if case is not None and case.has(entry.body["step"]) else None


class _Plain:
    """What these errands have in common."""

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before: what is done under a key shows when it is done again."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """Never called where ``begin`` does it all."""
        raise AssertionError(call.entry.kind)

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []


@dataclass(frozen=True, slots=True)
class RunStep(_Plain):
    """``joiner.step``: one step of one case."""

    around: Around
    doing: Doing
    moving: Moving
    patience: timedelta = timedelta(days=30)
    """A stock may be empty for weeks; whoever the checklist names hears of it long before."""

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. What was given another time, withdrawn or done meanwhile is left alone."""
        found = _found(unit, entry)
        if found is None:
            return []
        case, state = found
        if state.generation != entry.body["generation"] or case.status is not CaseStatus.RUNNING or state.status not in (S.WAITING, S.DOING, S.ASKED):
            return self._left(unit, case, state, entry, at)
        if state.status is S.WAITING:
            return self._begin(unit, case, state, at)
        return None if _called_again(case.plan(state.step), state) else []

    def _begin(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> list[Event] | None:
        planned = case.plan(state.step)
        if planned.kind in OUTSIDE:
            self.moving.settle(unit, case.with_step(state.moved(S.DOING, at), at), at)
            return None
        if planned.kind in LEAVES:
            self._stop_joining(unit, case.person, at)
        moved = self.doing.begin(unit, case, state, at)
        assert moved is not None, "what is not done by a call was done"
        note(unit, case, state.step, moved.status.value, at, **({"action": moved.action} if moved.action else {}))
        self.moving.settle(unit, case.with_step(moved, at), at)
        return []

    def _left(self, unit: UnitOfWork, case: Case, state: StepState, entry: OutboxEntry, at: datetime) -> list[Event]:
        """A call that was made and whose end is lost may have kept a laptop: it is put back."""
        if entry.result.get("calls") and case.plan(state.step).kind is K.LAPTOP and state.status is S.SKIPPED:
            body = {name: entry.body[name] for name in ("case", "step", "generation")}
            unit.outbox.put(OutboxEntry(f"{UNDO}:{entry.key}", UNDO, body, at, at))
        return []

    def _stop_joining(self, unit: UnitOfWork, person: str, at: datetime) -> None:
        for case in unit.joiners.of_person(person):
            if case.kind is CaseKind.JOIN and case.status is CaseStatus.RUNNING:
                self.moving.settle(unit, self.moving.stop(unit, case, at), at)

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        with self.around.store.read() as unit:
            found = _found(unit, call.entry)
        if found is None:
            raise Refused("the case is gone")
        case, state = found
        return self.doing.call(case, state, f"{case.key(state.step)}:{state.generation}", call.at)

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. What came off although it is not wanted any more is taken back."""
        found = _found(unit, entry)
        if found is None:
            return []
        case, state = found
        if state.generation != entry.body["generation"] or state.status not in (S.DOING, S.ASKED):
            return self._left(unit, case, state, replace(entry, result={**entry.result, "calls": 1}), at)
        moved = self._after(unit, case, state, ended, at)
        note(unit, case, state.step, moved.status.value, at)
        self.moving.settle(unit, case.with_step(moved, at), at)
        return []

    def _after(self, unit: UnitOfWork, case: Case, state: StepState, ended: Ended, at: datetime) -> StepState:
        if ended.state != DONE:
            uncertain = {"uncertain": True} if ended.state == UNKNOWN else {}
            return replace(state, status=S.DOING).moved(S.FAILED, at, why=str(ended.result.get("why", "")), result={**state.result, **uncertain})
        moved = self.doing.after(case, state, ended.result, at)
        if moved.status is S.ASKED and "ready" not in state.result:
            mail(unit, case, state.step, "manager", "missing", str(state.generation), at)
        return moved


def _called_again(planned: PlannedStep, state: StepState) -> bool:
    if state.status is S.ASKED:
        return planned.kind is K.READINESS
    return planned.kind in OUTSIDE or planned.kind is K.RETURN


@dataclass(frozen=True, slots=True)
class Release(_Plain):
    """``joiner.undo``: puts a laptop back into the stock."""

    around: Around
    moving: Moving
    patience: timedelta = timedelta(days=7)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. A step that was begun anew meanwhile keeps its laptop."""
        del at
        found = _found(unit, entry)
        return None if found is not None and found[1].status in (S.UNDOING, S.SKIPPED) else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        with self.around.store.read() as unit:
            found = _found(unit, call.entry)
        return {"released": self.around.inventory.release(found[0].key(found[1].step)) if found is not None else False}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        found = _found(unit, entry)
        if found is not None and found[1].status is S.UNDOING:
            case, state = found
            came_off = ended.state == DONE
            moved = state.moved(S.UNDONE if came_off else S.KEPT, at, by=state.by, why="" if came_off else str(ended.result.get("why", "")))
            note(unit, case, state.step, moved.status.value, at)
            self.moving.settle(unit, case.with_step(moved, at), at)
        return []


@dataclass(frozen=True, slots=True)
class FollowAction(_Plain):
    """``joiner.ended``: an action of a case has ended."""

    moving: Moving
    patience: timedelta = timedelta(0)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        self.moving.action_ended(unit, str(entry.body["action"]), at)
        return []


@dataclass(frozen=True, slots=True)
class TellLate(_Plain):
    """``joiner.late``: reminds the owner of a step that is late, then tells whom the checklist names; each once."""

    around: Around
    moving: Moving
    patience: timedelta = timedelta(0)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        found = _found(unit, entry)
        if found is None or not found[0].status.is_open:
            return []
        case, state = found
        planned, late_at = case.plan(state.step), state.late_at
        if state.status.is_over or late_at is None or late_at.isoformat() != entry.body["late_at"]:
            return []
        mark = f"{late_at.timestamp():.0f}"
        if entry.body["stage"] == "late" and state.reminded_at is None:
            mail(unit, case, state.step, planned.owner, "late", mark, at)
            if planned.escalate_to:
                unit.outbox.put(late_entry(case, state, "escalate", max(at, escalates_at(case, state, self.around)), at))
            state = replace(state, reminded_at=at)
        elif entry.body["stage"] == "escalate" and state.escalated_at is None:
            mail(unit, case, state.step, planned.escalate_to, "escalated", mark, at)
            state = replace(state, escalated_at=at)
        else:
            return []
        note(unit, case, state.step, str(entry.body["stage"]), at)
        self.moving.settle(unit, case.with_step(state, at), at)
        return []


WORDS: Mapping[str, tuple[str, str]] = {
    "late": (
        "Late: {title}, {name}",
        "This was due on {due} and is not done: {title}, for {name}, who {comes}.\nIt stands so: {stands}.",
    ),
    "escalated": (
        "Still late: {title}, {name}",
        "{owner} was reminded, and this is still not done: {title}, for {name}, who {comes}. It was due on {due}.\nIt stands so: {stands}.",
    ),
    "missing": (
        "Not everything is there for {name}",
        "{name}, who {comes}, does not have everything yet:\n\n{missing}\n\nIT looks again every hour.",
    ),
    "withdrawn": ("{name}: called off", "It was called off: {name}, who {came}. What was prepared is being taken back."),
    "moved": ("{name}: another date", "There is a new date: {name} {comes}. Everything that has not begun follows it."),
}


@dataclass(frozen=True, slots=True)
class SendMail(_Plain):
    """``joiner.mail``: a message about a case, to the addresses that the directory has now."""

    around: Around
    doing: Doing
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. What is done meanwhile nobody is reminded of."""
        del at
        case = unit.joiners.load(str(entry.body["case"]))
        about, step = entry.body["about"], entry.body["step"]
        over = case is not None and about in ("late", "escalated", "policies") and case.state(step).status.is_over
        return [] if case is None or over else None

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A second delivery carries the same message id."""
        body = call.entry.body
        with self.around.store.read() as unit:
            case = unit.joiners.load(str(body["case"]))
        if case is None:
            raise Refused("the case is gone")
        addresses = self.around.addresses(case, body["whom"], call.at)
        if not addresses:
            raise Refused("there is nobody with an address to tell")
        subject, text = self._policies(case, body["step"]) if body["about"] == "policies" else self._said(case, body["about"], body["step"])
        for number, address in enumerate(addresses):
            self.around.notifier.send(Notice(address, subject, text), f"{call.entry.key}:{number}")
        return {"told": len(addresses)}

    def _policies(self, case: Case, step: str) -> tuple[str, str]:
        documents = "\n".join(f"- {one.title}: {one.url}" for one in case.plan(step).documents)
        link = f"{self.around.url()}/joiners/{case.id}/{step}/{self.around.code(case, step)}"
        ways = f"Then say so here: {link}\nThe link opens a page; nothing happens before you press."
        return case.plan(step).title, f"Please read these before you begin:\n\n{documents}\n\n{ways}"

    def _said(self, case: Case, about: str, step: str) -> tuple[str, str]:
        subject, text = WORDS[about]
        joins, when = case.kind is CaseKind.JOIN, f"{case.day:%A, %d %B %Y}"
        facts = {"name": case.who.name, "comes": f"{'begins' if joins else 'leaves'} on {when}"}
        facts["came"] = f"was to {'begin' if joins else 'leave'} on {when}"
        if step:
            planned, state = case.plan(step), case.state(step)
            facts |= {"title": planned.title, "due": local(state.due_at, case.zone), "owner": self.around.named(planned.owner, case)}
            facts |= {"stands": state.why or state.status.value, "missing": "\n".join(f"- {one}" for one in state.result.get("missing", ()))}
        page = f"\n\nThe whole checklist: {self.around.url()}/console/joiners/{case.id}"
        return subject.format_map(facts), text.format_map(facts) + page
