"""The commands ``firstline audit``: check the record of decisions, decide again from it, hand it to others. Imports are inside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from datetime import date

    from assistant.domain.audit import AuditLine
    from assistant.governance.replay import Replay
    from assistant.ports.audit import Audit

SHOWN = 50
PAGE = 1_000
DIGITS = 9
"""A longer number is none of a record; both databases count so far in a column of numbers."""
app = typer.Typer(no_args_is_help=True, help="The record of decisions.")


class Format(StrEnum):
    """For whom an export is."""

    CSV = "csv"
    OCSF = "ocsf"


@app.command(epilog="Example: firstline audit verify")
def verify(as_json: AsJson = False) -> None:
    """Check every record of the audit against the chain, its anchors and its guards. Exit 1 when anything was changed."""
    from assistant.governance.anchoring import examine

    with opened(read_settings()) as assistant:
        found = examine(assistant.store, assistant.anchors, assistant.secret)
    if as_json:
        typer.echo(json.dumps({"records": found.records, "anchors": found.anchors, "unanchored": found.unanchored, "faults": found.faults}))
    else:
        typer.echo(f"{found.records} records, {found.anchors} anchors: {'the chain holds' if not found.faults else f'{len(found.faults)} faults'}")
        for fault in found.faults[:SHOWN]:
            typer.echo(f"  {fault}")
        if not found.faults and found.unanchored:
            typer.echo(f"  the last {found.unanchored} records are not anchored yet: that they were cut off could not show")
    if found.faults:
        raise typer.Exit(NO)


@app.command(epilog="Example: firstline audit replay 128")
def replay(
    id: Annotated[str, typer.Argument(help="Number of a record, or id of a message or an action.")],
    as_json: AsJson = False,
) -> None:
    """Decide again from the record, with the policy that was in force. Exit 1 when a decision is not the same or cannot be made again."""
    from assistant.governance.replay import Comparison, KeptPolicies
    from assistant.governance.replay import replay as decide_again

    settings = read_settings()
    with opened(settings) as assistant, assistant.store.read() as unit, _told():
        lines = _meant(unit.audit, id)
        policies = KeptPolicies(settings.home / "policies")
        replays = [decide_again(line, policies) for line in lines]
    if not replays:
        stop(f"no record has the number {id}, and none is about a message or an action of this id")
    if as_json:
        typer.echo(json.dumps([_facts(found) for found in replays]))
    else:
        for found in replays:
            typer.echo(_sentence(found))
    if any(found.comparison in (Comparison.DIFFERENT, Comparison.IMPOSSIBLE) for found in replays):
        raise typer.Exit(NO)


@app.command(epilog="Example: firstline audit export --format ocsf --since 2026-11-01 --out audit.jsonl")
def export(
    format: Annotated[Format, typer.Option("--format", help="csv for a spreadsheet, ocsf for a SIEM.")] = Format.CSV,
    since: Annotated[str, typer.Option(help="First day (UTC), as YYYY-MM-DD.")] = "",
    until: Annotated[str, typer.Option(help="Last day (UTC), as YYYY-MM-DD.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Write the audit for others. People who were erased stand in it as "erased person"."""
    from assistant.governance.export import as_csv, as_ocsf, between

    first, last = _day(since, "--since"), _day(until, "--until")
    with opened(read_settings()) as assistant, assistant.store.read() as unit, _told():
        wanted = between(_lines(unit.audit), first, last)
        count = _write(as_csv(wanted) if format is Format.CSV else as_ocsf(wanted), out)
    if out is not None:
        typer.echo(f"{count - (format is Format.CSV)} records in {out}")


@contextmanager
def _told() -> Iterator[None]:
    """End the command with a message when the records are not what they should be."""
    from assistant.ports.audit import AuditUnreadable

    try:
        yield
    except (AuditUnreadable, ValueError) as error:
        stop(f"{error}; `firstline audit verify` says more", NO)
    except OSError as error:
        stop(str(error))


def _lines(audit: Audit, mentioning: str = "") -> Iterator[AuditLine]:
    after = 0
    while page := audit.lines(after, PAGE, mentioning):
        yield from page
        after = page[-1].number


def _meant(audit: Audit, wanted: str) -> list[AuditLine]:
    """Return the record of this number, or those about the message or the action of this id."""
    numbered = []
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= DIGITS:
        numbered = [line for line in audit.lines(int(wanted) - 1, 1) if line.number == int(wanted)]
    if numbered or not wanted:
        return numbered
    return [line for line in _lines(audit, wanted) if wanted in (line.facts.get("message"), line.facts.get("action"))]


def _facts(found: Replay) -> dict[str, Any]:
    return {
        "number": found.number,
        "step": found.step,
        "comparison": found.comparison.value,
        "policy": found.policy,
        "recorded": found.recorded,
        "again": found.again,
        "why": found.why,
    }


def _sentence(found: Replay) -> str:
    head = f"record {found.number}, {found.step}: {found.comparison.value}"
    if found.why:
        return f"{head}: {found.why}"
    if not found.again:
        return head
    if found.again == found.recorded:
        return f"{head}, {found.recorded}, policy {found.policy}"
    return f"{head}: recorded is {found.recorded}, policy {found.policy} says {found.again}"


def _day(text: str, option: str) -> date | None:
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        stop(f"{option} {text} is not a day in the form YYYY-MM-DD")


def _write(rows: Iterable[str], out: Path | None) -> int:
    """Write the rows and return how many; a file takes its place when it is whole."""
    if out is None:
        return sum(_on_standard_output(row) for row in rows)
    fresh = out.with_name(f"{out.name}.part")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        count = sum(1 for row in rows if file.write(row))
    fresh.replace(out)
    return count


def _on_standard_output(row: str) -> int:
    typer.echo(row, nl=False)
    return 1
