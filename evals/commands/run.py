"""The command ``firstline eval run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed

if TYPE_CHECKING:
    from evals.conversations.figures import Tried
    from evals.conversations.played import Played
    from evals.report import Metric

FAULTS_SHOWN = 3


def run(
    case: Annotated[list[str] | None, typer.Option(help="Play only the cases whose name matches (vpn/*), or the case in this file.")] = None,
    cases: Annotated[Path | None, typer.Option(help="Folder of cases (INTENT/NAME.yaml) instead of the bundled ones.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Play only so many of the cases, drawn by the seed, each group in proportion; 0 means all.")] = 0,
    repeat: Annotated[int, typer.Option(min=1, max=64, help="Play each case so often; all but the first time worded differently.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the wordings.")] = 1,
    same_words: Annotated[bool, typer.Option(help="Word every repeat as the case is written: what differs then is the service.")] = False,
    model: Annotated[
        list[str] | None, typer.Option(help="STEP=NAME: let a model of the steps file (FIRSTLINE_STEPS_FILE) do a step; the others are local.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=16, help="How many conversations run at the same time.")] = 2,
    compare: Annotated[Path | None, typer.Option(help="JSON file of an earlier run: exit 1 when this one is surely worse.")] = None,
    json_file: ToJson = None,
    html: Annotated[Path | None, typer.Option(help="Also write a report with plots and the transcripts of what failed.")] = None,
    model_home: ModelHome = HOME,
) -> None:
    """Play simulated conversations against the real service and judge what became of them. Exit 1 when a comparison blocks."""
    import tempfile

    from assistant.command_line import read_settings
    from evals.conversations.case import CASES, load_cases, sampled
    from evals.conversations.compare import compared, read_base
    from evals.conversations.figures import metrics_of, outcomes
    from evals.conversations.models import parsed, steps_text
    from evals.conversations.run import NotPlayed, Way, play_all

    steps_file = read_settings().steps_file
    way = Way(repeat, seed, at_once, tuple(model or ()), steps_file.resolve() if steps_file is not None else None, same_words)
    with wellformed():
        chosen = load_cases(cases or CASES, case or ())
        chosen = sampled(chosen, sample, seed) if sample else chosen
        steps_text(way.steps_file, way.models)
        base = read_base(compare) if compare else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        try:
            tried = play_all(chosen, way, Path(scratch), model_home, note)
        except NotPlayed as error:
            stop(str(error))
    settings = {
        "repeat": repeat,
        "seed": seed,
        "wording": "same" if same_words or repeat == 1 else "varied",
        **{str(step): name for step, name in parsed(way.models).items()},
    }
    metrics = metrics_of(tried)
    print_table(tried, metrics, settings)
    with wellformed():
        difference = compared(outcomes(tried), base) if base is not None else None
    if json_file is not None:
        _write_json(json_file, tried, metrics, settings)
    if html is not None:
        from evals.conversations.page import page

        html.write_text(page(tried, metrics, settings, difference), encoding="utf-8")
    if difference is not None:
        typer.echo(_sentence(difference))
        if difference.blocks:
            raise typer.Exit(1)


def print_table(tried: list[Tried], metrics: dict[str, Metric], settings: dict[str, Any]) -> None:
    """Print what failed (and all that was said where a single conversation was played), then a table by group, then all figures."""
    from evals.conversations.figures import by_group, metrics_of

    if len(tried) == 1 and len(tried[0].plays) == 1:
        typer.echo("\n".join(transcript(tried[0].plays[0])))

    for one in tried:
        for play, lines in zip(one.plays, one.faults, strict=True):
            if lines:
                more = f" (and {len(lines) - FAULTS_SHOWN} more)" if len(lines) > FAULTS_SHOWN else ""
                typer.echo(f"{one.named.name} #{play.repeat}: {'; '.join(lines[:FAULTS_SHOWN])}{more}")
    powers = [name for name in metrics if name.startswith("pass^")]
    columns = [*powers, "containment", "false_containment", "correct_escalation", "correct_abstention"]
    typer.echo(f"{'group':<16}{'cases':>6}" + "".join(f"{name.replace('_', ' '):>20}" for name in columns))
    for group, part in by_group(tried).items():
        figures = metrics_of(part)
        typer.echo(f"{group:<16}{len(part):>6}" + "".join(f"{percent(figures[name]):>20}" for name in columns))
    plays = sum(len(one.plays) for one in tried)
    typer.echo(f"eval run, {len(tried)} cases, {plays} conversations ({', '.join(f'{name}={value}' for name, value in settings.items())})")
    for name, metric in metrics.items():
        shown = f"{metric.value:.4g}   {metric.low:.4g} to {metric.high:.4g}" if name.endswith(("_ms", "_s")) or "cost" in name else percent(metric)
        typer.echo(f"  {name.replace('_', ' '):<26}{shown}")
    if not any("cost" in name for name in metrics):
        typer.echo("  cost per conversation     none: this build keeps no ledger of calls to models")


def percent(metric: Metric) -> str:
    """Return a share with its interval, "-" where there is none."""
    import math

    if math.isnan(metric.value):
        return "-"
    return f"{metric.value:.1%} [{metric.low:.0%}, {metric.high:.0%}]".replace("%", " %").replace(" %,", ",")


def _known(metrics: dict[str, Metric]) -> dict[str, Metric]:
    """Return the figures that were measured: what nothing was played for is no number."""
    import math

    return {name: metric for name, metric in metrics.items() if not math.isnan(metric.value)}


def transcript(play: Played) -> list[str]:
    """Return a play as lines of text, as its person saw it."""
    says = (f"{line.turn} {line.who}{f' ({line.kind}, {line.state})' if line.kind else ''}: {line.text}" for line in play.lines)
    return [*says, f"left: {play.left.model_dump(exclude_defaults=True)}"]


def _sentence(difference: Any) -> str:
    metric, names = difference.metric, ", ".join(difference.worse[:10])
    says = f"pass^1 less the base over {difference.cases} cases: {metric.value:+.3f} [{metric.low:+.3f}, {metric.high:+.3f}]"
    lost = f"; worse: {names}" if names else ""
    apart = f"; {difference.unpaired} cases are in one of the two runs only" if difference.unpaired else ""
    return f"{says}{lost}{apart}: {'BLOCKED' if difference.blocks else 'passed'}"


def _write_json(target: Path, tried: list[Tried], metrics: dict[str, Metric], settings: dict[str, Any]) -> None:
    import json

    from evals.conversations.figures import by_group, metrics_of
    from evals.report import facts

    made = facts("eval run", len(tried), _known(metrics), settings)
    made["groups"] = {group: facts("", len(part), _known(metrics_of(part)), {})["metrics"] for group, part in by_group(tried).items()}
    made["cases"] = {
        one.named.name: {
            "group": one.named.case.group,
            "passed": list(one.passed),
            "faults": [list(lines) for lines in one.faults],
        }
        for one in tried
    }
    target.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
