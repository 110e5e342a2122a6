"""The command ``firstline eval lint``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, wellformed


def lint(
    articles: Annotated[Path | None, typer.Option(help="JSON lines with id, title, text and platform; the demo articles by default.")] = None,
    cases: Annotated[Path | None, typer.Option(help="JSON lines of cases written by hand (evals/cases/contradictions.jsonl).")] = None,
    each: Annotated[int, typer.Option("--plants", min=1, help="Planted contradictions of each kind.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the plants.")] = 1,
    misses: Annotated[bool, typer.Option("--misses", help="Also list what was missed and what was a false alarm.")] = False,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Plant contradictions and harmless look-alikes; say what `kb lint` finds of them, and list what it finds without them."""
    from evals.hygiene.measure import measure, metrics_of, wrong
    from evals.report import show

    with wellformed():
        outcome = measure(articles, cases, each, seed, model_home, note)
    for number, one in enumerate(outcome.untouched, 1):
        typer.echo(f"{number}. {one.reason} ({one.readers})\n   {one.first.article}: {one.first.text}\n   {one.second.article}: {one.second.text}")
    if misses:
        for plant in wrong(outcome):
            typer.echo(f"{'missed' if plant.contradicts else 'false alarm'}, {plant.kind}, {plant.source}\n   {plant.before}\n   {plant.after}")
    settings = {"articles": articles.name if articles else "demo", "seed": seed, "collection": outcome.articles, "passages": outcome.passages}
    show("eval lint", len(outcome.plants), metrics_of(outcome), settings, json_file)
