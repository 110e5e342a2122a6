"""A knowledge base for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from ingest_world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A new knowledge base in a state folder of its own."""
    opened = open_world(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to synchronise."""
    made = tmp_path / "articles"
    made.mkdir()
    return made
