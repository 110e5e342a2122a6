"""The command ``firstline eval intents``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed

_HELP = "JSON lines with text and label, or a TOML file of examples."


def intents(
    train: Annotated[Path, typer.Option(help=f"Examples to learn from. {_HELP} Rows of no intent among them are learnt as such.")],
    test: Annotated[Path, typer.Option(help=f"Messages to read. {_HELP}")],
    oos: Annotated[Path | None, typer.Option(help="More messages to read, of which each belongs to no intent; their label does not count.")] = None,
    oos_label: Annotated[
        list[str] | None,
        typer.Option(help="One more label of rows of no intent, beside oos, ood, out_of_scope, NO_NODES_DETECTED, none and an empty one."),
    ] = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure how well the classifier of messages learns any set of intents, and whether it knows what belongs to none of them."""
    from assistant.agent.steps.understand_model import FAMILIAR
    from evals.intents.measure import metrics, read_all
    from evals.intents.rows import OUTSIDE, read_rows
    from evals.report import show
    from kb.bootstrap import open_embedder, prepare_model
    from kb.ports import EmbedderUnavailable
    from kb.settings import KnowledgeSettings

    outside = frozenset((*OUTSIDE, *(label.casefold() for label in oos_label or ())))
    with wellformed():
        learnt, asked = read_rows(train, outside), read_rows(test, outside)
        asked += read_rows(oos, outside, all_outside=True) if oos is not None else []
        home = KnowledgeSettings(home=model_home)
        try:
            prepare_model(home, note)
            read = read_all(learnt, asked, open_embedder(home).embed, note)
        except EmbedderUnavailable as error:
            stop(str(error))
    settings = {"train": len(learnt), "out_of_scope": sum(row.label is None for row in asked), "threshold": FAMILIAR}
    show("eval intents", len(read), metrics(read), settings, json_file)
