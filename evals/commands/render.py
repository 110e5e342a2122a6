"""The command ``firstline eval render``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import ToJson, stop


def render(rows: Annotated[Path, typer.Argument(help="JSON lines with id and payload.")], json_file: ToJson = None) -> None:
    """Render hostile text and count what gets through. Exit 1 when anything does."""
    from evals.beir import BadInput, read_rows
    from evals.rendering import check_rows
    from evals.report import exact, show

    try:
        cases = read_rows(rows)
        failed = check_rows(cases)
    except (BadInput, KeyError) as error:
        stop(f"malformed input: {error}")
    for key, faults in failed:
        typer.echo(f"{key}: {'; '.join(faults)}")
    count = sum(row.get("kind") != "csv_formula" for row in cases)
    show("eval render", count, {"failed": exact(len(failed))}, {}, json_file)
    if failed:
        raise typer.Exit(1)
