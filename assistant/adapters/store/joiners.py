"""Cases of joiners and leavers in tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from assistant.adapters.store.joiners_tables import joiner_cases as cases
from assistant.adapters.store.joiners_tables import joiner_steps as steps
from assistant.domain.onboarding import Case, CaseKind, CaseStatus, PlannedStep, StepState, StepStatus, newcomer
from assistant.ports.onboarding import CaseChanged

OPEN = [status.value for status in CaseStatus if status.is_open]
PLAIN = ("id", "employee", "person", "manager", "started_by", "source", "day", "moment", "zone", "checklist", "told_at", "created_at", "changed_at")
STATE = tuple(one.name for one in fields(StepState))


@dataclass(frozen=True, slots=True)
class SqlJoinerCases:
    """The ``JoinerCases`` protocol on a connection whose owner commits."""

    connection: Connection

    def add(self, case: Case) -> None:
        """See the port. Of two that add at once, PostgreSQL lets the second wait for the first and then refuses it."""
        if self.load(case.id) is not None:
            raise CaseChanged(case.id)
        try:
            self.connection.execute(insert(cases).values(version=case.version, **_row(case)))
        except IntegrityError as error:
            raise CaseChanged(case.id) from error
        self._keep_steps(case)

    def load(self, case_id: str) -> Case | None:
        """See the port."""
        return next(iter(self._cases(select(cases).where(cases.c.id == case_id))), None)

    def save(self, case: Case) -> None:
        """See the port."""
        same = (cases.c.id == case.id, cases.c.version == case.version)
        if self.connection.execute(update(cases).where(*same).values(version=case.version + 1, **_row(case))).rowcount != 1:
            raise CaseChanged(case.id)
        self.connection.execute(delete(steps).where(steps.c.case == case.id))
        self._keep_steps(case)

    def of_employee(self, employee: str) -> list[Case]:
        """See the port."""
        return self._cases(select(cases).where(cases.c.employee == employee).order_by(cases.c.created_at, cases.c.id))

    def of_person(self, person: str) -> list[Case]:
        """See the port."""
        return self._cases(select(cases).where(cases.c.person == person).order_by(cases.c.created_at, cases.c.id))

    def listed(self, is_open: bool, limit: int, manager: str = "", after: str = "") -> list[Case]:
        """See the port."""
        day, name = cases.c.day, cases.c.id
        query = select(cases).where(cases.c.status.in_(OPEN) if is_open else cases.c.status.not_in(OPEN)).limit(limit)
        query = query.order_by(day, name) if is_open else query.order_by(day.desc(), name)
        if manager:
            query = query.where(cases.c.manager == manager)
        last = self.connection.execute(select(day, name).where(name == after)).first() if after else None
        if last is not None:
            later = day > last.day if is_open else day < last.day
            query = query.where(or_(later, and_(day == last.day, name > last.id)))
        return self._cases(query)

    def open_tickets(self) -> list[tuple[str, str, str]]:
        """See the port."""
        query = select(steps.c.case, steps.c.step, steps.c.ticket).join(cases, cases.c.id == steps.c.case)
        asked = query.where(cases.c.status.in_(OPEN), steps.c.status == StepStatus.ASKED.value, steps.c.ticket != "")
        return [(row[0], row[1], row[2]) for row in self.connection.execute(asked.order_by(steps.c.case, steps.c.step))]

    def between(self, start: date, end: date) -> list[Case]:
        """See the port."""
        return self._cases(select(cases).where(cases.c.day >= start, cases.c.day < end).order_by(cases.c.day, cases.c.id))

    def changed_since(self, moment: datetime) -> list[Case]:
        """See the port."""
        return self._cases(select(cases).where(or_(cases.c.changed_at >= moment, cases.c.status.in_(OPEN))).order_by(cases.c.day, cases.c.id))

    def _keep_steps(self, case: Case) -> None:
        rows = [{"case": case.id, **{name: getattr(one, name) for name in STATE}, "status": one.status.value} for one in case.steps]
        if rows:
            self.connection.execute(insert(steps), [row | {"result": dict(row["result"])} for row in rows])

    def _cases(self, query: Select[Any]) -> list[Case]:
        rows = self.connection.execute(query).mappings().all()
        states = self._states([row["id"] for row in rows])
        return [_case(row, states.get(row["id"], {})) for row in rows]

    def _states(self, ids: Sequence[str]) -> dict[str, dict[str, StepState]]:
        found: dict[str, dict[str, StepState]] = {}
        for row in self.connection.execute(select(steps).where(steps.c.case.in_(ids))).mappings() if ids else ():
            state = StepState(**{name: row[name] for name in STATE} | {"status": StepStatus(row["status"])})
            found.setdefault(row["case"], {})[state.step] = state
        return found


def _row(case: Case) -> dict[str, Any]:
    facts = {name: getattr(case, name) for name in PLAIN}
    planned = [step.facts() for step in case.planned]
    return facts | {"kind": case.kind.value, "status": case.status.value, "who": asdict(case.who), "steps": planned}


def _case(row: Any, states: dict[str, StepState]) -> Case:
    planned = tuple(PlannedStep.of(facts) for facts in row["steps"])
    return Case(
        kind=CaseKind(row["kind"]),
        status=CaseStatus(row["status"]),
        who=newcomer(row["who"]),
        planned=planned,
        steps=tuple(_ordered(planned, states)),
        version=row["version"],
        **{name: row[name] for name in PLAIN},
    )


def _ordered(planned: Iterable[PlannedStep], states: dict[str, StepState]) -> Iterable[StepState]:
    return (states[one.id] for one in planned if one.id in states)
