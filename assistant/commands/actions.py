"""The commands ``firstline actions``: what was done, and what people decide about it. Imports are inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from assistant.command_line import NO, WRONG, AsJson, opened, read_settings, running_service, stop, token_for

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.domain.action import Action
    from assistant.domain.approval import Approval
    from assistant.domain.configuration import Person
    from assistant.settings import Settings

SHOWN = 200
ActionId = Annotated[str, typer.Argument(help="Id of the action, as `firstline actions list` shows it.")]
Who = Annotated[str, typer.Option("--as", help="Who does it: an id from `firstline people`.")]
Note = Annotated[str, typer.Option(help="A note for those who look at the request.")]
app = typer.Typer(no_args_is_help=True, help="What Firstline did or is asked to do.")


@app.command("list", epilog="Example: firstline actions list --status unknown")
def list_actions(
    status: Annotated[str, typer.Option(help="Only those that stand so, such as done or unknown.")] = "", as_json: AsJson = False
) -> None:
    """List the latest actions, those changed last first."""
    from assistant.domain.action import Status

    if status and status not in list(Status):
        stop(f"{status} is no status; there are {', '.join(Status)}")
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = unit.actions.latest(SHOWN, Status(status) if status else None)
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in found]))
        return
    for one in found:
        typer.echo(f"{one.id:<22} {one.status.value:<10} {one.changed_at:%Y-%m-%d %H:%M} UTC  {one.actor:<18} {one.plan.title}")
    if not found:
        typer.echo("No action stands so." if status else "No actions yet.")


@app.command(epilog="Example: firstline actions show a_0c4b2abfcd592e57")
def show(id: ActionId, as_json: AsJson = False) -> None:
    """Show one action: its plan, its arguments, who agreed, and how it ended."""
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found, approval = unit.actions.load(id), unit.approvals.load(id)
    if found is None:
        _unknown(id)
    if as_json:
        typer.echo(json.dumps(_facts(found) | {"approval": _agreed(approval)}))
        return
    typer.echo("\n".join(_lines(found, approval)))


@app.command(epilog="Example: firstline actions code a_0c4b2abfcd592e57 123456 --as maria.santos")
def code(id: ActionId, code: Annotated[str, typer.Argument(help="The six digits; asked for when left out.")] = "", person: Who = "") -> None:
    """Enter the one-time code that an action of a person waits for. Exit 1 when it is not accepted."""
    from assistant.desk.fulfilment import NotYours
    from assistant.domain.reply import Reply

    settings, digits = read_settings(), code or typer.prompt("Code", hide_input=True)
    url = running_service(settings)
    if url:
        reply = Reply.model_validate(_called(settings, url, person, f"/v1/actions/{id}/code", {"code": digits}))
    else:
        with opened(settings) as assistant:
            try:
                reply = assistant.deciding.enter_code(_person(assistant, person), id, digits)
            except NotYours:
                _unknown(id)
            assistant.carrier.drain()
    typer.echo(reply.text)
    if reply.action is None or reply.action.status in ("challenged", "cancelled", "expired", "refused"):
        raise typer.Exit(NO)


@app.command(epilog="Example: firstline actions approve a_0c4b2abfcd592e57 --as johan.ekstrom")
def approve(id: ActionId, person: Who = "", note: Note = "") -> None:
    """Approve a request as one of those who decide it. Exit 1 when this person may not, or it is decided."""
    _decide(id, person, True, note)


@app.command(epilog="Example: firstline actions refuse a_0c4b2abfcd592e57 --as johan.ekstrom")
def refuse(id: ActionId, person: Who = "", note: Note = "") -> None:
    """Refuse a request as one of those who decide it. Exit 1 when this person may not, or it is decided."""
    _decide(id, person, False, note)


@app.command(epilog="Example: firstline actions undo a_0c4b2abfcd592e57")
def undo(id: ActionId, as_json: AsJson = False) -> None:
    """Take a done action back, as the operator. The running service carries it out; without one it is done here. Exit 1 when it cannot be."""
    from assistant.desk.fulfilment import NotYours
    from assistant.governance.approvals import NotAllowed

    settings = read_settings()
    serves = bool(running_service(settings))
    with opened(settings) as assistant:
        try:
            made = assistant.deciding.undo(id, None)
        except NotYours:
            _unknown(id)
        except NotAllowed as refused:
            stop(str(refused), NO)
        if not serves:
            assistant.carrier.drain()
        with assistant.store.read() as unit:
            made = unit.actions.load(made.id) or made
    typer.echo(json.dumps(_facts(made)) if as_json else f"{made.id}: {made.plan.title}: {made.status.value}")


def _decide(id: str, person: str, approves: bool, note: str) -> None:
    from assistant.desk.fulfilment import NotYours
    from assistant.governance.approvals import NotAllowed

    settings = read_settings()
    url = running_service(settings)
    if url:
        path = f"/v1/approvals/{id}"
        seen = _called(settings, url, person, path)["hash"]
        _called(settings, url, person, path, {"approves": approves, "hash": seen, "note": note})
    else:
        with opened(settings) as assistant:
            who = _person(assistant, person)
            try:
                seen = assistant.deciding.request(who, id).action.hash
                assistant.deciding.decide(who, id, approves, seen, note)
            except NotYours:
                _unknown(id)
            except NotAllowed as refused:
                stop(str(refused), NO)
            assistant.carrier.drain()
    typer.echo(f"{person} {'approved' if approves else 'refused'} {id} as it was at {seen[:12]}.")


def _called(settings: Settings, url: str, person: str, path: str, body: dict[str, Any] | None = None) -> Any:
    from assistant.entrypoints.terminal import ServiceUnreachable, call_service

    if not person:
        _nobody()
    try:
        return call_service(url, token_for(settings, person), path, body)
    except ServiceUnreachable as error:
        stop(str(error), NO if error.status == 409 else WRONG)


def _person(assistant: Assistant, person: str) -> Person:
    if not person:
        _nobody()
    found = assistant.directory.person(person)
    if found is None:
        stop(f"nobody is called {person}; `firstline people` lists whom one can be")
    return found


def _nobody() -> NoReturn:
    stop("say who does it with --as PERSON; `firstline people` lists them")


def _unknown(id: str) -> NoReturn:
    stop(f"there is no action {id} of this person, or none at all; `firstline actions list` shows them")


def _facts(one: Action) -> dict[str, Any]:
    return {
        "id": one.id,
        "tool": one.tool,
        "status": one.status.value,
        "actor": one.actor,
        "subject": one.subject,
        "conversation": one.conversation,
        "title": one.plan.title,
        "lines": list(one.plan.lines),
        "blast_radius": one.plan.blast_radius,
        "undo": one.plan.undo,
        "arguments": one.arguments,
        "hash": one.hash,
        "result": one.result,
        "reverts": one.reverts,
        "created_at": one.created_at.isoformat(),
        "changed_at": one.changed_at.isoformat(),
    }


def _agreed(approval: Approval | None) -> dict[str, Any] | None:
    if approval is None:
        return None
    votes = [{"approver": v.approver, "approves": v.approves, "instead_of": v.instead_of, "at": v.at.isoformat()} for v in approval.votes]
    stages = [{"role": stage.role, "quorum": stage.quorum} for stage in approval.stages]
    return {"status": approval.status.value, "stages": stages, "votes": votes, "expires_at": approval.expires_at.isoformat()}


def _lines(one: Action, approval: Approval | None) -> list[str]:
    lines = [f"{one.plan.title}: {one.status.value}", *(f"  - {line}" for line in one.plan.lines)]
    lines += [f"  It touches {one.plan.blast_radius}. {one.plan.undo}", f"  For {one.subject}, asked for by {one.actor} in {one.conversation}"]
    lines += [f"  {one.tool} {one.arguments or ''}".rstrip(), f"  Fingerprint {one.hash}"]
    if one.result.get("why"):
        lines.append(f"  Why it ended so: {one.result['why']}")
    if one.reverts:
        lines.append(f"  Takes back {one.reverts}")
    if approval is not None:
        lines.append(f"  Approval {approval.status.value}, stage {min(approval.stage + 1, len(approval.stages))} of {len(approval.stages)}")
        lines += [f"    {vote.approver} {'agreed' if vote.approves else 'said no'}, {vote.at:%Y-%m-%d %H:%M} UTC" for vote in approval.votes]
    return lines
