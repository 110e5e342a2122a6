"""Processes that write with group commit, killed at any moment or beside each other: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from kb.adapters.store.engine import open_engine, reading, writing

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("writing_child.py")
KILLS = 6
THREADS = 8
ENDLESS = 10_000_000
BESIDE = 150
DEADLINE = 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a counter and its rows."""
    engine = open_engine(f"sqlite:///{tmp_path / 'group.db'}")
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE counters (value INTEGER NOT NULL)"))
        connection.execute(text("CREATE TABLE rows (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counters VALUES (0)"))
    engine.dispose()
    return tmp_path / "group.db"


def started(path: Path, blocks: int) -> subprocess.Popen[str]:
    """Start a writing process."""
    command = [sys.executable, str(SCRIPT), str(path), str(THREADS), str(blocks)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stored(path: Path) -> tuple[int, list[int], set[int]]:
    """Return the counter, the rows in order and their writers, after checking the file."""
    engine = open_engine(f"sqlite:///{path}")
    with reading(engine) as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
        counter = connection.execute(text("SELECT value FROM counters")).scalar_one()
        found = connection.execute(text("SELECT id, writer FROM rows ORDER BY id")).all()
    engine.dispose()
    return counter, [row.id for row in found], {row.writer for row in found}


def test_after_a_kill_at_any_moment_every_acknowledged_row_is_there_and_no_half_block(path: Path) -> None:
    chance = random.Random(4)
    acknowledged: set[int] = set()
    for _ in range(KILLS):
        child = started(path, ENDLESS)
        assert child.stdout is not None
        acknowledged.add(int(child.stdout.readline()))
        time.sleep(chance.uniform(0.0, 0.3))
        child.kill()
        said, _ = child.communicate(timeout=DEADLINE)
        acknowledged |= {int(line) for line in said.split("\n")[:-1]}
        counter, numbers, _ = stored(path)
        assert numbers == list(range(1, counter + 1))
        assert acknowledged <= set(numbers)
    assert len(acknowledged) > KILLS * THREADS


def test_two_processes_that_write_without_pause_both_get_on_and_lose_nothing(path: Path) -> None:
    children = [started(path, BESIDE), started(path, BESIDE)]
    said = [child.communicate(timeout=DEADLINE) for child in children]
    assert [(child.returncode, errors) for child, (_, errors) in zip(children, said, strict=True)] == [(0, ""), (0, "")]
    counter, numbers, writers = stored(path)
    assert numbers == list(range(1, counter + 1)) == sorted(int(line) for lines, _ in said for line in lines.split())
    assert writers == {child.pid for child in children}
