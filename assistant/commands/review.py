"""The commands ``firstline review``: make a week's review, read it, and take down what is decided. Imports are inside."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.desk.review.deciding import Wish
    from assistant.domain.review import Decision, Frozen
    from assistant.domain.week import Week

OPERATOR = "operator"
app = typer.Typer(no_args_is_help=True, help="The weekly review: a frozen record, and what is decided on it.")
AWeek = Annotated[str, typer.Option(help="The week, as 2026-W47; the last one that is over by default.")]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="Write Markdown.")]
ToFile = Annotated[Path | None, typer.Option("--html", help="Write one HTML file that prints on A4 and needs nothing else.")]
AVersion = Annotated[int, typer.Option(min=0, help="An earlier version; the last one by default.")]


@app.command(epilog="Example: firstline review run --week 2026-W47 --markdown")
def run(
    week: AWeek = "",
    again: Annotated[str, typer.Option(help="Make a new version beside the first; say why.")] = "",
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    html: ToFile = None,
) -> None:
    """Make and freeze the review of a week that is over, or show the frozen one. The service does this by itself once a week."""
    from assistant.workflows.reviewing import NoSuchReview

    with opened(read_settings()) as assistant:
        try:
            found, fresh = assistant.reviewer.review(_week(assistant, week), OPERATOR, again.strip())
        except NoSuchReview as refused:
            stop(str(refused))
        if not (as_json or as_markdown):
            typer.echo(f"{'Frozen' if fresh else 'Frozen before'}: {found.week}, version {found.version}, {found.made_at:%Y-%m-%d %H:%M} UTC")
        _write(assistant, found, as_json, as_markdown, html)


@app.command(epilog="Example: firstline review show --week 2026-W47 --html review.html")
def show(week: AWeek = "", version: AVersion = 0, as_json: AsJson = False, as_markdown: AsMarkdown = False, html: ToFile = None) -> None:
    """Show a frozen review. Exit 1 when it was changed since it was frozen."""
    with opened(read_settings()) as assistant:
        wanted = _week(assistant, week)
        with assistant.store.read() as unit:
            found = unit.reviews.load(str(wanted), version) if version else unit.reviews.latest(str(wanted))
        if found is None:
            stop(f"there is no {f'version {version} of the ' if version else ''}review of {wanted}; `firstline review run --week {wanted}` makes it")
        faults = found.faults()
        if found.legible:
            _write(assistant, found, as_json, as_markdown, html)
    for fault in faults:
        typer.echo(f"not as it was frozen: {fault}", err=True)
    if faults:
        raise typer.Exit(NO)


@app.command("list", epilog="Example: firstline review list --json")
def list_reviews(as_json: AsJson = False) -> None:
    """List the reviews, the latest week first, with their decisions that are open."""
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        heads = unit.reviews.heads(limit=520)
        waiting = unit.reviews.open_decisions()
    left = Counter(one.week for one in waiting)
    rows = [{"week": one.week, "version": one.version, "made_at": one.made_at.isoformat(), "hash": one.hash, "open": left[one.week]} for one in heads]
    if as_json:
        typer.echo(json.dumps(rows))
    elif not rows:
        typer.echo("There is no review yet. The service makes one each week; `firstline review run` makes that of the last week now.")
    for row in rows if not as_json else ():
        typer.echo(f"{row['week']}  version {row['version']}  frozen {str(row['made_at'])[:16].replace('T', ' ')}  {row['open']} decisions open")


@app.command(epilog='Example: firstline review decide 2026-W47 gap:g_1f "Write the article" --owner maria.santos --due 2026-11-27')
def decide(
    week: Annotated[str, typer.Argument(help="The week of the review, or the id of a decision that is to be changed.")],
    finding: Annotated[str, typer.Argument(help="The finding that it answers, as `firstline review show --json` names it; empty for none.")] = "",
    what: Annotated[str, typer.Argument(help="What is to be done.")] = "",
    owner: Annotated[str | None, typer.Option(help="Who does it: an id from `firstline people`.")] = None,
    due: Annotated[str | None, typer.Option(help="Until when, as 2026-11-27; empty for no day.")] = None,
    status: Annotated[str | None, typer.Option(help="open, done or dropped.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take down a decision on a review, or change one by its id."""
    from assistant.desk.review.deciding import NotDecided
    from assistant.ports.reviews import DecisionChanged

    with opened(read_settings()) as assistant:
        wish = _wish(assistant, what, owner, due, status)
        try:
            made = _changed(assistant, week, wish) if week.startswith("d_") else _decided(assistant, week, finding, wish)
        except NotDecided as refused:
            stop(str(refused))
        except DecisionChanged:
            stop("somebody changed the decision at the same moment; look at it and try again", NO)
    typer.echo(json.dumps(decision_facts(made)) if as_json else f"{made.id}: {made.what} ({made.owner or 'nobody'}, {made.status})")


def _week(assistant: Assistant, text: str) -> Week:
    from assistant.domain.week import Week

    try:
        return Week.parse(text) if text else assistant.reviewer.last_week()
    except ValueError as error:
        stop(str(error))


def _wish(assistant: Assistant, what: str, owner: str | None, due: str | None, status: str | None) -> Wish:
    from datetime import date

    from assistant.desk.review.deciding import Wish
    from assistant.domain.review import Status

    if owner and assistant.directory.person(owner) is None:
        stop(f"nobody is called {owner}; `firstline people` lists whom one can be")
    try:
        day: date | None | str = "" if due is None else date.fromisoformat(due) if due else None
        return Wish(what or None, owner, day, Status(status) if status else None)
    except ValueError:
        stop("a day is written as 2026-11-27, and a decision is open, done or dropped")


def _decided(assistant: Assistant, week: str, finding: str, wish: Wish) -> Decision:
    from assistant.desk.review.deciding import decide

    wanted = _week(assistant, week)
    with assistant.store.write() as unit:
        found = unit.reviews.latest(str(wanted))
        if found is None:
            stop(f"there is no review of {wanted}; `firstline review run --week {wanted}` makes it")
        return decide(unit, found, finding, wish, OPERATOR, assistant.clock.now())


def _changed(assistant: Assistant, decision_id: str, wish: Wish) -> Decision:
    from assistant.desk.review.deciding import NO_DECISION, NotDecided, change

    with assistant.store.write() as unit:
        seen = unit.reviews.decision(decision_id)
        if seen is None:
            raise NotDecided(NO_DECISION.format(decision_id))
        return change(unit, decision_id, seen.version, wish, OPERATOR, assistant.clock.now())


def decision_facts(one: Decision) -> dict[str, Any]:
    """Return a decision for programs."""
    from dataclasses import asdict

    day = one.due.isoformat() if one.due is not None else None
    return asdict(one) | {"made_at": one.made_at.isoformat(), "changed_at": one.changed_at.isoformat(), "due": day, "status": one.status.value}


def review_facts(found: Frozen, decisions: list[Decision]) -> dict[str, Any]:
    """Return a review for programs: the frozen text as it is, what stands beside it, and the decisions as they are now."""
    names = {key: name.text for key, name in found.names.items()}
    head = {"week": found.week, "version": found.version, "hash": found.hash, "faults": found.faults()}
    return {**head, "review": json.loads(found.body), "names": names, "decisions": [decision_facts(one) for one in decisions]}


def _write(assistant: Assistant, found: Frozen, as_json: bool, as_markdown: bool, html: Path | None) -> None:
    from assistant.desk.review.telling import markdown

    with assistant.store.read() as unit:
        decisions = unit.reviews.decisions(found.week)
    names = {person.id: person.name for person in assistant.directory.people()}
    url, now = assistant.settings.url, assistant.clock.now()
    if html is not None:
        from assistant.entrypoints.web.review_document import document

        try:
            titles = {article.id: article.title for article in assistant.knowledge_base.store.articles()}
            html.write_text(document(found, decisions, names, url, now, titles=titles), encoding="utf-8")
        except OSError as error:
            stop(f"{html} cannot be written: {error.strerror}")
        typer.echo(f"Written: {html}", err=as_json or as_markdown)
    if as_json:
        typer.echo(json.dumps(review_facts(found, decisions), ensure_ascii=False))
    elif as_markdown or html is None:
        typer.echo(markdown(found, decisions, names, url, now))
