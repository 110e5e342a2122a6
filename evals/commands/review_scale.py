"""The command ``firstline eval review-scale``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop

if TYPE_CHECKING:
    from datetime import datetime

    from evals.report import Metric
    from evals.weeks.pages import Timed
    from evals.weeks.scale import Run

GOAL_SECONDS, GOAL_MB, GOAL_MS = 60.0, 1_536.0, 300.0
PEOPLE_EACH = 30
"""Conversations of one person in the large home, about."""
SLOWEST = 8
LEDGER = "/console/ledger"
"""A page that only counts: it must not grow with what is counted."""


def review_scale(
    conversations: Annotated[int, typer.Option(min=50, help="How many conversations the home holds in the end.")] = 100_000,
    weeks: Annotated[int, typer.Option(min=4, help="Over how many weeks they lie.")] = 13,
    played_weeks: Annotated[int, typer.Option(min=1, help="How many weeks are played through the service before they are multiplied.")] = 4,
    per_week: Annotated[int, typer.Option(min=10, help="How many conversations a played week has.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is played and multiplied.")] = 1,
    reviews: Annotated[int, typer.Option(min=1, max=8, help="How many weeks are reviewed; the figure is the median.")] = 3,
    rounds: Annotated[int, typer.Option(min=1, help="How often all pages are read.")] = 3,
    requests: Annotated[int, typer.Option(min=5, help="How often each address is read in a round.")] = 20,
    page: Annotated[list[str] | None, typer.Option(help="Only this page, such as /console/week; may be given several times.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder in which the homes stay, and from which they are taken again.")] = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure the weekly review and every page of the console over a large desk: seconds, memory, 95th percentiles."""
    import os
    import tempfile
    from datetime import UTC, datetime

    from evals.report import show

    end = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory() as scratch:
        place = keep or Path(scratch)
        small, large, filled = _homes(place, model_home, (conversations, weeks, played_weeks, per_week, seed), end)
        metrics = _reviewed(large, end, reviews)
        if metrics["reviewed_conversations"].low < conversations / weeks / 2:
            stop("a review is about far fewer conversations than a week has; it was not made of the large home")
        metrics |= _pages(small, large, rounds, requests, frozenset(page or ()))
    settings = {"weeks": weeks, "seed": seed, "played": f"{played_weeks} x {per_week}", "load": f"{os.getloadavg()[1]:.1f} on {os.cpu_count()} cores"}
    show("eval review-scale", conversations, metrics | filled, settings, json_file)
    _judged(metrics)


def _homes(place: Path, model_home: Path, size: tuple[int, int, int, int, int], end: datetime) -> tuple[Path, Path, dict[str, Metric]]:
    """Return a played home, the same multiplied, and what that took; both are made if need be."""
    import shutil

    from assistant.settings import Settings
    from evals.report import exact
    from evals.weeks.bundles import NotCopied
    from evals.weeks.multiply import multiply
    from evals.weeks.play import plan_of, play
    from evals.world import prepared_home

    conversations, weeks, played_weeks, per_week, seed = size
    small, large = place / "home", place / f"large-{conversations}"
    if not (small / "firstline.db").exists():
        note(f"playing {played_weeks} weeks")
        place.mkdir(parents=True, exist_ok=True)
        play(Settings(home=prepared_home(place, model_home)), plan_of(played_weeks, seed, per_week, end), note)
    if (large / "firstline.db").exists():
        return small, large, {}
    shutil.copytree(small, large)
    try:
        filled = multiply(Settings(home=large), conversations, weeks, max(100, conversations // PEOPLE_EACH), end, seed, note)
    except NotCopied as why:
        stop(str(why))
    return small, large, {"filled_s": exact(filled.seconds), "rows": exact(filled.rows), "database_mb": exact(_megabytes(large))}


def _megabytes(home: Path) -> float:
    return (home / "firstline.db").stat().st_size / 1_000_000


def _reviewed(home: Path, end: datetime, count: int) -> dict[str, Metric]:
    """Bring the gaps up to date, then review some weeks, each in a process of its own."""
    from evals.report import exact
    from evals.weeks.scale import CommandFailed, review, run, weeks_before

    try:
        backlog = run(home, "gaps", "--json")
        note(f"gaps: {backlog.seconds:.1f} s, {backlog.rss_mb:.0f} MB")
        reviewed = []
        for week in weeks_before(end, "Europe/Stockholm", count):
            made = review(home, week)
            took = f"{made.run.seconds:.1f} s ({made.run.cpu_seconds:.1f} s of processor), {made.run.rss_mb:.0f} MB"
            note(f"review of {week}: {took}, {made.findings} findings over {made.demand} conversations")
            reviewed.append(made)
    except CommandFailed as why:
        stop(str(why))
    runs = [one.run for one in reviewed]
    return {
        "review_s": _spread([one.seconds for one in runs]),
        "review_cpu_s": _spread([one.cpu_seconds for one in runs]),
        "review_rss_mb": _spread([one.rss_mb for one in runs]),
        **_gaps(backlog),
        "reviews": exact(len(runs)),
        "reviewed_conversations": _spread([float(one.demand) for one in reviewed]),
    }


def _gaps(backlog: Run) -> dict[str, Metric]:
    from evals.report import exact

    return {"gaps_s": exact(backlog.seconds), "gaps_cpu_s": exact(backlog.cpu_seconds), "gaps_rss_mb": exact(backlog.rss_mb)}


def _spread(values: list[float]) -> Metric:
    """Return the median with the smallest and the largest."""
    from evals.report import Metric

    ordered = sorted(values)
    return Metric(ordered[len(ordered) // 2], ordered[0], ordered[-1])


def _pages(small: Path, large: Path, rounds: int, requests: int, only: frozenset[str]) -> dict[str, Metric]:
    from evals.report import exact

    before = _timed(small, 1, requests, only)
    timed = _timed(large, rounds, requests, only)
    medians = timed.medians()
    slowest = sorted(medians, key=lambda page: -medians[page])
    grown, effort, exports = timed.grown(before), timed.effort(), timed.medians(exports=True)
    for page in slowest[:SLOWEST]:
        note(f"{medians[page]:8.1f} ms  {effort[page]:8.1f} ms of processor, {grown.get(page, float('nan')):5.1f} times the small home  {page}")
    for path, status in timed.failed.items():
        note(f"answered {status}: {path}")
    note(f"nothing led to: {', '.join(timed.unreached) or 'nothing'}")
    worst = [max(timed.p95_by_page(number).values()) for number in range(rounds)]
    metrics = {
        "slowest_page_p95_ms": _spread(worst),
        "median_page_p95_ms": exact(sorted(medians.values())[len(medians) // 2]),
        "most_growth": exact(max(grown.values(), default=float("nan"))),
        "ledger_growth": exact(grown.get(LEDGER, float("nan"))),
        "pages": exact(len(medians)),
        "pages_over_goal": exact(sum(value > GOAL_MS for value in medians.values())),
        "pages_unreached": exact(len(timed.unreached)),
        "pages_failed": exact(len(timed.failed)),
        "dearest_page_cpu_ms": exact(max(effort.values())),
        "slowest_export_p95_ms": exact(max(exports.values(), default=float("nan"))),
    }
    metrics |= {f"p95_ms {page}": exact(medians[page]) for page in slowest}
    return metrics | {f"cpu_ms {page}": exact(effort[page]) for page in sorted(effort, key=lambda page: -effort[page])}


def _timed(home: Path, rounds: int, requests: int, only: frozenset[str]) -> Timed:
    from evals.benchmarks.turns import service
    from evals.weeks import scale
    from evals.weeks.pages import pages_of_the_console, people_who_read, time_pages

    people, pages = people_who_read(home), {path: found for path, found in pages_of_the_console().items() if path in only or not only}
    with service(home, scale.PROGRAM) as (url, pid, ready):
        note(f"ready after {ready:.1f} s")
        return time_pages(url, pid, people, pages, rounds, requests, note)


def _judged(metrics: dict[str, Metric]) -> None:
    for name, goal in (("review_s", GOAL_SECONDS), ("review_rss_mb", GOAL_MB), ("slowest_page_p95_ms", GOAL_MS)):
        value = metrics[name].value
        typer.echo(f"  {name}: {value:.0f} of {goal:.0f} wanted at most: {'met' if value <= goal else 'MISSED'}")
