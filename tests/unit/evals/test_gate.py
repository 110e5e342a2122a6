"""Gates: they block on the unsure side, and they must be able to block."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.beir import BadInput
from evals.cli import app
from evals.gate import Bound, judge
from evals.report import Metric, facts


def measured(path: Path, value: float, low: float, high: float) -> Path:
    path.write_text(json.dumps(facts("eval retrieval", 60, {"ndcg@10": Metric(value, low, high)}, {})))
    return path


def test_a_build_passes_when_the_lower_bound_holds(tmp_path: Path) -> None:
    assert judge(measured(tmp_path / "a", 0.9, 0.85, 0.95), None, "ndcg@10", Bound(0.8, None)).passed


def test_a_good_value_with_an_unsure_lower_bound_is_blocked(tmp_path: Path) -> None:
    verdict = judge(measured(tmp_path / "a", 0.9, 0.75, 0.99), None, "ndcg@10", Bound(0.8, None))
    assert not verdict.passed
    assert "BLOCKED" in verdict.says


def test_an_upper_bound_blocks_what_may_be_above_it(tmp_path: Path) -> None:
    assert judge(measured(tmp_path / "a", 0.0, 0.0, 0.0), None, "ndcg@10", Bound(None, 0.0)).passed
    assert not judge(measured(tmp_path / "b", 0.0, 0.0, 0.1), None, "ndcg@10", Bound(None, 0.0)).passed


def test_a_gate_that_lets_the_seeded_bad_build_through_fails(tmp_path: Path) -> None:
    good, bad = measured(tmp_path / "good", 0.9, 0.85, 0.95), measured(tmp_path / "bad", 0.84, 0.81, 0.9)
    assert not judge(good, bad, "ndcg@10", Bound(0.8, None)).passed
    assert judge(good, bad, "ndcg@10", Bound(0.83, None)).passed


def test_a_metric_that_is_not_a_number_is_blocked(tmp_path: Path) -> None:
    assert not judge(measured(tmp_path / "a", float("nan"), float("nan"), float("nan")), None, "ndcg@10", Bound(0.1, None)).passed


@pytest.mark.parametrize("text", ["", "{}", '{"metrics": {"ndcg@10": 3}}', "[]"])
def test_a_file_that_is_no_measurement_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text(text)
    with pytest.raises(BadInput):
        judge(tmp_path / "a", None, "ndcg@10", Bound(0.5, None))


def test_the_command_says_what_it_decided_and_exits_accordingly(tmp_path: Path) -> None:
    good = str(measured(tmp_path / "good", 0.9, 0.85, 0.95))
    run = CliRunner().invoke
    assert run(app, ["gate", good, "--metric", "ndcg@10", "--at-least", "0.8"]).exit_code == 0
    assert run(app, ["gate", good, "--metric", "ndcg@10", "--at-least", "0.9"]).exit_code == 1
    assert run(app, ["gate", good, "--metric", "ndcg@10"]).exit_code == 2
    assert run(app, ["gate", good, "--metric", "mrr@10", "--at-least", "0.9"]).exit_code == 2
