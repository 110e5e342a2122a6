"""The command ``firstline eval drops``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def drops(
    drops: Annotated[int, typer.Option(min=1, help="How many sockets are cut, at any moment.")] = 1_000,
    restarts: Annotated[int, typer.Option(min=0, help="How often the service is ended meanwhile, by turns with SIGTERM and SIGKILL.")] = 20,
    callers: Annotated[int, typer.Option(min=1, help="How many people talk at the same time.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of what is said and when it is cut.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Cut sockets and end the service again and again; count what was lost or came twice. Exit 1 on any.

    At the end what each client received is held against the tables: every event once and in order, every message with one reply.
    """
    import tempfile

    from evals.freshness.figures import demo_home
    from evals.report import bootstrap, exact, percentile, show
    from evals.security.served import NotServed
    from evals.sockets.drops import measure

    try:
        with tempfile.TemporaryDirectory() as scratch:
            home = demo_home(Path(scratch), model_home, lambda _: None)[0]
            seen = measure(Path(scratch), home, drops, restarts, callers, seed, note)
    except NotServed as error:
        stop(str(error))
    for name, found in (("lost", seen.lost), ("twice", seen.doubled), ("error", seen.errors)):
        for line in found[:10]:
            typer.echo(f"{name}: {line}")
    events = sum(len(one.numbers) for one in seen.callers)
    metrics = {
        "lost": exact(len(seen.lost)),
        "doubled": exact(len(seen.doubled)),
        "errors": exact(len(seen.errors)),
        "lost_bound": exact(3 / max(1, events)) if not seen.lost else exact(float("nan")),
        "events": exact(events),
        "messages": exact(sum(len(one.sent) for one in seen.callers)),
        "drops": exact(sum(one.dropped for one in seen.callers)),
        "resume_p95_s": bootstrap(seen.resumed, lambda rows: percentile(rows, 0.95)),
        "resume_max_s": exact(max(seen.resumed, default=float("nan"))),
    }
    if seen.away:
        metrics["after_restart_max_s"] = exact(max(seen.after_restart, default=float("nan")))
        metrics["restart_max_s"] = exact(max(seen.away))
    show("eval drops", sum(one.dropped for one in seen.callers), metrics, {"restarts": seen.restarts, "callers": callers, "seed": seed}, json_file)
    if seen.lost or seen.doubled or seen.errors:
        raise typer.Exit(1)
