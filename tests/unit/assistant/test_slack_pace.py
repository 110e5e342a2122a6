"""Deliveries are acknowledged before anything else is done, but no answer waits for ever."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.entrypoints.slack.pace import GAP_SECONDS, MOST_SECONDS, Pace


@dataclass
class Clock:
    at: float = 100.0
    arrivals: list[float] = field(default_factory=list)
    pace: Pace | None = None

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds
        while self.arrivals and self.arrivals[0] <= self.at:
            self.arrivals.pop(0)
            assert self.pace is not None
            self.pace.arrived()


def waited(*arrivals: float) -> float:
    clock = Clock(arrivals=[100.0 + one for one in arrivals])
    clock.pace = pace = Pace(clock.now, clock.sleep)
    clock.sleep(0.0)
    begun = clock.at
    pace.wait_for_gap()
    return clock.at - begun


def test_without_deliveries_nothing_waits() -> None:
    assert waited() == 0.0


def test_after_a_delivery_work_waits_for_a_gap() -> None:
    assert GAP_SECONDS <= waited(0.0) < GAP_SECONDS + 0.05
    assert 0.1 + GAP_SECONDS <= waited(0.0, 0.1) < 0.35


def test_in_a_storm_work_goes_on_all_the_same() -> None:
    assert MOST_SECONDS <= waited(*(number / 50 for number in range(500))) < MOST_SECONDS + 0.05
