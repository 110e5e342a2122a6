"""A joiner in any order: HR says it again, moves the day, calls it off; the manager decides; systems fail; processes are killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assistant.adapters.memory.inventory import MemoryInventory
from assistant.desk.onboarding.arrivals import ArrivalRefused
from assistant.domain.action import Status
from assistant.domain.configuration import Device
from assistant.domain.onboarding import Case, CaseStatus, StepStatus
from assistant.ports.identity import Directory, NoSuchAccount
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.workflows.joining import NotNow
from tests.support.joiner_bench import JOINS, MADE, JoinerBench

DAY = timedelta(days=1)
S = StepStatus
ENDS: tuple[Callable[[], Exception], ...] = (lambda: Unavailable("away", 0.0), lambda: Refused("no"), lambda: Uncertain("the line was cut"))


class Failing:
    """The ``Directory`` port over another one; ``next_end`` is how the next change ends, before or after its effect."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.next_end: tuple[Exception, bool] | None = None
        self.done: Counter[tuple[str, ...]] = Counter()

    def __getattr__(self, name: str) -> Any:
        behind = getattr(self.directory, name)
        if name not in ("create", "grant", "revoke", "disable", "enable"):
            return behind

        def called(*arguments: Any) -> Any:
            end, self.next_end = self.next_end, None
            if end is not None and not end[1]:
                raise end[0]
            changed = behind(*arguments)
            if changed:
                self.done[name, *map(str, arguments)] += 1
            if end is not None:
                raise Uncertain("the answer was lost")
            return changed

        return called


class CountingInventory(MemoryInventory):
    """Counts how often a device was really kept and put back."""

    def __init__(self, devices: tuple[Device, ...]) -> None:
        super().__init__(devices)
        self.kept = 0

    def reserve(self, key: str, person: str, kind: str = "laptop", platform: str = "") -> Device:
        self.kept += self.held(key) is None
        return super().reserve(key, person, kind, platform)


class AJoiner(RuleBasedStateMachine):
    """See the module."""

    @initialize()
    def begin(self) -> None:
        self.failing: list[Failing] = []

        def wrap(directory: Directory) -> Any:
            self.failing.append(Failing(directory))
            return self.failing[0]

        self.stock = CountingInventory(MADE.devices)
        self.bench = JoinerBench(wrap=wrap, stock=self.stock)
        self.case: Case = self.bench.begun()
        self.agreed = self.off = False

    @property
    def now(self) -> Case:
        return self.bench.case(self.case)

    @rule(days=st.integers(0, 12))
    def time_passes(self, days: int) -> None:
        self.bench.until(self.bench.clock.now() + days * DAY + timedelta(hours=1), timedelta(hours=6))

    @rule(again=st.booleans())
    def hr_says_it_again(self, again: bool) -> None:
        if self.now.status is CaseStatus.RUNNING:
            self.bench.says(JOINS, "d1" if again else "", first_day=self.now.day.isoformat())

    @rule(days=st.integers(-20, 40))
    def the_day_is_moved(self, days: int) -> None:
        day = date(2026, 11, 30) + timedelta(days=days)
        try:
            self.bench.says({"event": "change", "employee": "E-7", "first_day": day.isoformat()})
        except ArrivalRefused:
            assert day < self.bench.clock.now().date() or self.bench.clock.now() >= self.now.moment or self.now.status != CaseStatus.RUNNING

    @precondition(lambda self: not self.off)
    @rule()
    def hr_calls_it_off(self) -> None:
        try:
            self.bench.says({"event": "withdrawn", "employee": "E-7"})
            self.off = True
        except ArrivalRefused:
            assert self.now.status is CaseStatus.DONE

    @rule(yes=st.booleans())
    def the_manager_decides(self, yes: bool) -> None:
        state = self.now.state("groups")
        if state.action and self.bench.action(self.case, "groups").status is Status.AWAITING:
            self.bench.decide(self.case, "groups", approves=yes)
            self.agreed |= yes

    @rule(end=st.sampled_from(ENDS), after=st.booleans())
    def the_next_change_of_the_directory_fails(self, end: Callable[[], Exception], after: bool) -> None:
        self.failing[0].next_end = (end(), after)

    @rule(after=st.sampled_from(["begin", "call"]), most=st.integers(1, 3))
    def the_process_is_killed(self, after: str, most: int) -> None:
        """What is due is begun, or called, and nobody hears how it ended."""
        carrier = self.bench.carrier
        for entry in carrier.due()[:most]:
            if entry.due_at <= self.bench.clock.now() and carrier.begin(entry.key) and after == "call":
                carrier.call(entry.key)

    @rule(step=st.sampled_from(["laptop", "account", "groups", "welcome", "desk"]), act=st.sampled_from(["again", "undo", "done_by_hand"]))
    def an_agent_presses(self, step: str, act: str) -> None:
        with suppress(NotNow):
            getattr(self.bench.joiners, act)(self.case.id, step, "fay")

    @invariant()
    def nothing_is_there_twice(self) -> None:
        if not hasattr(self, "case"):
            return
        assert len(self.bench.inventory.kept_for("asa.lind")) <= 1
        assert max([number for what, number in self.failing[0].done.items() if what[0] == "create"], default=0) <= 1
        subjects = Counter(one.subject for one in self._tickets())
        assert max(subjects.values(), default=0) <= 1 + self.now.state("desk").generation

    @invariant()
    def nobody_has_a_group_without_the_managers_yes(self) -> None:
        if hasattr(self, "case") and not self.agreed:
            assert self._groups() == frozenset()

    def teardown(self) -> None:
        """In the end, with everything there and nobody pressing anything, nothing is half done."""
        if not hasattr(self, "case"):
            return
        self.failing[0].next_end = None
        self.bench.until(self.bench.clock.now() + 60 * DAY, timedelta(hours=6))
        if self.off and not any(one.status is S.KEPT for one in self.now.steps):
            assert self.now.status is CaseStatus.WITHDRAWN
            assert self._groups() == frozenset()
            assert self.bench.inventory.kept_for("asa.lind") == {}
            assert not self._is_on()
        for state in self.now.steps:
            assert state.status is not S.DOING, state
            assert state.status is not S.UNDOING, state
            if state.status is S.WAITING and self.now.status is CaseStatus.RUNNING:
                assert not self.now.met(state.step), state
            assert state.status is not S.KEPT or state.why

    def _tickets(self) -> list[Any]:
        with self.bench.store.read() as unit:
            return unit.tickets.all()

    def _groups(self) -> frozenset[str]:
        try:
            return self.bench.known.account("asa.lind").groups
        except NoSuchAccount:
            return frozenset()

    def _is_on(self) -> bool:
        try:
            return self.bench.known.account("asa.lind").active
        except NoSuchAccount:
            return False


AJoiner.TestCase.settings = settings(max_examples=40, stateful_step_count=14, deadline=None, derandomize=True, database=None)
TestAJoinerInAnyOrder = AJoiner.TestCase
