"""The command ``firstline eval protocol``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed


def protocol(
    rows: Annotated[Path, typer.Argument(help="JSON lines of kinds protocol_...")], model_home: ModelHome = HOME, json_file: ToJson = None
) -> None:
    """Play hostile requests, tokens and frames against a running service.

    Exit 1 when any was answered otherwise than expected, changed something, or was refused without a record in the audit.
    """
    import tempfile

    from evals.beir import read_rows
    from evals.freshness.figures import demo_home
    from evals.report import show
    from evals.security.hooks import SETTINGS
    from evals.security.outcome import failed, metrics_of
    from evals.security.protocol import run
    from evals.security.served import NotServed, serving

    with wellformed():
        played = [row for row in read_rows(rows) if str(row.get("kind", "")).startswith("protocol")]
    if not played:
        stop(f"malformed input: {rows} has no row of a kind that begins with protocol")
    try:
        with (
            tempfile.TemporaryDirectory() as scratch,
            serving(Path(scratch), demo_home(Path(scratch), model_home, note)[0], note, SETTINGS) as served,
        ):
            outcomes = run(played, served, note)
    except (KeyError, TypeError, ValueError) as error:
        stop(f"malformed input: {type(error).__name__} {error}")
    except NotServed as error:
        stop(str(error))
    for outcome in outcomes:
        typer.echo(outcome.line())
    show("eval protocol", len(played), metrics_of(outcomes), {}, json_file)
    if failed(outcomes):
        raise typer.Exit(1)
