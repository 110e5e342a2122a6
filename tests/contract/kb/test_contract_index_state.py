"""What every ``IndexState`` promises."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from kb.adapters.index_state import FileIndexState
from kb.adapters.memory import MemoryIndexState
from kb.keeper import IndexState

ROOT = Path(__file__).parents[3]
CHILD = """
import sys
from pathlib import Path
from kb.adapters.index_state import FileIndexState
state = FileIndexState(Path(sys.argv[1]))
print(state.own(), state.position("lexical"), flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["memory", "files"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], IndexState]:
    """Opens the same state again, as another process would."""
    first = MemoryIndexState()
    return (lambda: MemoryIndexState(first)) if request.param == "memory" else (lambda: FileIndexState(tmp_path))


def test_an_index_that_was_never_built_has_no_position(another: Callable[[], IndexState]) -> None:
    assert another().position("lexical") is None


def test_a_position_is_seen_by_whoever_opens_the_state(another: Callable[[], IndexState]) -> None:
    one, two = another(), another()
    one.advance("lexical", 7)
    one.advance("vector", 3)
    assert (two.position("lexical"), two.position("vector")) == (7, 3)
    two.advance("vector", None)
    assert (one.position("lexical"), one.position("vector")) == (7, None)
    one.advance("vector", 0)
    assert another().position("vector") == 0


def test_one_owner_at_a_time_until_it_lets_go(another: Callable[[], IndexState]) -> None:
    one, two = another(), another()
    assert one.own()
    assert not two.own()
    one.disown()
    assert two.own()
    assert not one.own()
    two.disown()


def test_owning_twice_needs_letting_go_twice(another: Callable[[], IndexState]) -> None:
    one, two = another(), another()
    assert one.own()
    assert one.own()
    one.disown()
    assert not two.own(), "a command inside the service must not give the service's ownership away"
    one.disown()
    assert two.own()
    two.disown()


def test_letting_go_of_what_is_not_owned_harms_nothing(another: Callable[[], IndexState]) -> None:
    one, two = another(), another()
    assert one.own()
    two.disown()
    assert not two.own()
    one.disown()


def test_what_one_thread_owns_another_of_the_process_lets_go(tmp_path: Path) -> None:
    state = FileIndexState(tmp_path)
    owned: list[bool] = []
    thread = Thread(target=lambda: owned.append(state.own()))
    thread.start()
    thread.join()
    assert owned == [True]
    state.disown()
    assert FileIndexState(tmp_path).own()


@pytest.mark.parametrize("content", ["", "garbage", "[]", "3", '{"lexical": null}', '{"lexical": "x"}', '{"lexical": 5'])
def test_a_damaged_file_means_that_the_indexes_are_built_anew(tmp_path: Path, content: str) -> None:
    state = FileIndexState(tmp_path)
    (tmp_path / "positions.json").write_text(content)
    assert state.position("lexical") is None
    state.advance("lexical", 4)
    assert FileIndexState(tmp_path).position("lexical") == 4


def test_another_process_owns_until_it_dies(tmp_path: Path) -> None:
    state = FileIndexState(tmp_path)
    state.advance("lexical", 11)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == "True 11\n"
        assert not state.own()
        child.kill()
        child.wait()
        assert state.own()
    state.disown()
