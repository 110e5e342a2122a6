"""The command ``firstline eval kills``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import ToJson, note, stop

BAD_KILLS = 60


def kills(
    workflow: Annotated[str, typer.Option(help="Which workflow: change or joiner.")] = "change",
    kills: Annotated[int, typer.Option(min=1, help="SIGKILLs at random moments.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the moments.")] = 1,
    json_file: ToJson = None,
) -> None:
    """Kill the process that carries a workflow at random moments, until each round came to its end; count what was lost and what was done twice.

    Exit 1 when anything was, or when a build with a seeded fault shows nothing, because then the kills prove nothing.
    """
    import tempfile
    from pathlib import Path

    from evals.kills.drill import play
    from evals.kills.drills import DRILLS
    from evals.report import Metric, exact, show

    if workflow not in DRILLS:
        stop(f"there is no workflow {workflow}; there is {', '.join(DRILLS)}")
    drill, faults = DRILLS[workflow]
    with tempfile.TemporaryDirectory() as scratch:
        good = play(drill, kills, seed, Path(scratch), note)
        bad = {name: play(drill, min(kills, BAD_KILLS), seed + 1, Path(scratch), note, name) for name in faults}
    for line in [*(f"lost: {what}" for what in good.lost), *(f"twice: {what}" for what in good.twice)]:
        typer.echo(line)
    unseen = [name for name, shows in faults.items() if not getattr(bad[name], shows)]
    for name in unseen:
        typer.echo(f"not seen: {name}")
    wrong = len(good.lost) + len(good.twice)
    metrics = {
        "kills": exact(good.kills),
        "rounds": exact(good.rounds),
        "effects_expected": exact(good.expected),
        "lost": exact(len(good.lost)),
        "done_twice": exact(len(good.twice)),
        "wrong_share_of_kills": Metric(wrong / good.kills, wrong / good.kills, wrong / good.kills if wrong else min(1.0, 3 / good.kills)),
        "seeded_faults": exact(len(faults)),
        "seeded_faults_not_seen": exact(len(unseen)),
    }
    show(f"eval kills {workflow}", good.kills, metrics, {"seed": seed, "workflow": workflow}, json_file)
    if wrong or unseen:
        raise typer.Exit(1)
