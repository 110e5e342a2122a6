"""The commands ``firstline people``. Imports are inside the commands: asking for help must be instant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant

app = typer.Typer(help="Whom one can be, and where they come from.")


@app.callback(invoke_without_command=True)
def people(context: typer.Context, as_json: AsJson = False) -> None:
    """List whom one can be, with groups and devices."""
    if context.invoked_subcommand:
        return
    with opened(read_settings()) as assistant:
        rows: list[dict[str, Any]] = []
        for person in assistant.directory.people():
            devices = [{"id": d.id, "name": d.name, "os": d.os, "platform": d.platform.value} for d in assistant.workplace.devices_of(person.id)]
            rows.append(
                {
                    "id": person.id,
                    "name": person.name,
                    "title": person.title,
                    "groups": sorted(person.groups),
                    "devices": devices,
                    "demo": person.demo,
                }
            )
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        owned = ", ".join(f"{d['id']} ({d['name']}, {d['os']})" for d in row["devices"])
        about = "; ".join(part for part in (row["title"], owned, f"groups: {', '.join(row['groups'])}" if row["groups"] else "") if part)
        typer.echo(f"{row['id']:<18} {row['name']:<20} {about}")
    if not rows:
        typer.echo("Nobody yet. Load a people file with: firstline people load FILE")


@app.command("load", epilog="Example: firstline people load kb/articles/company.toml")
def people_load(file: Annotated[Path, typer.Argument(help="A people file (docs/guide/people.md).")]) -> None:
    """Take people, devices, services and queues from a file, in place of those before."""
    from assistant.adapters.store.organisation import PeopleFileError
    from assistant.bootstrap import load_people

    with opened(read_settings()) as assistant:
        try:
            persons, devices = load_people(assistant, file)
        except PeopleFileError as error:
            stop(str(error))
    typer.echo(f"Loaded {persons} people and {devices} devices.")


@app.command("totp", epilog="Example: firstline people totp maria.santos")
def people_totp(
    person: Annotated[str, typer.Argument(help="Whose authenticator app.")],
    remove: Annotated[bool, typer.Option("--remove", help="Forget the registered app; the recovery address counts again.")] = False,
) -> None:
    """Register an authenticator app for one-time codes in place of the one before. Prints the app's address once; it is kept nowhere."""
    with opened(read_settings()) as assistant:
        if assistant.directory.person(person) is None and not remove:
            stop(f"nobody is called {person}; `firstline people` lists whom one can be")
        says = _removed(assistant, person) if remove else _registered(assistant, person)
    typer.echo(says)


def _registered(assistant: Assistant, person: str) -> str:
    from assistant.domain.audit import AuditEntry
    from assistant.governance.step_up import enrol, enrolment_uri

    now = assistant.clock.now()
    factor = enrol(person, now)
    with assistant.store.write() as unit:
        unit.second_factors.register(factor)
        unit.audit.append([AuditEntry(now, "operator", "second_factor", "registered", subject=person)])
    return enrolment_uri(factor, assistant.workplace.company().name, assistant.secret).reveal()


def _removed(assistant: Assistant, person: str) -> str:
    from assistant.domain.audit import AuditEntry

    now = assistant.clock.now()
    with assistant.store.write() as unit:
        if not unit.second_factors.remove(person):
            return f"{person} has no authenticator app."
        unit.audit.append([AuditEntry(now, "operator", "second_factor", "removed", subject=person)])
    return f"The authenticator app of {person} counts no more."
