"""The commands ``firstline alerts``: what alerts were grouped into, and what operators do with it. Imports are inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.domain.alert import AlertGroup, Judgement
    from assistant.workflows.alert_judging import AlertJudging

OPERATOR = "operator"
AT_ONCE = 500
PAUSE_SECONDS = 0.5
app = typer.Typer(no_args_is_help=True, help="Alerts, and the incidents that they were grouped into.")
Group = Annotated[str, typer.Argument(help="Id of a group, as `alerts list` shows it.")]


@app.command("list", epilog="Example: firstline alerts list --standing incident")
def list_groups(
    standing: Annotated[str, typer.Option(help="candidate, incident, resolved, dismissed or single; empty means candidates and incidents.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many, those with the latest alert first.")] = 50,
    aside: Annotated[bool, typer.Option("--aside", help="List instead the reports that were kept aside, with the reason.")] = False,
    as_json: AsJson = False,
) -> None:
    """List groups of alerts, or the reports that were kept aside."""
    from assistant.domain.alert import Standing

    if standing and standing not in list(Standing):
        stop(f"{standing} is none of {', '.join(Standing)}")
    wanted = (Standing(standing),) if standing else (Standing.CANDIDATE, Standing.INCIDENT)
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        if aside:
            rows = [_said(one) for one in unit.alerts.kept_aside(limit)]
            typer.echo(json.dumps(rows) if as_json else "\n".join(f"{r['source']} {r['at']} {r['what']}: {r['why']}" for r in rows) or "none")
            return
        found = unit.alerts.groups(wanted, limit)
    typer.echo(json.dumps([_facts(one) for one in found]) if as_json else "\n".join(map(_line, found)) or "none")


@app.command(epilog="Example: firstline alerts show i_5f0c2a9be1d34c")
def show(group: Group, as_json: AsJson = False) -> None:
    """Show a group: its alerts, its ticket, and why these belong together. Exit 1 when there is none."""
    from assistant.desk.correlation.profile import Profile
    from assistant.desk.correlation.telling import strongest

    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found, alerts = unit.alerts.group(group), unit.alerts.alerts_of(group, AT_ONCE)
        judged = unit.alerts.judgements_of(group)
    if found is None:
        stop("there is no such group of alerts", NO)
    rules = strongest(Profile.of_plain(found.profile)) if found.profile else []
    facts = _facts(found) | {
        "why": list(found.why),
        "rules": {name: round(mean, 2) for name, mean in rules},
        "alerts": [
            {"id": one.id, **_said(one.report), "state": one.report.state.value, "count": one.count, "flapping": one.flapping} for one in alerts
        ],
        "decisions": [{"id": one.id, "verdict": one.verdict.value, "by": one.by, "undone": not one.stands} for one in judged],
    }
    typer.echo(json.dumps(facts) if as_json else "\n".join([_line(found), *(f"  {why}" for why in found.why), *_alert_lines(facts)]))


def _alert_lines(facts: dict[str, Any]) -> list[str]:
    lines = [f"  {one['id']} {one['at']} {one['state']}{' flapping' if one['flapping'] else ''} {one['what']}" for one in facts["alerts"]]
    return lines + [f"  {one['id']} {one['verdict']} by {one['by']}{' (taken back)' if one['undone'] else ''}" for one in facts["decisions"]]


@app.command(epilog="Example: firstline alerts confirm i_5f0c2a9be1d34c")
def confirm(group: Group) -> None:
    """Say that a group is one incident: it gets a ticket, if it has none. Exit 1 when it cannot be done."""
    _decide(lambda judging: judging.confirm(group, OPERATOR))


@app.command(epilog="Example: firstline alerts split i_5f0c2a9be1d34c a_0b1c2d3e4f5a6b7c8d9e a_1c2d3e4f5a6b7c8d9e0f")
def split(group: Group, alerts: Annotated[list[str], typer.Argument(help="Ids of the alerts that do not belong there.")]) -> None:
    """Take alerts out of a group, into one of their own. Exit 1 when it cannot be done."""
    _decide(lambda judging: judging.split(group, alerts, OPERATOR))


@app.command(epilog="Example: firstline alerts merge i_5f0c2a9be1d34c i_77aa2a9be1d34c")
def merge(group: Group, other: Annotated[str, typer.Argument(help="Id of the group whose alerts belong to the first.")]) -> None:
    """Put the alerts of another group into a group; the other's ticket is closed as a double. Exit 1 when it cannot be done."""
    _decide(lambda judging: judging.merge(group, other, OPERATOR))


@app.command(epilog="Example: firstline alerts dismiss i_5f0c2a9be1d34c")
def dismiss(group: Group) -> None:
    """Say that a group is no incident, a false positive; its ticket is closed. Exit 1 when it cannot be done."""
    _decide(lambda judging: judging.dismiss(group, OPERATOR))


@app.command(epilog="Example: firstline alerts undo j_5f0c2a9be1d34c77")
def undo(
    decision: Annotated[str, typer.Argument(help="Id of a decision, as `alerts show` names it; `weights` for the weights learned last.")],
) -> None:
    """Take back the last decision about a group, or the weights that were learned last. Exit 1 when it cannot be done."""
    if decision != "weights":
        _decide(lambda judging: judging.undo(decision, OPERATOR), "taken back")
        return
    from assistant.workflows.alerts_errands import CannotUndo

    with opened(read_settings()) as assistant:
        try:
            taken = assistant.practices.alerts.retuning.undo(OPERATOR)
        except CannotUndo as error:
            stop(str(error), NO)
    typer.echo(f"version {taken.version} of the weights was taken back")


@app.command(epilog="Example: firstline alerts follow --idle-minutes 10")
def follow(
    idle_minutes: Annotated[float, typer.Option(min=0, help="End after so long without an alert; 0: go on until stopped.")] = 0.0,
    beside: Annotated[int, typer.Option(help="End when the process of this number is no longer the parent of this one.")] = 0,
) -> None:
    """Work on alerts as they come, in a process of its own. The running service starts this by itself when many come; it takes no alerts in."""
    import logging
    import os
    import time

    from assistant.governance.logs import redact_logs

    settings = read_settings()
    logging.basicConfig(level=logging.INFO)
    redact_logs(words=not settings.zero_persistence)
    with opened(settings) as assistant:
        alerting, last = assistant.practices.alerts.alerting, time.monotonic()
        while not beside or os.getppid() == beside:
            try:
                worked = alerting.follow(gently=True)
            except Exception:
                logging.getLogger("firstline").exception("alerts could not be worked on; it will be tried again")
                worked = 0
            if worked:
                last = time.monotonic()
            elif idle_minutes and time.monotonic() > last + 60 * idle_minutes:
                return
            time.sleep(PAUSE_SECONDS)


@app.command(epilog="Example: firstline alerts replay export.jsonl --mapping ours.toml")
def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, one alert each, or one JSON document with a list.")],
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Mapping file; empty means the packaged one.")] = None,
    source: Annotated[str, typer.Option(help="Name of the source under which they are stored.")] = "replay",
) -> None:
    """Take in alerts from a file as if they were delivered, and work on them. The same file again changes nothing."""
    from hashlib import sha256

    from assistant.entrypoints.alert_sources.mapping import Malformed, MappingRefused, read_mapping

    try:
        mapped = read_mapping(mapping) if mapping is not None else read_mapping()
    except MappingRefused as error:
        stop(str(error))
    rows, bad = _rows(file, mapped.alerts)
    with opened(read_settings()) as assistant:
        alerting, now = assistant.practices.alerts.alerting, assistant.clock.now()
        taken = known = 0
        for start in range(0, len(rows), AT_ONCE):
            reports = []
            for row in rows[start : start + AT_ONCE]:
                try:
                    reports.append(mapped.report(source, row, now))
                except Malformed as error:
                    bad.append(str(error))
            digest = sha256(json.dumps(rows[start : start + AT_ONCE], sort_keys=True).encode()).hexdigest()
            if alerting.receive(source, f"file:{digest}", reports):
                taken += len(reports)
            else:
                known += len(reports)
        worked = alerting.drain()
    typer.echo(f"{taken} taken, {known} known already, {len(bad)} refused{f' (the first: {bad[0]})' if bad else ''}; {worked} worked on")


def _rows(file: Path, path: str) -> tuple[list[Any], list[str]]:
    """Return the alerts of a file, and what is wrong with lines that are no JSON."""
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if document is not None:
        for name in path.split(".") if path else ():
            document = document.get(name) if isinstance(document, dict) else None
        return (document if isinstance(document, list) else [document]), []
    rows, bad = [], []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            rows += [json.loads(line)] if line.strip() else []
        except ValueError:
            bad.append(f"line {number} is no JSON")
    return rows, bad


def _decide(step: Callable[[AlertJudging], Judgement], became: str = "") -> None:
    from assistant.workflows.alert_judging import CannotJudge

    with opened(read_settings()) as assistant:
        try:
            made = step(assistant.practices.alerts.judging)
        except CannotJudge as error:
            stop(str(error), NO)
    other = f", {made.other}" if made.other else ""
    typer.echo(f"{made.id} {became or made.verdict.value}: {made.group}{other}")


def _facts(one: AlertGroup) -> dict[str, Any]:
    names = ("id", "title", "ticket", "queue", "category", "check", "version", "reason", "service", "site", "alerts", "firing", "items")
    times = {"first": one.first_at.isoformat(), "last": one.last_at.isoformat()}
    return {name: getattr(one, name) for name in names} | times | {"standing": one.standing.value, "confidence": round(one.confidence, 3)}


def _line(one: AlertGroup) -> str:
    ticket = f" {one.ticket}" if one.ticket else ""
    return f"{one.id} {one.standing.value}{ticket} {one.title}: {one.alerts} alerts, {one.firing} firing, last {one.last_at:%Y-%m-%d %H:%M} UTC"


def _said(one: Any) -> dict[str, Any]:
    what = ", ".join(value for value in (one.check, one.item, one.site, one.version, one.reason) if value) or one.text
    return {"source": one.source, "at": one.at.isoformat(), "what": what, "why": one.aside}
