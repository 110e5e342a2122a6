"""The command ``firstline eval approvals``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import ToJson, note


def approvals(
    sequences: Annotated[int, typer.Option(min=1, help="How many sequences of moves.")] = 1_000,
    steps: Annotated[int, typer.Option(min=1, help="How many moves each.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")] = 1,
    json_file: ToJson = None,
) -> None:
    """Ask, press, vote, change roles, tamper and replay at random; count every action that ran without a right approval. Exit 1 on any."""
    from evals.approvals.law import KINDS
    from evals.approvals.run import play, unseen
    from evals.report import Metric, exact, show

    tally = play(sequences, steps, seed)
    note(f"{tally.sequences} sequences played; now the bad builds")
    found, missed = unseen(sequences, steps, seed)
    broken = tally.unlawful.total()
    bound = (broken or 3) / sequences
    metrics = {"against_the_law": Metric(broken / sequences, broken / sequences, bound)}
    metrics |= {f"executed {kind}": exact(tally.unlawful[kind]) for kind in KINDS}
    metrics |= {"moves": exact(tally.steps), "votes_counted": exact(tally.counted["votes"]), "actions_run": exact(tally.counted["begun"])}
    metrics |= {"taken_back": exact(tally.counted["undone"]), "audit_faults": exact(tally.audit_faults)}
    metrics |= {f"bad build {kind}, seen after": exact(found[kind]) for kind in found}
    show("eval approvals", sequences, metrics, {"steps": steps, "seed": seed}, json_file)
    for example in tally.examples:
        note(example)
    for kind in missed:
        note(f"the bad build that breaks “{kind}” was not seen: more sequences or moves are needed")
    if broken or tally.audit_faults or missed:
        raise typer.Exit(1)
