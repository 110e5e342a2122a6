"""The command ``firstline eval``."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Measure Firstline. Example: firstline eval turns --questions 200")


@app.callback()
def evaluate() -> None:
    """Measure Firstline."""
