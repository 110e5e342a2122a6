"""Fixtures for every test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.bootstrap import prepare_model
from kb.settings import KnowledgeSettings

ROOT = Path(__file__).parent.parent
MODEL_HOME = ROOT / "var" / "test-model"


LONG = frozenset((ROOT / "tests" / "long.txt").read_text(encoding="utf-8").split("\n")) - {""}
"""The tests that take long, by their ids or files: a few in a hundred take two thirds of the time. `make test` runs them; .ci/run leaves them out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that take long."""
    for item in items:
        if item.nodeid in LONG or item.nodeid.partition("::")[0] in LONG:
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """Settings of the developer's own environment must not reach the tests."""
    import os

    for name in [name for name in os.environ if name.startswith("FIRSTLINE_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def model_home() -> Path:
    """A state folder that holds nothing but the exported default embedding model; made once for a checkout."""
    prepare_model(KnowledgeSettings(home=MODEL_HOME), print)
    return MODEL_HOME


@pytest.fixture
def fresh_home(model_home: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes state folders that share the exported model and nothing else."""

    def make(name: str = "home") -> Path:
        home = tmp_path / name
        shutil.copytree(model_home / "models", home / "models", copy_function=shutil.copy2)
        return home

    return make
