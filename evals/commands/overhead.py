"""The command ``firstline eval overhead``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop

if TYPE_CHECKING:
    from evals.overhead.run import Measured
    from evals.report import Metric


def overhead(
    turns_per_second: Annotated[float, typer.Option(min=0.1, help="How many people ask in a second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1, help="For how long they ask.")] = 30.0,
    delay_ms: Annotated[float, typer.Option(min=0, help="The scripted model's pause before each word.")] = 10.0,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure what the service adds to a model's own time until the first frame of a reply, beside turns without any model, in one run."""
    import os
    import tempfile

    from evals.freshness.figures import demo_home
    from evals.overhead.run import measure
    from evals.report import exact, show
    from evals.security.served import NotServed
    from evals.world import DEMO_ARTICLES

    titles = [path.stem.replace("-", " ") for path in sorted(DEMO_ARTICLES.rglob("*.md"))]
    runs: dict[str, Measured] = {}
    try:
        for name, delay in (("local", None), ("model", delay_ms / 1000)):
            with tempfile.TemporaryDirectory() as scratch:
                home = demo_home(Path(scratch), model_home, lambda _: None)[0]
                runs[name] = measure(Path(scratch), home, titles, turns_per_second, seconds, delay, note)
                note(f"{name}: {len(runs[name].shares)} of {len(runs[name].turns)} turns answered")
    except (NotServed, RuntimeError) as error:
        stop(str(error))
    metrics = {**_metrics("own", runs["model"], "own"), **_metrics("model", runs["model"], "model"), **_metrics("local", runs["local"], "waited")}
    if all(run.shares for run in runs.values()):
        metrics["own_to_local_p95"] = exact(metrics["own_p95_ms"].value / metrics["local_p95_ms"].value)
        metrics["shown_while_written"] = exact(sum(turn.grew for turn in runs["model"].turns) / len(runs["model"].turns))
        metrics["calls_per_turn"] = exact(sum(one.calls for one in runs["model"].shares) / len(runs["model"].shares))
    metrics |= {f"processor_{name}_ms": exact(run.processor_ms) for name, run in runs.items()}
    metrics["unanswered"] = exact(sum(run.unanswered for run in runs.values()))
    busy = {f"load_{name}": f"{run.busy[0]:.1f}-{run.busy[1]:.1f}" for name, run in runs.items()}
    settings = {"turns_per_second": turns_per_second, "seconds": seconds, "delay_ms": delay_ms, "processors": os.cpu_count(), **busy}
    show("eval overhead", len(runs["model"].turns), metrics, settings, json_file)


def _metrics(name: str, run: Measured, field: str) -> dict[str, Metric]:
    from functools import partial

    from evals.report import bootstrap, percentile

    values = [getattr(share, field) for share in run.shares]
    return {f"{name}_p{rank}_ms": bootstrap(values, partial(percentile, share=rank / 100)) for rank in (50, 95, 99)}
