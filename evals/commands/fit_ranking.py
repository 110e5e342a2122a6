"""The command ``firstline eval fit-ranking``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, wellformed

Sets = Annotated[list[Path], typer.Argument(help="Folders of judged collections: BEIR files, device queries over articles, or conversations.")]
Untitled = Annotated[list[Path], typer.Option(help="Folders to use without their documents' titles; may be given again.")]
Keep = Annotated[Path | None, typer.Option(help="Keep the indexed sets here, so that another run need not embed them again.")]


def fit_ranking(
    sets: Sets,
    untitled: Untitled = [],  # noqa: B006
    target: Annotated[Path, typer.Option(help="Where the fitted constants go.")] = Path("kb/ranking.json"),
    keep: Keep = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Fit the constants of the ranking on development sets and say, cross-validated, how well they rank."""
    from evals.fitting import examples_of, fit, opened, write
    from evals.report import show
    from evals.sets import read_folder

    with wellformed():
        chosen = [read_folder(folder) for folder in sets] + [read_folder(folder).untitled() for folder in untitled]
    with opened(chosen, model_home, keep, note) as ready:
        made, by_words = {}, {}
        for item in ready:
            made[item.judged.name] = examples_of(item, item.retriever)
            by_words[item.judged.name] = examples_of(item, item.retriever.without(vectors=True))
            note(f"{item.judged.name}: {len(made[item.judged.name])} questions")
    hybrid, metrics = fit(made, "hybrid")
    words, of_words = fit(by_words, "words")
    metrics |= {f"words.{name}": metric for name, metric in of_words.items() if not name.endswith("left_out")}
    count = sum(len(rows) for rows in made.values())
    facts = {"fitted_on": list(made), "n": count, "cross_validated": {name: round(metric.value, 3) for name, metric in metrics.items()}}
    write(target, hybrid, words, facts)
    show("eval fit-ranking", count, metrics, {"sets": " ".join(made)}, json_file)
