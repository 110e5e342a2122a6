"""The command ``firstline eval triage``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, wellformed

_ROWS = "JSON lines or CSV, packed with gzip or not."


def triage(
    train: Annotated[Path, typer.Option(help=f"Tickets to learn from. {_ROWS} Text and any other columns are read.")],
    test: Annotated[Path, typer.Option(help=f"Tickets to read. {_ROWS}")],
    target: Annotated[str, typer.Option(help="The column with the label.")],
    without: Annotated[list[str] | None, typer.Option(help="A column that is not read, beside those that are left out by themselves.")] = None,
    meaning: Annotated[bool, typer.Option(help="Read the meaning of texts too.")] = True,
    minutes: Annotated[
        float, typer.Option(min=0, help="Fine-tune the sentence encoder on 1,000 texts or more, for so long at most; 0: leave it as it is.")
    ] = 20.0,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure how well the field of a ticket is read from its text and its other fields, and which share could be routed without anybody looking.

    Columns that are known only after a ticket was worked, that name the row or that give the label away are not read; they are named.
    """
    from tempfile import TemporaryDirectory

    from assistant.adapters.encoders import KeptEncoders
    from assistant.desk.triage.teaching import Meanings
    from evals.report import show
    from evals.triage.measure import grade, metrics, read_rows
    from kb.bootstrap import open_embedder, prepare_model
    from kb.ports import EmbedderUnavailable
    from kb.settings import KnowledgeSettings

    with wellformed():
        learnt, asked = read_rows(train, target), read_rows(test, target)
        meanings, home = Meanings(), KnowledgeSettings(home=model_home)
        with TemporaryDirectory() as folder:
            if meaning:
                try:
                    prepare_model(home, note)
                    meanings = Meanings(open_embedder(home).embed, KeptEncoders(Path(folder), home.teachable_model))
                except EmbedderUnavailable as error:
                    note(f"meaning is not read: {error}")
            found = grade(learnt, asked, target, frozenset(without or ()), meanings, note, 60 * minutes)
    for name, why in sorted(found.used.left_out.items()):
        note(f"not read: {name}: {why}")
    settings = {
        "train": found.trained,
        "target": target,
        "text": list(found.used.text),
        "fields": list(found.used.fields),
        "opened": found.used.opened,
        "encoder": found.encoder,
        "not_read": dict(found.used.left_out),
        "thresholds": [round(one, 4) for one in found.thresholds],
    }
    show("eval triage", len(found.scored.right), metrics(found), settings, json_file)
