"""The commands ``firstline changes``: list and show changes, stop one, write one down. Imports are inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.domain.change import Change

OPERATOR = "operator"
app = typer.Typer(no_args_is_help=True, help="Changes to devices and services: what is done, on whose authority, and how it went.")


@app.command(epilog='Example: firstline changes record "VPN gateway updated to 5.2" --service vpn --at 2026-11-22T21:00+01:00')
def record(
    title: Annotated[str, typer.Argument(help="What was changed, in one line.")],
    service: Annotated[str, typer.Option(help="The id of the service that was changed.")],
    at: Annotated[str, typer.Option(help="When it took effect, with its zone, as 2026-11-22T21:00+01:00; now by default.")] = "",
    by: Annotated[str, typer.Option(help="Who made it: an id from `firstline people`.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write down a change that was made elsewhere, so that problems that follow it can be laid beside it."""
    from datetime import UTC, datetime

    from assistant.desk.changing.recording import NotRecorded
    from assistant.desk.changing.recording import record as write_down

    try:
        when = datetime.fromisoformat(at) if at else None
    except ValueError:
        stop(f"{at} is no time; write it as 2026-11-22T21:00+01:00")
    if when is not None and when.tzinfo is None:
        stop(f"{at} has no zone; write it as 2026-11-22T21:00+01:00")
    with opened(read_settings()) as assistant:
        if by and assistant.directory.person(by) is None:
            stop(f"the directory knows nobody called {by}")
        now = assistant.clock.now()
        try:
            with assistant.store.write() as unit:
                made = write_down(unit, title, service, when.astimezone(UTC) if when is not None else now, by or OPERATOR, now)
        except NotRecorded as refused:
            stop(str(refused))
    typer.echo(json.dumps(change_facts(made)) if as_json else f"{made.id}: {made.title} ({made.service}, {made.at:%Y-%m-%d %H:%M} UTC)")


@app.command("list", epilog="Example: firstline changes list --status running --json")
def list_changes(
    status: Annotated[str, typer.Option(help="Only those that stand so: awaiting, scheduled, running, halted, done, refused, ... .")] = "",
    after: Annotated[str, typer.Option(help="The last change of the page before.")] = "",
    as_json: AsJson = False,
) -> None:
    """List changes, those opened last first, fifty at a time."""
    from assistant.domain.change import ChangeStatus, Tally

    if status and status not in set(ChangeStatus):
        stop(f"there is no status {status}; there is {', '.join(ChangeStatus)}")
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = unit.changes.latest(after=after, status=ChangeStatus(status) if status else None)
        tallies = [Tally.of(unit.changes.steps(one.id)) for one in found]
    if as_json:
        rows = [change_facts(one) | {"devices": tally.count, "fixed": tally.fixed} for one, tally in zip(found, tallies, strict=True)]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not found:
        typer.echo("There is no change. They are opened when devices fail a check of the policy: see `firstline compliance check`.")
    for one, tally in zip(found, tallies, strict=True):
        devices = f"  {tally.fixed} of {tally.count} devices" if one.terms is not None else ""
        typer.echo(f"{one.id}  {one.status.value:<9}  {one.opened_at:%Y-%m-%d %H:%M}  {one.title}{devices}")


@app.command(epilog="Example: firstline changes show ch_0f1e2d3c4b5a6978")
def show(change_id: Annotated[str, typer.Argument(help="The change's id.")], as_json: AsJson = False) -> None:
    """Show a change with its devices, its window and its report."""
    from dataclasses import asdict

    from assistant.domain.change import Tally

    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = unit.changes.load(change_id)
        steps = unit.changes.steps(change_id)
    if found is None:
        stop(f"there is no change {change_id}")
    tally = Tally.of(steps)
    if as_json:
        rows = [asdict(step) | {"state": step.state.value, "changed_at": step.changed_at.isoformat()} for step in steps]
        typer.echo(json.dumps(change_facts(found) | {"steps": rows, "before": tally.count, "after": tally.count - tally.fixed}, ensure_ascii=False))
        return
    typer.echo(f"{found.title} ({found.service}): {found.status.value}{f', {found.why}' if found.why else ''}")
    if found.terms is not None:
        typer.echo(f"  {found.terms.does} Risk {found.terms.risk}, authority {found.terms.authority}.")
        window = (
            f"{found.opens_at:%Y-%m-%d %H:%M} to {found.closes_at:%Y-%m-%d %H:%M} UTC" if found.opens_at and found.closes_at else "not planned yet"
        )
        typer.echo(f"  Window: {window}. Failed before: {tally.count}, fixed: {tally.fixed}, still to do: {tally.count - tally.fixed}.")
    for step in steps:
        said = "; ".join(part for part in (step.after or step.before, step.why, f"ticket {step.ticket}" if step.ticket else "") if part)
        typer.echo(f"  wave {step.wave + 1}  {step.state.value:<12}  {step.name} ({step.device}): {said}")


@app.command("stop", epilog='Example: firstline changes stop ch_0f1e2d3c4b5a6978 --why "the network is down"')
def stop_change(
    change_id: Annotated[str, typer.Argument(help="The change's id.")],
    why: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Stop a change now: of one that runs nothing more begins, another one is cancelled. Exit 1 when it is over already."""
    from assistant.ports.outside import Refused

    with opened(read_settings()) as assistant:
        try:
            stopped = assistant.practices.changes.stop(change_id, OPERATOR, why)
        except Refused as refused:
            stop(str(refused), NO)
    typer.echo(f"{stopped.id}: {stopped.status.value}")


def change_facts(change: Change) -> dict[str, Any]:
    """Return a change for programs."""
    from dataclasses import asdict

    times = {name: getattr(change, name) for name in ("opened_at", "changed_at", "at", "opens_at", "closes_at", "ended_at")}
    return asdict(change) | {name: when.isoformat() if when is not None else None for name, when in times.items()} | {"status": change.status.value}
