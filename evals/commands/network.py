"""The command ``firstline eval network``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed


def network(
    rows: Annotated[Path, typer.Argument(help="JSON lines of kinds ssrf_url and path_traversal.")],
    draws: Annotated[int, typer.Option(min=0, help="How many random special-purpose addresses to try besides.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is drawn.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Ask the page fetcher for forbidden addresses, and a running service for paths that climb out. Exit 1 when any row fails."""
    import tempfile

    from evals.beir import read_rows
    from evals.freshness.figures import demo_home
    from evals.report import show
    from evals.security import network as addresses
    from evals.security import traversal
    from evals.security.outcome import Verdict, failed, metrics_of
    from evals.security.served import NotServed, serving

    with wellformed():
        played = [row for row in read_rows(rows) if row.get("kind") in (addresses.KIND, traversal.KIND)]
    if not played:
        stop(f"malformed input: {rows} has no row of kind {addresses.KIND} or {traversal.KIND}")
    try:
        outcomes = addresses.run(played, draws, seed)
        if any(row["kind"] == traversal.KIND for row in played):
            with tempfile.TemporaryDirectory() as scratch, serving(Path(scratch), demo_home(Path(scratch), model_home, note)[0], note) as served:
                outcomes += traversal.run(played, served)
    except (KeyError, TypeError, ValueError) as error:
        stop(f"malformed input: {type(error).__name__} {error}")
    except NotServed as error:
        stop(str(error))
    for outcome in outcomes:
        if outcome.verdict is not Verdict.PASSED:
            typer.echo(outcome.line())
    show("eval network", len(outcomes), metrics_of(outcomes), {"draws": draws, "seed": seed}, json_file)
    if failed(outcomes):
        raise typer.Exit(1)
