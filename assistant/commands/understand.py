"""The commands ``firstline understand``: learn from the examples, and try what was learnt. Imports are inside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, read_settings, stop

if TYPE_CHECKING:
    from assistant.agent.steps.understand_file import Examples
    from assistant.agent.steps.understand_fit import HeldOut, Learnt
    from assistant.settings import Settings

WRONG_SHOWN = 3
app = typer.Typer(no_args_is_help=True, help="What messages mean: learn it from examples, and try it.")
File = Annotated[Path | None, typer.Argument(help="A file of examples over the packaged ones; that of FIRSTLINE_INTENTS_FILE when left out.")]


@app.command(epilog="Example: firstline understand train intents.toml")
def train(file: File = None, as_json: AsJson = False) -> None:
    """Learn from the examples, say for each intent what it is mistaken for, and keep what was learnt where it is of the examples in use."""
    settings = read_settings()
    examples = _examples(settings, file)
    learnt = _learn(settings, examples)
    kept = file is None or (settings.intents_file is not None and file.resolve() == settings.intents_file.resolve())
    if kept:
        _keep(settings, examples, learnt)
    intents = _by_intent(learnt.held_out)
    known = [one for one in learnt.held_out if one.known]
    right = sum(one.read_as == one.label for one in known)
    if as_json:
        typer.echo(json.dumps({"examples": len(examples.rows), "held_out": len(known), "right": right, "kept": kept, "intents": intents}))
        return
    typer.echo(
        f"{len(examples.rows)} examples of {len(intents)} intents; read rightly while held out: {right} of {len(known)} ({right / len(known):.0%})"
    )
    for one in intents:
        mistaken = ", ".join(f"{name} {count}" for name, count in one["mistaken_for"].items())
        typer.echo(f"  {one['intent']:<20}{one['right']:>4} of {one['held_out']:<4}" + (f" mistaken for {mistaken}" if mistaken else ""))
        for text in one["wrong"]:
            typer.echo(f"      {text}")
    typer.echo("kept; the service uses it from its next start" if kept else "not kept: FIRSTLINE_INTENTS_FILE names another file")


@app.command(epilog="Example: firstline understand test messages.jsonl --at-least 0.9")
def test(
    file: Annotated[Path, typer.Argument(help="JSON lines with text and label, the name of an intent.")],
    at_least: Annotated[float, typer.Option(min=0, max=1, help="Exit 1 when a smaller share is understood.")] = 0.9,
    intents: Annotated[Path | None, typer.Option(help="A file of examples to use instead of that of FIRSTLINE_INTENTS_FILE.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read messages as the service would, and say which were not understood as their labels say.

    Those labelled solved or not_solved are read as a reply to an answer, all others as the beginning of a conversation.
    """
    settings = read_settings()
    examples = _examples(settings, intents)
    rows = _rows(file, {intent for _, intent in examples.rows})
    read = _read(settings, examples, rows)
    wrong = [{"text": text, "label": label, "read_as": got} for (text, label), got in zip(rows, read, strict=True) if got != label]
    share = 1 - len(wrong) / len(rows)
    if as_json:
        typer.echo(json.dumps({"messages": len(rows), "understood": len(rows) - len(wrong), "at_least": at_least, "wrong": wrong}))
    else:
        for one in wrong:
            typer.echo(f"{one['label']} was read as {one['read_as']}: {one['text']}")
        typer.echo(f"understood {len(rows) - len(wrong)} of {len(rows)} ({share:.1%}), {at_least:.1%} are needed")
    if share < at_least:
        raise typer.Exit(NO)


def _examples(settings: Settings, own: Path | None) -> Examples:
    from assistant.agent.steps.understand_file import BadExamples
    from assistant.bootstrap import examples_of

    try:
        return examples_of(settings, own)
    except BadExamples as error:
        stop(str(error))


def _learn(settings: Settings, examples: Examples) -> Learnt:
    from assistant.agent.steps.understand_fit import TooFewExamples
    from assistant.agent.steps.understand_train import train as learn

    try:
        learnt = learn(examples, lambda texts: _embedded(settings, texts))
    except TooFewExamples as error:
        stop(str(error))
    assert learnt is not None, "a missing embedding model has stopped the command"
    return learnt


def _embedded(settings: Settings, texts: Sequence[str]) -> Any:
    from kb.bootstrap import open_embedder
    from kb.ports import EmbedderUnavailable

    try:
        return open_embedder(settings).embed(texts)
    except EmbedderUnavailable as error:
        stop(str(error))


def _keep(settings: Settings, examples: Examples, learnt: Learnt) -> None:
    from assistant.agent.steps.understand_train import key_of
    from assistant.bootstrap import kept_understanding
    from kb.bootstrap import open_embedder

    learnt.classifier.keep(kept_understanding(settings), key_of(examples, open_embedder(settings).identity))


def _by_intent(held_out: tuple[HeldOut, ...]) -> list[dict[str, Any]]:
    known = [one for one in held_out if one.known]
    found = []
    for intent in sorted({one.label for one in known}):
        mine = [one for one in known if one.label == intent]
        wrong = [one for one in mine if one.read_as != intent]
        mistaken = dict(Counter(one.read_as for one in wrong).most_common())
        shown = [one.text for one in sorted(wrong, key=lambda one: -one.confidence)[:WRONG_SHOWN]]
        found.append({"intent": intent, "held_out": len(mine), "right": len(mine) - len(wrong), "mistaken_for": mistaken, "wrong": shown})
    return found


def _rows(file: Path, intents: set[str]) -> list[tuple[str, str]]:
    rows = []
    try:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                one = json.loads(line)
                rows.append((str(one["text"]), str(one["label"])))
                if rows[-1][1] not in intents:
                    stop(f"{file}:{number}: there is no intent {rows[-1][1]}; there are {', '.join(sorted(intents))}")
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        stop(f"{file}: not JSON lines with text and label ({error!r})")
    if not rows:
        stop(f"{file}: no rows")
    return rows


def _read(settings: Settings, examples: Examples, rows: list[tuple[str, str]]) -> list[str]:
    from assistant.agent.steps.understand import LocalUnderstanding
    from assistant.bootstrap import vocabulary
    from assistant.domain.conversation import State

    own = LocalUnderstanding.of(lambda texts: _embedded(settings, texts), examples, vocabulary=vocabulary(settings))
    read = []
    for (text, label), vector in zip(rows, _embedded(settings, [own.spelt(text) for text, _ in rows]), strict=True):
        answered = label in ("solved", "not_solved")
        one = own.understand(text, "", vector.tolist(), State.AWAITING_CONFIRMATION if answered else State.OPEN, has_issue=answered)
        read.append(one.name or one.intent.value)
    return read
