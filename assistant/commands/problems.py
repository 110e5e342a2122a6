"""The commands ``firstline problems``: what several people report, told and closed for all of them. Imports are inside."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, running_service, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.bootstrap import Assistant
    from assistant.domain.problem import Problem
    from assistant.ports.store import UnitOfWork

SHOWN = 200
OPERATOR = "operator"
ProblemId = Annotated[str, typer.Argument(help="Id of the problem, as `firstline problems list` shows it.")]
Text = Annotated[str, typer.Argument(help="What everybody is told.")]
Key = Annotated[str, typer.Option(help="A key of your own: the same again sends nothing.")]
app = typer.Typer(no_args_is_help=True, help="What several people report: one message and one close for all.")


@app.command("list", epilog="Example: firstline problems list --state candidate")
def list_problems(
    state: Annotated[str, typer.Option(help="Only those in this state, such as candidate or open.")] = "", as_json: AsJson = False
) -> None:
    """List problems, the latest first."""
    from assistant.domain.problem import ProblemState

    if state and state not in list(ProblemState):
        stop(f"{state} is no state; there are {', '.join(ProblemState)}")
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = unit.problems.listed({ProblemState(state)} if state else set(ProblemState), SHOWN)
        sizes = unit.problems.sizes([one.id for one in found])
    if as_json:
        typer.echo(json.dumps([_facts(one, sizes[one.id]) for one in found]))
        return
    for one in found:
        tickets, people = sizes[one.id]
        typer.echo(f"{one.id:<8} {one.state.label:<12} {one.since:%Y-%m-%d %H:%M} UTC  {people:>3} people, {tickets:>3} tickets  {one.title}")
    if not found:
        typer.echo("No problem is in this state." if state else "No problems yet.")


@app.command(epilog="Example: firstline problems show P-1001")
def show(id: ProblemId, as_json: AsJson = False) -> None:
    """Show one problem: why its tickets belong together, whom it hits, the last change before it, and what was told."""
    from assistant.desk.problems.board import members, summary

    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = unit.problems.load(id)
        if found is None:
            stop(f"there is no problem {id}", NO)
        its, said = members(unit, found, {}), unit.problems.said(id)
        whole = summary(its)
    tickets = [one.link.ticket for one in its if not one.link.removed]
    if as_json:
        told = [{"at": one.at.isoformat(), "by": one.by, "kind": one.kind.value, "text": one.text, "people": one.people} for one in said]
        typer.echo(json.dumps(_facts(found, (whole.tickets, whole.people)) | {"members": tickets, "told": told, "why": list(found.why)}))
        return
    lines = [
        f"{found.id} {found.title} ({found.state.label})",
        f"since {found.since:%Y-%m-%d %H:%M} UTC, {whole.people} people, {whole.tickets} tickets",
    ]
    lines += [f"  {line}" for line in found.why]
    change = found.change
    lines.append(f"last change on {found.service}: {change.id} {change.title}, {change.at:%Y-%m-%d %H:%M} UTC" if change else "no change is recorded")
    lines += [f"workaround: {found.known.workaround}"] if found.known.workaround else []
    lines += [f"{one.at:%Y-%m-%d %H:%M} UTC {one.kind.value} to {one.people} people: {one.text}" for one in said]
    lines.append(f"tickets: {', '.join(tickets) or 'none'}")
    typer.echo("\n".join(lines))


@app.command(epilog='Example: firstline problems message P-1001 "The supplier restarts it at ten."')
def message(id: ProblemId, text: Text, key: Key = "") -> None:
    """Tell everybody of an open problem one message, each once. Exit 1 when that is not possible."""
    _do(id, lambda assistant, unit, at: assistant.practices.problems.tell(unit, id, key or secrets.token_hex(8), text, None, OPERATOR, at), "told")


@app.command(epilog='Example: firstline problems close P-1001 "The disk was full; it is larger now."')
def close(id: ProblemId, text: Text, key: Key = "") -> None:
    """Close a problem and its tickets with one note, and ask everybody whether that solved it. Exit 1 when that is not possible."""
    _do(id, lambda assistant, unit, at: assistant.practices.problems.resolve(unit, id, key or secrets.token_hex(8), text, OPERATOR, at), "closed for")


def _do(problem_id: str, step: Callable[[Assistant, UnitOfWork, Any], Problem], done: str) -> None:
    settings = read_settings()
    served = running_service(settings)
    with opened(settings) as assistant:
        from assistant.desk.problems.working import NotPossible
        from assistant.ports.problems import ProblemChanged

        try:
            with assistant.store.write() as unit:
                step(assistant, unit, assistant.clock.now())
                people = unit.problems.sizes([problem_id])[problem_id][1]
        except NotPossible as error:
            stop(str(error), NO)
        except ProblemChanged:
            stop("somebody changed the problem just now; look again", NO)
        if not served:
            assistant.carrier.drain()
    typer.echo(f"{problem_id} {done} {people} {'person' if people == 1 else 'people'}")


def _facts(one: Problem, size: tuple[int, int]) -> dict[str, Any]:
    change = one.change
    return {
        "id": one.id,
        "state": one.state.value,
        "title": one.title,
        "service": one.service,
        "codes": list(one.codes),
        "since": one.since.isoformat(),
        "tickets": size[0],
        "people": size[1],
        "confidence": one.confidence,
        "concerns": list(one.concerns),
        "workaround": one.known.workaround,
        "change": {"id": change.id, "title": change.title, "at": change.at.isoformat(), "by": change.by} if change else None,
        "resolution": one.resolution,
    }
