"""Services for the tests of the web surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.service import Service, copy_demo, running


@pytest.fixture(scope="session")
def web(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One running service with the demo company for all tests that leave it as it was; its message limit is out of their way."""
    home = copy_demo(tmp_path_factory.mktemp("web") / "home", model_home)
    with running(home, messages_per_minute="100000") as service:
        yield service


@pytest.fixture
def demo_home(model_home: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes state folders with the demo company, one for each name."""
    return lambda name="home": copy_demo(tmp_path / name, model_home)
