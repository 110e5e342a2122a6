"""The command ``firstline slack``."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.command_line import stop

app = typer.Typer(no_args_is_help=True, help="Slack. Example: firstline slack manifest > firstline-slack.yaml")


@app.callback()
def slack() -> None:
    """Slack."""


@app.command(epilog="Example: firstline slack manifest --http https://help.example.com")
def manifest(http: Annotated[str, typer.Option(help="Public https address of the service, if Slack is to call it; else Socket Mode.")] = "") -> None:
    """Print the manifest that installs the app in one paste."""
    from assistant.entrypoints.slack.manifest import as_yaml

    if http and not http.startswith("https://"):
        stop("Slack calls https addresses only: --http https://...")
    typer.echo(as_yaml(http), nl=False)
