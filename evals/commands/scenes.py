"""The command ``firstline eval scenes``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from evals.commands.options import note


def scenes(
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="File for the alerts, as JSON lines.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")] = 1,
    scale: Annotated[int, typer.Option(min=50, max=1_000_000, help="About how many alerts.")] = 2_000,
    setting: Annotated[Literal["easy", "hard"], typer.Option(help="easy, or hard: crowded, with skewed clocks, missing fields and noise.")] = "hard",
) -> None:
    """Generate labelled alerts of a made-up organisation. The file, and every row of it, says that it is generated."""
    import json

    from evals.correlation.scenes import scenes as made

    rows = made(seed, scale, setting)
    head = {"scenes": "generated alerts of an organisation that does not exist", "generated": True, "seed": seed, "setting": setting}
    out.write_text("".join(f"{json.dumps(row)}\n" for row in (head, *rows)), encoding="utf-8")
    incidents = len({row["incident"] for row in rows if row["incident"]})
    note(f"{len(rows)} generated alerts of {incidents} incidents (and of none) are in {out}")
