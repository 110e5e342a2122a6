"""One service and one browser for the scenes; the service may be killed and started again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from assistant.governance.policy_file import PACKAGED
from tests.support.browser import chromium
from tests.support.service import Service, copy_demo, running
from tests.support.stage import Stage, stage


@pytest.fixture(scope="session")
def one_desk(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The demo company as `firstline serve` shows it."""
    place = tmp_path_factory.mktemp("desk")
    home = copy_demo(place / "home", model_home)
    patient = place / "policy.toml"  # the scenes together ask for more codes than one person may in a day
    text = PACKAGED.read_text(encoding="utf-8").replace("per_day = 2\n", "per_day = 200\n").replace("[problems]\n", "[problems]\nwait_seconds = 1\n")
    patient.write_text(text, encoding="utf-8")
    with running(home, messages_per_minute="1000", policy_file=str(patient)) as service:
        yield service


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one file: while Playwright runs, no other event loop can run in this process."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def desk(one_desk: Service) -> Service:
    """The service, running also when the scene before this one killed it."""
    if one_desk.process is None or one_desk.process.poll() is not None:
        one_desk.start()
    return one_desk


@pytest.fixture(scope="module")
def the_stage() -> Iterator[Stage]:
    """A page on one origin and a service on another."""
    with stage() as built:
        yield built
