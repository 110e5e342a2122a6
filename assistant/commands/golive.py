"""The commands ``firstline simulate-golive``: a history replayed in shadow, kept, and set beside what came. Imports are inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop
from assistant.commands.exporting import Columns, Dates, Tickets, Zone, open_export

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from assistant.bootstrap import Assistant
    from assistant.desk.exports.reading import Export
    from assistant.desk.golive import Calibration, Came, Shown
    from assistant.domain.prediction import Predicted, Prediction

OPERATOR = "operator"
LEAST = 10
"""Categories with fewer tickets stand together."""
SMALL = "(fewer than 10 tickets each)"
app = typer.Typer(help="What would have been answered, had the assistant been there: a prediction, kept to be checked.")


@app.callback(invoke_without_command=True, epilog="Example: firstline simulate-golive --tickets last-quarter.csv --sample 40")
def simulate_golive(
    context: typer.Context,
    tickets: Tickets = None,
    sample: Annotated[int, typer.Option(min=5, max=1000, help="Tickets of each category that are replayed, at most.")] = 40,
    name: Annotated[str, typer.Option(help="Name of the record; the day and the export's digest by default.")] = "",
    columns: Columns = None,
    dates: Dates = "",
    zone: Zone = "",
    as_json: AsJson = False,
) -> None:
    """Replay a history in shadow through the real pipeline and predict containment by category, with intervals. Nothing is answered or done."""
    if context.invoked_subcommand is not None:
        return
    if tickets is None:
        stop("give an export with --tickets EXPORT")
    with opened(read_settings()) as assistant:
        from assistant.desk.exports.decoding import ExportUnreadable

        export = open_export(tickets, columns, dates, zone or assistant.workplace.company().timezone)
        try:
            export.require(("category",), ("subject", "description"), purpose="a simulated go-live")
        except ExportUnreadable as error:
            stop(f"{tickets}: {error}")
        made = _made(assistant, export, sample)
        kept = _keep(assistant, made, name or f"{assistant.clock.now():%Y-%m-%d} {export.digest[:8]}")
    typer.echo(json.dumps({"name": kept, **made.model_dump(mode="json")}) if as_json else _text(kept, made))


@app.command(epilog="Example: firstline simulate-golive check --weeks 4")
def check(
    name: Annotated[str, typer.Argument(help="Name of a prediction; the latest by default.")] = "",
    weeks: Annotated[int, typer.Option(min=1, max=104, help="So many weeks of the ledger, up to now.")] = 4,
    as_json: AsJson = False,
) -> None:
    """Set a prediction beside what the ledger holds since. Exit 1 when nothing came that could be compared."""
    with opened(read_settings()) as assistant:
        made = _load(assistant, name)
        rows = _came(assistant, made, weeks)
    if not any(one.contained.total for one in rows):
        stop("nothing came yet in the categories that were predicted", NO)
    if as_json:
        typer.echo(json.dumps([_came_facts(one) for one in rows]))
        return
    typer.echo("\n".join(_came_text(one) for one in rows))
    judged = [one for one in rows if one.held is not None]
    typer.echo(f"{sum(bool(one.held) for one in judged)} of {len(judged)} categories came as predicted; 95 of 100 are expected to")


def _made(assistant: Assistant, export: Export, sample: int) -> Prediction:
    from assistant.desk.golive import predicted
    from assistant.domain.prediction import Prediction

    with assistant.store.read() as unit:
        policy = assistant.in_force.of(unit)
    calibration = _calibration(assistant)
    counts, kept, span = _sampled(export, sample)
    small = {category for category, number in counts.items() if number < LEAST}
    tickets: dict[str, int] = {}
    shown: dict[str, list[Shown]] = {}
    for category, texts in kept.items():
        into = SMALL if category in small else category
        tickets[into] = tickets.get(into, 0) + counts[category]
        shown.setdefault(into, []).extend(_replayed(assistant, category, texts))
    rows = [predicted(one, tickets[one], found, calibration, tickets[one]) for one, found in shown.items() if found]
    rows.sort(key=lambda one: (-one.tickets, one.category))
    return Prediction(
        source=export.digest,
        since=span[0].isoformat() if span else "",
        until=span[1].isoformat() if span else "",
        tickets=sum(counts.values()),
        tried=sum(one.tried for one in rows),
        seed=0,
        policy=policy.version,
        calibration=calibration.says,
        notes=tuple(export.notes()),
        whole=_whole(rows, sum(counts.values())),
        categories=tuple(rows),
    )


def _sampled(export: Export, sample: int) -> tuple[dict[str, int], Mapping[str, Sequence[str]], tuple[date, date] | None]:
    """Count the tickets of each category, and keep some of their texts: the same of the same export."""
    from assistant.desk.readiness.gathering import Sample

    counts: dict[str, int] = {}
    samples: dict[str, Sample] = {}
    days: list[date] = []
    for row in export.rows():
        category = row.of("category") or "(no category)"
        counts[category] = counts.get(category, 0) + 1
        if row.text:
            samples.setdefault(category, Sample(sample)).add((row.text, category))
        opened_at = row.at("opened")
        if opened_at is not None:
            days = [min([*days, opened_at.date()]), max([*days, opened_at.date()])]
    return counts, {name: [text for text, _ in one.kept] for name, one in samples.items()}, (days[0], days[-1]) if days else None


def _replayed(assistant: Assistant, category: str, texts: Sequence[str]) -> list[Shown]:
    from assistant.agent.simulating import Simulating, shared_groups
    from assistant.desk.golive import Shown
    from assistant.governance.policy import Disposition

    with assistant.store.read() as unit:
        policy = assistant.in_force.of(unit)
    simulating = Simulating(assistant.parts, policy, shared_groups(list(assistant.directory.people())))
    found = []
    for text in texts:
        one = simulating.replay(text)
        answered = one.disposition is Disposition.AUTO and not one.card
        found.append(Shown(category, answered, one.confidence, one.disposition is Disposition.REVIEW, one.offer))
    return found


def _calibration(assistant: Assistant) -> Calibration:
    from datetime import timedelta

    from assistant.desk.golive import calibration_of
    from assistant.desk.laddering import settled_between

    now = assistant.clock.now()
    start = now - timedelta(weeks=26)
    with assistant.store.read() as unit:
        categories = {(row.conversation, row.episode): row.category for row in settled_between(unit, start, now)}
        return calibration_of(unit.outcomes.judged(start, now), categories)


def _whole(rows: Sequence[Predicted], tickets: int) -> Predicted:
    """Return all categories together: their means weighted by tickets, their deviations as if they were independent."""
    from math import sqrt

    from assistant.desk.golive import interval
    from assistant.domain.prediction import Predicted

    total = max(1, sum(one.tickets for one in rows))
    mean = sum(one.mean * one.tickets for one in rows) / total
    deviation = sqrt(sum((one.deviation * one.tickets / total) ** 2 for one in rows))
    low, high = interval(mean, deviation, total)
    offers: dict[str, int] = {}
    for one in rows:
        for tool, number in one.offers:
            offers[tool] = offers.get(tool, 0) + number
    return Predicted(
        category="",
        tickets=tickets,
        tried=sum(one.tried for one in rows),
        answered=sum(one.answered for one in rows),
        asked=sum(one.asked for one in rows),
        right=round(sum(one.right for one in rows), 4),
        mean=round(mean, 6),
        deviation=round(deviation, 6),
        low=low,
        high=high,
        offers=tuple(sorted(offers.items())),
    )


def _keep(assistant: Assistant, made: Prediction, name: str) -> str:
    from assistant.domain.measured import PREDICTION, freeze
    from assistant.ports.rollout import RecordExists

    record = freeze(PREDICTION, name[:120], made, OPERATOR, assistant.clock.now())
    with assistant.store.write() as unit:
        known = unit.rollout.record(PREDICTION, record.name)
        if known is not None and known.hash != record.hash:
            stop(f"there is another prediction {record.name}; a kept one is not replaced, give this one a --name", NO)
        try:
            if known is None:
                unit.rollout.keep(record)
        except RecordExists:
            stop(f"somebody kept a prediction {record.name} just now", NO)
    return record.name


def _load(assistant: Assistant, name: str) -> Prediction:
    from assistant.domain.measured import PREDICTION, Altered
    from assistant.domain.prediction import Prediction

    with assistant.store.read() as unit:
        record = unit.rollout.record(PREDICTION, name) if name else unit.rollout.latest(PREDICTION)
    if record is None:
        stop(f"there is no prediction{f' {name}' if name else ''}; make one with `firstline simulate-golive --tickets EXPORT`", NO)
    try:
        return record.read(Prediction)
    except Altered as error:
        stop(str(error), NO)


def _came(assistant: Assistant, made: Prediction, weeks: int) -> list[Came]:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from assistant.desk.golive import came_of

    end = assistant.clock.now().astimezone(ZoneInfo(assistant.workplace.company().timezone)).date() + timedelta(days=1)
    with assistant.store.read() as unit:
        return came_of(made, unit.outcomes.cells(end - timedelta(weeks=weeks), end, ("category",)))


def _text(name: str, made: Prediction) -> str:
    lines = [f"Prediction {name}: {made.tickets:,} tickets {made.since} to {made.until}, {made.tried:,} replayed in shadow"]
    lines += [f"Right when answered: {made.calibration}", ""]
    lines += [_line("All", made.whole), *(_line(one.category, one) for one in made.categories)]
    return "\n".join([*lines, "", *(f"Note: {note}" for note in made.notes)])


def _line(name: str, one: Predicted) -> str:
    offered = ", ".join(f"{tool} {number}" for tool, number in one.offers)
    said = f"{name}: {one.tickets:,} tickets, {one.answered} of {one.tried} answered at once, {one.asked} asked about"
    between = f"containment {100 * one.mean:.0f} %, {100 * one.low:.0f}-{100 * one.high:.0f} %"
    return f"{said}; {between}{f'; offered besides: {offered}' if offered else ''}"


def _came_text(one: Came) -> str:
    held = {True: "as predicted", False: "otherwise", None: "nothing came"}[one.held]
    between = f"predicted {100 * one.mean:.0f} %, {100 * one.low:.0f}-{100 * one.high:.0f} %"
    return f"{one.category}: {between}; contained {one.contained.text}, confirmed {one.confirmed.text}: {held}"


def _came_facts(one: Came) -> dict[str, object]:
    return {
        "category": one.category,
        "predicted": {"mean": one.mean, "low": one.low, "high": one.high},
        "contained": {"hits": one.contained.hits, "total": one.contained.total},
        "confirmed": {"hits": one.confirmed.hits, "total": one.confirmed.total},
        "held": one.held,
    }
