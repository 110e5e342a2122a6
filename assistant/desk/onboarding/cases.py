"""What follows from what in a case: its plan, a moved date, a withdrawal. Pure; whoever calls stores what comes out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from assistant.desk.onboarding.arrivals import Arrival
from assistant.desk.onboarding.calendar import WorkCalendar
from assistant.desk.onboarding.checklist import Checklist
from assistant.domain.onboarding import Case, CaseKind, CaseStatus, Newcomer, PlannedStep, StepState, StepStatus

S = StepStatus
MOST_NAMES = 99
LONGEST_ID = 60


def case_id(employee: str, kind: CaseKind, earlier: int) -> str:
    """Return the id of an employee's next case of a kind: the same for the same one, so that it cannot be begun twice."""
    return f"j_{sha256(f'{employee}|{kind}|{earlier}'.encode()).hexdigest()[:16]}"


def account_id(name: str, employee: str, taken: Container[str]) -> str:
    """Return a free id for an account: first and last name in plain letters, numbered where somebody has it."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o").replace("æ", "ae").replace("ł", "l"))
    words = re.findall(r"[a-z0-9]+", folded.encode("ascii", "ignore").decode())
    named = ".".join((words[0], words[-1])) if len(words) > 1 else "".join(words)
    plain = (named or "-".join(re.findall(r"[a-z0-9]+", employee.lower())) or "joiner")[:LONGEST_ID]
    return next(one for number in range(1, MOST_NAMES * 100) if (one := plain if number == 1 else f"{plain}{number}") not in taken)


def opened(checklist: Checklist, arrival: Arrival, who: Newcomer, person: str, manager: str, zone: str, by: str, source: str, at: datetime) -> Case:
    """Return a new case with the steps of the checklist that are for this person."""
    mine = checklist.calendar.zone(who.location, zone)
    day, moment = _when(checklist.calendar, arrival, mine)
    planned = tuple(step for step in checklist.steps if is_for(step, who))
    case = Case(
        id="",
        kind=checklist.kind,
        status=CaseStatus.RUNNING,
        employee=arrival.employee,
        person=person,
        manager=manager,
        who=who,
        day=day,
        moment=moment,
        zone=mine,
        started_by=by,
        source=source,
        told_at=arrival.told_at,
        created_at=at,
        changed_at=at,
        checklist=checklist.version,
        planned=planned,
    )
    return replace(case, steps=tuple(_fresh(case, step, checklist.calendar) for step in planned))


def is_for(step: PlannedStep, who: Newcomer) -> bool:
    """Say whether a step is for somebody of this department, location and title; letters may be large or small."""
    return all(getattr(who, key).casefold() in {one.casefold() for one in values} for key, values in step.only.items())


def _when(calendar: WorkCalendar, arrival: Arrival, zone: str) -> tuple[date, datetime]:
    if arrival.moment is not None:
        return arrival.moment.astimezone(ZoneInfo(zone)).date(), arrival.moment
    assert arrival.day is not None, "an arrival has a day or a moment"
    return arrival.day, calendar.moment(arrival.day, 0, zone)


def _fresh(case: Case, step: PlannedStep, calendar: WorkCalendar) -> StepState:
    due = due_of(case, step, calendar)
    return StepState(step.id, S.WAITING, due, late_of(case, step, due, calendar))


def due_of(case: Case, step: PlannedStep, calendar: WorkCalendar) -> datetime:
    """Return when a step is due, in UTC: no sooner than the case began."""
    due = case.moment if step.leaving else calendar.moment(calendar.working(case.day, step.days), step.hour, case.zone)
    return max(due, case.created_at)


def late_of(case: Case, step: PlannedStep, due: datetime, calendar: WorkCalendar) -> datetime | None:
    """Return when a step is late, None for one that never is."""
    if step.late_minutes:
        return due + timedelta(minutes=step.late_minutes)
    return calendar.later(due, step.late_days, case.zone) if step.late_days else None


def moved(case: Case, arrival: Arrival, calendar: WorkCalendar, at: datetime) -> Case:
    """Return the case at another day or moment: what has not begun gets its new time, what has begun stays, and is late later or sooner."""
    day, moment = _when(calendar, arrival, case.zone)
    changed = replace(case, day=day, moment=moment, told_at=arrival.told_at, changed_at=at)
    steps = []
    for state in case.steps:
        due = max(due_of(changed, case.plan(state.step), calendar), at)
        late = late_of(changed, case.plan(state.step), due, calendar)
        if state.status is S.WAITING:
            steps.append(replace(state, due_at=due, late_at=late, generation=state.generation + 1, reminded_at=None, escalated_at=None))
        elif state.status in (S.DOING, S.ASKED, S.FAILED):
            steps.append(replace(state, late_at=late, reminded_at=None, escalated_at=None))
        else:
            steps.append(state)
    return replace(changed, steps=tuple(steps))


def told_anew(case: Case, arrival: Arrival, at: datetime) -> Case:
    """Return the case with what HR says of the person now; what it leaves out stays."""
    said = {"title": arrival.title, "department": arrival.department, "location": arrival.location, "private": arrival.private}
    who = replace(case.who, **{name: value for name, value in said.items() if value})
    return replace(case, who=who, manager=arrival.manager or case.manager, told_at=arrival.told_at, changed_at=at)


def startable(case: Case) -> tuple[StepState, ...]:
    """Return the steps that wait for nothing but their time."""
    running = case.status is CaseStatus.RUNNING
    return tuple(state for state in case.steps if running and state.status is S.WAITING and case.met(state.step))


def concluded(case: Case) -> Case:
    """Return the case as done, or as withdrawn, when all of its steps have ended well."""
    if not case.status.is_open or not all(state.status.is_over for state in case.steps):
        return case
    return replace(case, status=CaseStatus.DONE if case.status is CaseStatus.RUNNING else CaseStatus.WITHDRAWN)
