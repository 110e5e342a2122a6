"""Moves cases: what is put into the outbox with each change, how a step is taken back, and how a case ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.desk.onboarding.cases import concluded, startable
from assistant.domain.action import Status
from assistant.domain.onboarding import Case, CaseStatus, StepKind, StepState, StepStatus
from assistant.domain.ticket import ASSISTANT, TicketStatus
from assistant.ports.store import OutboxEntry, UnitOfWork
from assistant.workflows.joiner_parts import LATE, STEP, UNDO, Around, note

K, S = StepKind, StepStatus
RETRIED = {K.ACCESS: (timedelta(minutes=5), 100), K.DISABLE: (timedelta(minutes=5), 100), K.ACCOUNT: (timedelta(hours=1), 5)}
"""After how long, and how often, an act is tried again that its system refused or that could not be reached."""
SENT = "what was sent stays sent"


@dataclass(frozen=True, slots=True)
class Moving:
    """Stores changed cases with everything that follows; each call is one change in the caller's transaction."""

    around: Around

    def settle(self, unit: UnitOfWork, case: Case, at: datetime, new: bool = False) -> Case:
        """Store a case, put what is due next into the outbox, and end the case when nothing is open any more."""
        if case.status is CaseStatus.WITHDRAWING:
            for state in case.steps:
                if state.status is S.DONE:
                    case = self.take_back(unit, case, state, "firstline", at)
        ended = concluded(case)
        if ended.status is not case.status:
            note(unit, ended, "", ended.status.value, at)
        if new:
            unit.joiners.add(ended)
        else:
            unit.joiners.save(ended)
        for entry in self._next(ended, at):
            unit.outbox.put(entry)
        return ended

    def _next(self, case: Case, at: datetime) -> list[OutboxEntry]:
        again = [one for one in case.steps if case.status is CaseStatus.RUNNING and _looks_again(case, one)]
        found = [_step_entry(case, one, at) for one in (*startable(case), *again)]
        return found + [late for one in case.steps if (late := _late_entry(case, one, at)) is not None]

    # -- taking back ------------------------------------------------------------------------------------------------------

    def withdraw(self, unit: UnitOfWork, case: Case, by: str, at: datetime) -> Case:
        """Return the case on its way back: what has not begun does not begin, what waits is called off, what was done is taken back."""
        case = replace(case, status=CaseStatus.WITHDRAWING, changed_at=at)
        for state in case.steps:
            if state.status is not S.DONE:  # ``settle`` takes those back
                case = self.take_back(unit, case, state, by, at)
        return case

    def stop(self, unit: UnitOfWork, case: Case, at: datetime) -> Case:
        """Return the case with nothing more to come: the person leaves before everything was done. What was done ends with the leaving."""
        for state in case.steps:
            if not state.status.is_over and state.status not in (S.UNDOING, S.KEPT):
                case = self._call_off(unit, case, state, "firstline", at)
        return replace(case, changed_at=at)

    def take_back(self, unit: UnitOfWork, case: Case, state: StepState, by: str, at: datetime) -> Case:
        """Return the case with one step on its way back; one that is being done is taken back when it has ended."""
        if state.status in (S.WAITING, S.ASKED, S.DOING):
            return self._call_off(unit, case, state, by, at)
        if state.status in (S.DONE, S.KEPT) or (state.status is S.FAILED and state.result.get("uncertain")):
            note(unit, case, state.step, "undo", at, by)
            return case.with_step(self._undone(unit, case, state, by, at), at)
        return case.with_step(state.moved(S.SKIPPED, at, by=by, why=state.why), at) if state.status is S.FAILED else case

    def _undone(self, unit: UnitOfWork, case: Case, state: StepState, by: str, at: datetime) -> StepState:
        kind = case.plan(state.step).kind
        if kind is K.LAPTOP:
            unit.outbox.put(_undo_entry(case, state, at))
            return state.moved(S.UNDOING, at, by=by)
        if state.action:
            original = unit.actions.load(state.action)
            back = self.around.undoing(original) if original is not None else None
            if original is None or back is None:
                return state.moved(S.UNDOING, at, by=by).moved(S.UNDONE, at, by=by, why="nothing had been changed")
            made = self.around.fulfilment.undo(unit, original, *back, by=by, at=at)
            undoing = state.moved(S.UNDOING, at, by=by, result={**state.result, "undo": made.id})
            return undoing.moved(S.UNDONE, at, by=by) if made.status is Status.DONE else undoing
        if state.ticket:
            unit.tickets.comment(state.ticket, ASSISTANT, f"{case.who.name}: this is not needed any more. Please take it back.", at, public=False)
        return state.moved(S.UNDOING, at, by=by).moved(S.UNDONE, at, by=by, why=SENT if kind is K.NOTIFY else "")

    def _call_off(self, unit: UnitOfWork, case: Case, state: StepState, by: str, at: datetime) -> Case:
        """Skip a step that has no effect yet; an action that runs is left to end."""
        if state.action and state.status is not S.FAILED:
            action = unit.actions.load(state.action)
            called_off = self.around.fulfilment.call_off(unit, state.action, "it is not needed any more", at)
            if called_off is None and action is not None and not action.status.is_over:
                return case
        if state.ticket:
            ticket = unit.tickets.ticket(state.ticket)
            if ticket is not None and ticket.status.is_open:
                unit.tickets.change_status(state.ticket, TicketStatus.CLOSED, ASSISTANT, "It is not needed any more.", at)
        if state.status is S.DOING and case.plan(state.step).kind is K.LAPTOP:
            unit.outbox.put(_undo_entry(case, state, at))
        note(unit, case, state.step, "skipped", at, by)
        return case.with_step(state.moved(S.SKIPPED, at, by=by), at)

    # -- what an action came to ----------------------------------------------------------------------------------------------

    def action_ended(self, unit: UnitOfWork, action_id: str, at: datetime) -> None:
        """Move the step whose action, or the action that takes it back, has ended; the same end again changes nothing."""
        action = unit.actions.load(action_id)
        case = unit.joiners.load(action.conversation) if action is not None else None
        if action is None or case is None or not action.status.is_over:
            return
        for state in case.steps:
            moved = _moved_by(state, action.id, action.status, str(action.result.get("why", "")), at)
            if moved is not None:
                moved = _tried_again(case, moved, action.status, at)
                note(unit, case, state.step, moved.status.value, at, action=action.id)
                self.settle(unit, case.with_step(moved, at), at)
                return


def _moved_by(state: StepState, action: str, status: Status, why: str, at: datetime) -> StepState | None:
    if state.action == action and state.status in (S.DOING, S.ASKED):
        if status in (Status.DONE, Status.REVERTED):
            return state.moved(S.DONE, at)
        uncertain = {"uncertain": True} if status is Status.UNKNOWN else {}
        return state.moved(S.FAILED, at, why=why or status.value, result={**state.result, **uncertain})
    if state.result.get("undo") == action and state.status is S.UNDOING:
        return state.moved(S.UNDONE, at, by=state.by) if status is Status.DONE else state.moved(S.KEPT, at, by=state.by, why=why or status.value)
    return None


def _tried_again(case: Case, state: StepState, status: Status, at: datetime) -> StepState:
    """Return a step that could not be done at its first try as one that waits for the next: nobody has to decide about it anew."""
    pause, most = RETRIED.get(case.plan(state.step).kind, (timedelta(0), 0))
    running = case.status is CaseStatus.RUNNING and state.status is S.FAILED and status in (Status.FAILED, Status.UNKNOWN)
    if not running or state.generation >= most:
        return state
    waits = state.moved(S.WAITING, at, action="", why=state.why)
    return replace(waits, generation=state.generation + 1, due_at=at + pause)


def _looks_again(case: Case, state: StepState) -> bool:
    kind = case.plan(state.step).kind
    return (kind is K.READINESS and state.status is S.ASKED) or (kind is K.RETURN and state.status is S.DOING)


def _step_entry(case: Case, state: StepState, at: datetime) -> OutboxEntry:
    body = {"case": case.id, "step": state.step, "generation": state.generation}
    return OutboxEntry(f"{STEP}:{case.id}:{state.step}:{state.generation}", STEP, body, at, max(at, state.due_at))


def _undo_entry(case: Case, state: StepState, at: datetime) -> OutboxEntry:
    body = {"case": case.id, "step": state.step, "generation": state.generation}
    return OutboxEntry(f"{UNDO}:{case.id}:{state.step}:{state.generation}:{at.timestamp():.3f}", UNDO, body, at, at)


def _late_entry(case: Case, state: StepState, at: datetime) -> OutboxEntry | None:
    """Return the errand that reminds of a step when it is late: one for each time that it may be late at."""
    if state.late_at is None or state.status.is_over or state.reminded_at is not None or not case.status.is_open:
        return None
    return late_entry(case, state, "late", max(at, state.late_at), at)


def late_entry(case: Case, state: StepState, stage: str, due: datetime, at: datetime) -> OutboxEntry:
    """Return the errand that tells of a late step: its owner first, then whom the checklist names."""
    assert state.late_at is not None, "only what has a time is late"
    mark = f"{state.late_at.timestamp():.0f}"
    body = {"case": case.id, "step": state.step, "late_at": state.late_at.isoformat(), "stage": stage}
    return OutboxEntry(f"{LATE}:{case.id}:{state.step}:{stage}:{mark}", LATE, body, at, due)


def escalates_at(case: Case, state: StepState, around: Around) -> datetime:
    """Return when somebody else hears of a step whose owner was reminded: a working day later, or as many minutes as made it late."""
    assert state.late_at is not None, "only what has a time is late"
    planned = case.plan(state.step)
    if planned.late_minutes:
        return state.late_at + timedelta(minutes=planned.late_minutes)
    return around.calendar(case).later(state.late_at, 1, case.zone)
