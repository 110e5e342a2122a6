"""``firstline alerts``: a file is taken in once, what came of it is listed and shown, and decisions are taken and taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from assistant.cli import app


@pytest.fixture
def home(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIRSTLINE_HOME", str(demo_home))
    return demo_home


def alerts(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["alerts", *arguments])


def told(*arguments: str) -> Any:
    found = alerts(*arguments, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def export(path: Path, count: int, **said: str) -> Path:
    at = datetime.now(UTC) - timedelta(minutes=5)
    base = {"check": "patch of the browser", "site": "Gothenburg", "patch": "KB1", "message": "patch failed"} | said
    rows = [base | {"time": (at + timedelta(seconds=n)).isoformat(), "device": f"got-{n:03d}"} for n in range(count)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows) + "no json\n")
    return path


def test_a_file_is_taken_in_once_and_becomes_an_incident(home: Path, tmp_path: Path) -> None:
    file = export(tmp_path / "export.jsonl", 6)
    first = alerts("replay", str(file))
    assert "6 taken, 0 known already, 1 refused" in first.stdout, first.output
    assert "0 taken, 6 known already" in alerts("replay", str(file)).stdout
    [group] = told("list", "--standing", "incident")
    assert (group["alerts"], group["version"], group["queue"]) == (6, "KB1", "endpoint")
    shown = told("show", group["id"])
    assert len(shown["alerts"]) == 6
    assert any("6 of 6" in why for why in shown["why"])
    assert "KB1" in alerts("show", group["id"]).stdout


def test_decisions_are_taken_and_taken_back_in_the_terminal(home: Path, tmp_path: Path) -> None:
    alerts("replay", str(export(tmp_path / "export.jsonl", 6)))
    [group] = told("list")
    ids = [one["id"] for one in told("show", group["id"])["alerts"]]
    split = alerts("split", group["id"], *ids[:3])
    assert split.exit_code == 0, split.output
    other = split.stdout.strip().rpartition(" ")[2]
    assert alerts("merge", group["id"], other).exit_code == 0
    merge = next(one for one in told("show", group["id"])["decisions"] if one["verdict"] == "merge")
    assert alerts("undo", merge["id"]).exit_code == 0
    assert alerts("dismiss", other).exit_code == 0
    assert alerts("confirm", group["id"]).exit_code == 0
    assert {one["standing"] for one in told("list", "--standing", "dismissed")} == {"dismissed"}
    assert alerts("undo", merge["id"]).exit_code == 1


def test_what_cannot_be_done_is_said(home: Path) -> None:
    for arguments in (("show", "i_none"), ("split", "i_none", "a"), ("dismiss", "i_none"), ("undo", "j_none"), ("undo", "weights")):
        assert alerts(*arguments).exit_code == 1, arguments
    assert alerts("list", "--standing", "odd").exit_code == 2
