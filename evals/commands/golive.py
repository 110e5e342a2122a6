"""The command ``firstline eval golive``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import ToJson, note


def golive(
    times: Annotated[int, typer.Option(min=1, help="How many companies of each kind.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")] = 1,
    json_file: ToJson = None,
) -> None:
    """Predict go-lives in simulated companies whose truth is known, by the product's own functions, and count how often the interval holds."""
    from evals.golive import COMPANIES, figures, play
    from evals.report import show

    played = {}
    for company in COMPANIES:
        played[company.name] = play(company, times, seed)
        note(f"{company.name}: {len(played[company.name])} categories played")
    show("eval golive", sum(len(many) for many in played.values()), figures(played), {"times": times, "seed": seed}, json_file)
