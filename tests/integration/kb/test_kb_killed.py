"""A process killed at any moment while it publishes and follows: the next one agrees with the tables again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.model import Reader
from kb.ports import Scope
from tests.integration.kb.kb_child import EMBEDDER, open_parts

ROOT = Path(__file__).parents[3]
KILLS = 5
AGREED = "True [('lexical', 0, 0), ('vector', 0, 0)] [('lexical', 0, 0), ('vector', 0, 0)]"


class Children:
    """Starts children one after the other in one state folder."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        script = str(Path(__file__).with_name("kb_child.py"))
        self._parent = subprocess.Popen(
            [sys.executable, script, str(home)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _say(self, line: str) -> str:
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{line}\n")
        self._parent.stdin.flush()
        return self._hear()

    def _hear(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().strip()

    def kill_while_working(self, seed: int, seconds: float) -> None:
        """Let a child work for a moment and kill it."""
        child = int(self._say(str(seed)))
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        assert self._hear() == f"ended {-signal.SIGKILL}", "the child died by itself"

    def check(self) -> str:
        """Return what a new process finds after following the log, and what is left after a repair."""
        said = self._say("check")
        assert self._hear() == "ended 0"
        return said

    def close(self) -> None:
        """End the parent."""
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(20)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    """Children that work in the test's folder."""
    made = Children(tmp_path)
    yield made
    made.close()


def test_tables_and_both_indexes_agree_after_a_kill_at_any_moment(tmp_path: Path, children: Children) -> None:
    chance = random.Random(11)
    for number in range(KILLS):
        children.kill_while_working(number, chance.uniform(0.0, 0.8))
        if number % 3 == 2:
            assert children.check() == AGREED, "following the log must be enough, nothing is left to repair"
    assert children.check() == AGREED
    store, keeper = open_parts(tmp_path)
    assert keeper.own(), "a killed owner must not keep its ownership"
    live = store.passage_ids(EMBEDDER.identity)
    assert live == store.passage_ids() != set()
    for article in store.articles():
        text = store.revision_text(article.id, article.revision)
        assert text is not None
        assert [text[p.start : p.end] for p in store.passages_of(article.id)] == text.split("\n\n")
    assert {c.passage.id for c in store.candidates(sorted(live), Scope(Reader(frozenset({"hr"}))), EMBEDDER.identity) if len(c.vectors)} == live
    keeper.disown()
    store.engine.dispose()
