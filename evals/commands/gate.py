"""The command ``firstline eval gate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import wellformed


def gate(
    result: Annotated[Path, typer.Argument(help="The JSON file of a measurement of this build.")],
    metric: Annotated[str, typer.Option(help="The metric that the gate looks at.")],
    at_least: Annotated[float | None, typer.Option(help="Block when the metric's lower bound is below this.")] = None,
    at_most: Annotated[float | None, typer.Option(help="Block when the metric's upper bound is above this.")] = None,
    seeded: Annotated[Path | None, typer.Option(help="The same measurement of a build with a seeded fault, which the gate must block.")] = None,
) -> None:
    """Block a build whose metric is not surely within its bound. Exit 1 when blocked, or when the seeded bad build is not."""
    from evals.gate import Bound, judge

    with wellformed():
        verdict = judge(result, seeded, metric, Bound(at_least, at_most))
    typer.echo(verdict.says)
    if not verdict.passed:
        raise typer.Exit(1)
