"""The command ``firstline eval durability``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note


def durability(
    seconds: Annotated[float, typer.Option(min=1, help="How long people ask in each arm: with group commit, and without.")] = 20.0,
    truncations: Annotated[int, typer.Option(min=1, help="How often the write-ahead log is cut.")] = 1_000,
    people: Annotated[int, typer.Option(min=1, max=64, help="How many people ask at the same time.")] = 8,
    sync_ms: Annotated[float, typer.Option(min=0, max=1_000, help="Make each commit slower by so much, as a slower disk would.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is written and where it is cut.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure whole turns with and without group commit, on the disk of the state folder; then cut the write-ahead log.

    Exit 1 when the database is not set to synchronous=FULL, when a turn failed, when a cut left anything but exactly the commits before it, or
    when a seeded fault went unnoticed.
    """
    import tempfile

    from evals.durability.commits import sync_seconds
    from evals.durability.figures import figures
    from evals.durability.load import measure
    from evals.durability.truncation import truncate
    from evals.report import show
    from evals.world import demo_assistant

    model_home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=model_home, prefix="durability-") as folder:
        scratch = Path(folder)
        sync = sync_seconds(scratch)
        with demo_assistant(scratch, model_home, note) as assistant:
            arms = measure(assistant, people, seconds, sync_ms, note)
        cut = truncate(scratch, truncations, seed, note)
    metrics, faults = figures(arms, cut, sync)
    settings = {"synchronous": arms.synchronous, "journal": arms.journal, "people": people, "slower_by_ms": sync_ms, "seed": seed}
    show("eval durability", cut.cuts, metrics, settings, json_file)
    for line in (*faults, *cut.examples):
        note(line)
    if faults:
        raise typer.Exit(1)
