"""The commands ``firstline triage``: learn from an organisation's tickets, try what was learnt, and see why. Imports are inside."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.desk.triage.columns import Columns
    from assistant.desk.triage.exports import Row
    from assistant.desk.triage.faults import Fault
    from assistant.desk.triage.kept import Readers
    from assistant.desk.triage.learning import Outcome
    from assistant.workflows.triaging import Triages

OPERATOR = "operator"
app = typer.Typer(no_args_is_help=True, help="Category, service, urgency, impact, sentiment and queue of tickets, learnt from your own history.")
Text = Annotated[list[str] | None, typer.Option("--text", help="A column with text, such as the subject; may be given several times.")]
Label = Annotated[list[str] | None, typer.Option("--label", help="FIELD=COLUMN, such as queue='Assignment group'; may be given several times.")]
Known = Annotated[
    list[str] | None,
    typer.Option("--field", help="NAME=COLUMN of what is known when a ticket is filed: channel, department, location, title, device."),
]
Opened = Annotated[str, typer.Option(help="The column with the time of the opening.")]
Key = Annotated[str, typer.Option(help="The column with the ticket's number.")]


@app.command(epilog="Example: firstline triage train export.csv --text subject --text description --label queue='Assignment group'")
def train(
    export: Annotated[Path | None, typer.Argument(help="CSV or JSON lines, packed with gzip or not; left out, the remembered history.")] = None,
    text: Text = None,
    label: Label = None,
    field: Known = None,
    opened_at: Opened = "",
    key: Key = "",
    with_corrections: Annotated[bool, typer.Option(help="Learn from what people decided in review and in the desk, too.")] = False,
    meaning: Annotated[bool, typer.Option(help="Read the meaning of texts too.")] = True,
    minutes: Annotated[
        float, typer.Option(min=0, help="Fine-tune the sentence encoder on 1,000 texts or more, for so long at most; 0: leave it as it is.")
    ] = 20.0,
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong with the history.")] = False,
    as_json: AsJson = False,
) -> None:
    """Learn from tickets of the past, say what is wrong with them, and take what was learnt where it is surely not worse than what is in use.

    Columns that are not named are recognised by their names; on a terminal they are asked for. Exit 1 when what was learnt was not taken.
    """
    from assistant.desk.triage.exports import Read
    from assistant.desk.triage.faults import fault_facts, faults_of
    from assistant.desk.triage.source import source_facts

    with opened(read_settings()) as assistant:
        triage, found = assistant.practices.triage, Read()
        path, columns = _history(triage, export, _given(text, label, field, opened_at, key))
        rows = _read(path, columns, found) if path is not None and columns is not None else []
        faults = faults_of(rows, columns.fields) if rows and columns is not None else []
        if not as_json:
            _say_history(found, faults, columns)
        if check:
            if as_json:
                typer.echo(json.dumps({"rows": found.rows, "read": found.lines(), "faults": fault_facts(faults)}))
            return
        with assistant.store.read() as unit:
            corrected = triage.corrections(unit) if with_corrections else []
        if not rows and not corrected:
            stop("there is nothing to learn from: name an export, or use --with-corrections when people have decided about tickets")
        made = triage.learn([*rows, *corrected], str(path or "corrections"), OPERATOR, meaning, lambda line: typer.echo(line, err=True), 60 * minutes)
        if path is not None and columns is not None:
            triage.kept.remember_source(source_facts(path, columns, len(corrected)))
    _say_outcome(made, found, faults, as_json)
    if not made.taken:
        raise typer.Exit(NO)


def _given(
    text: Sequence[str] | None, label: Sequence[str] | None, field: Sequence[str] | None, opened_at: str, key: str
) -> dict[str, tuple[str, ...] | dict[str, str] | str]:
    named: dict[str, dict[str, str]] = {"labels": {}, "fields": {}}
    for kind, values in (("labels", label or ()), ("fields", field or ())):
        for value in values:
            name, separator, column = value.partition("=")
            if not separator or not column:
                stop(f"{value!r} has to be NAME=COLUMN")
            named[kind][name.strip()] = column.strip()
    return {"text": tuple(text or ()), **named, "opened": opened_at, "key": key}


def _history(triage: Triages, export: Path | None, given: dict[str, Any]) -> tuple[Path | None, Columns | None]:
    """Return the export and what its columns stand for: as given, as remembered, as recognised, or as answered on a terminal."""
    from assistant.desk.triage.columns import guessed
    from assistant.desk.triage.exports import CannotRead, header_of
    from assistant.desk.triage.source import columns_of

    if export is None:
        source = triage.kept.source()
        if not source.get("path"):
            return None, None
        return Path(source["path"]), columns_of(source)
    try:
        header = header_of(export)
    except CannotRead as error:
        stop(str(error))
    columns = _merged(guessed(header), given, header)
    if sys.stdin.isatty() and sys.stdout.isatty() and not any(given.values()):
        columns = _asked(columns, header)
    if not columns.labels:
        stop(f"{export}: no column holds a label that triage knows; name one with --label queue=COLUMN; there are {', '.join(header)}")
    if not columns.text and not columns.fields:
        stop(f"{export}: no column holds text; name one with --text COLUMN; there are {', '.join(header)}")
    return export, columns


def _merged(guess: Columns, given: dict[str, Any], header: Sequence[str]) -> Columns:
    from assistant.desk.triage.columns import Columns
    from assistant.desk.triage.reading import KNOWN_FIELDS
    from assistant.domain.triage import Field

    names = {one.value for one in Field}
    if unknown := sorted(set(given["labels"]) - names):
        stop(f"there is no field {unknown[0]}; there are {', '.join(sorted(names))}")
    if unknown := sorted(set(given["fields"]) - set(KNOWN_FIELDS)):
        stop(f"{unknown[0]} is not known of a ticket when it is filed here; known are {', '.join(KNOWN_FIELDS)}")
    labels = {Field(name): column for name, column in given["labels"].items()} or dict(guess.labels)
    text = given["text"] or tuple(name for name in guess.text if name not in labels.values())
    made = Columns(text, labels, given["fields"] or dict(guess.fields), given["opened"] or guess.opened, given["key"] or guess.key)
    if missing := made.missing(header):
        stop(f"there is no column {', '.join(missing)}; there are {', '.join(header)}")
    return made


def _asked(columns: Columns, header: Sequence[str]) -> Columns:
    """Ask what the columns stand for; what was recognised is offered, and an empty answer leaves a field out."""
    from assistant.desk.triage.columns import Columns
    from assistant.domain.triage import Field

    typer.echo(f"The columns are: {', '.join(header)}")
    text = _one_of("Columns with text, separated by commas", ", ".join(columns.text), header)
    labels = {one: _one_of(f"Column with the {one.value}, - for none", columns.labels.get(one, "-"), header) for one in Field}
    opened_at = _one_of("Column with the time of the opening, - for none", columns.opened or "-", header)
    return Columns(text, {one: found[0] for one, found in labels.items() if found}, columns.fields, opened_at[0] if opened_at else "", columns.key)


def _one_of(question: str, offered: str, header: Sequence[str]) -> tuple[str, ...]:
    while True:
        names = tuple(name.strip() for name in str(typer.prompt(question, default=offered)).split(",") if name.strip() not in ("", "-"))
        unknown = [name for name in names if name not in header]
        if not unknown:
            return names
        typer.echo(f"There is no column {', '.join(unknown)}.")


def _read(path: Path, columns: Columns, found: Any) -> list[Row]:
    from assistant.desk.triage.exports import CannotRead, read_export

    try:
        return read_export(path, columns, found)
    except CannotRead as error:
        stop(str(error))


def _say_history(found: Any, faults: Sequence[Fault], columns: Columns | None) -> None:
    if columns is None:
        return
    for line in found.lines():
        typer.echo(line)
    named = ", ".join(f"{one.value} from {column}" for one, column in columns.labels.items())
    typer.echo(f"Text from {', '.join(columns.text) or 'no column'}; {named}.")
    for one in faults:
        typer.echo(f"  {one.field}: {one.kind}: {one.text}")
    if not faults:
        typer.echo("Nothing is wrong with the labels.")


def _say_outcome(made: Outcome, found: Any, faults: Sequence[Fault], as_json: bool) -> None:
    from assistant.desk.triage.faults import fault_facts

    if as_json:
        typer.echo(json.dumps({"rows": found.rows, "read": found.lines(), "faults": fault_facts(faults), **made.facts()}))
        return
    for one in made.fields:
        typer.echo(f"{one.field.value:<10}{_quality(one.quality)}")
    for name, why in made.not_learnt.items():
        typer.echo(f"{name.value:<10}not learnt: {why}")
    where = made.readers.name if made.readers is not None else "nothing"
    typer.echo(f"{where} is in use: {made.why}." if made.taken else f"{where} is kept beside, and what was in use stays: {made.why}.")


def _quality(one: Any) -> str:
    routed = ", ".join(f"{100 * share:.0f} % at {100 * wanted:.0f} % ({_right(right)})" for wanted, _, share, right in one.automatic)
    numbers = f"right {100 * one.accuracy:.1f} %, macro-F1 {one.macro_f1:.3f}, calibration error {one.ece:.3f}"
    return f"{numbers} over {one.rows} held-out tickets; automatic {routed}"


def _right(right: float) -> str:
    return f"{100 * right:.1f} % right" if right == right else "none"


@app.command(epilog="Example: firstline triage test march.csv")
def test(
    export: Annotated[
        Path | None, typer.Argument(help="Other tickets; left out, those of the remembered history that nothing was learnt from.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read tickets whose fields are known with the model in use, and say how many were read rightly. Its columns are those of the history."""
    import numpy as np

    from assistant.desk.triage.exports import Read
    from assistant.desk.triage.learning import held_out, scored_by
    from assistant.desk.triage.measures import quality

    with opened(read_settings()) as assistant:
        triage = assistant.practices.triage
        readers, source = _in_use(triage), triage.kept.source()
        if not source.get("columns"):
            stop("no history is remembered, so nobody knows what the columns stand for; train with an export first")
        path, columns = _history(triage, None, {})
        assert path is not None and columns is not None
        rows = _read(export or path, columns, Read())
        rows = rows if export is not None else [row for row in rows if held_out(row.example)]
        found = {}
        for one, reader in readers.fields.items():
            mine = [row for row in rows if row.labels.get(one)]
            if mine:
                examples, right = [row.example for row in mine], np.array([row.labels[one] for row in mine])
                vectors = triage.meant(readers, [example.text for example in examples]) if len(reader.by_meaning) else None
                found[one] = quality(scored_by(reader, examples, right, vectors), reader.thresholds)
    if not found:
        stop("none of these tickets has a field that the model reads")
    if as_json:
        from dataclasses import asdict

        typer.echo(json.dumps({"model": readers.name, "fields": {one.value: asdict(quality_) for one, quality_ in found.items()}}))
        return
    for one, quality_ in found.items():
        typer.echo(f"{one.value:<10}{_quality(quality_)}")


def _in_use(triage: Triages) -> Readers:
    from assistant.desk.triage.kept import CannotKeep

    try:
        readers = triage.in_use()
    except CannotKeep as error:
        stop(str(error))
    if readers is None:
        stop("no model is in use; `firstline triage train EXPORT.csv` makes one", NO)
    return readers


@app.command(epilog="Example: firstline triage explain T-1007")
def explain(ticket: Annotated[str, typer.Argument(help="A ticket's id.")], as_json: AsJson = False) -> None:
    """Say what each field of a ticket is read as, which words spoke for it, and which tickets of the history are most like it."""
    with opened(read_settings()) as assistant:
        try:
            explained = assistant.practices.triage.explained(ticket)
        except LookupError as error:
            stop(str(error), NO)
    if as_json:
        typer.echo(json.dumps(explained))
        return
    for name, one in explained["fields"].items():
        typer.echo(f"{name}: {one['value']} ({100 * one['confidence']:.0f} %, by {one['by']})")
        for reason in one["why"]:
            typer.echo(f"    {reason['weight']:+.2f}  {reason['what']}")
    if explained["neighbours"]:
        typer.echo("Most like it in the history:")
    for one in explained["neighbours"]:
        labels = ", ".join(f"{name} {value}" for name, value in one["labels"].items() if value)
        typer.echo(f"    {one['likeness']:.2f}  {one['key'] or 'a decision of people'}: {labels} (both say {', '.join(one['shared'])})")
    if explained["decided"]:
        typer.echo(explained["decided"])


@app.command(epilog="Example: firstline triage show")
def show(as_json: AsJson = False) -> None:
    """Show the versions of the model: how each was measured, which is in use, and why."""
    from assistant.desk.triage.kept import CannotKeep

    with opened(read_settings()) as assistant:
        kept = assistant.practices.triage.kept
        in_use, found = kept.in_use(), []
        for name in kept.names():
            try:
                found.append({"name": name, "in_use": name == in_use, **kept.facts(name)})
            except CannotKeep as error:
                found.append({"name": name, "in_use": name == in_use, "why": str(error), "fields": []})
    if as_json:
        typer.echo(json.dumps(found))
        return
    if not found:
        typer.echo("No model was learnt yet: category and queue come from how conversations are understood.")
    for one in found:
        state = " (in use)" if one["in_use"] else ""
        taught = f", read by {one['encoder']}" if one.get("encoder") else ""
        learnt = f"from {one.get('learnt_from', 0)} tickets of {one.get('source', '')}{taught}"
        typer.echo(f"{one['name']}{state}: {one.get('made_at', '')[:16]}, {learnt}; {one['why']}")
        for field in one["fields"]:
            q = field["quality"]
            typer.echo(f"    {field['field']:<10}{field['labels']} labels, right {100 * q['accuracy']:.1f} %, calibration error {q['ece']:.3f}")


@app.command(epilog="Example: firstline triage undo")
def undo() -> None:
    """Put the version before into use again. Exit 1 when none is in use."""
    from assistant.desk.triage.kept import CannotKeep

    with opened(read_settings()) as assistant:
        try:
            undone, now = assistant.practices.triage.undo(OPERATOR)
        except CannotKeep as error:
            stop(str(error), NO)
    typer.echo(f"{undone} is undone; " + (f"{now} is in use." if now else "no model is in use."))
