"""The command ``firstline eval zero-persistence``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def zero_persistence(
    conversations: Annotated[int, typer.Option(min=1, help="How many conversations to hold in each mode.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is said.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Hold conversations with canary words in the real service, with and without zero persistence; search all its files for them.

    Exit 1 when a word is found with zero persistence, or when none is found without: then the search is worth nothing.
    """
    import tempfile
    from pathlib import Path

    from evals.freshness.figures import demo_home
    from evals.privacy.persistence import Mode, NotMeasured, measure
    from evals.report import Metric, exact, show

    found = {}
    for name in ("normal", "zero"):
        with tempfile.TemporaryDirectory() as place:
            home, _ = demo_home(Path(place), model_home, note)
            try:
                found[name] = measure(Mode(Path(place), home, name == "zero"), conversations, seed, note)
            except NotMeasured as error:
                stop(str(error))
    zero, normal = found["zero"], found["normal"]
    for word, files in list(zero.hits.items())[:10]:
        note(f"{word} stands in {', '.join(files)}")
    hits = len(zero.hits)
    metrics = {"hits": Metric(hits, hits, hits if hits else 3 / len(zero.canaries)), "hits_in_normal_mode": exact(len(normal.hits))}
    metrics |= {
        "words_searched_for": exact(len(zero.canaries)),
        "words_in_filed_tickets": exact(len(zero.filed)),
        "bytes_searched": exact(zero.searched),
        "files_searched": exact(zero.files),
    }
    metrics |= {
        "read_again_while_running": exact(zero.resumed),
        "gone_after_restart": exact(zero.gone),
        "core_dumps_allowed": exact(zero.dumps_allowed),
    }
    show("eval zero-persistence", conversations, metrics, {"seed": seed}, json_file)
    if hits or not normal.hits or zero.dumps_allowed or zero.gone < conversations or zero.resumed < conversations:
        raise typer.Exit(1)
