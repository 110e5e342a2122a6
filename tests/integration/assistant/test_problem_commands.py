"""The commands of problems, as an operator runs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.domain.problem import How, Link, Problem, ProblemState
from tests.support.service import copy_demo, firstline
from tests.support.world import opened_world


@pytest.fixture(scope="module")
def home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company with a problem that is open and one that waits."""
    made, at = copy_demo(tmp_path_factory.mktemp("problems") / "home", model_home), datetime.now(UTC) - timedelta(hours=1)
    with opened_world(made) as world, world.assistant.store.write() as unit:
        whole = Problem("", ProblemState.OPEN, "ERP: HTTP 503", "ERP", "", ("HTTP 503",), ("All 3 are about ERP.",), 0.9, at, at, at)
        for state in (ProblemState.OPEN, ProblemState.CANDIDATE):
            unit.problems.add(Problem(**{name: getattr(whole, name) for name in Problem.__slots__} | {"state": state}))
        unit.problems.link(Link("P-1001", "T-1001", "claire.whitfield", at, How.AGENT))
    return made


def test_problems_are_listed_shown_told_of_and_closed(home: Path) -> None:
    listed = json.loads(firstline(home, "problems", "list", "--json").stdout)
    assert [(one["id"], one["state"], one["people"]) for one in listed] == [("P-1002", "candidate", 0), ("P-1001", "open", 1)]
    assert "1 people,   1 tickets  ERP: HTTP 503" in firstline(home, "problems", "list", "--state", "open").stdout
    told = firstline(home, "problems", "message", "P-1001", "Restarted at ten.", "--key", "once")
    assert (told.returncode, told.stdout.strip()) == (0, "P-1001 told 1 person"), told.stderr
    firstline(home, "problems", "message", "P-1001", "Restarted at ten.", "--key", "once")
    assert sum("Restarted at ten." in path.read_text() for path in (home / "mail").glob("*")) == 1
    shown = json.loads(firstline(home, "problems", "show", "P-1001", "--json").stdout)
    assert [one["text"] for one in shown["told"]] == ["Restarted at ten."]
    assert firstline(home, "problems", "close", "P-1001", "A larger disk.").returncode == 0
    assert "(resolved)" in firstline(home, "problems", "show", "P-1001").stdout


def test_what_is_not_possible_is_said_in_words(home: Path) -> None:
    unknown = firstline(home, "problems", "show", "P-9")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "there is no problem P-9")
    candidate = firstline(home, "problems", "message", "P-1002", "Hello")
    assert (candidate.returncode, candidate.stderr.strip()) == (1, "The problem is candidate; nobody waits for news of it.")
    assert firstline(home, "problems", "list", "--state", "lost").returncode == 2
