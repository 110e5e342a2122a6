"""The demo company's articles, published with the real model, and copies of them to break."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb.bootstrap import KnowledgeBase, open_knowledge
from kb.settings import KnowledgeSettings
from tests.support.service import copy_demo


def settings(home: Path, **changed: object) -> KnowledgeSettings:
    """Return settings that only the test decides."""
    return KnowledgeSettings(home=home, _env_file=None, **changed)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def demo_home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the demo company; it is only read."""
    return copy_demo(tmp_path_factory.mktemp("kb") / "demo", model_home)


@pytest.fixture(scope="session")
def demo(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """The knowledge base of the demo company, caught up."""
    home = tmp_path_factory.mktemp("kb") / "open"
    shutil.copytree(demo_home, home, symlinks=True)
    base = open_knowledge(settings(home))
    assert base.keeper.own()
    base.keeper.catch_up()
    assert base.keeper.vector_problem() == ""
    yield base
    base.close()


@pytest.fixture
def own_home(demo_home: Path, tmp_path: Path) -> Path:
    """A copy of the demo's state folder that a test may break."""
    home = tmp_path / "own"
    shutil.copytree(demo_home, home, symlinks=True)
    return home


@pytest.fixture
def reopen() -> Iterator[Callable[..., KnowledgeBase]]:
    """Opens knowledge bases and closes them after the test."""
    from chromadb.api.shared_system_client import SharedSystemClient

    opened: list[KnowledgeBase] = []

    def make(home: Path, **changed: object) -> KnowledgeBase:
        SharedSystemClient.clear_system_cache()
        opened.append(open_knowledge(settings(home, **changed)))
        return opened[-1]

    yield make
    for base in opened:
        base.close()
    SharedSystemClient.clear_system_cache()
