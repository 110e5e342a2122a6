"""The command ``firstline eval attachments``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed


def attachments(
    folder: Annotated[Path, typer.Argument(help="Hostile files: archives that swell, documents that lie, loops, scripts.")],
    rows: Annotated[Path | None, typer.Option(help="JSON lines of kind path_traversal, played as names and ids of files.")] = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Send hostile files to a running service as attachments, one by one and many at once.

    Exit 1 when one took more than 5 s or 256 MB, blocked the event loop for over 100 ms, or was kept although it should not be.
    """
    import tempfile

    from evals.beir import read_rows
    from evals.freshness.figures import demo_home
    from evals.report import show
    from evals.security.attached import SETTINGS, run
    from evals.security.outcome import failed, metrics_of
    from evals.security.served import NotServed, serving
    from evals.security.uploads import NoFiles

    with wellformed():
        played = list(read_rows(rows)) if rows is not None else []
    try:
        with tempfile.TemporaryDirectory() as place:
            scratch = Path(place)
            with serving(scratch, demo_home(scratch, model_home, note)[0], note, SETTINGS) as served:
                outcomes = run(folder, played, served, note)
    except (NoFiles, NotServed) as error:
        stop(str(error))
    show("eval attachments", len(outcomes), metrics_of(outcomes), {}, json_file)
    if failed(outcomes):
        raise typer.Exit(1)
