"""Where authors write: what waits for them, the editor with its preview, the review by a second person."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from assistant.desk.authoring import Conflict, Unseen, written
from assistant.domain.configuration import Person
from assistant.entrypoints.web import author_views as views
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, author, partial, same_origin, show
from assistant.entrypoints.web.site import Site
from kb.difference import difference
from kb.drafts import Content, Draft, DraftState, NotNow
from kb.model import Platform, Reader

HERE = "/console/articles"
SECTION = "articles"
NOTE_LIMIT = 2_000
CONFLICT = 409
router = APIRouter(prefix=HERE, include_in_schema=False)
Author = Annotated[Person, Depends(author)]
FROM_HERE = [Depends(same_origin)]


class Typed(BaseModel):
    """What the editor's form sends."""

    version: int = 0
    title: str = ""
    text: str = ""
    owner: str = ""
    groups: list[str] = []
    platforms: list[Platform] = []
    review_by: str = ""
    tags: str = ""
    why: str = ""
    do: Literal["save", "preview", "submit"] = "save"

    @property
    def content(self) -> Content:
        """What it says, as it would be kept; a date that is none is left out."""
        return written(self.title, self.text, self.owner, self.groups, self.platforms, self.day, self.tags)

    @property
    def day(self) -> date | None:
        """The review date, None where it is empty or none."""
        try:
            return date.fromisoformat(self.review_by.strip())
        except ValueError:
            return None


def at(draft_id: str, more: str = "") -> str:
    """Return the address of a draft's page."""
    return f"{HERE}/drafts/{draft_id}{more}"


def seen(site: Site, person: Person, draft_id: str) -> Draft:
    """Return a draft for a page; 404 for one that is not for this person."""
    try:
        return site.authoring.draft(person, draft_id)
    except Unseen:
        raise HTTPException(404, "There is no such draft, or it is not for you.") from None


@router.get("")
def articles(request: Request, site: OurSite, person: Author, q: str = "", page: int = 1) -> Response:
    """Say what waits for this author, and list the articles that they may read."""
    drafts = site.authoring.drafts(person)
    mine = [one for one in drafts if person.id in one.writers]
    context = {
        "reviews": views.rows(site, [one for one in drafts if one.state is DraftState.IN_REVIEW and one not in mine]),
        "mine": views.rows(site, mine),
        "others": views.rows(site, [one for one in drafts if one not in mine and one.state is not DraftState.IN_REVIEW]),
        **views.articles(site, Reader(person.groups), q, page),
    }
    return show(request, "authoring.html", person, SECTION, **context)


@router.post("/drafts", dependencies=FROM_HERE)
def begin(
    site: OurSite, person: Author, article: Annotated[str, Form(max_length=200)] = "", title: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Begin a draft of a new article, or of a change; the one that is under way is opened again."""
    content = written(title, "", "", (), (), None, "") if title and not article else None
    try:
        draft = site.authoring.begin(person, article, content=content)
    except Unseen:
        raise HTTPException(404, "There is no such article, or it is not for you.") from None
    return RedirectResponse(at(draft.id), SEE_OTHER)


@router.get("/drafts/{draft_id}")
def draft_page(request: Request, site: OurSite, person: Author, draft_id: str, edit: bool = False, saved: bool = False) -> Response:
    """Show a draft: to write it, to review it, or what became of it."""
    draft = seen(site, person, draft_id)
    if draft.state in (DraftState.DRAFT, DraftState.CHANGES_ASKED) or (edit and draft.state is DraftState.IN_REVIEW):
        return editor(request, site, person, draft, saved=saved)
    return review_page(request, site, person, draft)


def editor(
    request: Request,
    site: Site,
    person: Person,
    draft: Draft,
    typed: Typed | None = None,
    error: str = "",
    status: int = 200,
    saved: bool = False,
) -> Response:
    """Return the editor, with what was typed in place of what is stored, if anything was."""
    context = views.editor(site, person, draft, typed.content if typed else draft.content)
    late = typed.review_by if typed and typed.review_by and typed.day is None else ""
    context |= {"why": typed.why if typed else draft.why, "error": error, "unsaved": typed is not None, "no_date": late, "saved": saved}
    return show(request, "draft.html", person, SECTION, status, **context)


def review_page(request: Request, site: Site, person: Person, draft: Draft, error: str = "", note: str = "", status: int = 200) -> Response:
    """Return a draft as it would be published, with what a second person decides about."""
    context = views.review(site, person, draft) | {"error": error, "note": note, "limit": NOTE_LIMIT}
    return show(request, "draft_review.html", person, SECTION, status, **context)


@router.post("/drafts/{draft_id}/preview", dependencies=FROM_HERE)
def preview(request: Request, site: OurSite, person: Author, draft_id: str, typed: Annotated[Typed, Form()]) -> Response:
    """Return what readers would see of what is typed now; nothing is stored."""
    seen(site, person, draft_id)
    return partial(request, "_draft_preview.html", preview=views.preview(site, typed.content))


@router.post("/drafts/{draft_id}", dependencies=FROM_HERE)
def write(request: Request, site: OurSite, person: Author, draft_id: str, typed: Annotated[Typed, Form()]) -> Response:
    """Store what was typed, and send it to review if that was asked for; or show it without storing it."""
    draft = seen(site, person, draft_id)
    if typed.do == "preview":
        return editor(request, site, person, draft, typed)
    if typed.review_by.strip() and typed.day is None:
        return editor(request, site, person, draft, typed, f"{typed.review_by} is no date. Write it as 2027-01-31. Nothing was stored.", 400)
    try:
        saved = site.authoring.save(person, draft_id, typed.version, typed.content, typed.why)
    except Conflict as conflict:
        return _conflict(request, site, person, conflict.stored, typed)
    except NotNow as refused:
        return editor(request, site, person, draft, typed, f"{refused} Nothing was stored.", CONFLICT)
    if typed.do == "save":
        return RedirectResponse(at(draft_id, "?saved=true"), SEE_OTHER)
    try:
        site.authoring.submit(person, draft_id, saved.version)
    except (NotNow, Conflict) as refused:
        words = str(refused) if isinstance(refused, NotNow) else "Somebody else saved it a moment ago."
        return editor(request, site, person, seen(site, person, draft_id), None, f"It is saved, and not in review. {words}", CONFLICT)
    return RedirectResponse(at(draft_id), SEE_OTHER)


def _conflict(request: Request, site: Site, person: Person, stored: Draft, typed: Typed) -> Response:
    names = site.names()
    who = names.get(stored.writers[-1], "somebody") if stored.writers else "somebody"
    context = {
        "draft": stored,
        "who": "you, in another window," if stored.writers and stored.writers[-1] == person.id else who,
        "typed": typed,
        "content": typed.content,
        "lines": difference(stored.content.text, typed.content.text),
        "address": at(stored.id),
    }
    return show(request, "draft_conflict.html", person, SECTION, CONFLICT, **context)


@router.post("/drafts/{draft_id}/review", dependencies=FROM_HERE)
def decide(
    request: Request,
    site: OurSite,
    person: Author,
    draft_id: str,
    do: Annotated[Literal["publish", "return"], Form()],
    version: Annotated[int, Form()],
    note: Annotated[str, Form(max_length=NOTE_LIMIT)] = "",
) -> Response:
    """Publish exactly what the page showed, or ask for changes."""
    seen(site, person, draft_id)
    try:
        if do == "return":
            site.authoring.hand_back(person, draft_id, version, note)
            return RedirectResponse(HERE, SEE_OTHER)
        article = site.authoring.publish(person, draft_id, version)
    except Conflict as conflict:
        return review_page(request, site, person, conflict.stored, "It was changed while you read it. Read it again.", note, CONFLICT)
    except NotNow as refused:
        return review_page(request, site, person, seen(site, person, draft_id), str(refused), note, CONFLICT)
    return RedirectResponse(f"{HERE}/history?article={article.id}&published=true", SEE_OTHER)


@router.post("/drafts/{draft_id}/discard", dependencies=FROM_HERE)
def discard(request: Request, site: OurSite, person: Author, draft_id: str, version: Annotated[int, Form()]) -> Response:
    """Give a draft up."""
    draft = seen(site, person, draft_id)
    try:
        site.authoring.discard(person, draft_id, version)
    except (Conflict, NotNow) as refused:
        words = str(refused) if isinstance(refused, NotNow) else "Somebody changed it meanwhile; look at it again."
        return editor(request, site, person, seen(site, person, draft.id), None, words, CONFLICT)
    return RedirectResponse(HERE, SEE_OTHER)


@router.post("/drafts/{draft_id}/rebase", dependencies=FROM_HERE)
def rebase(request: Request, site: OurSite, person: Author, draft_id: str, version: Annotated[int, Form()]) -> Response:
    """Go on from the revision that is live now."""
    seen(site, person, draft_id)
    try:
        site.authoring.rebase(person, draft_id, version)
    except (Conflict, NotNow) as refused:
        words = str(refused) if isinstance(refused, NotNow) else "Somebody changed the draft meanwhile; look at it again."
        return editor(request, site, person, seen(site, person, draft_id), None, words, CONFLICT)
    return RedirectResponse(at(draft_id), SEE_OTHER)
