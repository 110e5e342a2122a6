"""The commands ``firstline compliance`` and ``firstline devices``: what the fleet is like, and the list of it. Imports are inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.domain.compliance import ComplianceRun

app = typer.Typer(no_args_is_help=True, help="What devices have to be like, and which are not.")
devices = typer.Typer(no_args_is_help=True, help="The list of devices that Firstline keeps where no device management is connected.")


@app.command(epilog="Example: firstline compliance check --json")
def check(as_json: AsJson = False) -> None:
    """Look at the fleet now, and open the changes that follow. Exit 1 when devices fail a check or the look was broken off."""
    with opened(read_settings()) as assistant:
        run = assistant.practices.changes.look(f"command:{assistant.clock.now().isoformat()}")
        _show(assistant, run, as_json)
    if run.failing or run.broken_off:
        raise typer.Exit(NO)


@app.command(epilog="Example: firstline compliance show")
def show(as_json: AsJson = False) -> None:
    """Show what the last look at the fleet found, the looks before it, and which devices fail what since when."""
    with opened(read_settings()) as assistant:
        with assistant.store.read() as unit:
            runs = unit.compliance.runs(1)
        if not runs:
            stop("the fleet was not looked at yet; `firstline compliance check` looks now", NO)
        _show(assistant, runs[0], as_json)


def _show(assistant: Assistant, run: ComplianceRun, as_json: bool) -> None:
    from dataclasses import asdict

    with assistant.store.read() as unit:
        findings, runs = unit.compliance.open_findings(), unit.compliance.runs(14)
    names = {one.id: one.name for one in assistant.practices.changes.compliance.checks}
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "device": one.device,
                "name": one.name,
                "check": one.check,
                "evidence": one.evidence,
                "since": one.since.isoformat(),
                "change": one.change,
            }
            for one in findings
        ]
        trend = [{"at": one.at.isoformat(), "devices": one.devices, "failing": one.failing} for one in reversed(runs)]
        typer.echo(json.dumps(asdict(run) | {"at": run.at.isoformat(), "findings": rows, "trend": trend}, ensure_ascii=False))
        return
    typer.echo(f"{run.failing} of {run.devices} devices fail a check, {run.silent} did not answer ({run.at:%Y-%m-%d %H:%M} UTC).")
    if run.broken_off:
        typer.echo(f"The look was broken off: {run.broken_off}. What it did not speak of stays as it was.")
    for check_id, count in run.counts.items():
        typer.echo(f"  {names.get(check_id, check_id)}: {count.failing} of {count.covered} fail, {count.unknown} unknown")
    if len(runs) > 1:
        typer.echo(f"  Trend: {' '.join(str(one.failing) for one in reversed(runs))}")
    for one in findings:
        typer.echo(f"  {one.name} ({one.device}): {one.evidence}, since {one.since:%Y-%m-%d}{f', {one.change}' if one.change else ''}")


@devices.command(epilog="Example: firstline devices load devices.csv")
def load(file: Annotated[Path, typer.Argument(help="The CSV file; its columns are in the guide.")]) -> None:
    """Take the list of devices from a file, in place of the one before. Either all of it is taken or nothing."""
    from assistant.adapters.devices.fleet_file import FleetFileError, read_fleet_file
    from assistant.adapters.store.fleet import BuiltinFleet

    with opened(read_settings()) as assistant:
        fleet = assistant.parts.fleet
        assert isinstance(fleet, BuiltinFleet), "what people's devices are is kept here"
        try:
            listed = read_fleet_file(file)
        except FleetFileError as error:
            stop(str(error))
        fleet.replace(listed)
    typer.echo(f"Loaded {len(listed)} devices.")


@devices.command("check-api", epilog="Example: firstline devices check-api NinjaRMM-API-v2.json")
def check_api(file: Annotated[Path, typer.Argument(help="NinjaOne's OpenAPI description in JSON or YAML, from your own instance.")]) -> None:
    """Compare what Firstline uses of NinjaOne's API with its published description. Exit 1 when something differs."""
    from assistant.adapters.devices import ninjaone_api as api
    from assistant.adapters.devices.comparing import compared, compared_token
    from assistant.adapters.devices.description import DescriptionError, read_description

    try:
        description = read_description(file)
    except DescriptionError as error:
        stop(str(error))
    found = [*compared(description, api.CALLS), compared_token(description, api.SIGN_IN, api.SCOPES)]
    typer.echo(f"{description.named()}: {len(found)} calls compared.")
    for one in found:
        typer.echo(f"{one.call}: {'differs' if one.differs else 'ok'}")
        for how in one.differs:
            typer.echo(f"  differs: {how}")
        for what in one.unsaid:
            typer.echo(f"  not said: {what}")
    if any(one.differs for one in found):
        raise typer.Exit(NO)
