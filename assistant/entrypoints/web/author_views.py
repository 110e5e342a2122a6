"""What the pages of authors show of drafts, revisions and articles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from assistant.agent.drafting import FEW_PEOPLE
from assistant.domain.configuration import Person, Role
from assistant.entrypoints.web.site import Site
from assistant.governance.rendering import render
from kb.difference import Kind, difference
from kb.drafts import Content, Draft, DraftState, Provenance, Tried
from kb.model import Article, Platform, Reader, Revision

PAGE = 25
CHANGES = ("lost", "changed", "answered", "still not", "same")
"""What comes of a past question with a draft, that which needs a look first."""
STATES = {
    DraftState.DRAFT: "Draft",
    DraftState.IN_REVIEW: "In review",
    DraftState.CHANGES_ASKED: "Changes asked",
    DraftState.PUBLISHED: "Published",
    DraftState.DISCARDED: "Discarded",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the draft as it was drafted, where it comes from, and whether it still stands in the text."""

    sentence: str
    origins: list[tuple[str, list[str]]]
    """Notes, each with the tickets that have one of this name."""
    stands: bool


def rows(site: Site, drafts: Iterable[Draft]) -> list[dict[str, Any]]:
    """Return drafts for a list."""
    names, heads = site.names(), {article.id: article for article in site.articles()}
    return [
        {
            "id": one.id,
            "title": one.content.title or "Without a title",
            "state": STATES[one.state],
            "kind": one.state.name.lower(),
            "about": f"changes {heads[one.article].title}" if one.article in heads else "new article",
            "author": names.get(one.author, "somebody who left"),
            "updated": one.updated_at,
            "note": one.note,
        }
        for one in drafts
    ]


def articles(site: Site, reader: Reader, wanted: str, page: int) -> dict[str, Any]:
    """Return a page of the articles that somebody may read and whose title, owner or tags hold the words."""
    words = wanted.lower().split()
    readable = [article for article in site.articles() if article.audience.admits(reader)]
    found = [one for one in readable if all(word in f"{one.title} {one.owner} {' '.join(one.tags)}".lower() for word in words)]
    found.sort(key=lambda one: (one.title.lower(), one.id))
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    today = site.authoring.today()
    return {
        "articles": [{"head": one, "late": one.overdue(today), "elsewhere": site.authoring.elsewhere(one)} for one in shown],
        "found": len(found),
        "q": wanted,
        "page": page,
        "pages": pages,
        "earlier": urlencode({"q": wanted, "page": page - 1}) if page > 1 else "",
        "later": urlencode({"q": wanted, "page": page + 1}) if page < pages else "",
    }


def preview(site: Site, content: Content) -> dict[str, Any]:
    """Return what readers would see: the same closed renderer, the same facts."""
    return {
        "title": content.title or "Without a title",
        "html": render(content.text, site.link_hosts()),
        "owner": content.owner,
        "platforms": sorted(content.platforms),
        "audience": sorted(content.audience.groups),
        "review_by": content.review_by,
        "empty": not content.text,
    }


def _about(site: Site, person: Person, draft: Draft, content: Content) -> dict[str, Any]:
    """Return what the editor and the review have in common."""
    found = site.knowledge.article(draft.article, Reader(person.groups)) if draft.article else None
    head = found[0] if found is not None else None
    names = site.names()
    return {
        "draft": draft,
        "address": f"/console/articles/drafts/{draft.id}",
        "content": content,
        "state": STATES[draft.state],
        "kind": draft.state.name.lower(),
        "head": head,
        "live_text": found[1] if found is not None else "",
        "moved": draft.state.is_open and bool(draft.article) and (head is None or head.revision != draft.based_on),
        "elsewhere": site.authoring.elsewhere(head) if head is not None else "",
        "author": names.get(draft.author, "somebody who left"),
        "reviewer": names.get(draft.reviewer, ""),
        "writers": [names.get(one, "somebody who left") for one in draft.writers],
        "wrote": person.id in draft.writers,
        "opens_tickets": Role.AGENT in person.roles,
        "preview": preview(site, content),
        "provenance": provenance(draft, content.text),
        "problems": site.authoring.problems(draft) if draft.state.is_open else (),
        **trial_of(site, draft),
    }


def provenance(draft: Draft, text: str) -> list[Said]:
    """Return the sentences that were drafted from tickets, with those; one that an author changed says so."""
    flat = " ".join(text.split())
    return [Said(one.sentence, _by_note(one), " ".join(one.sentence.split()) in flat) for one in draft.provenance]


def _by_note(one: Provenance) -> list[tuple[str, list[str]]]:
    notes: dict[str, list[str]] = {}
    for origin in one.origins:
        notes.setdefault(origin.note, []).append(origin.ticket)
    return list(notes.items())


def editor(site: Site, person: Person, draft: Draft, content: Content) -> dict[str, Any]:
    """Return what the editor shows."""
    known = site.authoring.groups()
    chosen = sorted(content.audience.groups)
    context = _about(site, person, draft, content)
    lines = difference(_base_text(site, draft), context["live_text"]) if context["moved"] and context["head"] is not None else []
    return context | {
        "groups": [{"name": name, "chosen": name in chosen, "unknown": name not in known} for name in sorted({*known, *chosen})],
        "everyone": not chosen,
        "systems": [{"value": one.value, "label": one.label, "chosen": one in content.platforms} for one in Platform],
        "owners": sorted({article.owner for article in site.articles() if article.owner}),
        "today": site.authoring.today(),
        "lines": lines,
    }


def _base_text(site: Site, draft: Draft) -> str:
    return next((one.text for one in site.authoring.revisions_of(draft.article) if one.number == draft.based_on), "")


def review(site: Site, person: Person, draft: Draft) -> dict[str, Any]:
    """Return what a reviewer reads before deciding."""
    context = _about(site, person, draft, draft.content)
    head = context["head"]
    changed = difference(context["live_text"], draft.content.text) if head is not None and draft.state.is_open else []
    return context | {
        "lines": changed,
        "facts": facts(draft.content, head),
        "same": all(p.kind in (Kind.SAME, Kind.SKIPPED) for li in changed for p in li),
    }


def facts(content: Content, head: Article | None) -> list[tuple[str, str, str]]:
    """Return what stands around a text as (name, value, value before); the last is "" where nothing changes."""
    now = _facts(content.title, content.owner, content.audience.groups, content.platforms, str(content.review_by or "none"), content.tags)
    if head is None:
        return [(name, value, "") for name, value in now.items()]
    before = _facts(head.title, head.owner, head.audience.groups, head.platforms, str(head.review_by or "none"), head.tags)
    return [(name, value, before[name] if before[name] != value else "") for name, value in now.items()]


def _facts(title: str, owner: str, groups: Iterable[str], platforms: Iterable[Platform], review_by: str, tags: Sequence[str]) -> dict[str, str]:
    return {
        "Title": title or "none",
        "Owner": owner or "nobody",
        "For": ", ".join(sorted(groups)) or "everyone",
        "Systems": ", ".join(one.label for one in sorted(platforms)) or "all",
        "Review by": review_by,
        "Tags": ", ".join(tags) or "none",
    }


def revisions(site: Site, found: Sequence[Revision]) -> list[dict[str, Any]]:
    """Return revisions for a list, with who made them, as far as that is known."""
    names = site.names()
    return [
        {
            "number": one.number,
            "at": one.published_at,
            "who": names.get(one.author, "somebody who left") if one.author else "",
            "reviewer": names.get(one.reviewer, "somebody who left") if one.reviewer else "",
            "why": one.why,
            "title": one.title,
        }
        for one in found
    ]


def content_of(one: Revision, head: Article) -> Content:
    """Return what a revision said, with what stands around the article now where nobody kept what stood there then."""
    if not one.whole:
        return Content(one.title, one.text, head.owner, head.audience, head.platforms, head.review_by, head.tags)
    return Content(one.title, one.text, one.owner, one.audience or head.audience, one.platforms, one.review_by, one.tags)


def trial_of(site: Site, draft: Draft) -> dict[str, Any]:
    """Return what a page shows of the latest trial of a draft."""
    with site.store.read() as unit:
        found = unit.trials.load(draft.id)
    if found is None:
        return {"trial": None}
    of_gap, good = [one for one in found.tried if not one.good], [one for one in found.tried if one.good]
    return {
        "trial": found,
        "outdated": found.version != draft.version,
        "of_gap": _counted(of_gap),
        "of_good": _counted(good),
        "gap_rows": _rows(of_gap),
        "good_rows": [row for row in _rows(good) if row["change"] != "same"],
        "left_out": found.left_out,
    }


def _counted(tried: Sequence[Tried]) -> dict[str, int]:
    return {"all": len(tried)} | {change: sum(one.change == change for one in tried) for change in CHANGES}


def _rows(tried: Sequence[Tried]) -> list[dict[str, Any]]:
    """Return the rows, what changes first. Of fewer people than five no question is quoted."""
    quoted = len({one.person for one in tried}) >= FEW_PEOPLE
    rows = [{"question": one.question if quoted else "", "change": one.change, "before": one.before, "after": one.after} for one in tried]
    return sorted(rows, key=lambda row: CHANGES.index(str(row["change"])))
