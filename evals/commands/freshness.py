"""The command ``firstline eval freshness``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def freshness(
    rounds: Annotated[int, typer.Option(min=1, help="How often an article is published, edited, revoked and deleted.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of the invented words.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Change articles under the running service and time until the old text is cited nowhere any more.

    Exit 1 when something was still shown two seconds after its change.
    """
    import tempfile
    from collections import Counter
    from pathlib import Path

    from evals.benchmarks.turns import service
    from evals.freshness.figures import demo_home, metrics_of
    from evals.freshness.measure import measure
    from evals.freshness.surfaces import NotAnswered
    from evals.report import show

    with tempfile.TemporaryDirectory() as scratch:
        home, articles = demo_home(Path(scratch), model_home, note)
        try:
            with service(home) as (url, _, _):
                figures = measure(url, home, articles, rounds, seed, note)
        except (NotAnswered, RuntimeError) as error:
            stop(f"nothing could be measured: {error}")
    for name, count in Counter(figures.stale).items():
        typer.echo(f"still shown 2 s after the change: {name}, {count} of {len(figures.places[name])} times")
    show("eval freshness", rounds, metrics_of(figures), {"seed": seed, "probes": figures.probes}, json_file)
    if figures.stale:
        raise typer.Exit(1)
