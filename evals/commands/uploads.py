"""The command ``firstline eval uploads``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def uploads(
    folder: Annotated[Path, typer.Argument(help="Hostile files: archives that swell, documents that lie, loops, scripts.")],
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Take hostile files in beside a running service, each by itself and then all with `firstline ingest sync`.

    Exit 1 when one took more than 5 s or 256 MB, wrote elsewhere, or blocked the service's event loop for over 100 ms.
    """
    import tempfile

    from evals.freshness.figures import demo_home
    from evals.report import show
    from evals.security.outcome import failed, metrics_of
    from evals.security.served import NotServed, serving
    from evals.security.uploads import NoFiles, run

    try:
        with tempfile.TemporaryDirectory() as place:
            scratch = Path(place) / "a" / "b"
            scratch.mkdir(parents=True)
            with serving(scratch, demo_home(scratch, model_home, note)[0], note) as served:
                outcomes = run(folder, served, scratch, note)
    except (NoFiles, NotServed) as error:
        stop(str(error))
    show("eval uploads", len(outcomes), metrics_of(outcomes), {}, json_file)
    if failed(outcomes):
        raise typer.Exit(1)
