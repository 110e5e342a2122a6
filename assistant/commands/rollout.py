"""The commands ``firstline rollout``: the ladder of each category, what the rules propose, and what was decided. Imports are inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.domain.rollout import Proposed, Rung, RungDecision
    from assistant.workflows.rolling import Ladder

OPERATOR = "operator"
app = typer.Typer(no_args_is_help=True, help="How much the assistant does by itself in each category.")
Category = Annotated[str, typer.Argument(help="A category, as tickets and articles have it.")]
To = Annotated[str, typer.Argument(help='"triage only", suggest, confirm or automatic.')]


@app.command(epilog="Example: firstline rollout show")
def show(as_json: AsJson = False) -> None:
    """Show each category's rung, the evidence for it, what the rules propose, and the latest decisions."""
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = assistant.practices.rollout.proposals(unit)
        decisions = unit.rollout.decisions(limit=50)
    if as_json:
        typer.echo(json.dumps({"categories": [_facts(one) for one in found], "decisions": [_decided(one) for one in decisions]}))
        return
    typer.echo("\n".join(_line(one) for one in found) or "No category has demand yet.")
    for one in decisions:
        became = f"undone {one.undone_at:%Y-%m-%d}" if one.undone_at else "stands"
        typer.echo(f"{one.id} {one.at:%Y-%m-%d} {one.category}: {one.before} to {one.rung} by {one.by}, {became}: {one.why}")


@app.command(epilog="Example: firstline rollout accept vpn confirm")
def accept(category: Category, to: To) -> None:
    """Do what the rules propose for a category. Exit 1 when they do not propose it (any more)."""
    _decide(lambda ladder: ladder.accept(category, _rung(to), OPERATOR), "accepted")


@app.command("set", epilog='Example: firstline rollout set vpn "triage only" --why "the gateway is replaced this week"')
def set_(category: Category, to: To, why: Annotated[str, typer.Option(help="Why; it stays on record.")] = "") -> None:
    """Put a category on a rung, whatever the rules propose. Exit 1 when the policy does not allow it."""
    if not why.strip():
        stop("say why with --why; it stays on record")
    _decide(lambda ladder: ladder.move(category, _rung(to), OPERATOR, why), "decided")


@app.command(epilog="Example: firstline rollout undo r_5f0c2a9be1d34c77")
def undo(decision: Annotated[str, typer.Argument(help="Id of a decision.")]) -> None:
    """Take back the decision in force about a category; what was before stands again. Exit 1 when it is not the one in force."""
    _decide(lambda ladder: ladder.undo(decision, OPERATOR), "undone")


def _rung(said: str) -> Rung:
    from assistant.domain.rollout import Rung

    try:
        return Rung(said.strip().lower())
    except ValueError:
        stop(f"{said!r} is no rung; they are {', '.join(Rung)}")


def _decide(step: Callable[[Ladder], RungDecision], became: str) -> None:
    from assistant.governance.laddering import CannotMove
    from assistant.ports.rollout import RungTaken

    with opened(read_settings()) as assistant:
        ladder = assistant.practices.rollout
        try:
            decision = step(ladder)
        except CannotMove as error:
            stop(str(error), NO)
        except RungTaken:
            stop("somebody else moved this category just now; look again", NO)
        with assistant.store.read() as unit:
            now = ladder.rung(unit, decision.category)
    typer.echo(f"{decision.id} {became}: {decision.category} is on {now}")


def _line(one: Proposed) -> str:
    evidence = one.evidence
    known = f"judged right {evidence.right.text}; {evidence.silent} without a verdict; {evidence.undone} taken back; since {evidence.since:%Y-%m-%d}"
    return f"{evidence.category}: {evidence.rung}\n  {known}\n  {one.text}"


def _facts(one: Proposed) -> dict[str, Any]:
    evidence = one.evidence
    right = {"hits": evidence.right.hits, "total": evidence.right.total, "low": evidence.right.low, "high": evidence.right.high}
    facts: dict[str, Any] = {"category": evidence.category, "rung": evidence.rung.value, "since": evidence.since.isoformat(), "right": right}
    facts |= {"silent": evidence.silent, "undone": evidence.undone, "to": one.to.value if one.to else None, "rule": one.rule, "why": one.why}
    predicted = evidence.predicted
    return facts | {"predicted": {"hits": predicted.hits, "total": predicted.total} if predicted else None}


def _decided(one: RungDecision) -> dict[str, Any]:
    return {
        "id": one.id,
        "category": one.category,
        "number": one.number,
        "before": one.before.value,
        "rung": one.rung.value,
        "at": one.at.isoformat(),
        "by": one.by,
        "why": one.why,
        "evidence": one.evidence,
        "undone_at": one.undone_at.isoformat() if one.undone_at else None,
    }
