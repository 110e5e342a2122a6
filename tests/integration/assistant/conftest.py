"""The demo company for each test: a copy of one state folder, opened with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kb.adapters.embedders import OnnxEmbedder
from tests.support.service import copy_demo
from tests.support.world import World, opened_world


@pytest.fixture
def demo_home(tmp_path: Path, model_home: Path, _one_model: None) -> Path:
    """A state folder of its own with the demo company in it."""
    return copy_demo(tmp_path / "home", model_home)


@pytest.fixture
def _one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedding model is loaded once for all worlds; it keeps nothing between questions."""
    monkeypatch.setattr("kb.bootstrap.open_embedder", lambda settings: _loaded(settings.model_folder.resolve()))


@cache
def _loaded(folder: Path) -> OnnxEmbedder:
    return OnnxEmbedder(folder)


@pytest.fixture
def world(demo_home: Path) -> Iterator[World]:
    """The demo company's assistant, opened on a Monday morning."""
    with opened_world(demo_home) as opened:
        yield opened
