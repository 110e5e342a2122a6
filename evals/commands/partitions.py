"""The command ``firstline eval partitions``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import ToJson, note


def partitions(
    vectors: Annotated[int, typer.Option(min=2, help="How many synthetic vectors.")] = 20_000,
    queries: Annotated[int, typer.Option(min=1, help="How many queries of each layout.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the synthetic vectors.")] = 1,
    json_file: ToJson = None,
) -> None:
    """Measure what an audience filter that half of the vectors match costs: Chroma's own filter, a collection for each audience, our index."""
    import tempfile
    from pathlib import Path

    from evals.benchmarks.partitions import DIMENSION, measure
    from evals.report import Metric, bootstrap, exact, percentile, show

    metrics: dict[str, Metric] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for cost in measure(vectors, queries, seed, Path(scratch), note):
            metrics[f"{cost.layout}_p50_ms"] = bootstrap(cost.query_ms, lambda part: percentile(part, 0.5))
            metrics[f"{cost.layout}_p95_ms"] = bootstrap(cost.query_ms, lambda part: percentile(part, 0.95))
            metrics[f"{cost.layout}_fill_s"] = exact(cost.fill_s)
    settings = {"vectors": vectors, "dimension": DIMENSION, "seed": seed, "kind": "synthetic unit vectors", "seen": "half"}
    show("eval partitions", queries, metrics, settings, json_file)
