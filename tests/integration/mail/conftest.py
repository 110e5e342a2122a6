"""The demo company with a mailbox that is a list, and a mail server that is another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import bootstrap
from kb.ports import Embedder
from kb.settings import KnowledgeSettings
from tests.support.correspondence import Correspondence, correspondence
from tests.support.service import copy_demo
from tests.support.world import World, opened_world

LOADED: dict[Path, Embedder] = {}


@pytest.fixture
def world(tmp_path: Path, model_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The demo company, opened with a clock that stands still; the embedding model is loaded once."""
    real = bootstrap.open_embedder

    def shared(settings: KnowledgeSettings) -> Embedder:
        folder = settings.model_folder.resolve()
        return LOADED.get(folder) or LOADED.setdefault(folder, real(settings))

    monkeypatch.setattr(bootstrap, "open_embedder", shared)
    with opened_world(copy_demo(tmp_path / "home", model_home), demo=True) as opened:
        yield opened


@pytest.fixture
def post(world: World) -> Correspondence:
    """Mail to and from that company."""
    return correspondence(world)
