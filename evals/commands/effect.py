"""The command ``firstline eval effect``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import ToJson, note


def effect(
    scenarios: Annotated[int, typer.Option(min=1, help="How many experiments of each kind of world.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")] = 1,
    json_file: ToJson = None,
) -> None:
    """Measure the effect of articles in simulated topics whose truth is known, by the product's own function, twelve weekly looks each."""
    from evals.effect import SCENARIOS, figures, play
    from evals.report import show

    played = {}
    for scenario in SCENARIOS:
        played[scenario.name] = play(scenario, scenarios, seed)
        note(f"{scenario.name}: {scenarios} experiments played")
    show("eval effect", scenarios * len(SCENARIOS), figures(played), {"scenarios": scenarios, "seed": seed}, json_file)
