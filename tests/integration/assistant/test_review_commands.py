"""``firstline review``: make, show, list and decide, with exits that programs can rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from assistant.bootstrap import open_assistant
from assistant.cli import app
from assistant.domain.conversation import Outcome
from assistant.domain.week import Week
from assistant.settings import Settings
from tests.support.reviewed import Ended, settle

Command = Callable[..., Result]


@pytest.fixture
def command(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs ``firstline review`` on the demo company's state folder."""
    monkeypatch.setenv("FIRSTLINE_HOME", str(demo_home))
    return lambda *arguments: CliRunner().invoke(app, ["review", *arguments])


@pytest.fixture
def week(demo_home: Path) -> Week:
    """The last week, in which something was asked."""
    assistant = open_assistant(Settings(home=demo_home))
    last = assistant.reviewer.last_week()
    inside = datetime.combine(last.monday, datetime.min.time(), UTC) + timedelta(days=2, hours=10)
    settle(assistant.store, inside, Ended(Outcome.RESOLVED_CONFIRMED, 30), Ended(Outcome.UNRESOLVED, 12))
    assistant.close()
    return last


def test_a_review_is_made_shown_decided_on_and_made_again(command: Command, week: Week, tmp_path: Path) -> None:
    made = command("run", "--markdown")
    assert made.exit_code == 0, made.stderr
    assert f"# Weekly review {week}\n" in made.stdout
    assert "| Confirmed resolution rate | 71 % of 42, 56-83 % |" in made.stdout
    page = tmp_path / "review.html"
    again = command("run", "--week", str(week), "--html", str(page))
    assert "Frozen before" in again.stdout
    assert page.read_text().startswith("<!doctype html>")
    decided = command("decide", str(week), "measure:demand", "Look at it.", "--owner", "elin.berg", "--due", "2030-01-31", "--json")
    assert decided.exit_code == 0, decided.stderr
    name = json.loads(decided.stdout)["id"]
    done = command("decide", name, "--status", "done")
    assert done.stdout == f"{name}: Look at it. (elin.berg, done)\n"
    assert command("run", "--again", "to see it anew").exit_code == 0
    shown = json.loads(command("show", "--json").stdout)
    assert (shown["version"], shown["faults"], shown["names"][shown["review"]["reason"]]) == (2, [], "to see it anew")
    assert [(one["id"], one["status"], one["due"]) for one in shown["decisions"]] == [(name, "done", "2030-01-31")]
    listed = json.loads(command("list", "--json").stdout)
    assert [(one["week"], one["version"], one["open"]) for one in listed] == [(str(week), 2, 0), (str(week), 1, 0)]


def test_a_review_that_was_changed_is_said_to_be_and_exits_1(demo_home: Path, command: Command, week: Week) -> None:
    assistant = open_assistant(Settings(home=demo_home))
    assistant.reviewer.review(week, "operator")
    with assistant.store.engine.begin() as connection:
        connection.execute(text("UPDATE reviews SET body = replace(body, :before, :after)"), {"before": '"total":42', "after": '"total":41'})
    assistant.close()
    shown = command("show")
    assert shown.exit_code == 1
    assert "not as it was frozen: the text is not the one that was frozen" in shown.stderr


WRONG = [
    (("run", "--week", "2026-W99"), "there is no week 2026-W99"),
    (("run", "--week", "last"), "'last' is no week"),
    (("run", "--week", "2099-W01"), "a review is made of a week that is over"),
    (("run", "--html", "/nowhere/at/all.html"), "/nowhere/at/all.html cannot be written"),
    (("show", "--week", "2020-W10"), "there is no review of 2020-W10"),
    (("decide", "2020-W10", "", "Do it."), "there is no review of 2020-W10"),
    (("decide", "d_nothing", "--status", "done"), "there is no decision d_nothing"),
    (("decide", "2020-W10", "", "Do it.", "--owner", "nobody.here"), "nobody is called nobody.here"),
    (("decide", "2020-W10", "", "Do it.", "--due", "soon"), "a day is written as"),
]


def test_wrong_use_is_one_plain_line_and_exit_2(command: Command, week: Week) -> None:
    del week
    for arguments, said in WRONG:
        done = command(*arguments)
        assert done.exit_code == 2, arguments
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
