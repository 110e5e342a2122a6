"""The demo company for each test: a copy of one state folder, opened with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import bootstrap
from kb.ports import Embedder
from kb.settings import KnowledgeSettings
from tests.support.service import copy_demo
from tests.support.world import World, opened_world

LOADED: dict[Path, Embedder] = {}


@pytest.fixture
def _one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedding model is loaded once for all worlds; it keeps nothing between questions."""
    real = bootstrap.open_embedder

    def shared(settings: KnowledgeSettings) -> Embedder:
        folder = settings.model_folder.resolve()
        if not folder.exists():
            return real(settings)
        return LOADED.get(folder) or LOADED.setdefault(folder, real(settings))

    monkeypatch.setattr(bootstrap, "open_embedder", shared)


@pytest.fixture
def demo_home(tmp_path: Path, model_home: Path, _one_model: None) -> Path:
    """A state folder of its own with the demo company in it."""
    return copy_demo(tmp_path / "home", model_home)


@pytest.fixture
def world(demo_home: Path) -> Iterator[World]:
    """The demo company's assistant, opened on a Monday morning."""
    with opened_world(demo_home) as opened:
        yield opened
