"""The command ``firstline eval fit-correlation``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import note, wellformed


def fit_correlation(
    seeds: Annotated[str, typer.Option(help="Seeds of the generated scenes to fit to, such as 1-20.")] = "1-20",
    scale: Annotated[int, typer.Option(min=50, help="Alerts of each generated scene.")] = 2_000,
    setting: Annotated[str, typer.Option(help="Of generated scenes: easy or hard.")] = "hard",
) -> None:
    """Fit the weights of the rules that put alerts together, from the shipped ones on, and print both. Nothing is changed."""
    from assistant.desk.correlation.scoring import RULES
    from assistant.entrypoints.alert_sources.mapping import read_mapping
    from assistant.governance.correlation_rules import rules_of
    from assistant.governance.policy_file import load_policy
    from evals.correlation.fitting import fitted
    from evals.correlation.run import generated

    with wellformed():
        scenes = [read.rows for _, read in generated(seeds, scale, setting, read_mapping())]
    note(f"{sum(map(len, scenes)):,} alerts of {len(scenes)} generated scenes")
    for rule, weight in zip(RULES, fitted(scenes, rules_of(load_policy())), strict=True):
        typer.echo(f"{rule.name:28}{rule.weight:8.2f}{weight:8.2f}")
