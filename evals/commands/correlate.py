"""The command ``firstline eval correlate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import ToJson, note, wellformed


def correlate(
    alerts: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="JSON lines (or .gz) with time, any fields and the label incident.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Mapping of the fields; empty means the packaged one.")] = None,
    seeds: Annotated[str, typer.Option(help="Generate scenes of these seeds instead, such as 1-5.")] = "",
    scale: Annotated[int, typer.Option(min=50, help="Alerts of each generated scene.")] = 2_000,
    setting: Annotated[str, typer.Option(help="Of generated scenes: easy or hard.")] = "hard",
    json_file: ToJson = None,
) -> None:
    """Measure how well alerts are put together, by the code of the running service. It never sees the label."""
    from assistant.entrypoints.alert_sources.mapping import read_mapping
    from evals.correlation.run import measured
    from evals.report import show

    with wellformed():
        mapped = read_mapping(mapping) if mapping is not None else read_mapping()
        found = measured(alerts or [], seeds, scale, setting, mapped)
    for line in found.notes:
        note(line)
    show("eval correlate", found.rows, found.figures, found.settings, json_file)
