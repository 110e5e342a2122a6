"""The command ``firstline eval slack-pictures``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, note, stop


def slack_pictures(
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")] = Path("docs/images"),
    model_home: ModelHome = HOME,
) -> None:
    """Play a conversation with a service of its own and draw what people see in Slack, from the blocks that it sent."""
    import tempfile

    from evals.freshness.figures import demo_home
    from evals.security.served import NotServed
    from evals.slack.filming import NoBrowser, film
    from evals.slack.scene import played

    try:
        with tempfile.TemporaryDirectory() as scratch:
            home = demo_home(Path(scratch), model_home, lambda _: None)[0]
            reel = played(Path(scratch), home, note)
        for file in film(reel, folder):
            typer.echo(f"{file} {file.stat().st_size // 1024} kB")
    except (NotServed, NoBrowser, RuntimeError, AssertionError) as error:
        stop(str(error))
