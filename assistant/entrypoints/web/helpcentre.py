"""The demo company's help centre: the page that embeds the widget, and the article reader."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, HTTPException, Request, Response
from pydantic import BaseModel

from assistant.domain.configuration import Person
from assistant.entrypoints.tokens import TokenRefused
from assistant.entrypoints.web.frame import same_origin
from assistant.entrypoints.web.site import TEMPLATES, Site, site_of
from assistant.governance.rendering import render
from kb.model import Article, Reader

READER_COOKIE = "firstline_reader"
STATUS = {"operational": "ok"}
START_HERE = 8
SPELLED = {"vpn": "VPN", "mfa": "MFA", "wifi": "Wi-Fi", "email": "E-mail"}
router = APIRouter(include_in_schema=False)
OurSite = Annotated[Site, Depends(site_of)]
ReaderCookie = Annotated[str, Cookie()]


class WhoToBe(BaseModel):
    """Which of the demo's employees a visitor wants to be."""

    person: str = ""


def _demo_people(site: Site) -> list[Person]:
    return sorted((p for p in site.directory.people() if p.demo), key=lambda p: p.demo) if site.demo else []


def _groups(site: Site, cookie: str) -> frozenset[str]:
    """Return the groups of whoever reads; without a valid token they read what everybody may."""
    try:
        person = site.directory.person(site.sessions.person_of(cookie)[0])
    except TokenRefused:
        return frozenset()
    return person.groups if person else frozenset()


def topic(category: str) -> str:
    """Return a category as a heading: VPN, Wi-Fi, Shared drives."""
    return SPELLED.get(category, category[:1].upper() + category[1:])


def _visible(site: Site, groups: frozenset[str]) -> list[Article]:
    return [article for article in site.articles() if article.audience.admits(Reader(groups))]


@router.get("/")
def home(request: Request, site: OurSite) -> Response:
    """Show the help centre with the widget."""
    shown = _visible(site, frozenset())
    by_category = Counter(article.category for article in shown)
    first = list({article.id: article for article in (*{a.category: a for a in shown}.values(), *shown)}.values())[:START_HERE]
    people = []
    for person in _demo_people(site):
        devices = site.fleet.devices_of(person.id)
        device = f"{devices[0].name}, {devices[0].os}" if devices else ""
        people.append(
            {"id": person.id, "name": person.name, "title": person.title, "location": person.location, "story": person.story, "device": device}
        )
    context = {
        "company": site.workplace.company(),
        "people": people,
        "services": [{"name": s.name, "status": STATUS.get(s.status, s.status), "note": s.note} for s in site.workplace.services()],
        "popular": first,
        "categories": [{"id": name, "name": topic(name), "count": count} for name, count in sorted(by_category.items())],
    }
    return TEMPLATES.TemplateResponse(request, "demo.html", context)


@router.post("/demo/token", dependencies=[Depends(same_origin)])
def demo_token(request: Request, response: Response, site: OurSite, body: WhoToBe) -> dict[str, Any]:
    """Issue a token for one of the demo's employees."""
    people = _demo_people(site)
    person = next((p for p in people if p.id == body.person), people[0] if people and not body.person else None)
    if person is None:
        raise HTTPException(404, "this is not one of the demo's employees, or this installation has no demo")
    token, until = site.tokens.issue(person.id)
    response.set_cookie(READER_COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/articles")
    return {"token": token, "expires_at": until.isoformat()}


@router.get("/articles")
def articles(
    request: Request, site: OurSite, category: str = "", firstline_reader: ReaderCookie = "", firstline_session: ReaderCookie = ""
) -> Response:
    """List the articles of a category that the reader may see."""
    groups = _groups(site, firstline_reader) | _groups(site, firstline_session)
    shown = [article for article in _visible(site, groups) if not category or article.category == category]
    context = {"company": site.workplace.company(), "heading": topic(category) or "All articles", "articles": shown}
    return TEMPLATES.TemplateResponse(request, "articles.html", context)


@router.get("/articles/{article_id:path}")
def article(request: Request, site: OurSite, article_id: str, firstline_reader: ReaderCookie = "", firstline_session: ReaderCookie = "") -> Response:
    """Show one article, if the reader may see it."""
    groups = _groups(site, firstline_reader) | _groups(site, firstline_session)
    found = site.knowledge.article(article_id, Reader(groups))
    if found is None:
        raise HTTPException(404, "There is no such article, or it is not for you.")
    head, text = found
    context = {
        "company": site.workplace.company(),
        "title": head.title,
        "html": render(text, site.link_hosts()),
        "owner": head.owner,
        "updated": head.updated_at,
        "review_by": head.review_by,
        "overdue": head.overdue(site.clock.now().date()),
        "platforms": sorted(head.platforms),
        "audience": sorted(head.audience.groups),
    }
    return TEMPLATES.TemplateResponse(request, "article.html", context)
