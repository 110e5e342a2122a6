"""Cases of joiners and leavers in a dictionary."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from assistant.domain.onboarding import Case, PlannedStep, StepStatus
from assistant.ports.onboarding import CaseChanged


@dataclass(slots=True)
class MemoryJoinerCases:
    """The ``JoinerCases`` protocol."""

    kept: dict[str, Case] = field(default_factory=dict)

    def copy(self) -> MemoryJoinerCases:
        """Return the same cases, of which each set may change without the other."""
        return MemoryJoinerCases(dict(self.kept))

    def add(self, case: Case) -> None:
        """See the port."""
        if case.id in self.kept:
            raise CaseChanged(case.id)
        self.kept[case.id] = _plain(case)

    def load(self, case_id: str) -> Case | None:
        """See the port."""
        return self.kept.get(case_id)

    def save(self, case: Case) -> None:
        """See the port."""
        stored = self.kept.get(case.id)
        if stored is None or stored.version != case.version:
            raise CaseChanged(case.id)
        self.kept[case.id] = _plain(replace(case, version=case.version + 1))

    def of_employee(self, employee: str) -> list[Case]:
        """See the port."""
        return sorted((one for one in self.kept.values() if one.employee == employee), key=lambda one: (one.created_at, one.id))

    def of_person(self, person: str) -> list[Case]:
        """See the port."""
        return sorted((one for one in self.kept.values() if one.person == person), key=lambda one: (one.created_at, one.id))

    def listed(self, is_open: bool, limit: int, manager: str = "", after: str = "") -> list[Case]:
        """See the port."""
        mine = [one for one in self.kept.values() if one.status.is_open is is_open and manager in ("", one.manager)]
        mine.sort(key=lambda one: (_rank(one.day, is_open), one.id))
        last = self.kept.get(after)
        later = [one for one in mine if last is None or (_rank(one.day, is_open), one.id) > (_rank(last.day, is_open), last.id)]
        return later[:limit]

    def open_tickets(self) -> list[tuple[str, str, str]]:
        """See the port."""
        open_ = [case for case in self.kept.values() if case.status.is_open]
        return sorted((case.id, one.step, one.ticket) for case in open_ for one in case.steps if one.status is StepStatus.ASKED and one.ticket)

    def between(self, start: date, end: date) -> list[Case]:
        """See the port."""
        return sorted((one for one in self.kept.values() if start <= one.day < end), key=lambda one: (one.day, one.id))

    def changed_since(self, moment: datetime) -> list[Case]:
        """See the port."""
        return sorted((one for one in self.kept.values() if one.changed_at >= moment or one.status.is_open), key=lambda one: (one.day, one.id))


def _rank(day: date, rising: bool) -> int:
    return day.toordinal() if rising else -day.toordinal()


def _plain(case: Case) -> Case:
    """Return what JSON columns would give back; refuses what cannot be stored."""
    planned = tuple(PlannedStep.of(json.loads(json.dumps(one.facts()))) for one in case.planned)
    states = tuple(replace(one, result=json.loads(json.dumps(dict(one.result)))) for one in case.steps)
    return replace(case, planned=planned, steps=states)
