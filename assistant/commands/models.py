"""The commands ``firstline costs``, ``draft`` and ``shadow``: what models cost, write and would do. Imports are inside."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.promoting import Standing

app = typer.Typer(no_args_is_help=True, help="Candidates for a step, tried invisibly beside the live one.")


def costs(
    days: Annotated[int, typer.Option(help="How many days back, today included.", min=1, max=3_650)] = 7,
    conversations: Annotated[int, typer.Option(help="How many of the dearest conversations are listed.", min=0, max=1_000)] = 5,
    as_json: AsJson = False,
) -> None:
    """Print what language models cost: by step and model, the dearest conversations, and per confirmed resolution."""
    from assistant.operations import confirmed_between

    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        until = assistant.clock.now() + timedelta(seconds=1)
        since = until.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
        lines = unit.model_calls.lines(since, until)
        dearest = dict(list(unit.model_calls.by_conversation(since, until).items())[:conversations])
        confirmed = confirmed_between(unit, since, until)
    whole = sum(line.cost for line in lines)
    each = whole / confirmed if confirmed else None
    if as_json:
        found = {"since": since.isoformat(), "steps": [asdict(line) for line in lines], "conversations": {k: asdict(v) for k, v in dearest.items()}}
        typer.echo(json.dumps({**found, "cost": whole, "confirmed": confirmed, "cost_per_confirmed_resolution": each}))
        return
    if not lines:
        typer.echo(f"No language model was called since {since:%d %B %Y}. Every step was done locally, or nobody asked.")
        return
    typer.echo(f"{'step':<12}{'model':<32}{'calls':>7}{'unusable':>10}{'read':>11}{'written':>10}{'seconds':>9}{'cost':>12}")
    for line in lines:
        row = f"{line.step:<12}{line.model:<32}{line.calls:>7}{line.unusable:>10}{line.read:>11}{line.written:>10}"
        typer.echo(f"{row}{line.seconds:>9.1f}{line.cost:>12.4f}")
    per = f"{each:.4f} per confirmed resolution ({confirmed})" if each is not None else "no confirmed resolution in that time"
    typer.echo(f"in all {whole:.4f}, {per}")
    for conversation, spent in dearest.items():
        typer.echo(f"{conversation or '(deleted)':<20} {spent.calls} calls, {spent.tokens} tokens, {spent.cost:.4f}")


def draft(
    tickets: Annotated[list[str], typer.Argument(help="Ids of solved tickets about the same thing, such as T-1004.")],
    out: Annotated[Path | None, typer.Option(help="File to write the draft to; it must not exist.")] = None,
) -> None:
    """Draft an article from how people solved tickets, each sentence with its ticket. Exit 1, with what to ask whom, when they do not say how."""
    from assistant.operations import draft_from

    with opened(read_settings()) as assistant:
        try:
            made = draft_from(assistant, tickets)
        except LookupError as error:
            stop(str(error.args[0]))
    if made.refused:
        stop(made.refused, NO)
    if out is None:
        typer.echo(made.text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(made.text)
    except OSError as error:
        stop(f"{out} cannot be written: {error.strerror}")
    typer.echo(f"{out} holds the draft, by {made.model}. Read it, take the numbers of the tickets out, and give it an owner and a review date.")


@app.command(epilog="Example: firstline shadow report")
def report(
    candidate: Annotated[str, typer.Argument(help="A candidate of the steps file; all when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print what candidates came to beside the live assistant, by the verdicts of those who asked. Exit 1 when none may be promoted."""
    from assistant.promoting import standing_of

    with opened(read_settings()) as assistant:
        with assistant.store.read() as unit:
            names = [candidate] if candidate else unit.shadows.candidates()
        found = [standing_of(assistant, name) for name in names]
    if as_json:
        typer.echo(json.dumps([asdict(one) | {"refused": one.refused} for one in found]))
    elif not found:
        typer.echo("No candidate has been tried. Name one in the steps file, see docs/guide/models.md.")
    else:
        for one in found:
            typer.echo(_sentence(one))
    if not any(not one.refused for one in found):
        raise typer.Exit(NO)


def _sentence(one: Standing) -> str:
    tried = f"{one.candidate}: tried on {one.turns} turns ({one.failed} without a result), {one.judged} with a verdict"
    rates = f"right: live {one.live:.0%}, candidate {one.shadow:.0%}, difference {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
    canary = f"; answered {one.canary[0]} itself, {one.canary[1]} of them confirmed" if one.canary[0] else ""
    ends = f"not to be promoted: {one.refused}" if one.refused else "may be promoted"
    return f"{tried}. {rates}{canary}. {one.seconds:.2f} s a turn, {one.cost:.4f} in all. {ends[0].upper()}{ends[1:]}."


@app.command(epilog="Example: firstline shadow promote quicker")
def promote(candidate: Annotated[str, typer.Argument(help="A candidate of the steps file.")]) -> None:
    """Let a candidate take the live one's place. Exit 1 while the lower bound of its paired difference is below zero or verdicts are too few."""
    from assistant.promoting import NotPromoted
    from assistant.promoting import promote as take_over

    with opened(read_settings()) as assistant:
        try:
            written = take_over(assistant, candidate)
        except NotPromoted as refused:
            stop(str(refused), NO)
    typer.echo(f"{candidate} is promoted: {written} was written, its earlier form is beside it with .before. It counts from the next start on.")
