"""Time that passes in a demo: over everything that is due on the way, in its order, also what that brings on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.store import MemoryStore
from assistant.ports.store import OutboxEntry
from assistant.workflows.passing import Passed, Passing, TimeRefused

EVENING = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MORNING = EVENING + 15 * HOUR


@dataclass
class Night:
    """A store, a clock that stands, and somebody who does what is due when they are kicked. ``brings`` is what an errand puts when it is done."""

    store: MemoryStore = field(default_factory=lambda: MemoryStore(0.78))
    clock: FixedClock = field(default_factory=lambda: FixedClock(EVENING))
    brings: dict[str, Callable[[], OutboxEntry]] = field(default_factory=dict)
    done: list[tuple[str, datetime]] = field(default_factory=list)
    stuck: set[str] = field(default_factory=set)
    patience: float = 60.0

    def put(self, key: str, after: timedelta) -> None:
        with self.store.write() as unit:
            unit.outbox.put(self.entry(key, EVENING + after))

    @staticmethod
    def entry(key: str, due: datetime) -> OutboxEntry:
        return OutboxEntry(key, f"kind.{key}", {}, EVENING, due)

    def kick(self) -> None:
        """Do one thing that is due: the one that was put last, so that order comes from the clock alone."""
        now = self.clock.now()
        with self.store.write() as unit:
            due = [one for one in unit.outbox.due(now, 100) if one.key not in self.stuck]
            if not due:
                return
            unit.outbox.finish(due[-1].key, "done", now, {})
            self.done.append((due[-1].key, now))
            if made := self.brings.pop(due[-1].key, None):
                unit.outbox.put(made())

    def passes(self, to: datetime = MORNING, tend: Callable[[], object] = lambda: None) -> Passed:
        return Passing(self.clock, self.store, self.kick, tend, self.patience).pass_to(to)


def test_a_night_is_passed_from_errand_to_errand() -> None:
    night = Night()
    for key, hours in (("late", 9), ("early", 2), ("tomorrow", 20), ("middle", 5)):
        night.put(key, hours * HOUR)
    passed = night.passes()
    assert night.done == [("early", EVENING + 2 * HOUR), ("middle", EVENING + 5 * HOUR), ("late", EVENING + 9 * HOUR)]
    assert passed == Passed(MORNING, 3)
    assert night.clock.now() == MORNING


def test_what_an_errand_brings_on_is_done_at_its_own_hour() -> None:
    night = Night()
    night.put("wave 1", 6 * HOUR)
    night.put("morning", 14 * HOUR)
    night.brings["wave 1"] = lambda: night.entry("wave 2", night.clock.now() + HOUR)
    night.passes()
    assert [(key, (at - EVENING) / HOUR) for key, at in night.done] == [("wave 1", 6), ("wave 2", 7), ("morning", 14)]


def test_what_is_due_already_is_done_before_time_passes() -> None:
    night = Night()
    night.put("overdue", -HOUR)
    night.brings["overdue"] = lambda: night.entry("at once", EVENING)
    night.passes(EVENING)
    assert night.done == [("overdue", EVENING), ("at once", EVENING)]


def test_what_is_done_without_an_errand_is_done_at_least_once_an_hour() -> None:
    night = Night()
    night.put("early", 2.5 * HOUR)
    tended: list[float] = []
    night.passes(tend=lambda: tended.append((night.clock.now() - EVENING) / HOUR))
    assert tended[:4] == [1, 2, 2.5, 3.5]
    assert len(tended) == 16
    assert tended[-1] == 15


def test_what_does_not_end_is_left_behind_and_named_and_the_rest_goes_on() -> None:
    night = Night(stuck={"stuck"}, patience=0.05)
    night.put("stuck", HOUR)
    night.put("after", 2 * HOUR)
    passed = night.passes()
    assert [key for key, _ in night.done] == ["after"]
    assert passed.left == ("kind.stuck",)
    assert passed.now == MORNING


def test_time_does_not_go_back_and_not_over_months() -> None:
    night = Night()
    for to, why in ((EVENING - HOUR, "does not go back"), (EVENING + timedelta(days=32), "at most 31 days")):
        with pytest.raises(TimeRefused, match=why):
            night.passes(to)
    assert night.clock.now() == EVENING


def test_time_passes_once_at_a_time() -> None:
    night, entered, go = Night(), threading.Event(), threading.Event()
    night.put("slow", HOUR)

    def slowly() -> None:
        entered.set()
        go.wait(10)
        night.kick()

    passing = Passing(night.clock, night.store, slowly)
    first = threading.Thread(target=passing.pass_to, args=(MORNING,))
    first.start()
    assert entered.wait(10)
    with pytest.raises(TimeRefused, match="passing already"):
        passing.pass_to(MORNING)
    go.set()
    first.join(10)
    assert night.clock.now() == MORNING
