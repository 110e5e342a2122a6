"""The command ``firstline eval languages``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, wellformed

if TYPE_CHECKING:
    from evals.languages import Put
    from evals.report import Metric

CASES = Path(__file__).parent.parent / "cases"


def languages(
    cases: Annotated[Path, typer.Argument(help="JSON lines: language, question, expected (article, tool or empty).")] = CASES / "languages.jsonl",
    written: Annotated[Path, typer.Option(help="JSON lines: language, text, for the recognition alone.")] = CASES / "written_in.jsonl",
    only: Annotated[list[str] | None, typer.Option(help="Only this language; may be given again.")] = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Ask the demo company's service in ten languages, without a language model; list what went wrong."""
    import tempfile

    from evals.languages import put_all, read_cases, recognised
    from evals.report import bootstrap, mean, show
    from evals.world import demo_assistant

    with wellformed():
        rows = read_cases(cases, ("language", "question", "expected"), only or ())
        texts = recognised(read_cases(written, ("language", "text"), only or ()))
    with tempfile.TemporaryDirectory() as scratch, demo_assistant(Path(scratch), model_home, note) as assistant:
        asked = put_all(assistant, rows, note)
    for language, taken_for, text in texts:
        if language != taken_for:
            typer.echo(f"taken for {taken_for}: {text} [{language}]")
    for one in asked:
        if not one.right or one.spoken != one.language:
            typer.echo(f"{_fault(one)}: {one.question} [{one.language}] -> {one.top or 'nothing'}, expected {one.expected or 'nothing'}")
    metrics = _metrics(asked)
    metrics["recognised"] = bootstrap([float(language == taken_for) for language, taken_for, _ in texts], mean)
    settings = {"cases": cases.name, "languages": len({one.language for one in asked}), "texts": len(texts)}
    show("eval languages", len(asked), metrics, settings, json_file)


def _fault(one: Put) -> str:
    if one.right:
        return f"answered in {one.spoken}"
    return "WRONG" if one.misled else "missed"


def _metrics(asked: list[Put]) -> dict[str, Metric]:
    from evals.report import bootstrap, mean

    answerable, unanswerable = [one for one in asked if one.expected], [one for one in asked if not one.expected]
    by_language = {
        f"hit@1_{language}": bootstrap([float(one.right) for one in answerable if one.language == language], mean)
        for language in sorted({one.language for one in answerable})
    }
    return {
        "hit@1": bootstrap([float(one.right) for one in answerable], mean),
        "missed": bootstrap([float(one.missed) for one in answerable], mean),
        "misled": bootstrap([float(one.misled) for one in asked], mean),
        "abstained_rightly": bootstrap([float(one.right) for one in unanswerable], mean),
        "in_the_language": bootstrap([float(one.spoken == one.language) for one in asked], mean),
        **by_language,
    }
