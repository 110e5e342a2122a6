"""The command ``firstline eval citations``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed


def citations(
    pairs: Annotated[Path, typer.Argument(help="JSON lines: sentence, passage, supported (true or false); title, heading, half may be there.")],
    half: Annotated[str, typer.Option(help="Judge only this half of the pairs (and pairs that name none); empty: all of them.")] = "kept",
    questions: Annotated[Path | None, typer.Option(help="JSON lines with question, to ask instead of the demo's article titles.")] = None,
    answers: Annotated[bool, typer.Option(help="Also ask the demo company's assistant and judge what it shows.")] = True,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure the rule that keeps unsupported sentences out of answers: against hand labels, and over what is shown."""
    import tempfile

    from evals.beir import read_rows
    from evals.citations import agreement, ask, judge, read_pairs, shown
    from evals.report import show
    from evals.world import demo_assistant

    settings: dict[str, object] = {"pairs": pairs.name, "half": half or "all"}
    with wellformed():
        judged = judge(read_pairs(pairs, half))
        rows = read_rows(questions) if questions else []
        if any(not isinstance(row.get("question"), str) for row in rows) or (questions and not rows):
            stop(f"malformed input: {questions}: every row needs a question")
    metrics = agreement(judged)
    if answers:
        with tempfile.TemporaryDirectory() as scratch, demo_assistant(Path(scratch), model_home, note) as assistant:
            titles = [article.title for article in assistant.knowledge_base.store.articles()]
            asked = [str(row["question"]) for row in rows] or titles
            count, sentences = ask(assistant, asked, note)
        if sentences:
            metrics |= shown(sentences)
        settings |= {"questions": len(asked), "answers": count, "sentences": len(sentences)}
    show("eval citations", len(judged), metrics, settings, json_file)
