"""``firstline eval redaction``: what it counts, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.cli import app

GOOD = {"id": "a", "payload": "my password is Orchid#22 today", "expected": {"redact_spans": ["Orchid#22"]}}
MISSED = {"id": "b", "payload": "the blue door and the red one", "expected": {"redact_spans": ["blue door"]}}


def rows(folder: Path, *lines: object) -> str:
    path = folder / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return str(path)


def test_good_rows_and_clean_text_end_with_zero(tmp_path: Path) -> None:
    clean = tmp_path / "clean.txt"
    clean.write_text("The printer is slow.\nError 0x80070035\nThe printer is slow.\n\n", encoding="utf-8")
    target = tmp_path / "out.json"
    made = CliRunner().invoke(app, ["redaction", rows(tmp_path, GOOD), "--clean", str(clean), "--samples", "60", "--json", str(target)])
    assert made.exit_code == 0, made.output
    found = json.loads(target.read_text())
    assert found["metrics"]["rows_as_expected"]["value"] == 1
    assert found["metrics"]["clean_altered"]["value"] == 0
    assert found["settings"]["clean lines"] == 2, "a line that stands twice counts once"


def test_a_row_that_is_not_as_expected_ends_with_one(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["redaction", rows(tmp_path, GOOD, MISSED), "--samples", "30"])
    assert made.exit_code == 1
    assert "blue door" in made.output


@pytest.mark.parametrize("line", ["no object", {"id": "x"}, {"id": "x", "payload": "abc", "expected": {"redact_spans": ["z"]}}])
def test_malformed_rows_end_with_two_and_say_where(tmp_path: Path, line: object) -> None:
    made = CliRunner().invoke(app, ["redaction", rows(tmp_path, GOOD, line), "--samples", "30"])
    assert made.exit_code == 2
    assert "line 2" in made.output


def test_a_file_that_is_not_there_ends_with_two(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["redaction", str(tmp_path / "none.jsonl"), "--samples", "30"]).exit_code == 2
