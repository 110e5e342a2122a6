"""The command ``firstline eval crowd``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop


def crowd(
    sockets: Annotated[int, typer.Option(min=1, help="How many people have the help centre open.")] = 2_000,
    turns_per_second: Annotated[float, typer.Option(min=0.1, help="How many of them ask in a second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1, help="For how long they ask.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of who asks when.")] = 1,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Hold many sockets open while some people ask; measure the first frame, the reply, errors and memory. Exit 1 on errors.

    The people run on the same processors as the service. The first frame says that somebody is looking, or shows the message as it was stored.
    """
    import os
    import tempfile
    from functools import partial

    from evals.benchmarks.turns import questions
    from evals.freshness.figures import demo_home
    from evals.report import bootstrap, exact, percentile, show
    from evals.security.served import NotServed
    from evals.sockets.crowd import measure
    from evals.world import DEMO_ARTICLES

    titles = [path.stem.replace("-", " ") for path in sorted(DEMO_ARTICLES.rglob("*.md"))]
    before = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory() as scratch:
            home = demo_home(Path(scratch), model_home, lambda _: None)[0]
            made = measure(Path(scratch), home, sockets, turns_per_second, seconds, questions(titles, len(titles) * 3), seed, note)
    except NotServed as error:
        stop(str(error))
    first = [one.first * 1000 for one in made.asked if one.first is not None]
    reply = [one.reply * 1000 for one in made.asked if one.reply is not None]
    unanswered = sum(one.reply is None for one in made.asked)
    metrics = {
        **{f"first_frame_p{rank}_ms": bootstrap(first, partial(percentile, share=rank / 100)) for rank in (50, 95, 99)},
        **{f"reply_p{rank}_ms": bootstrap(reply, partial(percentile, share=rank / 100)) for rank in (50, 95, 99)},
        "errors": exact(unanswered + made.closed),
        "memory_mb": exact(made.memory_mb),
        "processor_ms_per_turn": exact(made.processor_ms),
        "loop_late_ms": exact(made.late_ms),
        "opening_s": exact(made.opening_s),
    }
    busy = f"{before:.1f}-{os.getloadavg()[0]:.1f}"
    settings = {"sockets": made.opened, "turns_per_second": turns_per_second, "seconds": seconds, "processors": os.cpu_count(), "load": busy}
    show("eval crowd", len(made.asked), metrics, settings, json_file)
    if unanswered or made.closed:
        raise typer.Exit(1)
