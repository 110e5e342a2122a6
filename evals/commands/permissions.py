"""The command ``firstline eval permissions``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note


def permissions(
    draws: Annotated[int, typer.Option(min=1, help="How many draws; every fiftieth is a conversation with the whole assistant.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")] = 1,
    articles: Annotated[int, typer.Option(min=20, help="How many canary articles.")] = 240,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes, each with a company of its own.")] = 2,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Draw people, audiences and questions over canary articles; count every passage that reached somebody without the right. Exit 1 on a leak."""
    from evals.permissions.run import Order, run
    from evals.permissions.tally import COUNTED, PLACES
    from evals.report import Metric, exact, show

    tally = run(Order(draws, seed, articles, model_home), workers, note)
    total = tally.leaks.total()
    metrics = {"leaks": Metric(total, total, total if total else 3 / tally.draws)}
    metrics |= {f"leaks_{place}": exact(tally.leaks[place]) for place in PLACES}
    metrics |= {name: exact(getattr(tally, name)) for name in COUNTED}
    metrics["draws_per_s"] = exact(tally.draws / tally.seconds)
    for example in tally.examples:
        note(example)
    show("eval permissions", tally.draws, metrics, {"seed": seed, "articles": articles, "workers": workers}, json_file)
    if total:
        raise typer.Exit(1)
