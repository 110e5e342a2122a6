"""The commands ``firstline articles``: what authors do in the console, for those who run the service. Imports are inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.command_line import NO, AsJson, opened, read_settings, stop

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.domain.configuration import Person

CHANGES = ("answered", "still not", "lost", "changed", "same")
app = typer.Typer(no_args_is_help=True, help="Articles, their drafts and their revisions. Example: firstline articles drafts")
As = Annotated[str, typer.Option("--as", help="Who does it: an id from `firstline people`, of somebody who writes the knowledge base.")]


def _author(assistant: Assistant, name: str) -> Person:
    """Return an author; anybody else may not do this here either."""
    from assistant.domain.configuration import Role

    person = assistant.directory.person(name)
    if person is None:
        stop(f"nobody is called {name or 'that; say who does it with --as PERSON'}")
    if Role.AUTHOR not in person.roles:
        stop(f"{person.name} does not write the knowledge base; see FIRSTLINE_ROLES")
    return person


@app.command("list", epilog="Example: firstline articles list --json")
def list_(as_json: AsJson = False) -> None:
    """List the live articles with owner, revision, review date and where they come from."""
    with opened(read_settings()) as assistant:
        found = sorted(assistant.knowledge_base.store.articles(), key=lambda one: one.id)
        today = assistant.authoring.today()
    rows = [
        {
            "id": one.id,
            "title": one.title,
            "owner": one.owner,
            "audience": one.audience.key,
            "revision": one.revision,
            "review_by": one.review_by.isoformat() if one.review_by else "",
            "overdue": one.overdue(today),
            "source": one.source,
            "path": one.path,
            "ahead": one.ahead,
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not rows:
        typer.echo("There are no articles yet. Begin with: firstline ingest sync FOLDER")
    for row in rows:
        late = ", overdue" if row["overdue"] else ""
        ahead = ", its file waits for a change" if row["ahead"] and row["path"] else ""
        typer.echo(f"{row['id']}  {row['title']}")
        typer.echo(f"    revision {row['revision']}, {row['owner'] or 'no owner'}, review by {row['review_by'] or 'no date'}{late}{ahead}")


@app.command(epilog="Example: firstline articles drafts")
def drafts(as_json: AsJson = False) -> None:
    """List the drafts that somebody still has to do something about."""
    with opened(read_settings()) as assistant, assistant.store.read() as unit:
        found = unit.drafts.open()
    if as_json:
        rows = [
            {"id": one.id, "title": one.content.title, "state": one.state.value, "author": one.author, "article": one.article, "gap": one.gap}
            for one in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not found:
        typer.echo("There are no drafts. Authors begin them in the console, from a gap or from an article.")
    for one in found:
        about = f"changes {one.article}" if one.article else "new article"
        typer.echo(
            f"{one.id}  {one.state.value}: {one.content.title or 'without a title'} ({about}, by {one.author}, {one.updated_at:%Y-%m-%d %H:%M})"
        )


@app.command(epilog="Example: firstline articles draft g_1f2e3d4c5b6a7988 --as elin.berg")
def draft(gap: Annotated[str, typer.Argument(help="A gap, from `firstline gaps --json` or its page.")], person: As = "") -> None:
    """Draft an article for a gap from how people solved its tickets. Exit 1, with whom to ask what, when they say too little."""
    from assistant.agent.drafting import Refused

    with opened(read_settings()) as assistant:
        who = _author(assistant, person)
        with assistant.store.read() as unit:
            if unit.gaps.load(gap) is None:
                stop(f"there is no gap {gap}")
        made = assistant.authors.drafting.draft(who, gap)
    if isinstance(made, Refused):
        stop("\n".join((made.why, *made.asks)), NO)
    typer.echo(f"{made.id}: {made.content.title}")
    for one in made.provenance:
        where = "; ".join(f"{origin.ticket}, {origin.note}" for origin in one.origins)
        typer.echo(f"  {one.sentence}  [{where}]")


@app.command("try", epilog="Example: firstline articles try d_0123456789abcdef --as elin.berg")
def try_(draft_id: Annotated[str, typer.Argument(metavar="DRAFT", help="An open draft.")], person: As = "", as_json: AsJson = False) -> None:
    """Ask past questions as if a draft were live: which would be answered, and which good answers would change. Nothing live is touched."""
    from assistant.desk.authoring import Unseen
    from kb.drafts import NotNow, Overtaken, Trial

    with opened(read_settings()) as assistant:
        who = _author(assistant, person)
        try:
            found = assistant.authoring.draft(who, draft_id)
            assistant.authors.trying.begin(who, found)
            trial: Trial = assistant.authors.trying.run(found.id, found.version)
        except Unseen:
            stop(f"there is no draft {draft_id} for {person}")
        except (NotNow, Overtaken) as refused:
            stop(str(refused) or "The draft was saved or tried by somebody else meanwhile.", NO)
    counts = {good: {change: sum(one.change == change and one.good is good for one in trial.tried) for change in CHANGES} for good in (False, True)}
    facts: dict[str, Any] = {
        "draft": trial.draft,
        "version": trial.version,
        "gap": counts[False],
        "good": counts[True],
        "left_out": dict(trial.left_out),
    }
    if as_json:
        typer.echo(json.dumps(facts))
        return
    gap, good = counts[False], counts[True]
    typer.echo(f"Questions of the gap: {sum(gap.values())} tried, {gap['answered']} would now be answered, {gap['still not']} still not.")
    typer.echo(f"Good answers nearby: {sum(good.values())} tried, {good['changed']} would come from another article, {good['lost']} would be lost.")
    for why, number in trial.left_out:
        typer.echo(f"Left out: {number}, {why}.")


@app.command(epilog="Example: firstline articles publish d_0123456789abcdef --as laura.keane")
def publish(draft_id: Annotated[str, typer.Argument(metavar="DRAFT", help="A draft in review.")], person: As = "") -> None:
    """Publish a draft as its second person. Exit 1 when it is not in review, they wrote it, or it cannot be published as it is."""
    from assistant.desk.authoring import Conflict, Unseen
    from kb.drafts import NotNow

    with opened(read_settings()) as assistant:
        who = _author(assistant, person)
        try:
            found = assistant.authoring.draft(who, draft_id)
            article = assistant.authoring.publish(who, found.id, found.version)
        except Unseen:
            stop(f"there is no draft {draft_id} for {person}")
        except Conflict:
            stop("Somebody changed it a moment ago. Look at it again.", NO)
        except NotNow as refused:
            stop(str(refused), NO)
    typer.echo(f"{article.id} is live as revision {article.revision}.")


@app.command(epilog="Example: firstline articles history vpn-install-windows --as elin.berg")
def history(article: Annotated[str, typer.Argument(help="An article's id.")], person: As = "", as_json: AsJson = False) -> None:
    """Show the revisions of an article, the newest first: when, by whom, and why."""
    from assistant.desk.authoring import Unseen

    with opened(read_settings()) as assistant:
        try:
            head, found = assistant.authoring.revisions(_author(assistant, person), article)
        except Unseen:
            stop(f"there is no article {article} for {person}")
    rows = [
        {
            "revision": one.number,
            "at": one.published_at.isoformat(),
            "author": one.author,
            "reviewer": one.reviewer,
            "why": one.why,
            "live": one.number == head.revision,
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        who = f"by {row['author']}" + (f", reviewed by {row['reviewer']}" if row["reviewer"] else "") if row["author"] else "from its file"
        typer.echo(f"{row['revision']:>4}  {str(row['at'])[:16]}  {who}{'  live' if row['live'] else ''}{': ' if row['why'] else ''}{row['why']}")


@app.command(epilog='Example: firstline articles restore vpn-install-windows 3 --as elin.berg --why "The new steps are for the old client"')
def restore(
    article: Annotated[str, typer.Argument(help="An article's id.")],
    revision: Annotated[int, typer.Argument(help="The revision whose words become live again.")],
    why: Annotated[str, typer.Option(help="The reason, for those who wrote it and for the record.")] = "",
    person: As = "",
) -> None:
    """Make the words of an earlier revision live again, as a new revision. Exit 1 when that cannot be."""
    from assistant.desk.authoring import Unseen
    from kb.drafts import NotNow

    with opened(read_settings()) as assistant:
        try:
            made = assistant.authoring.restore(_author(assistant, person), article, revision, why)
        except Unseen:
            stop(f"there is no revision {revision} of {article} for {person}")
        except NotNow as refused:
            stop(str(refused), NO)
    typer.echo(f"{made.id} says again what revision {revision} said, as revision {made.revision}.")
