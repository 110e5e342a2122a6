"""The command ``firstline ingest``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ingest.sources.site import Site
    from kb.bootstrap import KnowledgeBase
    from kb.model import IngestRun
    from kb.settings import KnowledgeSettings

SOME_FAILED, CANNOT = 1, 2
COUNTS = ("seen", "added", "changed", "renamed", "removed", "unchanged")

app = typer.Typer(no_args_is_help=True, help="Take files into the knowledge base. Example: firstline ingest sync ./articles")
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON object to standard output.")]
Source = Annotated[str, typer.Argument(help="A folder, or a site's address, that was synchronised before.")]


@app.command(epilog="Example: firstline ingest sync ./articles https://help.example.org/")
def sync(
    sources: Annotated[list[str], typer.Argument(help="Folders with .md, .html, .pdf, .docx and .csv files; addresses of sites, sitemaps or pages.")],
    as_json: AsJson = False,
) -> None:
    """Make the knowledge base what the files in the folders, and the pages of the sites, say.

    Only what changed is published. Articles of files that are gone are withdrawn. The exit status is 0 when every
    file was taken in, 1 when some failed (each is listed with its reason, the rest is live), 2 when nothing could be
    done.
    """
    from ingest.report import reporting
    from ingest.sync import sync as synchronise

    runs: list[IngestRun] = []
    with _opened(embeds=True) as (kb, settings):
        for source in [_source(written, settings) for written in sources]:
            with reporting(sys.stderr.isatty(), _note) as report:
                runs.append(synchronise(source, kb, settings, report))
            if not as_json:
                _show(runs[-1])
    if as_json:
        _print_json({"runs": [_as_dict(run) for run in runs]})
    if any(run.failures for run in runs):
        raise typer.Exit(SOME_FAILED)


@app.command(epilog="Example: firstline ingest status --json")
def status(as_json: AsJson = False) -> None:
    """Show the latest synchronisation of each folder and site, with the files that failed."""
    with _opened() as (kb, _settings):
        runs = kb.ingest_log.latest()
    if as_json:
        _print_json({"runs": [_as_dict(run) for run in runs]})
        return
    for run in runs:
        _show(run)
    if not runs:
        typer.echo("Nothing was synchronised yet. Start with: firstline ingest sync FOLDER")


@app.command(epilog="Example: firstline ingest rebuild")
def rebuild() -> None:
    """Embed what the configured model has not embedded, and build both indexes anew."""
    from ingest.upkeep import rebuild as build_anew

    with _opened(embeds=True) as (kb, settings):
        count = build_anew(kb, settings, _note)
    typer.echo(f"Rebuilt the indexes of {count} articles.")


@app.command(epilog="Example: firstline ingest forget ./old-articles --yes")
def forget(source: Source, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Withdraw all articles that came from a folder or site. The files are not touched."""
    from ingest.sync import named
    from ingest.upkeep import articles_of
    from ingest.upkeep import forget as withdraw

    with _opened() as (kb, settings):
        place = _source(source, settings)
        name = named(place)
        count = len(articles_of(place, kb))
        if not count:
            _stop(f"No article came from {name}. `firstline ingest status` lists the folders and sites.")
        if not yes and not typer.confirm(f"Withdraw {count} articles of {name}?"):
            _stop("Nothing was changed.")
        withdraw(place, kb, settings, _note)
    typer.echo(f"Withdrew {count} articles of {name}.")


def _source(written: str, settings: KnowledgeSettings) -> Path | Site:
    """Return the folder or site that was meant."""
    if "://" not in written:
        return Path(written)
    from ingest.addresses import Reach
    from ingest.fetch import Fetcher
    from ingest.sources.site import Site

    return Site.of(written, Fetcher(Reach.of(settings.ingest_hosts, settings.ingest_networks)), settings.home)


@contextmanager
def _opened(embeds: bool = False) -> Iterator[tuple[KnowledgeBase, KnowledgeSettings]]:
    """Open the knowledge base; with ``embeds`` its model is made ready. What stops a command as a whole ends it with status 2."""
    from kb.bootstrap import open_knowledge, prepare_model
    from kb.settings import KnowledgeSettings

    with _explained():
        settings = KnowledgeSettings()
        if embeds:
            prepare_model(settings, _note)
        kb = open_knowledge(settings)
        try:
            yield kb, settings
        finally:
            kb.close()


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what stops a command as a whole into a sentence and exit status 2."""
    from filelock import Timeout
    from pydantic import ValidationError
    from sqlalchemy.exc import DatabaseError

    from ingest.sources.folder import SourceUnreadable
    from ingest.sync import Busy
    from kb.ports import EmbedderUnavailable

    try:
        yield
    except (SourceUnreadable, Busy) as problem:
        _stop(str(problem))
    except EmbedderUnavailable as problem:
        _stop(f"The embedding model cannot be used: {problem}. What was published before stays; run this again when it can.")
    except TimeoutError as problem:
        _stop(str(problem) if not isinstance(problem, Timeout) else "The knowledge base is in use by another process. Try again soon.")
    except DatabaseError as problem:
        _stop(f"The database is locked or cannot be used ({problem.orig}). Stop other commands that write to it, then run this again.")
    except (ValidationError, OSError) as problem:
        _stop(f"The state folder or its settings cannot be used: {problem}")


def _stop(message: str) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(CANNOT)


def _note(text: str) -> None:
    typer.echo(text, err=True)


def _show(run: IngestRun) -> None:
    counts = ", ".join(f"{getattr(run, name)} {name}" for name in COUNTS[1:])
    when = run.finished_at.strftime("%Y-%m-%d %H:%M UTC") if run.finished_at else "not finished: it runs now or was interrupted"
    typer.echo(f"{run.source}: {run.state}, {run.seen} files: {counts}, {len(run.failures)} failed ({when})")
    for failure in run.failures:
        typer.echo(f"  {failure.path}: {failure.reason}")


def _as_dict(run: IngestRun) -> dict[str, Any]:
    return {
        "source": run.source,
        "state": run.state,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        **{name: getattr(run, name) for name in COUNTS},
        "failures": [{"path": failure.path, "reason": failure.reason} for failure in run.failures],
    }


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
