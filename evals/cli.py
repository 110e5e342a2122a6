"""The command ``firstline eval``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

WRONG = 2
app = typer.Typer(no_args_is_help=True, help="Measure Firstline. Example: firstline eval turns")
ToJson = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]
ModelHome = Annotated[Path, typer.Option(help="State folder that holds (or gets) the exported embedding model.")]
HOME = Path("var")


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@app.command("fit-evidence", epilog="Example: firstline eval fit-evidence DATA/kb_symptoms DATA/stackfaq --outsiders DATA/banking77/train.jsonl")
def fit_evidence(
    sets: Annotated[list[Path], typer.Argument(help="Folders in the BEIR layout, or with articles.jsonl and device_queries.jsonl.")],
    outsiders: Annotated[Path | None, typer.Option(help="JSON lines with a field text: questions that none of the sets is about.")] = None,
    target: Annotated[Path, typer.Option(help="Where the fitted model goes.")] = Path("kb/evidence.json"),
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Fit the confidence of retrieval and say, cross-validated, how good it is."""
    from evals.evidence import fit, rows_of
    from evals.report import show
    from evals.world import BadInput, read_rows

    try:
        strangers = [str(row["text"]) for row in read_rows(outsiders)[:: max(1, len(read_rows(outsiders)) // 80)]] if outsiders else []
        rows = [row for folder in sets for row in rows_of(folder, model_home, _note, strangers)]
    except (BadInput, KeyError) as error:
        _stop(f"malformed input: {error}")
    metrics = fit(rows, target, [folder.name for folder in sets])
    show("eval fit-evidence", len(rows), metrics, {"sets": " ".join(folder.name for folder in sets)}, json_file)


@app.command(epilog="Example: firstline eval questions evals/cases/itkb_questions.jsonl DATA/itkb_small/articles")
def questions(
    cases: Annotated[Path, typer.Argument(help="JSON lines: question, device, expected (last parts of article ids).")],
    articles: Annotated[Path, typer.Argument(help="Folder of articles to synchronise first.")],
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Ask questions of a freshly ingested folder; list each with its top citation, right or wrong."""
    import tempfile

    from evals.questions import ask_all
    from evals.report import bootstrap, mean, show
    from evals.world import BadInput, prepared_home

    with tempfile.TemporaryDirectory() as scratch:
        try:
            asked, seeded = ask_all(cases, articles, prepared_home(Path(scratch), model_home), _note)
        except BadInput as error:
            _stop(f"malformed input: {error}")
    for row in asked:
        typer.echo(f"{'right' if row.right else 'WRONG'}  {row.confidence:.2f}  {row.question} [{row.device or 'any device'}] -> {row.top}")
    metrics = {
        "hit@1": bootstrap([float(row.right) for row in asked], mean),
        "hit@1_without_vectors": bootstrap([float(row.right) for row in seeded], mean),
    }
    show("eval questions", len(asked), metrics, {"articles": articles.name}, json_file)


@app.command(epilog="Example: firstline eval render DATA/security/render.jsonl")
def render(rows: Annotated[Path, typer.Argument(help="JSON lines with id and payload.")], json_file: ToJson = None) -> None:
    """Render hostile text and count what gets through. Exit 1 when anything does."""
    from evals.rendering import check_rows
    from evals.report import exact, show
    from evals.world import BadInput, read_rows

    try:
        cases = read_rows(rows)
        failed = check_rows(cases)
    except (BadInput, KeyError) as error:
        _stop(f"malformed input: {error}")
    for key, faults in failed:
        typer.echo(f"{key}: {'; '.join(faults)}")
    count = sum(row.get("kind") != "csv_formula" for row in cases)
    show("eval render", count, {"failed": exact(len(failed))}, {}, json_file)
    if failed:
        raise typer.Exit(1)


@app.command(epilog="Example: firstline eval turns --questions 200 --json turns.json")
def turns(
    count: Annotated[int, typer.Option("--questions", help="How many questions to ask.")] = 200,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure turns in the real service with the demo company: latency, memory, time to ready."""
    import shutil
    import tempfile

    from assistant.bootstrap import load_people, open_assistant
    from assistant.settings import Settings
    from evals.benchmarks.turns import measure
    from evals.benchmarks.turns import questions as make_questions
    from evals.report import bootstrap, exact, percentile, show
    from evals.world import DEMO_ARTICLES, prepared_home
    from ingest.report import LineReport
    from ingest.sync import sync

    with tempfile.TemporaryDirectory() as scratch:
        home = prepared_home(Path(scratch), model_home)
        articles = Path(scratch) / "articles"
        shutil.copytree(DEMO_ARTICLES, articles)
        settings = Settings(home=home)
        assistant = open_assistant(settings)
        sync(articles, assistant.knowledge_base, settings, LineReport(_note))
        load_people(assistant, articles / "company.toml")
        titles = [article.title for article in assistant.knowledge_base.store.articles()]
        assistant.close()
        measured = measure(home, make_questions(titles, count), _note)
    metrics = {
        "latency_p50_ms": bootstrap(measured.turn_ms, lambda part: percentile(part, 0.5)),
        "latency_p95_ms": bootstrap(measured.turn_ms, lambda part: percentile(part, 0.95)),
        "rss_mb": exact(measured.rss_mb),
        "ready_s": exact(measured.ready_s),
        "restart_s": exact(measured.restart_s),
    }
    show("eval turns", len(measured.turn_ms), metrics, dict(measured.kinds), json_file)
