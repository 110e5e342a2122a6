"""The commands of triage, from an export to a ticket that is explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.cli import app
from evals.cli import app as evals_app
from tests.support.ticket_history import history, written


@pytest.fixture
def run(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("FIRSTLINE_HOME", str(demo_home))
    return CliRunner()


def asked(run: CliRunner, *words: str) -> Result:
    return run.invoke(app, ["triage", *words])


def test_a_history_is_checked_without_learning_anything(run: CliRunner, tmp_path: Path) -> None:
    rows = history(200)
    rows[3]["category"], rows[4]["category"] = "VPN", ""
    answer = asked(run, "train", str(written(tmp_path / "a.csv", rows)), "--check")
    assert answer.exit_code == 0, answer.output
    assert "200 rows read" in answer.output
    assert "category: empty labels: 1 of 200" in answer.output
    assert "look like one label written in two ways" in answer.output
    assert "No model was learnt yet" in asked(run, "show").output


def test_an_organisation_learns_tests_explains_and_undoes(run: CliRunner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", history(600))
    learnt = asked(run, "train", str(path), "--no-meaning", "--json")
    assert learnt.exit_code == 0, learnt.output
    made = json.loads(learnt.stdout.strip().splitlines()[-1])
    assert (made["model"], made["taken"]) == ("m-0001", True)
    tested = asked(run, "test")
    assert "queue     right" in tested.output
    explained = json.loads(asked(run, "explain", "T-1002", "--json").stdout)
    assert explained["fields"]["queue"]["by"] == "m-0001"
    assert all(one["key"].startswith("INC") for one in explained["neighbours"])
    assert "m-0001 (in use)" in asked(run, "show").output
    assert "m-0001 is undone; no model is in use." in asked(run, "undo").output
    assert asked(run, "undo").exit_code == 1


def test_an_encoder_is_taught_serves_explains_and_goes_with_its_version(run: CliRunner, tmp_path: Path, demo_home: Path) -> None:
    path = written(tmp_path / "a.csv", history(1_700))
    learnt = asked(run, "train", str(path), "--minutes", "0.2")
    assert learnt.exit_code == 0, learnt.output
    assert "fine-tuning the sentence encoder on 1," in learnt.stderr
    [encoder] = (demo_home / "triage" / "encoders").iterdir()
    assert f"read by {encoder.name}" in asked(run, "show").output
    assert "queue     right 9" in asked(run, "test").output
    explained = json.loads(asked(run, "explain", "T-1002", "--json").stdout)
    assert explained["fields"]["queue"]["why"]
    assert asked(run, "undo").exit_code == 0
    assert encoder.is_dir()


def test_learning_the_same_again_is_taken_only_where_the_difference_holds_and_never_silently(run: CliRunner, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", history(600))
    asked(run, "train", str(path), "--no-meaning")
    spoilt = history(600)
    for row in spoilt[::2]:
        row["assignment_group"] = "Network"
    worse = asked(run, "train", str(written(tmp_path / "b.csv", spoilt)), "--no-meaning")
    assert "m-0002" in worse.output
    assert worse.exit_code in (0, 1)
    assert ("is in use: the paired difference" in worse.output) is (worse.exit_code == 0)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--label", "queue=Team"], "there is no column Team"),
        (["--label", "team=assignment_group"], "there is no field team"),
        (["--label", "queue"], "has to be NAME=COLUMN"),
        (["--field", "shoe=location"], "shoe is not known of a ticket"),
        (["--text", "words"], "there is no column words"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_there_is(run: CliRunner, tmp_path: Path, words: list[str], why: str) -> None:
    answer = asked(run, "train", str(written(tmp_path / "a.csv", history(20))), *words)
    assert answer.exit_code == 2
    assert why in answer.output


def test_without_a_history_every_command_says_what_to_do(run: CliRunner) -> None:
    assert "there is nothing to learn from" in asked(run, "train").output
    assert "no history is remembered" in asked(run, "test").output or "no model is in use" in asked(run, "test").output
    assert asked(run, "explain", "T-9999").exit_code == 1
    assert asked(run, "explain", "T-1002").exit_code == 0


def test_the_instrument_reads_any_rows_and_names_what_it_leaves_out(tmp_path: Path) -> None:
    rows = history(500)
    lines = {"train": rows[:380], "test": rows[380:]}
    for name, part in lines.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    words = ["--train", str(tmp_path / "train.jsonl"), "--test", str(tmp_path / "test.jsonl"), "--target", "category", "--no-meaning"]
    answer = CliRunner().invoke(evals_app, ["triage", *words, "--json", str(tmp_path / "out.json")])
    assert answer.exit_code == 0, answer.output
    found = json.loads((tmp_path / "out.json").read_text())
    assert set(found["metrics"]) >= {"accuracy", "macro_f1", "ece", "automatic_at_95", "automatic_at_98"}
    assert found["metrics"]["accuracy"]["value"] > 0.85
    assert found["settings"]["not_read"]["assignment_group"] == "it gives the label away"
    assert "resolution_notes" in found["settings"]["not_read"]
    missing = CliRunner().invoke(evals_app, ["triage", *words[:5], "nothing"])
    assert missing.exit_code == 2
