"""The command ``firstline eval channels``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed

if TYPE_CHECKING:
    from evals.channels.compare import Compared
    from evals.report import Metric


def channels(
    channel: Annotated[list[str] | None, typer.Option(help="Play on this channel only; without it on all of them.")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Play only the cases whose name matches (vpn/*), or the case in this file.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Play only so many of the cases, drawn by the seed, each group in proportion; 0 means all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 1,
    at_once: Annotated[int, typer.Option(min=1, max=16, help="How many conversations run at the same time.")] = 2,
    json_file: ToJson = None,
    model_home: ModelHome = HOME,
) -> None:
    """Play the simulated conversations on every channel and compare all decisions with those of a run without one. Exit 1 when any differs.

    What a channel cannot do by its nature is listed by name and not compared.
    """
    import tempfile
    import time

    from evals.channels.compare import compared
    from evals.channels.ways import CHANNELS, DIRECT
    from evals.conversations.case import CASES, load_cases, sampled
    from evals.conversations.run import NotPlayed, Way, demo_template, play_all
    from evals.report import show

    wanted = channel or [name for name in CHANNELS if name != DIRECT]
    if unknown := set(wanted) - set(CHANNELS):
        stop(f"no such channel: {', '.join(sorted(unknown))}; there are {', '.join(CHANNELS)}")
    with wellformed():
        chosen = load_cases(CASES, case or ())
        chosen = sampled(chosen, sample, seed) if sample else chosen
    plays, seconds = {}, dict[str, float]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        try:
            template = demo_template(Path(scratch), model_home, note)
            for name in (DIRECT, *(one for one in wanted if one != DIRECT)):
                note(f"{name}: {len(chosen)} conversations")
                began, way = time.monotonic(), Way(seed=seed, at_once=at_once, same_words=True, channel=name)
                (place := Path(scratch) / name).mkdir()
                plays[name] = [play for one in play_all(chosen, way, place, model_home, note, template) for play in one.plays]
                seconds[name] = time.monotonic() - began
        except NotPlayed as error:
            stop(str(error))
    found = [one for name in wanted for one in compared(name, plays[name], plays[DIRECT])]
    _print(found)
    show("eval channels", len(chosen), _metrics(found, seconds), {"seed": seed, "sample": sample, "channels": ",".join(wanted)}, json_file)
    if any(one.differences for one in found):
        raise typer.Exit(1)


def _metrics(found: list[Compared], seconds: dict[str, float]) -> dict[str, Metric]:
    """Return the share of compared conversations that came out otherwise, with the rule of three where none did; then counts for each channel."""
    from evals.report import Metric, exact

    held, bad = sum(not one.cannot for one in found), sum(bool(one.differences) for one in found)
    share = bad / held if held else float("nan")
    metrics = {"different": Metric(share, share, share if bad or not held else 3 / held)}
    for name in dict.fromkeys(one.channel for one in found):
        metrics |= {f"{name}_{key}": exact(value) for key, value in _counts([one for one in found if one.channel == name]).items()}
    return metrics | {f"{name}_seconds": exact(round(took, 1)) for name, took in seconds.items()}


def _counts(found: list[Compared]) -> dict[str, int]:
    return {
        "same": sum(not (one.differences or one.cannot) for one in found),
        "different": sum(bool(one.differences) for one in found),
        "cannot": sum(bool(one.cannot) for one in found),
    }


def _print(found: list[Compared]) -> None:
    for one in found:
        if one.cannot:
            typer.echo(f"not compared, {one.line()}")
    for one in found:
        if one.differences:
            typer.echo(f"DIFFERENT, {one.line()}")
