"""The command ``firstline eval record``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import stop, wellformed


def record(
    conversation: Annotated[str, typer.Argument(help="Id of a conversation in the state folder (FIRSTLINE_HOME).")],
    out: Annotated[Path | None, typer.Option(help="File to write; without it the case is printed.")] = None,
) -> None:
    """Turn a stored conversation into a case: people replaced, other systems' answers kept, what happened expected."""
    from assistant.command_line import opened, read_settings
    from evals.conversations.record import recorded

    if out is not None and out.exists():
        stop(f"{out} exists; choose another file")
    with opened(read_settings()) as assistant, wellformed():
        made = recorded(assistant, conversation)
    if out is None:
        typer.echo(made)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(made, encoding="utf-8")
    typer.echo(f"Wrote {out}. Read it, then play it: firstline eval run --case {out}")
