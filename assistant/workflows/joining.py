"""The way in to joiners and leavers: what HR says, what people press, and who may see what."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from assistant.desk.onboarding import cases as rules
from assistant.desk.onboarding.arrivals import Arrival, ArrivalRefused, Event
from assistant.desk.onboarding.checklist import unknown_names
from assistant.domain.configuration import Person
from assistant.domain.onboarding import Case, CaseKind, CaseStatus, IllegalStep, Newcomer, StepState, StepStatus
from assistant.domain.ticket import TicketStatus
from assistant.ports.identity import NoSuchAccount
from assistant.ports.onboarding import CaseChanged
from assistant.ports.store import ActionChanged, UnitOfWork
from assistant.workflows.joiner_cases import Moving
from assistant.workflows.joiner_parts import Around, mail, note

S = StepStatus
HR = "hr"
TRIES = 5
T = TypeVar("T")


class NoSuchCase(LookupError):
    """There is no such case, or none that this person may see."""


class NotNow(Exception):
    """This cannot be done with the case or the step as it stands; the message says why."""


@dataclass(frozen=True, slots=True)
class Joiners:
    """Takes in who joins and who leaves, and shows how it stands."""

    around: Around
    hr_groups: frozenset[str]

    @property
    def _moving(self) -> Moving:
        return Moving(self.around)

    # -- who may --------------------------------------------------------------------------------------------------------

    def is_hr(self, person: Person) -> bool:
        """Say whether somebody sees everybody's cases: HR and the agents of the desk."""
        return person.is_agent or bool(person.groups & self.hr_groups)

    def may_start(self, person: Person) -> bool:
        """Say whether somebody may begin a case: HR, agents, and whoever has people."""
        return self.is_hr(person) or any(one.manager == person.id for one in self.around.directory.people())

    def check_manager(self, person: Person, manager: str) -> None:
        """Let HR and agents begin for everybody, and managers for their own people.

        Raises:
            NotNow: it is somebody else's.
        """
        if not self.is_hr(person) and manager != person.id:
            raise NotNow("You may do this for your own people only.")

    # -- taking in ------------------------------------------------------------------------------------------------------

    def deliver(self, arrival: Arrival, delivery: str) -> Case | None:
        """Take in a message of HR's system once; None for a delivery that came before.

        Raises:
            ArrivalRefused: it says something that cannot be; nothing is stored, so that it may be sent again.
            Refused, Unavailable: the directory cannot be asked.
        """
        return self._again(lambda: self._delivered(arrival, delivery))

    def _delivered(self, arrival: Arrival, delivery: str) -> Case | None:
        with self.around.store.write() as unit:
            at = self.around.clock.now()
            if not unit.outside.deliver(HR, delivery, at):
                return None
            return self._take_in(unit, arrival, HR, HR, at)

    def take_in(self, arrival: Arrival, by: str, source: str) -> Case:
        """Take in what a form or a command says.

        Raises:
            ArrivalRefused: see ``deliver``.
        """

        def once() -> Case:
            with self.around.store.write() as unit:
                return self._take_in(unit, arrival, by, source, self.around.clock.now())

        return self._again(once)

    def _take_in(self, unit: UnitOfWork, arrival: Arrival, by: str, source: str, at: datetime) -> Case:
        known = unit.joiners.of_employee(arrival.employee)
        current = next((one for one in reversed(known) if one.kind is arrival.kind and one.status is CaseStatus.RUNNING), None)
        if current is not None and arrival.told_at < current.told_at:
            raise ArrivalRefused("a later message about this employee was taken in before")
        if arrival.manager and self.around.directory.person(arrival.manager) is None:
            raise ArrivalRefused("the directory knows nobody of the manager's id")
        if current is None:
            if arrival.event in (Event.CHANGE, Event.WITHDRAWN):
                raise ArrivalRefused("nothing is under way for this employee that could be changed or called off")
            earlier = sum(one.kind is arrival.kind for one in known)
            begin = self._joins if arrival.kind is CaseKind.JOIN else self._leaves
            return self._begin(unit, replace(begin(unit, arrival, by, source, at), id=rules.case_id(arrival.employee, arrival.kind, earlier)), by, at)
        if arrival.event is Event.WITHDRAWN:
            return self._withdraw(unit, current, by, at)
        return self._change(unit, current, arrival, by, at)

    def _begin(self, unit: UnitOfWork, case: Case, by: str, at: datetime) -> Case:
        note(unit, case, "", "begun", at, by if by != HR else "firstline", source=case.source)
        return self._moving.settle(unit, case, at, new=True)

    def _joins(self, unit: UnitOfWork, arrival: Arrival, by: str, source: str, at: datetime) -> Case:
        taken = _Taken(unit, self._has_account)
        if arrival.account and arrival.account in taken:
            raise ArrivalRefused("the account is somebody else's already; leave it out, and a free one is chosen")
        person = arrival.account or rules.account_id(arrival.name, arrival.employee, taken)
        who = Newcomer(arrival.name, "", arrival.private, arrival.title, arrival.department, arrival.location)
        zone = self.around.workplace.company().timezone
        return rules.opened(self.around.checklists[CaseKind.JOIN], arrival, who, person, arrival.manager, zone, by, source, at)

    def _leaves(self, unit: UnitOfWork, arrival: Arrival, by: str, source: str, at: datetime) -> Case:
        earlier = [one.person for one in unit.joiners.of_employee(arrival.employee)]
        name = arrival.account or next(iter(reversed(earlier)), "") or arrival.employee
        person = self.around.directory.person(name)
        if person is None:
            raise ArrivalRefused("the directory knows nobody of this account; say which account it is")
        if any(one.kind is CaseKind.LEAVE and one.status is CaseStatus.RUNNING for one in unit.joiners.of_person(person.id)):
            raise ArrivalRefused("the leaving of this person is under way already, under another number")
        private = arrival.private or person.recovery
        who = Newcomer(person.name, person.email, private, person.title, person.department, person.location)
        zone = self.around.workplace.company().timezone
        return rules.opened(self.around.checklists[CaseKind.LEAVE], arrival, who, person.id, person.manager, zone, by, source, at)

    def _has_account(self, person: str) -> bool:
        try:
            self.around.directory.account(person)
        except NoSuchAccount:
            return False
        return True

    def _change(self, unit: UnitOfWork, case: Case, arrival: Arrival, by: str, at: datetime) -> Case:
        told = rules.told_anew(case, arrival, at)
        date_changed = (arrival.day not in (None, case.day)) or (arrival.moment not in (None, case.moment))
        if date_changed and at >= case.moment:
            raise ArrivalRefused("the day has come already: call it off, and begin anew")
        if date_changed:
            told = rules.moved(told, arrival, self.around.calendar(case), at)
            mail(unit, told, "", "manager", "moved", f"{told.moment.timestamp():.0f}:{at.timestamp():.0f}", at)
        if told != replace(case, told_at=told.told_at, changed_at=at):
            note(unit, told, "", "moved" if date_changed else "changed", at, by if by != HR else "firstline")
        return self._moving.settle(unit, told, at)

    def _withdraw(self, unit: UnitOfWork, case: Case, by: str, at: datetime) -> Case:
        who = by if by != HR else "firstline"
        note(unit, case, "", "called off", at, who)
        mail(unit, case, "", "manager", "withdrawn", f"{at.timestamp():.0f}", at)
        return self._moving.settle(unit, self._moving.withdraw(unit, case, who, at), at)

    # -- what people press ----------------------------------------------------------------------------------------------

    def withdraw(self, case_id: str, by: str) -> Case:
        """Call a case off: what has not begun does not begin, and what was done is taken back.

        Raises:
            NoSuchCase: there is none.
            NotNow: it is over.
        """

        def once(unit: UnitOfWork, case: Case, at: datetime) -> Case:
            if case.status is not CaseStatus.RUNNING:
                raise NotNow(f"This is {case.status} already.")
            return self._withdraw(unit, case, by, at)

        return self._with(case_id, once)

    def acknowledge(self, case_id: str, step: str, code: str) -> Case:
        """Note that the person acknowledged the documents of a step; said again, it stays as it was.

        Raises:
            NoSuchCase: the link is not ours.
        """

        def once(unit: UnitOfWork, case: Case, at: datetime) -> Case:
            self.check_code(case, step, code)
            state = case.state(step)
            if state.status is not S.ASKED:
                return case
            return self._store(unit, case, state.moved(S.DONE, at, by=case.person), at, case.person)

        return self._with(case_id, once)

    def check_code(self, case: Case, step: str, code: str) -> None:
        """Let in whoever has the link that we sent.

        Raises:
            NoSuchCase: the code was not made for this step.
        """
        if not case.has(step) or not hmac.compare_digest(self.around.code(case, step).encode(), code.encode()):
            raise NoSuchCase(case.id)

    def done_by_hand(self, case_id: str, step: str, by: str) -> Case:
        """Note that somebody did a step by hand that failed, or that waits for people.

        Raises:
            NoSuchCase: there is no such case or step.
            NotNow: the step does not wait for that.
        """

        def once(unit: UnitOfWork, case: Case, at: datetime) -> Case:
            state = _step(case, step)
            if state.status is not S.FAILED and not (state.status is S.ASKED and not state.action):
                raise NotNow("Only what failed, or waits for people, can be done by hand.")
            if state.ticket and state.status is S.ASKED:
                ticket = unit.tickets.ticket(state.ticket)
                if ticket is not None and ticket.status.is_open:
                    unit.tickets.change_status(state.ticket, TicketStatus.RESOLVED, by, "Done.", at)
            return self._store(unit, case, self._ticket_done(case, state, by, at), at, by)

        return self._with(case_id, once)

    def again(self, case_id: str, step: str, by: str) -> Case:
        """Have a step tried again that failed, was taken back or was left out.

        Raises:
            NoSuchCase: there is no such case or step.
            NotNow: the case is over, or the step is.
        """

        def once(unit: UnitOfWork, case: Case, at: datetime) -> Case:
            state = _step(case, step)
            if case.status is not CaseStatus.RUNNING or state.status not in (S.FAILED, S.UNDONE, S.SKIPPED):
                raise NotNow("Only a step of a running case that failed, was taken back or was left out is tried again.")
            fresh = replace(state.moved(S.WAITING, at, by="", action="", ticket="", result={}), begun_at=None)
            return self._store(unit, case, replace(fresh, generation=state.generation + 1), at, by)

        return self._with(case_id, once)

    def undo(self, case_id: str, step: str, by: str) -> Case:
        """Take one step back.

        Raises:
            NoSuchCase: there is no such case or step.
            NotNow: there is nothing to take back.
        """

        def once(unit: UnitOfWork, case: Case, at: datetime) -> Case:
            state = _step(case, step)
            if state.status not in (S.DONE, S.KEPT) and not (state.status is S.FAILED and state.result.get("uncertain")):
                raise NotNow("Only what was done can be taken back.")
            reopened = replace(case, status=CaseStatus.RUNNING) if case.status is CaseStatus.DONE else case
            return self._moving.settle(unit, self._moving.take_back(unit, reopened, state, by, at), at)

        return self._with(case_id, once)

    # -- following ------------------------------------------------------------------------------------------------------

    def look(self) -> int:
        """Move the steps whose tickets people closed; return how many those were."""
        with self.around.store.read() as unit:
            waiting = unit.joiners.open_tickets()
            closed = [one for one in waiting if (ticket := unit.tickets.ticket(one[2])) is None or not ticket.status.is_open]
        for case_id, step, ticket_id in closed:
            self._with(case_id, self._closing(step, ticket_id))
        return len(closed)

    def _closing(self, step: str, ticket_id: str) -> Callable[[UnitOfWork, Case, datetime], Case]:
        def once(unit: UnitOfWork, case: Case, at: datetime) -> Case:
            state = case.state(step)
            if state.status is not S.ASKED or state.ticket != ticket_id:
                return case
            return self._store(unit, case, self._ticket_done(case, state, "", at), at, "firstline")

        return once

    @staticmethod
    def _ticket_done(case: Case, state: StepState, by: str, at: datetime) -> StepState:
        """Return a step whose people are done: devices that came back are put into the stock before it ends."""
        if case.plan(state.step).kind.value == "return" and state.status is S.ASKED:
            return replace(state.moved(S.DOING, at, by=by), generation=state.generation + 1, due_at=at)
        return state.moved(S.DONE, at, by=by)

    # -- showing --------------------------------------------------------------------------------------------------------

    def case(self, case_id: str, person: Person | None = None) -> Case:
        """Return a case; with ``person`` only one that is theirs to see.

        Raises:
            NoSuchCase: there is none, or it is somebody else's.
        """
        with self.around.store.read() as unit:
            found = unit.joiners.load(case_id)
        if found is None or (person is not None and not self.is_hr(person) and found.manager != person.id):
            raise NoSuchCase(case_id)
        return found

    def listed(self, person: Person | None, is_open: bool, limit: int, after: str = "") -> list[Case]:
        """Return a page of the cases that are somebody's to see: all of them for HR and agents, those of their people for managers."""
        manager = "" if person is None or self.is_hr(person) else person.id
        with self.around.store.read() as unit:
            return unit.joiners.listed(is_open, limit, manager, after)

    def unknown(self) -> list[str]:
        """Return a sentence for everything that the checklists name and the directory does not know."""
        groups, people = self.around.directory.groups(), frozenset(one.id for one in self.around.directory.people())
        return [f"{one.title}: {fault}" for one in self.around.checklists.values() for fault in unknown_names(one, groups, people)]

    # -- parts ----------------------------------------------------------------------------------------------------------

    def _store(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime, by: str) -> Case:
        note(unit, case, state.step, state.status.value, at, by)
        return self._moving.settle(unit, case.with_step(state, at), at)

    def _with(self, case_id: str, change: Callable[[UnitOfWork, Case, datetime], Case]) -> Case:
        def once() -> Case:
            with self.around.store.write() as unit:
                case = unit.joiners.load(case_id)
                if case is None:
                    raise NoSuchCase(case_id)
                try:
                    return change(unit, case, self.around.clock.now())
                except IllegalStep as error:
                    raise NotNow(str(error)) from None

        return self._again(once)

    @staticmethod
    def _again(transaction: Callable[[], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                return transaction()
            except (CaseChanged, ActionChanged):
                continue
        return transaction()


def _step(case: Case, step: str) -> StepState:
    if not case.has(step):
        raise NoSuchCase(step)
    return case.state(step)


@dataclass(frozen=True, slots=True)
class _Taken:
    """The ids that no new account may have: of accounts, also of those that are switched off, and of people who are still to come."""

    unit: UnitOfWork
    has_account: Callable[[str], bool]

    def __contains__(self, person: object) -> bool:
        name = str(person)
        return self.has_account(name) or any(one.status.is_open for one in self.unit.joiners.of_person(name))
