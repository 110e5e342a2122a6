"""What the commands share: their options, how they stop, where they say how far they are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

WRONG = 2
HOME = Path("var")
ToJson = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]
ModelHome = Annotated[Path, typer.Option(help="State folder that holds (or gets) the exported embedding model.")]


def stop(message: str) -> NoReturn:
    """End the command with exit status 2 and a message."""
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)


def note(line: str) -> None:
    """Say on standard error how far the command is."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def wellformed() -> Iterator[None]:
    """Turn malformed input inside the block into exit status 2 with a message that says where."""
    from evals.beir import BadInput

    try:
        yield
    except BadInput as error:
        stop(f"malformed input: {error}")
