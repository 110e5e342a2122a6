"""Approvals as a state machine: whatever people, the world and somebody with the database in hand do, nothing runs without the right approval."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.fulfilment import Fulfilment
from assistant.ports.store import Store
from evals.approvals.builds import BAD
from evals.approvals.law import KINDS, Unlawful
from evals.approvals.office import ALTERATIONS, CAST, CHANGES, Office
from evals.approvals.run import play, unseen
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate

SEQUENCES, STEPS = 1_000, 20
FEWER = 30
WHO = st.integers(0, len(CAST) - 1)
WHICH = st.integers(0, 5)
ENTRY = st.integers(0, 30)


def in_memory() -> Store:
    """Return an empty store in memory."""
    return MemoryStore(0.78)


class Approvals(RuleBasedStateMachine):
    store: Callable[[], Store] = staticmethod(in_memory)
    build: type[Fulfilment] = Fulfilment

    def __init__(self) -> None:
        super().__init__()
        self.office = Office(self.store(), self.build)

    @initialize(who=st.integers(0, 1), group=st.integers(0, 1), agreed=st.booleans())
    def begin(self, who: int, group: int, agreed: bool) -> None:
        self.office.ask(who, group)
        if agreed:
            self.office.agree(0)

    @rule(who=WHO, group=st.integers(0, 1), days=st.integers(0, 3))
    def propose(self, who: int, group: int, days: int) -> None:
        self.office.propose(who, group, days)

    @rule(which=WHICH, who=WHO)
    def press(self, which: int, who: int) -> None:
        self.office.press(which, who)

    @rule(which=WHICH, who=st.integers(0, 1))
    def drop(self, which: int, who: int) -> None:
        self.office.drop(which, who)

    @rule(which=WHICH, who=WHO, yes=st.booleans(), stale=st.booleans())
    def vote(self, which: int, who: int, yes: bool, stale: bool) -> None:
        self.office.vote(which, who, yes, stale)

    @rule(which=WHICH)
    def everybody_agrees(self, which: int) -> None:
        self.office.agree(which)

    @rule(which=WHICH)
    def the_requester_becomes_a_delegate(self, which: int) -> None:
        self.office.cheat(which)

    @rule(which=WHICH)
    def those_who_agreed_lose_their_roles_before_it_runs(self, which: int) -> None:
        self.office.agree(which)
        self.office.demote(which)
        self.office.carry_all()

    @rule(which=WHICH, hours=st.sampled_from([72.0, 800.0]))
    def what_was_agreed_to_waits_too_long(self, which: int, hours: float) -> None:
        self.office.agree(which)
        self.office.wait(hours)
        self.office.carry_all()

    @rule(which=WHICH, how=st.integers(0, len(ALTERATIONS) - 1))
    def what_was_agreed_to_is_altered_before_it_runs(self, which: int, how: int) -> None:
        self.office.agree(which)
        self.office.tamper(which, how)
        self.office.carry_all()

    @rule(kind=st.integers(0, len(CHANGES) - 1), who=WHO, to=WHO)
    def a_role_changes_hands(self, kind: int, who: int, to: int) -> None:
        self.office.change(kind, who, to)

    @rule(hours=st.sampled_from([0.2, 1.0, 25.0, 71.9, 72.0, 800.0]))
    def time_passes(self, hours: float) -> None:
        self.office.wait(hours)

    @rule(which=WHICH)
    def approvers_are_reminded(self, which: int) -> None:
        self.office.remind(which)

    @rule(which=WHICH, how=st.integers(0, len(ALTERATIONS) - 1))
    def an_action_is_altered(self, which: int, how: int) -> None:
        self.office.tamper(which, how)

    @rule(which=WHICH)
    def an_action_is_forced(self, which: int) -> None:
        self.office.force(which)

    @rule(which=ENTRY, die=st.booleans())
    def an_entry_is_carried_or_replayed(self, which: int, die: bool) -> None:
        self.office.carry(which, die)

    @rule()
    def everything_due_is_carried(self) -> None:
        self.office.carry_all()

    @rule(which=WHICH, who=WHO)
    def undo(self, which: int, who: int) -> None:
        self.office.undo(which, who)

    @invariant()
    def each_run_used_its_approval_once(self) -> None:
        self.office.check()

    def teardown(self) -> None:
        assert self.office.faults() == []


def played(kind: type[RuleBasedStateMachine], sequences: int, **more: Any) -> None:
    """Play sequences of a machine."""
    plain: dict[str, Any] = {"derandomize": True, "database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
    run_state_machine_as_test(kind, settings=settings(max_examples=sequences, stateful_step_count=STEPS, **plain | more))


def test_nothing_runs_without_by_the_requester_altered_expired_replayed_or_by_one_who_lost_the_role() -> None:
    played(Approvals, SEQUENCES)


def test_nothing_of_that_happens_on_tables_either(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    engine = open_engine(f"sqlite:///{empty}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    engine.dispose()
    whole, used = empty.read_bytes(), tmp_path / "used.db"

    class OnTables(Approvals):
        store = staticmethod(lambda: fresh())

    def fresh() -> Store:
        for leftover in tmp_path.glob("used.db*"):
            leftover.unlink()
        used.write_bytes(whole)
        return SqlStore(open_engine(f"sqlite:///{used}"), 0.78)

    played(OnTables, FEWER)


@pytest.mark.parametrize("kind", BAD)
def test_a_build_without_one_of_the_checks_is_found(kind: str) -> None:
    class Bad(Approvals):
        build = BAD[kind]

    with pytest.raises(Unlawful):
        played(Bad, SEQUENCES, phases=[Phase.generate], report_multiple_bugs=False)


def test_the_measure_draws_lawful_sequences_and_sees_each_bad_build_break_its_own_rule() -> None:
    tally = play(100, STEPS, seed=3)
    assert (tally.unlawful.total(), tally.audit_faults, tally.examples) == (0, 0, [])
    assert min(tally.counted[name] for name in ("votes", "begun", "undone")) > 0
    found, missed = unseen(300, STEPS, seed=3)
    assert missed == []
    assert set(found) == set(KINDS)
