"""The commands ``firstline privacy``: what is kept, for how long, and the erasure of a person. Imports are inside."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

app = typer.Typer(no_args_is_help=True, help="How long things are kept, and erasing people.")


@app.command(epilog="Example: firstline privacy retain --dry-run")
def retain(dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False, as_json: AsJson = False) -> None:
    """Delete what is past its time; the running service does so once a day."""
    from assistant.privacy import expired
    from assistant.privacy import retain as apply

    with opened(read_settings()) as assistant:
        counts = expired(assistant) if dry_run else apply(assistant)
    if as_json:
        typer.echo(json.dumps({kind.value: number for kind, number in counts.items()}))
        return
    typer.echo("Past their time:" if dry_run else "Deleted:")
    for kind, number in counts.items():
        typer.echo(f"  {number:>7} {kind.value}")


@app.command(epilog="Example: firstline privacy erase maria.santos --yes")
def erase(
    person: Annotated[str, typer.Argument(help="Id of the person, as in the directory and in tokens.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person everywhere; the audit stays whole and leads to nobody. Broken off, the same command goes on. Exit 1 when it is not done."""
    from assistant.privacy import erase as apply

    if not yes and not typer.confirm(f"Erase everything about {person}? It cannot be taken back."):
        stop("nothing was erased", NO)
    with opened(read_settings()) as assistant:
        erased = apply(assistant, person)
    if as_json:
        typer.echo(json.dumps({"counts": erased.counts, "elsewhere": list(erased.elsewhere), "wiped": erased.wiped}))
    else:
        typer.echo("Erased:" if erased.counts else f"Nothing about {person} was found.")
        for kind, number in erased.counts.items():
            typer.echo(f"  {number:>7} {kind}")
        for line in erased.elsewhere:
            typer.echo(f"  still elsewhere: {line}")
    if not erased.wiped:
        stop("other processes kept the database busy: run the command again, or leave it to the running service", NO)


@app.command(epilog="Example: firstline privacy readmit maria.santos")
def readmit(person: Annotated[str, typer.Argument(help="Id of a person who was erased.")]) -> None:
    """Let a people file bring back somebody who was erased. Exit 1 when nobody of that id was."""
    from assistant.privacy import readmit as apply

    with opened(read_settings()) as assistant:
        known = apply(assistant, person)
    if not known:
        stop(f"nobody called {person} was erased", NO)
    typer.echo(f"{person} may come back with the next people file.")
