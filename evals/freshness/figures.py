"""The figures of a measured run, and the place that it is measured in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from evals.freshness.measure import Freshness
from evals.report import Metric, bootstrap, exact, percentile


def metrics_of(figures: Freshness) -> dict[str, Metric]:
    """Return 95th percentiles and the longest time of each kind of change, stale citations, and the 95th percentile by place.

    A place that still showed the old text two seconds after the change counts with the time at which it was seen to:
    a lower bound.
    """
    metrics = {f"{kind}_p95_s": bootstrap(rows, lambda part: percentile(part, 0.95)) for kind, rows in figures.seconds.items()}
    metrics |= {f"{kind}_max_s": exact(max(rows)) for kind, rows in figures.seconds.items()}
    metrics["stale_citations"] = exact(len(figures.stale))
    places = {f"{place.replace(' ', '_')}_p95_s": bootstrap(rows, lambda part: percentile(part, 0.95)) for place, rows in figures.places.items()}
    return metrics | places


def demo_home(scratch: Path, model_home: Path, progress: Callable[[str], None]) -> tuple[Path, Path]:
    """Return a state folder with the demo company in it, and the folder that its articles come from."""
    from assistant.bootstrap import load_people, open_assistant
    from assistant.settings import Settings
    from evals.world import DEMO_ARTICLES, prepared_home
    from ingest.report import LineReport
    from ingest.sync import sync

    home, articles = prepared_home(scratch, model_home), scratch / "articles"
    shutil.copytree(DEMO_ARTICLES, articles)
    settings = Settings(home=home)
    assistant = open_assistant(settings)
    try:
        sync(articles, assistant.knowledge_base, settings, LineReport(progress))
        load_people(assistant, articles / "company.toml")
    finally:
        assistant.close()
    return home, articles
