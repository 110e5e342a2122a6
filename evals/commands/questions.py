"""The command ``firstline eval questions``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def questions(
    cases: Annotated[Path, typer.Argument(help="JSON lines: question, device, expected (last parts of article ids).")],
    articles: Annotated[Path, typer.Argument(help="Folder of articles to synchronise first.")],
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Ask questions of a freshly ingested folder; list each with its top citation, right or wrong."""
    import tempfile

    from evals.beir import BadInput
    from evals.questions import ask_all
    from evals.report import bootstrap, mean, show
    from evals.world import prepared_home

    with tempfile.TemporaryDirectory() as scratch:
        try:
            asked, seeded = ask_all(cases, articles, prepared_home(Path(scratch), model_home), note)
        except BadInput as error:
            stop(f"malformed input: {error}")
    for row in asked:
        typer.echo(f"{'right' if row.right else 'WRONG'}  {row.confidence:.2f}  {row.question} [{row.device or 'any device'}] -> {row.top}")
    metrics = {
        "hit@1": bootstrap([float(row.right) for row in asked], mean),
        "hit@1_without_vectors": bootstrap([float(row.right) for row in seeded], mean),
    }
    show("eval questions", len(asked), metrics, {"articles": articles.name}, json_file)
