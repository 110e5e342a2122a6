"""The command ``firstline eval slack``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def slack(
    rate: Annotated[float, typer.Option(min=1, help="Deliveries a second.")] = 50.0,
    seconds: Annotated[float, typer.Option(min=1, help="For how long.")] = 30.0,
    transport: Annotated[str, typer.Option(help="socket, http, or both.")] = "both",
    seed: Annotated[int, typer.Option(help="Seed of who asks what, and of when something comes again.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Deliver Slack events to a service of its own and measure how soon each is acknowledged, and that each has one effect.

    One message in ten is delivered four times. Exit 1 when a message has no reply or more than one, or Slack would have refused something.
    """
    import tempfile
    from functools import partial

    from evals.freshness.figures import demo_home
    from evals.report import Metric, bootstrap, exact, percentile, show
    from evals.security.served import NotServed
    from evals.slack.load import TRANSPORTS, measure

    wanted = TRANSPORTS if transport == "both" else (transport,)
    if not set(wanted) <= set(TRANSPORTS):
        stop("--transport is socket, http or both")
    metrics: dict[str, Metric] = {}
    deliveries, faults = 0, 0
    for name in wanted:
        try:
            with tempfile.TemporaryDirectory() as scratch:
                home = demo_home(Path(scratch), model_home, lambda _: None)[0]
                load = measure(Path(scratch), home, name, rate, seconds, seed, note)
        except NotServed as error:
            stop(str(error))
        for share in (0.5, 0.95, 0.99):
            metrics[f"{name}_ack_p{share * 100:.0f}_ms"] = bootstrap([one * 1_000 for one in load.seconds], partial(percentile, share=share))
        counts = {"ack_max_ms": max(load.seconds) * 1_000, "unacknowledged": load.lost, "messages": load.messages, "repeated": load.repeated}
        counts |= {"missing": load.missing, "doubled": load.doubled, "refused": len(load.violations), "drained_s": load.drained}
        metrics |= {f"{name}_{key}": exact(value) for key, value in counts.items()}
        deliveries, faults = deliveries + len(load.acked), faults + load.missing + load.doubled + len(load.violations)
    show("eval slack", deliveries, metrics, {"rate": rate, "seconds": seconds, "seed": seed}, json_file)
    if faults:
        raise typer.Exit(1)
