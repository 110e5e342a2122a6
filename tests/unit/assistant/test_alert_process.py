"""Alerts are worked on in the service while they are few, elsewhere while they are many, and here again when that fails or has nothing to do."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from assistant.alert_process import AGAIN_SECONDS, FLOOD, LOOK_SECONDS, STUCK_SECONDS, AlertProcess
from assistant.workflows.alerting import Alerting


@dataclass
class Here:
    """Works on as many reports as it is told."""

    many: int = 0
    passes: int = 0
    waiting: timedelta = timedelta()

    def follow(self, *, gently: bool) -> int:
        assert gently
        self.passes += 1
        return self.many

    def waits_for(self) -> timedelta:
        return self.waiting


@dataclass
class There:
    """A process that ends as it is told."""

    ended: int | None = None
    deaf: bool = False
    heard: list[str] = field(default_factory=list)

    def poll(self) -> int | None:
        return self.ended

    def terminate(self) -> None:
        self.heard.append("terminate")
        self.ended = self.ended if self.deaf else -15

    def wait(self, timeout: float) -> int:
        if self.ended is None:
            raise subprocess.TimeoutExpired("there", timeout)
        return self.ended

    def kill(self) -> None:
        self.heard.append("kill")
        self.ended = -9


@dataclass
class Bench:
    here: Here = field(default_factory=Here)
    began: list[There] = field(default_factory=list)
    at: float = 1_000.0
    deaf: bool = False
    broken: bool = False

    def __post_init__(self) -> None:
        self.process = AlertProcess(cast("Alerting", self.here), cast("Any", self.start), lambda: self.at)

    def start(self) -> There:
        if self.broken:
            raise OSError("no more processes")
        self.began.append(There(deaf=self.deaf))
        return self.began[-1]

    def look(self, many: int = 0, after: float = 0.5) -> None:
        self.at, self.here.many = self.at + after, many
        self.process.keep_up()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_few_alerts_stay_in_the_service(bench: Bench) -> None:
    for _ in range(600):
        bench.look(FLOOD // 140)
    assert bench.began == []
    assert bench.here.passes == 600


def test_many_alerts_go_to_a_process_of_their_own_once(bench: Bench) -> None:
    for _ in range(20):
        bench.look(FLOOD // 5)
    assert len(bench.began) == 1
    assert bench.here.passes == 5


def test_when_that_process_had_nothing_to_do_the_service_works_again(bench: Bench) -> None:
    bench.look(FLOOD)
    bench.look()
    passes = bench.here.passes
    bench.began[0].ended = 0
    bench.look()
    assert bench.here.passes == passes + 1
    bench.look(FLOOD)
    assert len(bench.began) == 2


@pytest.mark.parametrize("status", [1, -9])
def test_after_a_failure_the_service_works_itself_for_ten_minutes(bench: Bench, status: int, caplog: pytest.LogCaptureFixture) -> None:
    bench.look(FLOOD)
    bench.began[0].ended = status
    bench.look(FLOOD)
    assert f"ended with status {status}" in caplog.text
    bench.look(FLOOD, AGAIN_SECONDS - 2)
    assert len(bench.began) == 1
    bench.look(FLOOD, 3)
    assert len(bench.began) == 2


def test_a_process_that_cannot_be_started_holds_nothing_up(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.broken = True
    bench.look(FLOOD)
    bench.look(FLOOD)
    assert bench.here.passes == 2
    assert "no more processes" in caplog.text


@pytest.mark.parametrize("deaf", [False, True])
def test_a_process_that_does_not_get_on_is_ended_and_the_service_takes_over(bench: Bench, deaf: bool) -> None:
    bench.deaf = deaf
    bench.look(FLOOD)
    bench.here.waiting = timedelta(seconds=STUCK_SECONDS + 1)
    passes = bench.here.passes
    bench.look(after=LOOK_SECONDS - 1)
    assert bench.began[0].heard == []
    bench.look(after=2)
    assert bench.began[0].heard == (["terminate", "kill"] if deaf else ["terminate"])
    assert bench.here.passes == passes + 1


def test_it_ends_with_the_service(bench: Bench) -> None:
    bench.process.stop()
    bench.look(FLOOD)
    bench.process.stop()
    assert bench.began[0].heard == ["terminate"]
    bench.process.stop()
