"""Another process works on the alerts that a service takes in: all of them, each once, also when it is killed in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.alert_process import AlertProcess, Running
from assistant.bootstrap import Assistant, open_assistant
from assistant.domain.alert import Fingerprint, Standing
from assistant.settings import Settings
from tests.support.alarms import burst

PATIENCE = 120.0
FOLLOW = [sys.executable, "-c", "from assistant.cli import main; main()", "alerts", "follow"]


@contextmanager
def following(home: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``firstline alerts follow`` on a state folder for the block."""
    process = subprocess.Popen([*FOLLOW, *words], env=os.environ | {"FIRSTLINE_HOME": str(home)})
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


@pytest.fixture
def assistant(demo_home: Path) -> Iterator[Assistant]:
    """An assistant at the time of this machine, as the other process has it."""
    opened = open_assistant(Settings(home=demo_home))
    yield opened
    opened.close()


def taken_in(assistant: Assistant, deliveries: int, each: int = 40) -> int:
    """Take in alerts of one cause from different devices; return how many."""
    alerting, now = assistant.practices.alerts.alerting, assistant.clock.now()
    for number in range(deliveries):
        said = [replace(one, item=f"{one.item}-{number}", at=now - timedelta(seconds=n), received_at=now) for n, one in enumerate(burst(each))]
        reports = [replace(one, fingerprint=Fingerprint(f"{one.fingerprint}-{number}")) for one in said]
        assert alerting.receive("monitor", f"d{number}", reports)
    return deliveries * each


def waiting(assistant: Assistant) -> int:
    with assistant.store.read() as unit:
        return len(unit.alerts.waiting(10_000))


def until(assistant: Assistant, left: int) -> None:
    end = time.monotonic() + PATIENCE
    while waiting(assistant) > left:
        assert time.monotonic() < end, "nobody works on the alerts"
        time.sleep(0.05)


def incidents(assistant: Assistant) -> list[tuple[int, str]]:
    """Return how many alerts each incident has, and its ticket."""
    with assistant.store.read() as unit:
        return [(one.alerts, one.ticket) for one in unit.alerts.groups((Standing.INCIDENT,), 100)]


def test_what_the_service_takes_in_is_worked_on_there_and_it_ends_when_nothing_comes(assistant: Assistant, demo_home: Path) -> None:
    sent = taken_in(assistant, 5)
    with following(demo_home, "--idle-minutes", "0.02", "--beside", str(os.getpid())) as process:
        assert process.wait(PATIENCE) == 0
    assert waiting(assistant) == 0
    [(alerts, ticket)] = incidents(assistant)
    assert (alerts, bool(ticket)) == (sent, True)


def test_killed_in_the_middle_it_leaves_what_the_service_goes_on_with(assistant: Assistant, demo_home: Path) -> None:
    sent = taken_in(assistant, 20)
    with following(demo_home) as process:
        until(assistant, sent - 100)
        process.kill()
        process.wait(PATIENCE)
    assistant.practices.alerts.alerting.drain()
    assert waiting(assistant) == 0
    [(alerts, _)] = incidents(assistant)
    assert alerts == sent


def test_both_at_once_do_each_alert_once(assistant: Assistant, demo_home: Path) -> None:
    sent, alerting = taken_in(assistant, 20), assistant.practices.alerts.alerting
    with following(demo_home):
        until(assistant, sent - 1)
        end = time.monotonic() + PATIENCE
        while waiting(assistant):
            assert time.monotonic() < end
            alerting.follow()
    [(alerts, _)] = incidents(assistant)
    assert alerts == sent


def test_it_does_not_outlive_the_process_beside_which_it_works(demo_home: Path) -> None:
    with following(demo_home, "--beside", "1") as process:
        assert process.wait(PATIENCE) == 0


def test_a_service_in_a_flood_has_it_done_elsewhere_and_ends_it_with_itself(assistant: Assistant, demo_home: Path) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    def start() -> Running:
        begun.append(subprocess.Popen([*FOLLOW, "--beside", str(os.getpid())], env=os.environ | {"FIRSTLINE_HOME": str(demo_home)}))
        return begun[-1]

    process = AlertProcess(assistant.practices.alerts.alerting, start)
    sent, end = taken_in(assistant, 30), time.monotonic() + PATIENCE
    while waiting(assistant):
        assert time.monotonic() < end
        process.keep_up()
        time.sleep(0.05)
    assert len(begun) == 1
    assert begun[0].poll() is None
    process.stop()
    assert begun[0].poll() is not None
    assert sum(alerts for alerts, _ in incidents(assistant)) == sent
