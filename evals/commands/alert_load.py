"""The command ``firstline eval alert-load``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def alert_load(
    alerts: Annotated[int, typer.Option(min=100, help="How many alerts come.")] = 50_000,
    seconds: Annotated[float, typer.Option(min=5, help="Within which time: an hour is compressed to this.")] = 300.0,
    turns_per_second: Annotated[float, typer.Option(min=0.1, help="How many questions people ask in a second, before and meanwhile.")] = 2.0,
    seed: Annotated[int, typer.Option(help="Seed of the alerts and of who asks when.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Deliver many generated alerts to a real service while people ask: loss, the time until an incident is to be seen, turns with and without.

    Alerts and people run on the same processors as the service. Exit 1 when anything was lost.
    """
    import os
    import tempfile
    from functools import partial

    from evals.benchmarks.turns import questions
    from evals.correlation.load import measure
    from evals.freshness.figures import demo_home
    from evals.report import bootstrap, exact, percentile, show
    from evals.security.served import NotServed
    from evals.world import DEMO_ARTICLES

    titles = [path.stem.replace("-", " ") for path in sorted(DEMO_ARTICLES.rglob("*.md"))]
    before = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory() as scratch:
            home = demo_home(Path(scratch), model_home, lambda _: None)[0]
            made = measure(Path(scratch), home, alerts, seconds, turns_per_second, questions(titles, len(titles) * 3), seed, note)
    except NotServed as error:
        stop(str(error))
    p95 = partial(percentile, share=0.95)
    quiet, loaded = ([one.reply * 1000 for one in asked if one.reply is not None] for asked in (made.quiet, made.loaded))
    unanswered = sum(one.reply is None for one in (*made.quiet, *made.loaded))
    metrics = {
        "lost": exact(made.lost),
        "doubled": exact(made.doubled),
        "refused": exact(made.refused),
        "sent_again": exact(made.repeated),
        "visible_p50_s": bootstrap(made.visible, partial(percentile, share=0.5)),
        "visible_p95_s": bootstrap(made.visible, p95),
        "causes_with_an_incident": exact(made.incidents / max(1, made.causes)),
        "turn_p95_ms_without": bootstrap(quiet, p95),
        "turn_p95_ms_with": bootstrap(loaded, p95),
        "turn_p95_ratio": exact(p95(loaded) / p95(quiet)),
        "turns_unanswered": exact(unanswered),
        "delivery_p95_ms": bootstrap([one * 1000 for one in made.delivery], p95),
        "alerts_per_second": exact(made.sent / made.seconds),
        "drained_after_s": exact(made.drained_s),
    }
    busy = f"{before:.1f}-{os.getloadavg()[0]:.1f}"
    settings = {"seconds": round(made.seconds), "turns_per_second": turns_per_second, "generated": True, "processors": os.cpu_count(), "load": busy}
    show("eval alert-load", made.sent, metrics, settings, json_file)
    if made.lost or made.refused:
        raise typer.Exit(1)
