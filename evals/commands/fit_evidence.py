"""The command ``firstline eval fit-evidence``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.common import HOME, ModelHome, ToJson, note, stop


def fit_evidence(
    sets: Annotated[list[Path], typer.Argument(help="Folders in the BEIR layout, or with articles.jsonl and device_queries.jsonl.")],
    outsiders: Annotated[Path | None, typer.Option(help="JSON lines with a field text: questions that none of the sets is about.")] = None,
    target: Annotated[Path, typer.Option(help="Where the fitted model goes.")] = Path("kb/evidence.json"),
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Fit the confidence of retrieval and say, cross-validated, how good it is."""
    from evals.evidence import fit, rows_of
    from evals.report import show
    from evals.world import BadInput, read_rows

    try:
        strangers = [str(row["text"]) for row in read_rows(outsiders)[:: max(1, len(read_rows(outsiders)) // 80)]] if outsiders else []
        rows = [row for folder in sets for row in rows_of(folder, model_home, note, strangers)]
    except (BadInput, KeyError) as error:
        stop(f"malformed input: {error}")
    metrics = fit(rows, target, [folder.name for folder in sets])
    show("eval fit-evidence", len(rows), metrics, {"sets": " ".join(folder.name for folder in sets)}, json_file)
