"""The command ``firstline eval problems``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def problems(
    weeks: Annotated[int, typer.Option(min=1, help="How many generated weeks.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first week; the others follow.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure, on generated weeks of tickets with labelled outages, which problems are found and who is told of the wrong one."""
    from assistant.governance.policy_file import load_policy
    from evals.problems.measure import figures, play
    from evals.problems.scenes import week
    from evals.report import show
    from kb.bootstrap import open_embedder, prepare_model
    from kb.ports import EmbedderUnavailable
    from kb.settings import KnowledgeSettings

    home = KnowledgeSettings(home=model_home)
    try:
        prepare_model(home, note)
        embedder = open_embedder(home)
        policy, played = load_policy(), []
        for number in range(weeks):
            played.append(play(week(seed + number), policy, lambda text: tuple(embedder.embed([text])[0])))
            note(f"generated week {seed + number}: {played[-1].tickets} tickets, {played[-1].outages} outages of three people or more")
    except EmbedderUnavailable as error:
        stop(str(error))
    show("eval problems", weeks, figures(played), {"weeks": "generated", "seed": seed}, json_file)
