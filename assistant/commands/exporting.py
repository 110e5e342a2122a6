"""How commands take an export of tickets: its options, and how it is opened. Imports are inside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.command_line import stop

if TYPE_CHECKING:
    from assistant.desk.exports.reading import Export

Tickets = Annotated[Path | None, typer.Option("--tickets", help="An export of tickets: CSV, TSV or JSON lines, plain or .gz.")]
Columns = Annotated[list[str] | None, typer.Option("--map", help="Which column has a role, as category=Topic; may be given often.")]
Dates = Annotated[str, typer.Option("--dates", help="What stands first in 03/04/2026 where no line decides it: day or month.")]
Zone = Annotated[str, typer.Option("--zone", help="Time zone of times without an offset, such as Europe/Stockholm.")]


def open_export(path: Path, columns: list[str] | None, dates: str, zone: str) -> Export:
    """Look an export through; what is wrong with it ends the command with a sentence."""
    from zoneinfo import ZoneInfo

    from assistant.desk.exports.columns import pairs
    from assistant.desk.exports.dates import Order
    from assistant.desk.exports.decoding import ExportUnreadable
    from assistant.desk.exports.reading import look_through_file

    try:
        order = Order(dates) if dates else None
    except ValueError:
        stop("--dates is day or month")
    try:
        known = ZoneInfo(zone or "UTC")
    except (ValueError, OSError):
        stop(f"{zone} is no time zone; one is written as Europe/Stockholm")
    try:
        return look_through_file(path, pairs(columns or ()), zone=known, dates_begin_with=order)
    except ExportUnreadable as error:
        stop(f"{os.fspath(path)}: {error}")
