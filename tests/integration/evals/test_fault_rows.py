"""Rows of faults are played one by one, and a row that cannot be played is counted and not left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.cli import app

KILLED = {"id": "K1", "kind": "fault_kill9", "flow": "file_ticket", "fault": {"kind": "sigkill", "at": "before_http"}}
SCENARIO = {"id": "S1", "kind": "fault_scenario", "payload": "two things at once"}


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_a_row_without_a_flow_is_counted_as_not_played(tmp_path: Path) -> None:
    made = tmp_path / "figures.json"
    done = CliRunner().invoke(app, ["faults", "--rows", str(written(tmp_path, KILLED, SCENARIO)), "--json", str(made)])
    assert done.exit_code == 0, done.output
    figures = json.loads(made.read_text())
    assert figures["n"] == 2
    assert {name: figures["metrics"][name]["value"] for name in ("passed", "not applicable", "not understood")} == {
        "passed": 1,
        "not applicable": 1,
        "not understood": 0,
    }
    assert "not applicable: S1 (fault_scenario) it is no single fault of one flow" in done.output


@pytest.mark.parametrize("rows", [[SCENARIO], [KILLED, {"payload": "no id"}]])
def test_rows_that_are_none_end_with_status_two(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    done = CliRunner().invoke(app, ["faults", "--rows", str(written(tmp_path, *rows))])
    assert done.exit_code == 2
    assert "needs id and kind" in done.output
