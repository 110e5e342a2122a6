"""The commands ``firstline baseline``: counted, frozen, shown, compared and verified. Imports are inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop
from assistant.commands.exporting import Columns, Dates, Tickets, Zone, open_export

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.desk.baselines import Costs
    from assistant.domain.baseline import Baseline, BaselineRow, Compared

OPERATOR = "operator"
app = typer.Typer(help="What the desk did over a business cycle, frozen, to compare with.")
CostsFile = Annotated[Path | None, typer.Option("--costs", help="A TOML file: per_hour, currency, and [minutes] by category.")]
Own = Annotated[bool, typer.Option("--own", help="Count the product's own tickets instead of an export.")]
Weeks = Annotated[int, typer.Option("--weeks", min=1, max=104, help="With --own: so many whole weeks before this one.")]


@app.callback(invoke_without_command=True, epilog="Example: firstline baseline --tickets tickets.csv --cycle quarter --costs costs.toml")
def baseline(
    context: typer.Context,
    tickets: Tickets = None,
    cycle: Annotated[str, typer.Option(help="The business cycle: month, quarter or year; the last whole one is counted.")] = "quarter",
    costs: CostsFile = None,
    name: Annotated[str, typer.Option(help="Name of the record; the cycle's by default.")] = "",
    columns: Columns = None,
    dates: Dates = "",
    zone: Zone = "",
    own: Own = False,
    weeks: Weeks = 13,
    as_json: AsJson = False,
) -> None:
    """Count a baseline and freeze it under a hash. Exit 1 when no whole cycle is covered, or the name is taken by another one."""
    if context.invoked_subcommand is not None:
        return
    if (tickets is None) is not own:
        stop("give either --tickets EXPORT or --own")
    with opened(read_settings()) as assistant:
        made = _own(assistant, weeks, _costs(costs)) if own else _counted(assistant, tickets, cycle, _costs(costs), columns, dates, zone)
        record = _freeze(assistant, made, name or made.cycle)
    typer.echo(json.dumps({"name": record[0], "hash": record[1], **made.model_dump(mode="json")}) if as_json else _text(made, *record))


@app.command(epilog="Example: firstline baseline show 2026-Q3")
def show(name: Annotated[str, typer.Argument(help="Name of a baseline; the latest by default.")] = "", as_json: AsJson = False) -> None:
    """Show a frozen baseline, or the list of them."""
    with opened(read_settings()) as assistant:
        made, record = _load(assistant, name)
    typer.echo(json.dumps({"name": record[0], "hash": record[1], **made.model_dump(mode="json")}) if as_json else _text(made, *record))


@app.command(epilog="Example: firstline baseline compare 2026-Q2 2026-Q3")
def compare(
    before: Annotated[str, typer.Argument(help="Name of the earlier baseline.")],
    now: Annotated[str, typer.Argument(help="Name of the later one; the product's own last weeks when it is left out.")] = "",
    weeks: Weeks = 13,
    as_json: AsJson = False,
) -> None:
    """Set a later baseline, or the product's own last weeks, beside an earlier one, measure by measure."""
    from assistant.domain.baseline import compare as beside

    with opened(read_settings()) as assistant:
        first = _load(assistant, before)[0]
        second = _load(assistant, now)[0] if now else _own(assistant, weeks, _costs(None))
    rows = beside(first, second)
    if as_json:
        typer.echo(json.dumps([_compared(one) for one in rows]))
        return
    typer.echo(f"{first.cycle} and {second.cycle}")
    typer.echo("\n".join(_beside(one) for one in rows) or "They have no category and no measure in common.")


@app.command(epilog="Example: firstline baseline verify")
def verify(name: Annotated[str, typer.Argument(help="Name of a baseline; all of them by default.")] = "") -> None:
    """Say whether frozen baselines are what they were. Exit 1 when one was changed."""
    from assistant.domain.measured import BASELINE

    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = [one for one in unit.rollout.records(BASELINE, 1000) if not name or one.name == name]
    if name and not found:
        stop(f"there is no baseline {name}", NO)
    for one in found:
        typer.echo(f"{one.name} {one.hash} {'unchanged' if one.whole else 'CHANGED since it was frozen'}")
    if not all(one.whole for one in found):
        raise typer.Exit(NO)


def _counted(assistant: Assistant, tickets: Path | None, cycle: str, costs: Costs, columns: list[str] | None, dates: str, zone: str) -> Baseline:
    from assistant.desk.baselines import baseline_of_export
    from assistant.desk.exports.decoding import ExportUnreadable
    from assistant.domain.baseline import CYCLES, NoWholeCycle

    assert tickets is not None, "said before"
    if cycle not in CYCLES:
        stop(f"--cycle is one of {', '.join(CYCLES)}")
    export = open_export(tickets, columns, dates, zone or assistant.workplace.company().timezone)
    try:
        return baseline_of_export(export, cycle, costs)
    except ExportUnreadable as error:
        stop(f"{tickets}: {error}")
    except NoWholeCycle as error:
        stop(str(error), NO)


def _own(assistant: Assistant, weeks: int, costs: Costs) -> Baseline:
    from zoneinfo import ZoneInfo

    from assistant.desk.baselines import baseline_of_own, own_cycle
    from assistant.domain.baseline import NoWholeCycle

    zone = ZoneInfo(assistant.workplace.company().timezone)
    with assistant.store.read() as unit:
        known = unit.tickets.all()
        days = {ticket.id: ticket.opened_at.astimezone(zone).date() for ticket in known}
        try:
            cycle = own_cycle(weeks, assistant.clock.now().astimezone(zone).date(), min(days.values(), default=None))
        except NoWholeCycle as error:
            stop(str(error), NO)
        inside = [one.id for one in known if cycle.start <= days[one.id] < cycle.end]
        del known
        return baseline_of_own((whole for one in inside if (whole := unit.tickets.ticket(one)) is not None), cycle, zone, costs)


def _costs(path: Path | None) -> Costs:
    """Read a file of costs; a wrong one ends the command with what is wrong with it."""
    import tomllib

    from assistant.desk.baselines import Costs

    if path is None:
        return Costs()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        stop(f"{path} cannot be used: {error}")
    unknown = sorted(set(found) - {"per_hour", "currency", "minutes"})
    minutes = found.get("minutes", {})
    numbers = [found.get("per_hour", 0), *(minutes.values() if isinstance(minutes, dict) else [None])]
    if unknown or any(isinstance(one, bool) or not isinstance(one, int | float) or one < 0 for one in numbers):
        stop(f"{path} cannot be used: it has per_hour, currency and [minutes] by category, with numbers of 0 or more")
    return Costs(float(found.get("per_hour", 0)), str(found.get("currency", "")), {str(name): float(one) for name, one in minutes.items()})


def _freeze(assistant: Assistant, made: Baseline, name: str) -> tuple[str, str]:
    from assistant.domain.measured import BASELINE, freeze
    from assistant.ports.rollout import RecordExists

    record = freeze(BASELINE, name[:120], made, OPERATOR, assistant.clock.now())
    with assistant.store.write() as unit:
        known = unit.rollout.record(BASELINE, record.name)
        if known is not None and known.hash != record.hash:
            stop(f"there is another baseline {record.name} ({known.hash[:12]}); a frozen one is not replaced, give this one a --name", NO)
        try:
            if known is None:
                unit.rollout.keep(record)
        except RecordExists:
            stop(f"somebody froze a baseline {record.name} just now; look at it with `firstline baseline show {record.name}`", NO)
    return record.name, record.hash


def _load(assistant: Assistant, name: str) -> tuple[Baseline, tuple[str, str]]:
    from assistant.domain.baseline import Baseline
    from assistant.domain.measured import BASELINE, Altered

    with assistant.store.read() as unit:
        record = unit.rollout.record(BASELINE, name) if name else unit.rollout.latest(BASELINE)
        names = [one.name for one in unit.rollout.records(BASELINE)]
    if record is None:
        there = f"there are {', '.join(names)}" if names else "make one with `firstline baseline --tickets EXPORT`"
        stop(f"there is no baseline{f' {name}' if name else ''}; {there}", NO)
    try:
        return record.read(Baseline), (record.name, record.hash)
    except Altered as error:
        stop(str(error), NO)


def _text(made: Baseline, name: str, digest: str) -> str:
    lines = [f"Baseline {name}: {made.start} to before {made.end} ({made.kind}), {made.whole.tickets:,} tickets, hash {digest}", ""]
    lines += [_row("All", made.whole), *(_row(one.category, one) for one in made.categories), "", "Counted as"]
    lines += [f"  {measure}: {how}" for measure, how in made.counted_as]
    lines += ["", *(f"Note: {one}" for one in made.notes)] if made.notes else []
    return "\n".join(lines)


def _row(name: str, row: BaselineRow) -> str:
    return "\n".join([f"{name}: {row.tickets:,} tickets", *(f"  {one.name:<30} {one.text}" for one in row.figures if one.value is not None)])


def _beside(one: Compared) -> str:
    before, now = (figure.text if figure is not None else "none" for figure in (one.before, one.now))
    return f"{one.category or 'All'}, {one.name}: {before}, then {now}: {one.verdict}"


def _compared(one: Compared) -> dict[str, object]:
    before, now = (figure.model_dump(mode="json") if figure is not None else None for figure in (one.before, one.now))
    return {"category": one.category, "measure": one.name, "before": before, "now": now, "verdict": one.verdict}
