"""The command ``firstline measures``: the definitions, and the ledger in numbers. Imports are inside."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.domain.measures import Cell

Day = Annotated[str, typer.Option(help="A day as YYYY-MM-DD, in the organisation's time zone.")]
CUTS = ("week", "day", "channel", "category", "intent", "platform", "outcome", "reason", "hour")


def measures(
    since: Day = "",
    until: Day = "",
    by: Annotated[str, typer.Option(help=f"Cut by one or more of {', '.join(CUTS)}, with commas between.")] = "",
    definitions: Annotated[bool, typer.Option("--definitions", help="Say what each measure means instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what became of what was asked, each rate with its denominator and its 95 % interval; the last four weeks by default."""
    if definitions:
        typer.echo(json.dumps(_meanings()) if as_json else _meanings_text())
        return
    cut = tuple(name.strip() for name in by.split(",") if name.strip())
    unknown = [name for name in cut if name not in CUTS]
    if unknown:
        stop(f"the ledger is not cut by {unknown[0]}; it knows {', '.join(CUTS)}")
    with opened(read_settings()) as assistant:
        from datetime import timedelta

        from assistant.domain.week import Week

        monday = Week.of(assistant.clock.now(), assistant.workplace.company().timezone).monday
        last = _day(until) or monday + timedelta(days=6)
        start = _day(since) or last - timedelta(days=27)
        if start > last:
            stop(f"{start} comes after {last}")
        with assistant.store.read() as unit:
            cells = unit.outcomes.cells(start, last + timedelta(days=1), cut)
    if as_json:
        typer.echo(json.dumps({"since": start.isoformat(), "until": last.isoformat(), "cells": [_facts(cell) for cell in cells]}))
        return
    typer.echo(f"{start} to {last}")
    typer.echo("\n\n".join(_text(cell) for cell in cells) if cells else "Nothing ended in this time.")


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        stop(f"{said} is not a day in the form YYYY-MM-DD")


def _facts(cell: Cell) -> dict[str, Any]:
    from assistant.domain.measures import measures_of

    rates = {
        name: {"hits": rate.hits, "total": rate.total, "share": rate.share, "low": rate.low, "high": rate.high}
        for name, rate in measures_of(cell).items()
    }
    counts = {outcome.value: number for outcome, number in cell.counts.items()}
    return {
        "keys": dict(cell.keys),
        "demand": cell.demand,
        "outcomes": counts,
        "reasons": dict(cell.reasons),
        "reopened": cell.reopened,
        "rates": rates,
    }


def _text(cell: Cell) -> str:
    from assistant.domain.measures import DEFINITIONS, measures_of

    title = ", ".join(f"{name} {value or 'none'}" for name, value in cell.keys.items()) or "All"
    counts = ", ".join(f"{number:,} {outcome.value}" for outcome, number in cell.counts.items() if number)
    lines = [f"{title}: demand {cell.demand:,}{f' = {counts}' if counts else ''}; {cell.reopened:,} taken out because they were reopened"]
    rates = measures_of(cell)
    return "\n".join([*lines, *(f"  {one.title:<28} {rates[one.name].text}" for one in DEFINITIONS if one.name in rates)])


def _meanings() -> dict[str, Any]:
    from assistant.domain.measures import DEFINITIONS, OUTCOME_TEXTS
    from assistant.domain.measures_of_tickets import TICKET_DEFINITIONS

    every = (*DEFINITIONS, *TICKET_DEFINITIONS)
    return {
        "measures": [{"name": one.name, "title": one.title, "text": one.text, "formula": one.formula} for one in every],
        "outcomes": {outcome.value: text for outcome, text in OUTCOME_TEXTS.items()},
    }


def _meanings_text() -> str:
    from assistant.domain.measures import DEFINITIONS, OUTCOME_TEXTS
    from assistant.domain.measures_of_tickets import TICKET_DEFINITIONS

    lines = [f"{one.title}\n  {one.text}\n  = {one.formula}" for one in (*DEFINITIONS, *TICKET_DEFINITIONS)]
    return "\n\n".join([*lines, "\n".join(f"{outcome.value:<20} {text}" for outcome, text in OUTCOME_TEXTS.items())])
