"""The command ``firstline eval faults``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import ToJson, note, stop, wellformed

RECOVERY_SECONDS = 10.0


def _rows(rows: Path, seed: int, json_file: Path | None) -> None:
    import tempfile

    from evals.beir import read_rows
    from evals.reliability.rows import run
    from evals.report import show
    from evals.security.outcome import Outcome, Verdict, failed, metrics_of

    with wellformed():
        every = read_rows(rows)
    played = [row for row in every if "flow" in row]
    if not played or not all("id" in row and "kind" in row for row in every):
        stop(f"malformed input: each row of {rows} needs id and kind, and one at least a flow")
    why = "it is no single fault of one flow"
    aside = [Outcome(str(row["id"]), str(row["kind"]), Verdict.NOT_APPLICABLE, why=why) for row in every if "flow" not in row]
    with tempfile.TemporaryDirectory() as scratch:
        outcomes = aside + run(played, Path(scratch) / "rows", seed, note)
    for outcome in outcomes:
        typer.echo(outcome.line())
    show("eval faults", len(every), metrics_of(outcomes), {"rows": str(rows.name)}, json_file)
    if failed(outcomes):
        raise typer.Exit(1)


def faults(
    kills: Annotated[int, typer.Option(min=1, help="SIGKILLs, at named points and random moments.")] = 500,
    faults: Annotated[int, typer.Option(min=1, help="Faults of the other side's HTTP.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Players beside one another with a side that honours keys.")] = 2,
    rows: Annotated[Path | None, typer.Option(help="Play the rows of this file (faults.jsonl), each once, instead of drawing.")] = None,
    json_file: ToJson = None,
) -> None:
    """Kill the process and break the other side in the middle of filing, commenting, closing, granting and approving.

    Exit 1 when anything was lost, done twice where keys are honoured or twice and unlinked where not, said twice, or recovered too late; or when a
    naive client makes no duplicates on the same faults, because then the faults prove nothing.
    """
    import tempfile

    from evals.reliability.run import run
    from evals.report import Metric, exact, percentile, show

    if rows is not None:
        _rows(rows, seed, json_file)
        return
    with tempfile.TemporaryDirectory() as scratch:
        result = run(kills, faults, seed, Path(scratch), workers, note)
    every = [*result.keyed, result.keyless]
    lost, told = [what for one in every for what in one.lost], [what for one in every for what in one.told]
    twice = [what for one in result.keyed for what in one.duplicates]
    chain, recovery = [what for one in every for what in one.audit], sorted(seconds for one in every for seconds in one.recovery)
    unlinked = len(result.keyless.duplicates) - result.keyless.linked
    late = [seconds for seconds in recovery if seconds > RECOVERY_SECONDS]
    for line in [*(f"lost: {what}" for what in lost), *(f"twice: {what}" for what in twice), *told[:20], *chain[:20]]:
        typer.echo(line)
    tries = sum(one.kills + one.faults for one in every)
    bad = len(lost) + len(twice) + len(told) + len(chain) + unlinked
    metrics = {
        "kills": exact(sum(one.kills for one in every)),
        "faults": exact(sum(one.faults for one in every)),
        "requests": exact(sum(one.requests for one in every)),
        "lost": exact(len(lost)),
        "duplicates_with_keys": exact(len(twice)),
        "bad_share": Metric(bad / tries, bad / tries, bad / tries if bad else 3 / tries),
        "duplicates_without_keys": exact(len(result.keyless.duplicates)),
        "of_them_not_linked": exact(unlinked),
        "left_to_people_without_keys": exact(result.keyless.with_people),
        "left_to_people_with_keys": exact(sum(one.with_people for one in result.keyed)),
        "not_told_once": exact(len(told)),
        "audit_faults": exact(len(chain)),
        "recovery_s": Metric(percentile(recovery, 0.5), recovery[0], recovery[-1]) if recovery else exact(0.0),
        "recovered_late": exact(len(late)),
        "naive_duplicates": exact(result.naive),
        "naive_requests": exact(result.naive_requests),
    }
    show("eval faults", tries, metrics, {"seed": seed, "workers": workers}, json_file)
    if bad or late or not result.naive:
        raise typer.Exit(1)
