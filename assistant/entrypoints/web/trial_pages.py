"""How an article for a gap begins, and what past questions would get with a draft before it is published."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from assistant.agent.drafting import Refused
from assistant.desk.authoring import Unseen
from assistant.domain.configuration import Person
from assistant.entrypoints.web import author_views as views
from assistant.entrypoints.web.author_pages import CONFLICT, FROM_HERE, HERE, SECTION, Author, at, seen
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, partial, show
from assistant.entrypoints.web.site import Site
from kb.drafts import Draft, NotNow
from kb.model import Gap, Reader
from kb.ports import EmbedderUnavailable
from kb.text import slug

router = APIRouter(prefix=HERE, include_in_schema=False)
GapId = Annotated[str, Query(max_length=40)]


def _gap(site: Site, gap_id: str) -> Gap:
    with site.store.read() as unit:
        gap = unit.gaps.load(gap_id)
    if gap is None:
        raise HTTPException(404, "There is no such gap. Perhaps it was merged into another one.")
    return gap


@router.get("/new")
def ways(request: Request, site: OurSite, person: Author, gap: GapId) -> Response:
    """Offer the ways in which an article for a gap can begin. Nothing is begun by opening the page."""
    return _ways(request, site, person, _gap(site, gap))


def _ways(request: Request, site: Site, person: Person, gap: Gap, refused: Refused | None = None, status: int = 200) -> Response:
    with site.store.read() as unit:
        drafts = [one for one in unit.drafts.of_gap(gap.id) if one.state.is_open and site.authoring.may_see(person, one)]
        members = unit.gaps.members(gap.id, 200)
    names = dict.fromkeys(article for one in members for article in one.nearest)
    found = (site.knowledge.article(article, Reader(person.groups)) for article in names)
    nearest = [one[0] for one in found if one is not None][:3]
    context: dict[str, Any] = {
        "gap": gap,
        "refused": refused,
        "drafts": drafts,
        "nearest": [{"head": one, "elsewhere": site.authoring.elsewhere(one)} for one in nearest],
        "rejected": gap.failure.value,
    }
    return show(request, "draft_ways.html", person, SECTION, status, **context)


@router.post("/new", dependencies=FROM_HERE)
def begin_for_gap(
    request: Request,
    site: OurSite,
    person: Author,
    gap: Annotated[str, Form(max_length=40)],
    how: Annotated[Literal["tickets", "empty", "change"], Form()],
    article: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Begin a draft for a gap: from its tickets, from nothing, or as a change of an article; where the tickets say too little, say whom to ask."""
    found = _gap(site, gap)
    try:
        made = site.gap_drafting.draft(person, gap) if how == "tickets" else site.authoring.begin(person, article if how == "change" else "", gap)
    except Unseen:
        raise HTTPException(404, "There is no such article, or it is not for you.") from None
    if isinstance(made, Refused):
        return _ways(request, site, person, found, made, CONFLICT)
    return RedirectResponse(at(made.id), SEE_OTHER)


@router.get("/drafts/{draft_id}/beside")
def beside(request: Request, site: OurSite, person: Author, draft_id: str) -> Response:
    """Say what the draft as it is stored says twice or against articles near it that this author may read."""
    draft = seen(site, person, draft_id)
    own = {draft.article, slug(draft.content.title), draft.id}
    context: dict[str, Any] = {"draft": draft, "address": at(draft_id), "findings": None, "why": "", "own": own}
    try:
        context["findings"] = site.compare_draft(draft, Reader(person.groups)) if draft.content.text and draft.content.title else None
    except EmbedderUnavailable as error:
        context["why"] = str(error)
    if request.headers.get("hx-request"):
        return partial(request, "_draft_beside.html", **context)
    return show(request, "draft_beside.html", person, SECTION, **context)


# -- trials -------------------------------------------------------------------------------------------------------------


@router.post("/drafts/{draft_id}/trial", dependencies=FROM_HERE)
def begin_trial(request: Request, site: OurSite, person: Author, draft_id: str) -> Response:
    """Try the draft as it is stored on past questions; the page finds it again however long it takes."""
    draft = seen(site, person, draft_id)
    try:
        site.trying.begin(person, draft)
    except NotNow as refused:
        return _trial(request, site, draft, str(refused))
    if request.headers.get("hx-request"):
        return _trial(request, site, draft)
    return RedirectResponse(at(draft_id, "/trial"), SEE_OTHER)


@router.get("/drafts/{draft_id}/trial")
def trial(request: Request, site: OurSite, person: Author, draft_id: str) -> Response:
    """Show how far the trial is and what came of it: as a page, or as the part of one that asks."""
    draft = seen(site, person, draft_id)
    if request.headers.get("hx-request"):
        return _trial(request, site, draft)
    context = views.trial_of(site, draft) | {"draft": draft, "address": at(draft_id)}
    return show(request, "trial.html", person, SECTION, **context)


def _trial(request: Request, site: Site, draft: Draft, error: str = "") -> Response:
    return partial(request, "_draft_trial.html", **views.trial_of(site, draft), draft=draft, address=at(draft.id), trial_error=error)
