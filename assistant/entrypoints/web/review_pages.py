"""The weekly reviews in the console: the list, the record, its files, and what is decided on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from assistant.desk.review.deciding import LONGEST, NotDecided, Wish, change, decide
from assistant.desk.review.telling import markdown
from assistant.domain.configuration import Person, Role
from assistant.domain.review import Finding, Frozen, Status
from assistant.domain.week import Week
from assistant.entrypoints.web.frame import SEE_OTHER, OurSite, any_of, partial, same_origin, show, staff
from assistant.entrypoints.web.review_document import document, document_policy, view_of
from assistant.entrypoints.web.site import Site
from assistant.ports.reviews import DecisionChanged
from kb.model import Reader

PAGE = 52
router = APIRouter(prefix="/console/reviews", include_in_schema=False)
Staff = Annotated[Person, Depends(staff)]
decides = any_of(Role.AUTHOR, Role.OPERATOR)
Decides = Annotated[Person, Depends(decides)]
Words = Annotated[str, Form(max_length=4 * LONGEST)]
Id = Annotated[str, Form(max_length=120)]


@router.get("")
def reviews(request: Request, site: OurSite, person: Staff, before: str = "") -> Response:
    """List the reviews, the latest week first."""
    with site.store.read() as unit:
        heads = unit.reviews.heads(PAGE + 1, before)
        waiting = unit.reviews.open_decisions()
    left, known = Counter(one.week for one in waiting), {head.week for head in heads}
    last = site.reviewer.last_week()
    context = {
        "heads": heads[:PAGE],
        "older": heads[PAGE - 1].week if len(heads) > PAGE else "",
        "left": left,
        "missing": str(last) if not before and str(last) not in known else "",
        "may_make": bool(person.roles & {Role.AUTHOR, Role.OPERATOR}),
    }
    return show(request, "reviews.html", person, "week", **context)


@router.get("/{week}.md")
def as_markdown(site: OurSite, person: Staff, week: str, version: int = 0) -> Response:
    """Return a review as Markdown, as far as this person may see it."""
    found = _frozen(site, week, version)
    with site.store.read() as unit:
        decided = unit.reviews.decisions(found.week)
    text = markdown(_for(site, person, found), decided, site.names(), site.url, site.clock.now())
    return Response(
        text, media_type="text/markdown; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="review-{found.week}.md"'}
    )


@router.get("/{week}.html")
def as_document(site: OurSite, person: Staff, week: str, version: int = 0) -> Response:
    """Return a review as one page that needs nothing else, for paper and for a file."""
    found = _frozen(site, week, version)
    with site.store.read() as unit:
        decided = unit.reviews.decisions(found.week)
    text = document(found, decided, site.names(), site.url, site.clock.now(), _seen(site, person), _titles(site, person))
    return Response(text, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": document_policy()})


@router.get("/{week}/progress")
def progress(request: Request, site: OurSite, person: Staff, week: str) -> Response:
    """Say whether a review that is being made is there; then the page is loaded anew."""
    del person
    wanted = _week(week)
    with site.store.read() as unit:
        standing = site.reviewer.standing(unit, wanted)
    answer = partial(request, "_review_progress.html", week=str(wanted), standing=standing)
    if standing == "made":
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/{week}")
def review(request: Request, site: OurSite, person: Staff, week: str, version: int = 0) -> Response:
    """Show a frozen review, with what is decided on it; or why there is none."""
    wanted = _week(week)
    with site.store.read() as unit:
        found = unit.reviews.load(str(wanted), version) if version else unit.reviews.latest(str(wanted))
        decided, standing = unit.reviews.decisions(str(wanted)), site.reviewer.standing(unit, wanted)
        versions = [head for head in unit.reviews.heads(PAGE, str(wanted.later())) if head.week == str(wanted)]
    may_decide = bool(person.roles & {Role.AUTHOR, Role.OPERATOR})
    around = {"week": str(wanted), "earlier": str(wanted.later(-1)), "later": _later(site, wanted), "may_decide": may_decide, "versions": versions}
    if found is None and version:
        raise HTTPException(404, f"There is no version {version} of the review of {wanted}.")
    if found is None or not found.legible:
        standing = "illegible" if found is not None else standing
        over = wanted <= site.reviewer.last_week()
        return show(request, "review_missing.html", person, "week", 200 if over else 404, **around, over=over, standing=standing)
    view = view_of(found, decided, site.names(), site.clock.now(), _seen(site, person), titles=_titles(site, person))
    people = [(one.id, one.name) for one in site.directory.people() if one.roles] if may_decide else []
    return show(request, "review.html", person, "week", **around, **view, people=people, statuses=list(Status), longest=LONGEST)


@router.post("/{week}/make", dependencies=[Depends(same_origin)])
def make(site: OurSite, person: Decides, week: str) -> Response:
    """Have the review of a week that is over made now, by the same errand as the schedule's."""
    del person
    wanted = _week(week)
    if wanted > site.reviewer.last_week():
        raise HTTPException(422, "A review is made of a week that is over.")
    site.reviewer.hasten(wanted)
    return RedirectResponse(f"/console/reviews/{wanted}", SEE_OTHER)


@router.post("/{week}/decisions", dependencies=[Depends(same_origin)])
def add_decision(
    site: OurSite, person: Decides, week: str, what: Words = "", finding: Id = "", owner: Id = "", due: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Take down what is decided on a review."""
    found = _frozen(site, week)
    wish = Wish(what, _owner(site, owner), _day(due))
    with site.store.write() as unit:
        _or_refused(lambda: decide(unit, found, finding, wish, person.id, site.clock.now()))
    return RedirectResponse(f"/console/reviews/{found.week}#decisions", SEE_OTHER)


@router.post("/{week}/decisions/{decision}", dependencies=[Depends(same_origin)])
def change_decision(
    site: OurSite,
    person: Decides,
    week: str,
    decision: str,
    version: Annotated[int, Form()],
    owner: Id = "",
    due: Annotated[str, Form(max_length=10)] = "",
    status: Annotated[Status, Form()] = Status.OPEN,
) -> Response:
    """Change who does something, until when, and how it stands; refused when somebody else changed it since the page was loaded."""
    wanted = _week(week)
    wish = Wish(None, _owner(site, owner), _day(due), status)
    with site.store.write() as unit:
        known = unit.reviews.decision(decision)
        if known is None or known.week != str(wanted):
            raise HTTPException(404, "There is no such decision on this review.")
        _or_refused(lambda: change(unit, decision, version, wish, person.id, site.clock.now()))
    return RedirectResponse(f"/console/reviews/{wanted}#decisions", SEE_OTHER)


# -- parts --------------------------------------------------------------------------------------------------------------


def _or_refused(step: Callable[[], Any]) -> None:
    try:
        step()
    except NotDecided as refused:
        raise HTTPException(422, f"This was not taken down: {refused}.") from None
    except DecisionChanged:
        raise HTTPException(409, "Somebody changed this decision since you loaded the page. Load it again to see how it stands.") from None


def _week(text: str) -> Week:
    try:
        return Week.parse(text)
    except ValueError as error:
        raise HTTPException(404, f"{str(error)[0].upper()}{str(error)[1:]}.") from None


def _later(site: Site, week: Week) -> str:
    return str(week.later()) if week < site.reviewer.last_week() else ""


def _frozen(site: Site, week: str, version: int = 0) -> Frozen:
    wanted = _week(week)
    with site.store.read() as unit:
        found = unit.reviews.load(str(wanted), version) if version else unit.reviews.latest(str(wanted))
    if found is None:
        raise HTTPException(404, f"There is no such review of {wanted}.")
    if not found.legible:
        raise HTTPException(409, f"The review of {wanted} was changed since it was frozen and cannot be read any more.")
    return found


def _seen(site: Site, person: Person) -> Callable[[Finding], bool]:
    return site.reviewer.seen_by(Reader(person.groups))


def _titles(site: Site, person: Person) -> dict[str, str]:
    """Return the titles of the articles that somebody may read."""
    reader = Reader(person.groups)
    return {article.id: article.title for article in site.articles() if article.audience.admits(reader)}


def _for(site: Site, person: Person, found: Frozen) -> Frozen:
    """Return a review with only the findings that somebody may see, for words; its hash stays that of the whole."""
    seen = _seen(site, person)
    part = found.review.model_copy(update={"findings": tuple(one for one in found.review.findings if seen(one))})
    return replace(found, body=part.model_dump_json())


def _owner(site: Site, owner: str) -> str:
    person = site.directory.person(owner) if owner else None
    if owner and (person is None or not person.roles):
        raise HTTPException(422, "Somebody with a role in the console has to do it.")
    return owner


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(422, "A day is written as 2026-11-27.") from None
