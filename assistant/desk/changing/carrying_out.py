"""A change in its window: wave after wave, device after device, each verified; stopped by its rule, by an operator or by the end of the window.

Every function works inside the caller's transaction. What is to be done outside is an outbox entry of the same transaction, whose key is
fixed by the change, the device and what is done to it: whatever is killed wherever goes on from these rows, and nothing is done twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from assistant.desk.changing.noting import note, ticket_of_change, ticket_of_device
from assistant.domain.action import Action
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState, Tally, Terms, digest_of, moved
from assistant.domain.window import next_span
from assistant.ports.outside import Refused
from assistant.ports.store import OutboxEntry, UnitOfWork

BEGIN, APPLY, VERIFY, BACK, CLOSE = "change.begin", "change.device", "change.verify", "change.undo", "change.close"
SYSTEM = "firstline"
LOOKS = 3
"""So often a device that is not as it should be is looked at before that counts: some remedies take their time."""
LEAST_LEFT = timedelta(minutes=15)
"""A window with less than this left is not begun in."""
KEPT_BACK = "Its window closed before its turn."


def authorised(unit: UnitOfWork, action: Action, at: datetime) -> None:
    """Plan a change for its first window, because everybody agreed whom its rule names.

    Raises:
        Refused: there is no such change, it is over, or it is not the one that was agreed to.
    """
    change = unit.changes.load(action.arguments.get("change", ""), lock=True)
    if change is None or change.terms is None or change.status is not ChangeStatus.AWAITING:
        raise Refused(f"the change is {change.status.value if change is not None else 'not there'}")
    devices = [(step.device, step.wave) for step in unit.changes.steps(change.id)]
    if digest_of(change.title, change.service, change.terms, devices) != action.arguments["digest"]:
        raise Refused("the change is not the one that was authorised")
    span = next_span(change.terms.windows, at, LEAST_LEFT) or (at, at + timedelta(hours=change.terms.longest_hours))
    opens, closes = max(span[0], at), span[1]
    status = moved(change.status, ChangeStatus.SCHEDULED)
    unit.changes.save(replace(change, status=status, action=action.id, opens_at=opens, closes_at=closes, changed_at=at))
    note(unit, replace(change, status=status, action=action.id), "authorised", at, opens=opens.isoformat(), closes=closes.isoformat())
    unit.outbox.put(OutboxEntry(f"{BEGIN}:{change.id}", BEGIN, {"change": change.id}, at, opens))


def begin(unit: UnitOfWork, change_id: str, at: datetime, barred: str = "") -> None:
    """Begin a change whose window is open; ``barred`` says why it must not be begun after all. One that was cancelled does nothing."""
    change = unit.changes.load(change_id, lock=True)
    if change is None or change.status is not ChangeStatus.SCHEDULED or change.terms is None:
        return
    assert change.closes_at is not None, "a change that is scheduled has its window"
    missed = at >= change.closes_at
    if barred or missed:
        why = barred or "the service was off while its window was open"
        ended = replace(change, status=moved(change.status, ChangeStatus.REFUSED), why=why, changed_at=at, ended_at=at)
        unit.changes.save(ended)
        note(unit, ended, "not begun", at)
        ticket_of_change(unit, ended, f"It was authorised and not begun: {why}. Nothing was done to these devices.", at)
        return
    running = replace(change, status=moved(change.status, ChangeStatus.RUNNING), at=at, wave=0, changed_at=at)
    unit.changes.save(running)
    note(unit, running, "begun", at)
    unit.outbox.put(OutboxEntry(f"{CLOSE}:{change.id}", CLOSE, {"change": change.id}, at, change.closes_at))
    _go_on(unit, running, at)


def taken_on(unit: UnitOfWork, change_id: str, number: int, at: datetime, sure: bool = True) -> None:
    """The fleet took a remedy on, or may have (not ``sure``): the device is looked at after a while."""
    change, step = _held(unit, change_id, number)
    if change is None or step is None or step.state is not StepState.APPLYING:
        return
    assert change.terms is not None, "a change with devices has terms"
    unit.changes.save_step(replace(step, state=StepState.VERIFYING, changed_at=at, why="" if sure else "it is not sure that the remedy ran"))
    note(unit, change, "handed to the fleet" if sure else "perhaps handed to the fleet", at, device=step.device, remedy=change.terms.remedy)
    _look(unit, change.terms, step, 1, at)


def _look(unit: UnitOfWork, terms: Terms, step: DeviceStep, look: int, at: datetime) -> None:
    body = {"change": step.change, "number": step.number, "look": look}
    due = at + timedelta(minutes=terms.settle_minutes)
    unit.outbox.put(OutboxEntry(f"{VERIFY}:{step.change}:{step.number}:{look}", VERIFY, body, at, due))


def not_taken_on(unit: UnitOfWork, change_id: str, number: int, why: str, at: datetime, reached: bool) -> None:
    """Nothing was done to a device: the fleet refused, or (not ``reached``) it did not answer while the window was open."""
    change, step = _held(unit, change_id, number)
    if change is not None and step is not None and step.state is StepState.APPLYING:
        state = StepState.FAILED if reached else StepState.UNREACHABLE
        _ended(unit, change, replace(step, state=state, why=why, changed_at=at), at)


def verified(unit: UnitOfWork, change_id: str, number: int, met: bool | None, said: str, look: int, at: datetime) -> None:
    """Take down what a device is like after the remedy: as it should be, not so, or (None) nobody can tell."""
    change, step = _held(unit, change_id, number)
    if change is None or step is None or step.state is not StepState.VERIFYING:
        return
    assert change.terms is not None, "a change with devices has terms"
    if met:
        _ended(unit, change, replace(step, state=StepState.FIXED, after=said, why="", changed_at=at), at)
        _close_finding(unit, step, said, at)
    elif look < LOOKS:
        unit.changes.save_step(replace(step, after=said, changed_at=at))
        _look(unit, change.terms, step, look + 1, at)
    elif met is None:
        _ended(unit, change, replace(step, state=StepState.UNKNOWN, after=said, why=step.why or said, changed_at=at), at)
    elif change.terms.rollback:
        back = replace(step, state=StepState.TAKING_BACK, after=said, undone_by=SYSTEM, changed_at=at)
        unit.changes.save_step(back)
        _put_back(unit, change, back, at)
        _go_on(unit, change, at)
    else:
        _ended(unit, change, replace(step, state=StepState.FAILED, after=said, changed_at=at), at)


def _close_finding(unit: UnitOfWork, step: DeviceStep, said: str, at: datetime) -> None:
    for finding in unit.compliance.taken_by(step.change):
        if finding.device == step.device and finding.closed_at is None:
            unit.compliance.save(replace(finding, evidence=said, seen_at=at, closed_at=at))


def _put_back(unit: UnitOfWork, change: Change, step: DeviceStep, at: datetime) -> None:
    body = {"change": step.change, "number": step.number}
    unit.outbox.put(OutboxEntry(f"{BACK}:{step.change}:{step.number}", BACK, body, at, at))
    note(unit, change, "taking back", at, step.undone_by or SYSTEM, device=step.device)


def taken_back(unit: UnitOfWork, change_id: str, number: int, done: bool, why: str, at: datetime) -> None:
    """Take down how taking a remedy back ended on a device."""
    change, step = _held(unit, change_id, number)
    if change is not None and step is not None and step.state is StepState.TAKING_BACK:
        state = StepState.TAKEN_BACK if done else StepState.STUCK
        _ended(unit, change, replace(step, state=state, why=why or step.why, changed_at=at), at)


def _ended(unit: UnitOfWork, change: Change, step: DeviceStep, at: datetime) -> None:
    """Store how it ended on a device, file its ticket where people have to look, and go on with the change."""
    wanted = step.state in (StepState.TAKEN_BACK,) and step.undone_by not in ("", SYSTEM)
    told = step if step.state is StepState.FIXED or wanted else ticket_of_device(unit, change, step, at)
    unit.changes.save_step(told)
    note(unit, change, f"device {step.state.value}", at, device=step.device, ticket=told.ticket)
    _go_on(unit, change, at)


def _go_on(unit: UnitOfWork, change: Change, at: datetime) -> None:
    """Begin what is next of a running change: more devices of the wave, the next wave, or its end. Its stop rule is asked first."""
    if change.status is not ChangeStatus.RUNNING:
        return
    assert change.terms is not None, "a running change has terms"
    assert change.closes_at is not None, "and a window"
    terms, steps = change.terms, unit.changes.steps(change.id)
    wave = [step for step in steps if step.wave == change.wave]
    tally = Tally.of(wave)
    if tally.wrong > terms.stop_share * len(wave) or (not tally.unfinished and tally.stops(terms.stop_share)):
        _halt(unit, change, f"{tally.wrong} of {tally.begun} devices of wave {change.wave + 1} went wrong", SYSTEM, at)
    elif at >= change.closes_at:
        close(unit, change.id, at)
    elif tally.unfinished:
        _begin_devices(unit, change, wave, at)
    elif change.wave < steps[-1].wave:
        following = replace(change, wave=change.wave + 1, changed_at=at)
        unit.changes.save(following)
        note(unit, following, f"wave {following.wave + 1} begun", at)
        _go_on(unit, following, at)
    else:
        _done(unit, change, at)


def _begin_devices(unit: UnitOfWork, change: Change, wave: list[DeviceStep], at: datetime) -> None:
    assert change.terms is not None, "a running change has terms"
    under_way = sum(not step.state.is_over and step.state is not StepState.WAITING for step in wave)
    waiting = [step for step in wave if step.state is StepState.WAITING]
    for step in waiting[: max(change.terms.at_once - under_way, 0)]:
        unit.changes.save_step(replace(step, state=StepState.APPLYING, changed_at=at))
        body = {"change": change.id, "number": step.number}
        unit.outbox.put(OutboxEntry(f"{APPLY}:{change.id}:{step.number}", APPLY, body, at, at))


def _done(unit: UnitOfWork, change: Change, at: datetime) -> None:
    done = replace(change, status=moved(change.status, ChangeStatus.DONE), changed_at=at, ended_at=at)
    unit.changes.save(done)
    tally = Tally.of(unit.changes.steps(change.id))
    note(unit, done, "done", at, devices=tally.count, fixed=tally.fixed)


def _halt(unit: UnitOfWork, change: Change, why: str, by: str, at: datetime) -> None:
    """End a running change before its last device. What is under way on a device comes to its end; nothing else begins."""
    halted = replace(change, status=moved(change.status, ChangeStatus.HALTED), why=why, changed_at=at, ended_at=at)
    unit.changes.save(halted)
    _leave(unit, change.id, "The change was stopped before its turn.", at)
    note(unit, halted, "halted", at, by)
    ticket_of_change(unit, halted, f"It was stopped: {why}. Nothing more begins; each device below says what was seen there before.", at)


def _leave(unit: UnitOfWork, change_id: str, why: str, at: datetime) -> list[DeviceStep]:
    left = [step for step in unit.changes.steps(change_id) if step.state is StepState.WAITING]
    for step in left:
        unit.changes.save_step(replace(step, state=StepState.LEFT, why=why, changed_at=at))
    return left


def close(unit: UnitOfWork, change_id: str, at: datetime) -> None:
    """End a running change because its window closes: devices that had no turn are free for the next change."""
    change = unit.changes.load(change_id, lock=True)
    if change is None or change.status is not ChangeStatus.RUNNING:
        return
    left = {step.device for step in _leave(unit, change_id, KEPT_BACK, at)}
    for finding in unit.compliance.taken_by(change_id):
        if finding.device in left and finding.closed_at is None:
            unit.compliance.save(replace(finding, change=""))
    if not Tally.of(unit.changes.steps(change_id)).unfinished:
        _done(unit, change, at)
    # What is under way comes to its end; the last of it ends the change.


def stop(unit: UnitOfWork, change_id: str, by: str, why: str, at: datetime) -> Change | None:
    """Stop a change now, because an operator says so; return it, or None when there is none that could be stopped.

    One that has not begun is cancelled. Of one that runs, nothing more begins. The caller calls off the action of one that waits for
    its authority.
    """
    change = unit.changes.load(change_id, lock=True)
    if change is None or change.status.is_over:
        return None
    if change.status is ChangeStatus.RUNNING:
        _halt(unit, change, why, by, at)
    else:
        ended = replace(change, status=moved(change.status, ChangeStatus.CANCELLED), why=why, changed_at=at, ended_at=at)
        unit.changes.save(ended)
        note(unit, ended, "cancelled", at, by)
    return unit.changes.load(change_id)


def take_back(unit: UnitOfWork, change_id: str, by: str, at: datetime, number: int | None = None) -> int:
    """Take a change back on one device, or on all that it fixed; return on how many that was begun.

    Raises:
        Refused: nothing takes it back, or there is nothing to take back.
    """
    change = unit.changes.load(change_id, lock=True)
    if change is None or change.terms is None:
        raise Refused("there is no such change")
    if not change.terms.rollback:
        raise Refused(f"nothing takes {change.terms.remedy} back")
    if change.status is ChangeStatus.RUNNING and number is None:
        raise Refused("the change is still running; stop it first")
    chosen = [step for step in unit.changes.steps(change_id) if step.state is StepState.FIXED and number in (None, step.number)]
    if not chosen:
        raise Refused("there is nothing to take back")
    for step in chosen:
        back = replace(step, state=StepState.TAKING_BACK, undone_by=by, changed_at=at)
        unit.changes.save_step(back)
        _put_back(unit, change, back, at)
    return len(chosen)


def _held(unit: UnitOfWork, change_id: str, number: int) -> tuple[Change | None, DeviceStep | None]:
    """Return a change, which nobody else saves before this transaction ends, and one of its devices."""
    return unit.changes.load(change_id, lock=True), unit.changes.step(change_id, number)
