"""The command ``firstline eval devices``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, wellformed


def devices(
    articles: Annotated[Path, typer.Option(help="Articles: JSON lines with id, title, platform, text.")],
    queries: Annotated[Path, typer.Option(help="Queries: JSON lines with query, device, relevant, wrong_device.")],
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure whether the article for the asker's own device comes first, with the device as a fact of the session."""
    from evals.beir import read_corpus
    from evals.report import bootstrap, mean, show
    from evals.retrieval import ask
    from evals.sets import read_devices
    from evals.world import collection

    with wellformed():
        documents, judged = read_corpus(articles), read_devices(queries)
    with collection(documents, model_home, note) as (base, _):
        asked = ask(base.retriever, judged, note)
    first = [(item.ranked[0] if item.ranked else "", item.judged) for item in asked]
    metrics = {
        "hit@1": bootstrap([float(top in judged.relevant) for top, judged in first], mean),
        "wrong_device@1": bootstrap([float(top in judged.wrong_device) for top, judged in first], mean),
    }
    show("eval devices", len(asked), metrics, {"articles": len(documents)}, json_file)
