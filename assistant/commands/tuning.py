"""The commands ``firstline tuning``: calibration, proposals, and what was decided. Imports are inside."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.agent.tuning import Report, Retuning
    from assistant.domain.measures import Rate
    from assistant.domain.tuning import Expected, TuningDecision

OPERATOR = "operator"
app = typer.Typer(no_args_is_help=True, help="How far confidence can be believed, and other thresholds.")


@app.command(epilog="Example: firstline tuning show")
def show(as_json: AsJson = False) -> None:
    """Show calibration, proposed thresholds with what is expected of them, and each decision beside what happened since."""
    with opened(read_settings()) as assistant:
        from assistant.learning import retuning_of

        report = retuning_of(assistant).report()
    typer.echo(json.dumps(_facts(report)) if as_json else _text(report))


@app.command(epilog="Example: firstline tuning accept steps.answer 0.42")
def accept(
    where: Annotated[str, typer.Argument(help="The band, as `tuning show` names it; or `ranking`, for a learned ranking that waits.")],
    auto: Annotated[float | None, typer.Argument(min=0, max=1, help="The threshold that is proposed.")] = None,
) -> None:
    """Accept what is proposed: it applies to every conversation from the next message on. Exit 1 when it is not proposed (any more)."""
    if where == "ranking":
        _decide(lambda retuning: retuning.take_ranking(OPERATOR), "taken")
    elif auto is None:
        stop("say which threshold is accepted, as `firstline tuning show` proposes it")
    else:
        _decide(lambda retuning: retuning.accept(where, auto, OPERATOR), "accepted")


@app.command(epilog="Example: firstline tuning undo t_5f0c2a9be1d34c77")
def undo(decision: Annotated[str, typer.Argument(help="Id of a decision.")]) -> None:
    """Undo the last decision about something; what was before stands again. Exit 1 when it is not the last one."""
    _decide(lambda retuning: retuning.undo(decision, OPERATOR), "undone")


def _decide(step: Callable[[Retuning], TuningDecision], became: str) -> None:
    from assistant.governance.policy import PolicyError
    from assistant.governance.retuning import CannotTune
    from assistant.ports.tuning import AlreadyDecided

    with opened(read_settings()) as assistant:
        from assistant.learning import retuning_of

        try:
            decision = step(retuning_of(assistant))
            with assistant.store.read() as unit:
                version = assistant.in_force.of(unit).version
        except (CannotTune, PolicyError) as error:
            stop(str(error), NO)
        except AlreadyDecided:
            stop("somebody else decided about this just now; look again", NO)
        except OSError as error:
            stop(f"the policy cannot be kept for replays: {error}")
    typer.echo(f"{decision.id} {became}: {decision.where}, policy {version}")


def _facts(report: Report) -> dict[str, Any]:
    return {
        "at": report.at.isoformat(),
        "policy": report.policy.version,
        "file": report.file.version,
        "calibration": [
            {
                "step": one.step,
                "judged": one.judged,
                "silent": one.silent,
                "error": one.error,
                "low": one.low,
                "high": one.high,
                "bins": [{"confidence": found.confidence, **_rate(found.right)} for found in one.bins],
            }
            for one in report.calibrations
        ],
        "proposals": [
            {
                "where": one.where,
                "current": asdict(one.current),
                "proposed": asdict(one.proposed) if one.proposed else None,
                "expected": _expected(one.expected),
                "now": _expected(one.now),
                "why": one.why,
            }
            for one in report.proposals
        ],
        "decisions": [
            {
                "id": one.decision.id,
                "where": one.decision.where,
                "at": one.decision.at.isoformat(),
                "after": one.decision.after if one.decision.kind == "threshold" else {},
                "stands": one.held.value,
                "predicted": _expected(one.predicted),
                "happened": _expected(one.happened),
                "came": one.came.value,
            }
            for one in report.checked
        ],
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {"hits": rate.hits, "total": rate.total, "low": rate.low, "high": rate.high}


def _expected(expected: Expected | None) -> dict[str, Any] | None:
    return {"automatic": _rate(expected.automatic), "wrong": _rate(expected.wrong)} if expected is not None else None


def _text(report: Report) -> str:
    lines = [f"Policy {report.policy.version}, {'with' if report.policy.accepted else 'without'} accepted thresholds", "", "Calibration"]
    lines += [f"  {one.text}" for one in report.calibrations]
    lines += ["", "Proposals", *(f"  {one.text}" for one in report.proposals or ())]
    lines += ["", "Decisions"] if report.checked else []
    for one in report.checked:
        lines.append(f"  {one.decision.id} {one.decision.at:%Y-%m-%d} {one.decision.where}: {one.held.value}; {one.came.value}: {one.text}")
    return "\n".join(lines)
