"""The commands ``firstline joiners``: who joins, who leaves, and how far their checklists are. Imports are inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, running_service, stop

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.domain.onboarding import Case

SHOWN = 200
OPERATOR = "operator"
CaseId = Annotated[str, typer.Argument(help="Id of the case, as `firstline joiners list` shows it.")]
app = typer.Typer(no_args_is_help=True, help="Who joins and who leaves, and how far their checklists are.")


@app.command(epilog='Example: firstline joiners start join E-1007 --name "Lena Holm" --first-day 2026-12-07 --manager johan.ekstrom')
def start(
    kind: Annotated[str, typer.Argument(help="join or leave.")],
    employee: Annotated[str, typer.Argument(help="HR's number.")],
    name: Annotated[str, typer.Option(help="First and last name of somebody who joins.")] = "",
    first_day: Annotated[str, typer.Option(help="First day, such as 2026-12-07.")] = "",
    manager: Annotated[str, typer.Option(help="Manager of somebody who joins: an id from `firstline people`.")] = "",
    title: Annotated[str, typer.Option(help="Title.")] = "",
    department: Annotated[str, typer.Option(help="Department.")] = "",
    location: Annotated[str, typer.Option(help="Site.")] = "",
    private_email: Annotated[str, typer.Option(help="Private address, for what has to arrive before the first day.")] = "",
    account: Annotated[str, typer.Option(help="Account of somebody who leaves; for somebody who joins a free one is chosen.")] = "",
    at: Annotated[str, typer.Option(help="Moment of leaving with its zone, such as 2026-12-18T17:00:00+01:00, or now.")] = "",
    as_json: AsJson = False,
) -> None:
    """Begin a case, or change the one that is under way for this number. Exit 1 when it cannot be."""
    from assistant.desk.onboarding.arrivals import ArrivalRefused, arrival_of

    said = {"name": name, "first_day": first_day, "manager": manager, "title": title, "department": department}
    said |= {"location": location, "private_email": private_email, "account": account, "leaving_at": at}
    settings = read_settings()
    with opened(settings) as assistant:
        now = assistant.clock.now()
        try:
            wanted: dict[str, Any] = {"event": kind, "employee": employee, "at": now.isoformat()}
            arrival = arrival_of(wanted | {key: value for key, value in said.items() if value}, now)
            case = assistant.practices.joiners.take_in(arrival, OPERATOR, "command")
        except ArrivalRefused as error:
            stop(str(error), NO)
        if not running_service(settings):
            assistant.carrier.drain()
        _say(assistant.practices.joiners.case(case.id), as_json)


@app.command("list", epilog="Example: firstline joiners list --over")
def list_cases(over: Annotated[bool, typer.Option("--over", help="Those that are over.")] = False, as_json: AsJson = False) -> None:
    """List the cases that are under way, the next day first."""
    with opened(read_settings()) as assistant:
        found, now = assistant.practices.joiners.listed(None, not over, SHOWN), assistant.clock.now()
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in found]))
        return
    for one in found:
        done = sum(step.status.value == "done" for step in one.steps)
        late = sum(not step.status.is_over for step in one.late(now))
        marks = f"{done} of {len(one.steps)} done{f', {late} late' if late else ''}"
        typer.echo(f"{one.id:<20} {'begins' if one.kind.value == 'join' else 'leaves'} {one.day}  {marks:<22} {one.status.value:<12} {one.who.name}")
    if not found:
        typer.echo("Nothing is over yet." if over else "Nobody joins or leaves.")


@app.command(epilog="Example: firstline joiners show j_1f0c9a27b3d4e5f6")
def show(id: CaseId, as_json: AsJson = False) -> None:
    """Show one case with its checklist."""
    with opened(read_settings()) as assistant:
        _say(_case(assistant, id), as_json)


@app.command(epilog="Example: firstline joiners step j_1f0c9a27b3d4e5f6 laptop undo")
def step(
    id: CaseId,
    step: Annotated[str, typer.Argument(help="Id of the step.")],
    act: Annotated[str, typer.Argument(help="again (try it again), done (it was done by hand) or undo (take it back).")],
    as_json: AsJson = False,
) -> None:
    """Do something with one step, as the operator. Exit 1 when it cannot be done now."""
    _press(id, act, step, as_json)


@app.command(epilog="Example: firstline joiners withdraw j_1f0c9a27b3d4e5f6")
def withdraw(id: CaseId, as_json: AsJson = False) -> None:
    """Call a case off, as the operator: what was done is taken back. Exit 1 when it is over."""
    _press(id, "withdraw", "", as_json)


@app.command(epilog="Example: firstline joiners check checklists/join.yaml")
def check(file: Annotated[Path | None, typer.Argument(help="A checklist; those in force when left out.")] = None) -> None:
    """Check a checklist, also against the groups and people of the directory. Exit 1 when it cannot be used."""
    from assistant.desk.onboarding.checklist import ChecklistError, read_checklist, unknown_names

    with opened(read_settings()) as assistant:
        practice = assistant.practices.joiners
        groups, people = practice.around.directory.groups(), frozenset(one.id for one in practice.around.directory.people())
        if file is None:
            faults = practice.unknown()
        else:
            try:
                faults = unknown_names(read_checklist(file.read_text(encoding="utf-8"), str(file)), groups, people)
            except (ChecklistError, OSError, UnicodeDecodeError) as error:
                faults = str(error).splitlines()
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise typer.Exit(NO)
    typer.echo("The checklist can be used." if file is not None else "The checklists can be used.")


def _press(id: str, act: str, step: str, as_json: bool) -> None:
    from assistant.workflows.joining import NoSuchCase, NotNow

    settings = read_settings()
    with opened(settings) as assistant:
        practice = assistant.practices.joiners
        acts = {"again": practice.again, "done": practice.done_by_hand, "undo": practice.undo}
        if act != "withdraw" and act not in acts:
            stop(f"{act} is nothing that can be done with a step; there are {', '.join(acts)}")
        try:
            practice.withdraw(id, OPERATOR) if act == "withdraw" else acts[act](id, step, OPERATOR)
        except NoSuchCase:
            stop(f"there is no case {id}, or it has no step {step}; `firstline joiners list` shows them")
        except NotNow as error:
            stop(str(error), NO)
        if not running_service(settings):
            assistant.carrier.drain()
        _say(_case(assistant, id), as_json)


def _case(assistant: Assistant, id: str) -> Case:
    from assistant.workflows.joining import NoSuchCase

    try:
        return assistant.practices.joiners.case(id)
    except NoSuchCase:
        stop(f"there is no case {id}; `firstline joiners list` shows them")


def _say(case: Case, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_facts(case)))
        return
    typer.echo(f"{case.id}: {case.who.name} ({case.person}) {'begins' if case.kind.value == 'join' else 'leaves'} on {case.day}: {case.status.value}")
    for one in case.steps:
        why = f"  {one.why}" if one.why else ""
        typer.echo(f"  {one.step:<14} {one.status.value:<9} due {one.due_at:%Y-%m-%d %H:%M} UTC  {case.plan(one.step).title}{why}")


def _facts(case: Case) -> dict[str, Any]:
    steps = [
        {
            "step": one.step,
            "kind": case.plan(one.step).kind.value,
            "status": one.status.value,
            "due_at": one.due_at.isoformat(),
            "ended_at": one.ended_at.isoformat() if one.ended_at is not None else None,
            "action": one.action,
            "ticket": one.ticket,
            "why": one.why,
        }
        for one in case.steps
    ]
    return {
        "id": case.id,
        "kind": case.kind.value,
        "status": case.status.value,
        "employee": case.employee,
        "person": case.person,
        "name": case.who.name,
        "manager": case.manager,
        "day": case.day.isoformat(),
        "moment": case.moment.isoformat(),
        "checklist": case.checklist,
        "steps": steps,
    }
