"""The command ``firstline eval clusters``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed


def clusters(
    items: Annotated[Path, typer.Option(help="Questions to group: JSON lines with text and label, packed with gzip or not.")],
    sample: Annotated[int, typer.Option(min=10, help="At most so many of them, of each label the same share.")] = 100_000,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure how well questions that mean the same are found without knowing how many kinds there are, and whether gaps keep their questions."""
    from evals.clusters.measure import measure, read_items, sampled
    from evals.report import show
    from kb.bootstrap import open_embedder, prepare_model
    from kb.ports import EmbedderUnavailable
    from kb.settings import KnowledgeSettings

    with wellformed():
        rows = sampled(read_items(items), sample)
        home = KnowledgeSettings(home=model_home)
        try:
            prepare_model(home, note)
            note(f"embedding {len(rows):,} questions")
            vectors = open_embedder(home).embed([row.text for row in rows])
        except EmbedderUnavailable as error:
            stop(str(error))
    show("eval clusters", len(rows), measure(rows, vectors, note), {"items": items.name}, json_file)
