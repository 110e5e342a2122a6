"""The command ``firstline kb``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from datetime import date

FOUND, WRONG = 1, 2
app = typer.Typer(no_args_is_help=True, help="Look after the knowledge base. Example: firstline kb lint")


@app.callback()
def kb() -> None:
    """Look after the knowledge base."""


@app.command(epilog="Example: firstline kb lint --owner network-team@lindqvist.example --strict")
def lint(
    owner: Annotated[str, typer.Option(help="Only what concerns this owner's articles.")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the findings to this file.")] = None,
    as_of: Annotated[str, typer.Option(help="The day on which review dates are judged, as YYYY-MM-DD; today by default.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when there is a finding, for a Git hook.")] = False,
) -> None:
    """Find overdue, ownerless, doubled and contradicting articles; one list for each owner.

    Reads every article, whoever may read it: the output is for those who look after the whole knowledge base.
    """
    from datetime import UTC, date, datetime

    from pydantic import ValidationError
    from sqlalchemy.exc import DatabaseError

    try:
        today = date.fromisoformat(as_of) if as_of else datetime.now(UTC).date()
    except ValueError:
        _stop(f"{as_of} is not a day in the form YYYY-MM-DD")
    try:
        found = _lint(owner.strip(), json_file, today)
    except DatabaseError as problem:
        _stop(f"The database is locked or cannot be used ({problem.orig}).")
    except (ValidationError, OSError) as problem:
        _stop(f"The state folder, its settings or the file cannot be used: {problem}")
    if strict and found:
        raise typer.Exit(FOUND)


def _lint(wanted: str, json_file: Path | None, today: date) -> int:
    """Show and write the findings; return how many there are."""
    import json

    from kb.bootstrap import open_knowledge
    from kb.lint.examine import examine
    from kb.lint.show import NO_OWNER, finding_facts, finding_text
    from kb.settings import KnowledgeSettings

    base = open_knowledge(KnowledgeSettings())
    try:
        articles = base.store.articles()
        findings = examine(base.store, base.embedder.identity, today, lambda line: typer.echo(line, err=True))
    finally:
        base.close()
    if not articles:
        typer.echo("There are no articles yet. Start with: firstline ingest sync FOLDER")
    owners = [owner or NO_OWNER for owner in sorted({article.owner.strip() for article in articles})]
    if wanted and wanted not in owners:
        _stop(f"{wanted} owns no article. Owners are: {', '.join(owners)}")
    facts = finding_facts(findings, len(articles), today, wanted)
    if json_file is not None:
        json_file.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    typer.echo(finding_text(findings, len(articles), today, wanted))
    return int(facts["findings"])


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)
