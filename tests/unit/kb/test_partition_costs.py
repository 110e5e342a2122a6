"""The measure of what an audience filter costs names every layout with its figures."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from evals.benchmarks.partitions import unit_vectors
from evals.cli import app


def test_every_layout_is_measured_and_written_down(tmp_path: Path) -> None:
    target = tmp_path / "partitions.json"
    done = CliRunner().invoke(app, ["partitions", "--vectors", "120", "--queries", "3", "--json", str(target)])
    assert done.exit_code == 0, done.output
    metrics = json.loads(target.read_text())["metrics"]
    layouts = ("unfiltered", "metadata_filter", "collections_2", "own_2", "collections_10", "own_10", "collections_60", "own_60")
    assert {f"{layout}_p95_ms" for layout in layouts} <= set(metrics)
    assert "own_300_p95_ms" not in metrics, "there cannot be more partitions than vectors"


def test_synthetic_vectors_are_of_length_one_and_the_same_for_a_seed() -> None:
    first, again, other = unit_vectors(5, 1), unit_vectors(5, 1), unit_vectors(5, 2)
    assert abs((first**2).sum(axis=1) - 1).max() < 1e-5
    assert (first == again).all()
    assert (first != other).any()
