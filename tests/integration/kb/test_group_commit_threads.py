"""Threads that write as they like through group commit: nothing is lost, no block is half there, and nobody sees one that is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from kb.adapters.store.engine import open_engine, reading, writing

TABLES = (
    "CREATE TABLE rows (id INTEGER PRIMARY KEY)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    "INSERT INTO counters VALUES ('first', 0), ('second', 0)",
)
SLACK = 20.0


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database with two counters and a row for each block that was kept."""
    opened = open_engine(f"sqlite:///{tmp_path / 'threads.db'}")
    with writing(opened) as connection:
        for statement in TABLES:
            connection.execute(text(statement))
    yield opened
    opened.dispose()


class Broken(RuntimeError):
    """A block of a plan that ends badly."""


PLANS = st.lists(st.lists(st.sampled_from(("keep", "keep", "raise", "clash", "interrupt", "pause")), min_size=1, max_size=8), min_size=2, max_size=6)


def step(engine: Engine, kind: str, kept: list[int]) -> None:
    """Count one up in two places, as a read and a write, so that a lost or a half block would show."""
    with writing(engine) as connection:
        value = connection.execute(text("SELECT value FROM counters WHERE name = 'first'")).scalar_one()
        connection.execute(text("UPDATE counters SET value = :value WHERE name = 'first'"), {"value": value + 1})
        if kind == "raise":
            raise Broken
        if kind == "clash":
            connection.execute(text("INSERT INTO counters VALUES ('first', 0)"))
        if kind == "interrupt":
            raise KeyboardInterrupt
        if kind == "pause":
            time.sleep(0.003)
        connection.execute(text("UPDATE counters SET value = value + 1 WHERE name = 'second'"))
        connection.execute(text("INSERT INTO rows VALUES (:id)"), {"id": value})
    kept.append(value)


def counted(engine: Engine) -> tuple[dict[str, int], set[int]]:
    """Return both counters and the rows, at one moment."""
    with reading(engine) as connection:
        found = {str(name): int(value) for name, value in connection.execute(text("SELECT name, value FROM counters"))}
        return found, set(connection.execute(text("SELECT id FROM rows")).scalars())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans=PLANS)
def test_threads_that_keep_raise_and_pause_lose_nothing_and_leave_no_half_block(engine: Engine, plans: list[list[str]]) -> None:
    (before, _), over = counted(engine), Event()
    kept: list[int] = []
    halves: list[object] = []
    start = Barrier(len(plans) + 1)

    def work(plan: list[str]) -> None:
        start.wait(SLACK)
        for kind in plan:
            try:
                step(engine, kind, kept)
            except (Broken, IntegrityError, KeyboardInterrupt):
                assert kind in {"raise", "clash", "interrupt"}

    def watch() -> None:
        start.wait(SLACK)
        while not over.is_set():
            known = len(kept)
            values, present = counted(engine)
            if values["first"] != values["second"] or len(present) != values["first"] or values["first"] < before["first"] + known:
                halves.append((values, len(present), known))

    with ThreadPoolExecutor(len(plans) + 1) as pool:
        watcher = pool.submit(watch)
        for worker in [pool.submit(work, plan) for plan in plans]:
            worker.result(SLACK)
        over.set()
        watcher.result(SLACK)
    values, present = counted(engine)
    expected = sum(kind in {"keep", "pause"} for plan in plans for kind in plan)
    assert halves == []
    assert values["first"] == values["second"] == before["first"] + expected == len(present)
    assert sorted(kept) == list(range(before["first"], before["first"] + expected))
