"""The command ``firstline eval fit-evidence``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.fit_ranking import Keep, Sets, Untitled
from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed

EVERY = 80


def fit_evidence(
    sets: Sets,
    untitled: Untitled = [],  # noqa: B006
    outsiders: Annotated[Path | None, typer.Option(help="JSON lines with a field text: questions that none of the sets is about.")] = None,
    target: Annotated[Path, typer.Option(help="Where the fitted model goes.")] = Path("kb/evidence.json"),
    keep: Keep = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Fit the confidence of retrieval, with the ranking as it is shipped, and say, cross-validated, how good it is."""
    from evals.beir import read_rows
    from evals.evidence import fit, rows_of
    from evals.fitting import opened
    from evals.report import show
    from evals.sets import read_folder

    with wellformed():
        chosen = [read_folder(folder) for folder in sets] + [read_folder(folder).untitled() for folder in untitled]
        rows = read_rows(outsiders) if outsiders else []
    if not all(isinstance(row.get("text"), str) for row in rows):
        stop(f"malformed input: {outsiders}: every line needs a text")
    strangers = [str(row["text"]) for row in rows[:: max(1, len(rows) // EVERY)]]
    with opened(chosen, model_home, keep, note) as ready:
        made = {item.judged.name: rows_of(item, strangers, note) for item in ready}
    metrics = fit(made, target)
    show("eval fit-evidence", sum(len(group) for group in made.values()), metrics, {"sets": " ".join(made)}, json_file)
