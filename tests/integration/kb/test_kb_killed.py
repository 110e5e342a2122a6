"""A process killed at any moment while it publishes and follows: the next one agrees with the tables again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb.model import Reader
from kb.ports import Scope
from tests.integration.kb.kb_child import EMBEDDER, open_parts

ROOT = Path(__file__).parents[3]
KILLS = 5
CHECKER = """
import sys
from pathlib import Path
from kb_child import open_parts
store, keeper = open_parts(Path(sys.argv[1]))
assert keeper.own()
keeper.catch_up()
found = keeper.repair()
print([(a.index, a.missing, a.extra) for a in found], [a.agrees for a in keeper.check()], keeper.health()[1])
"""


def python(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))}
    return subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True)


def kill_while_working(home: Path, seed: int, seconds: float) -> None:
    """Let a child work for a moment and kill it."""
    child = python(str(Path(__file__).with_name("kb_child.py")), str(home), str(seed))
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        assert child.poll() is None, "the child died by itself"
        child.send_signal(signal.SIGKILL)


def check(home: Path) -> str:
    """Open, follow and repair in a process of its own, as the next start would, and return what was found."""
    child = python("-c", CHECKER, str(home))
    with child:
        said, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    return said.strip()


@pytest.mark.timeout(180)
def test_tables_and_both_indexes_agree_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(11)
    for number in range(KILLS):
        kill_while_working(tmp_path, number, chance.uniform(0.05, 1.2))
        if number % 2:
            assert check(tmp_path) == "[('lexical', 0, 0), ('vector', 0, 0)] [True, True]"
    assert check(tmp_path) == "[('lexical', 0, 0), ('vector', 0, 0)] [True, True]", "following the log was enough, nothing had to be repaired"
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
