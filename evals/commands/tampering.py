"""The command ``firstline eval tampering``."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note


def tampering(
    manipulations: Annotated[int, typer.Option(min=1, help="How many manipulations, each kind in turn.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")] = 1,
    records: Annotated[int, typer.Option(min=200, help="How many records the audit holds that is tampered with.")] = 3_000,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Tamper with copies of a real audit and count what is reported. Exit 1 on a miss, a false alarm, or a worse verifier that misses nothing."""
    import tempfile
    from pathlib import Path

    from evals.report import Metric, exact, show
    from evals.tampering.book import make_book
    from evals.tampering.measure import failings, measure

    with tempfile.TemporaryDirectory() as scratch:
        book = make_book(Path(scratch), model_home, records, seed, note)
        tally = measure(book, manipulations, seed, Path(scratch), note)
    missed = tally.missed.total()
    metrics = {"not_reported": Metric(missed / manipulations, missed / manipulations, (missed or 3) / manipulations)}
    metrics |= {kind: exact(made - tally.missed[kind]) for kind, made in sorted(tally.made.items())}
    metrics |= {"untouched_copies": exact(tally.controls), "false_alarms": exact(tally.false_alarms)}
    metrics |= {"chain_alone_misses": exact(tally.missed_by_chain), "chain_and_file_miss": exact(tally.missed_by_file)}
    metrics |= {"beyond_what_can_show": exact(tally.beyond), "beyond_reported": exact(tally.beyond_reported)}
    each = f"{min(tally.made.values())} to {max(tally.made.values())}"
    show("eval tampering", manipulations, metrics, {"seed": seed, "records": book.records, "kinds": len(tally.made), "of_each": each}, json_file)
    for failing in failings(tally):
        note(failing)
    if failings(tally):
        raise typer.Exit(1)
