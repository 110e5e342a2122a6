"""The command ``firstline eval turns``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note


def turns(
    count: Annotated[int, typer.Option("--questions", help="How many questions to ask.")] = 200,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure turns in the real service with the demo company: latency, memory, time to ready."""
    import shutil
    import tempfile

    from assistant.bootstrap import load_people, open_assistant
    from assistant.settings import Settings
    from evals.benchmarks.turns import measure
    from evals.benchmarks.turns import questions as make_questions
    from evals.report import bootstrap, exact, percentile, show
    from evals.world import DEMO_ARTICLES, prepared_home
    from ingest.report import LineReport
    from ingest.sync import sync

    with tempfile.TemporaryDirectory() as scratch:
        home = prepared_home(Path(scratch), model_home)
        articles = Path(scratch) / "articles"
        shutil.copytree(DEMO_ARTICLES, articles)
        settings = Settings(home=home)
        assistant = open_assistant(settings)
        sync(articles, assistant.knowledge_base, settings, LineReport(note))
        load_people(assistant, articles / "company.toml")
        titles = [article.title for article in assistant.knowledge_base.store.articles()]
        assistant.close()
        measured = measure(home, make_questions(titles, count), note)
    metrics = {
        "latency_p50_ms": bootstrap(measured.turn_ms, lambda part: percentile(part, 0.5)),
        "latency_p95_ms": bootstrap(measured.turn_ms, lambda part: percentile(part, 0.95)),
        "rss_mb": exact(measured.rss_mb),
        "ready_s": exact(measured.ready_s),
        "restart_s": exact(measured.restart_s),
    }
    show("eval turns", len(measured.turn_ms), metrics, dict(measured.kinds), json_file)
