"""The command ``firstline assess``: how ready a service desk is. Nothing is stored, and nothing leaves this host. Imports are inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.command_line import AsJson, opened, read_settings, stop
from assistant.commands.exporting import Columns, Dates, Tickets, Zone, open_export

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.desk.readiness.gathering import Gathered
    from assistant.desk.readiness.scoring import Tried
    from assistant.domain.readiness import ReadinessAssessment
    from assistant.settings import Settings
    from kb.bootstrap import KnowledgeBase

QUESTIONS = 360
"""At most so many questions are tried on the knowledge base."""
WORDS = 60
"""Of each so many words: what somebody would type."""


def assess(
    tickets: Tickets = None,
    kb: Annotated[Path | None, typer.Option("--kb", help="A folder of articles, as `firstline ingest sync` takes it.")] = None,
    columns: Columns = None,
    dates: Dates = "",
    zone: Zone = "",
    html: Annotated[Path | None, typer.Option("--html", help="Also write the assessment as a page to this file.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the assessment for the console's page; its evidence names categories only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Score four prerequisites from an export of tickets and a folder of articles, with evidence and the five things to mend first."""
    if tickets is None:
        stop("give an export with --tickets EXPORT")
    if kb is not None and not kb.is_dir():
        stop(f"{kb} is no folder")
    export = open_export(tickets, columns, dates, zone)
    if not (export.has("category") or export.has("subject") or export.has("description")):
        stop(f"{tickets}: it has neither categories nor text, so nothing can be assessed. The columns are: {', '.join(export.shape.columns)}")
    from assistant.desk.readiness.gathering import gathered
    from assistant.desk.readiness.scoring import assessed

    settings = read_settings()
    found = gathered(export)
    band, (tried, articles) = _band(settings), _tried(settings, kb, found)
    made = assessed(found, tried, articles, band, export.digest, export.notes())
    if html is not None:
        _write(html, made)
    if keep:
        _keep(settings, made)
    if as_json:
        typer.echo(made.model_dump_json())
        return
    from assistant.desk.readiness.telling import text_of

    typer.echo(text_of(made))


def _write(path: Path, made: object) -> None:
    from jinja2 import Environment, PackageLoader

    page = Environment(loader=PackageLoader("assistant.desk.readiness", ""), autoescape=True, trim_blocks=True).get_template("document.html.j2")
    try:
        path.write_text(page.render(made=made), encoding="utf-8")
    except OSError as error:
        stop(f"{path} cannot be written: {error.strerror}")


def _keep(settings: Settings, made: ReadinessAssessment) -> None:
    from assistant.domain.measured import READINESS, freeze
    from assistant.ports.rollout import RecordExists

    with opened(settings) as assistant, assistant.store.write() as unit:
        now = assistant.clock.now()
        try:
            unit.rollout.keep(freeze(READINESS, f"{now:%Y-%m-%d %H:%M:%S} {made.source[:8]}", made, "operator", now))
        except RecordExists:
            stop("somebody kept an assessment of this export just now")


def _band(settings: Settings) -> float:
    from assistant.governance.policy import PolicyError
    from assistant.governance.policy_file import PACKAGED, load_policy

    try:
        return load_policy(settings.policy_file or PACKAGED).bands["answer"].auto
    except PolicyError as error:
        stop(str(error))


def _tried(settings: Settings, folder: Path | None, found: Gathered) -> tuple[Sequence[Tried] | None, int | None]:
    """Try questions of every category on the articles of a folder, with the retrieval and the band that answers go by."""
    if folder is None:
        return None, None
    from assistant.agent.lookup import in_doubt
    from assistant.agent.steps.facts import without_mood
    from assistant.desk.readiness.scoring import Tried
    from kb.model import Reader
    from kb.ports import Scope
    from kb.retrieve import Question

    band, tried = _band(settings), []
    with _taken_in(settings, folder) as base:
        articles = list(base.store.articles())
        scope = Scope(Reader(base.store.groups()), None)
        for category, text in found.questions(QUESTIONS):
            asked = " ".join(text.split()[:WORDS])
            result = base.retriever.retrieve(Question(asked), scope)
            sure = bool(result.ranked) and result.confidence >= band and not in_doubt(result, without_mood(asked), (), band)
            text = base.store.revision_text(result.ranked[0].passage.article.id, result.ranked[0].passage.article.revision) or "" if sure else ""
            tried.append(Tried(category, sure, sure and _has_steps(text)))
    return tried, len(articles)


def _has_steps(text: str) -> bool:
    from kb.blocks import ORDERED, parts

    return any(block.kind == ORDERED for part in parts(text) for block in part.blocks)


@contextmanager
def _taken_in(settings: Settings, folder: Path) -> Iterator[KnowledgeBase]:
    """Take a folder in as ``firstline ingest sync`` does, in a place of its own that is gone afterwards."""
    import os
    import subprocess
    import sys
    import tempfile

    from kb.bootstrap import open_knowledge, prepare_model
    from kb.ports import EmbedderUnavailable
    from kb.settings import KnowledgeSettings

    try:
        prepare_model(settings, lambda said: typer.echo(said, err=True))
    except EmbedderUnavailable as error:
        stop(str(error))
    with tempfile.TemporaryDirectory(prefix="firstline-assess-") as place:
        home = Path(place)
        (home / "models").symlink_to(settings.model_folder.parent.absolute())
        around = {**os.environ, "FIRSTLINE_HOME": place, "FIRSTLINE_DATABASE_URL": "", "FIRSTLINE_CHROMA_URL": ""}
        typer.echo(f"taking in {folder}", err=True)
        command = [sys.executable, "-c", "from ingest.cli import app; app()", "sync", str(folder.absolute())]
        done = subprocess.run(  # noqa: S603  our own code, in the interpreter that runs us
            command, env=around, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            stop(f"{folder} cannot be taken in: {(done.stderr or done.stdout).strip().splitlines()[-1:] or ['no reason was given']}")
        base = open_knowledge(
            KnowledgeSettings(
                **{**settings.model_dump(include=set(KnowledgeSettings.model_fields)), "home": home, "database_url": "", "chroma_url": ""}
            )
        )
        try:
            base.keeper.own()
            base.keeper.catch_up()
            yield base
        finally:
            base.close()
