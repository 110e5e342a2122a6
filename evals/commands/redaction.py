"""The command ``firstline eval redaction``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import ToJson, note, wellformed


def redaction(
    rows: Annotated[list[Path] | None, typer.Argument(help="Files of rows that say which spans must go (JSON lines).")] = None,
    clean: Annotated[list[Path] | None, typer.Option(help="A file of text without secrets, which must stay as it is; may be given again.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="How many texts to make from templates, of each sort.")] = 3_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is made.")] = 1,
    examples: Annotated[int, typer.Option(min=0, help="How many misses and alterations to show on standard error.")] = 20,
    json_file: ToJson = None,
) -> None:
    """Measure what redaction finds in rows and in texts made from templates, and what it takes from clean text. Exit 1 when a row fails."""
    from evals.privacy.redaction import measure, read_clean, read_rows
    from evals.report import show

    with wellformed():
        wanted = [row for path in rows or [] for row in read_rows(path)]
        texts = [text for path in clean or [] for text in read_clean(path)]
    tally = measure(wanted, texts, samples, seed)
    for line in (*tally.missed[:examples], *tally.altered[:examples]):
        note(line)
    settings = {"rows": len(wanted), "samples": 2 * samples, "clean lines": len(tally.clean), "seed": seed}
    show("eval redaction", len(wanted) + 2 * samples + len(tally.clean), tally.metrics(), settings, json_file)
    if not all(tally.rows):
        raise typer.Exit(1)
