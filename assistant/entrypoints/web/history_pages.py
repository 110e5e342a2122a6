"""The revisions of an article: who made them and why, what changed, and the way back."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.authoring import Unseen
from assistant.domain.configuration import Person
from assistant.entrypoints.web import author_views as views
from assistant.entrypoints.web.author_pages import CONFLICT, FROM_HERE, HERE, NOTE_LIMIT, SECTION, Author
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, show
from assistant.entrypoints.web.site import Site
from kb.difference import difference
from kb.drafts import DraftState, NotNow
from kb.model import Article, Revision

router = APIRouter(prefix=HERE, include_in_schema=False)
ArticleId = Annotated[str, Query(max_length=200)]


def _found(site: Site, person: Person, article: str) -> tuple[Article, list[Revision]]:
    try:
        return site.authoring.revisions(person, article)
    except Unseen:
        raise HTTPException(404, "There is no such article, or it is not for you.") from None


@router.get("/history")
def history(request: Request, site: OurSite, person: Author, article: ArticleId, revision: int = 0, published: bool = False) -> Response:
    """Show an article's revisions, and what one of them changed: the live one at first."""
    return _page(request, site, person, article, revision, published=published)


def _page(
    request: Request,
    site: Site,
    person: Person,
    article: str,
    number: int,
    error: str = "",
    why: str = "",
    status: int = 200,
    published: bool = False,
) -> Response:
    head, found = _found(site, person, article)
    one = next((each for each in found if each.number == (number or head.revision)), None)
    if one is None:
        raise HTTPException(404, "There is no such revision, or it is not for you.")
    before = next((each for each in found if each.number < one.number), None)
    with site.store.read() as unit:
        known = unit.drafts.of_article(article)
    drafts = [draft for draft in known if draft.state.is_open and site.authoring.may_see(person, draft)]
    context: dict[str, Any] = {
        "head": head,
        "revisions": views.revisions(site, found),
        "shown": views.revisions(site, [one])[0],
        "before": before,
        "lines": difference(before.text, one.text) if before is not None else [],
        "live": one.number == head.revision,
        "preview": views.preview(site, views.content_of(one, head)),
        "elsewhere": site.authoring.elsewhere(head),
        "open_draft": drafts[0] if drafts else None,
        "published": published,
        "gap": next((draft.gap for draft in known if draft.gap and draft.state is DraftState.PUBLISHED), ""),
        "written": site.authoring.elsewhere_written(head),
        "error": error,
        "why": why,
        "limit": NOTE_LIMIT,
    }
    return show(request, "article_history.html", person, SECTION, status, **context)


@router.post("/history", dependencies=FROM_HERE)
def restore(
    request: Request,
    site: OurSite,
    person: Author,
    article: Annotated[str, Form(max_length=200)],
    revision: Annotated[int, Form()],
    why: Annotated[str, Form(max_length=NOTE_LIMIT)] = "",
) -> Response:
    """Make the words of an earlier revision live again."""
    _found(site, person, article)
    try:
        made = site.authoring.restore(person, article, revision, why)
    except Unseen:
        raise HTTPException(404, "There is no such revision, or it is not for you.") from None
    except NotNow as refused:
        return _page(request, site, person, article, revision, str(refused), why, CONFLICT)
    return RedirectResponse(f"{HERE}/history?article={quote(made.id)}&published=true", SEE_OTHER)
