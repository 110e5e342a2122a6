"""A review as it is shown: on a page of the console, and as one HTML file that needs nothing else and prints on A4."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from assistant.desk.review.making import standing
from assistant.desk.review.telling import HEADINGS, NOTHING_FIRST, TITLES, Seen, dates, everything, headline, things
from assistant.domain.conversation import Outcome
from assistant.domain.measures import Rate
from assistant.domain.review import Check, Decision, Finding, Frozen, Kind, Line, Severity, WeeklyReview
from assistant.entrypoints.web import plots
from assistant.entrypoints.web.site import STATIC, TEMPLATES
from widget import ASSETS

SHEETS = (ASSETS / "tokens.css", STATIC / "console.css", STATIC / "frame.css", STATIC / "review.css")
CONFIRMED = list(Outcome).index(Outcome.RESOLVED_CONFIRMED)
NO_TITLES: Mapping[str, str] = MappingProxyType({})
SEVERITIES = {Severity.NOW: "Cannot wait", Severity.WEEK: "This week", Severity.KNOW: ""}


def view_of(
    found: Frozen,
    decisions: Sequence[Decision],
    names: Mapping[str, str],
    now: datetime,
    seen: Seen = everything,
    url: str = "",
    titles: Mapping[str, str] = NO_TITLES,
) -> dict[str, Any]:
    """Return what a template shows of a review: as one reader may see it, with people's names by their ids, and links that begin with ``url``.

    ``titles`` are those of the articles that the reader may read.
    """
    review = found.review
    today, shown = now.astimezone(ZoneInfo(review.zone)).date(), [one for one in review.findings if seen(one)]
    return {
        "review": review,
        "hash": found.hash,
        "faults": found.faults(),
        "url": url,
        "dates": dates(review),
        "headline": headline(review),
        "things": things(found, review, seen),
        "nothing_first": NOTHING_FIRST,
        "measures": [(TITLES.get(one.name, one.name), one, then) for one, then in zip(review.figures, review.before, strict=True)],
        "changes": {one.subject: one.figures[1].text for one in review.findings if one.kind is Kind.MEASURE and len(one.figures) > 1},
        "sections": _sections(found, shown, titles),
        "hidden": len(review.findings) - len(shown),
        "checks": [_check(found, one, names) for one in review.checks],
        "decisions": [_decision(one, names, today, found) for one in decisions],
        "plots": _trends(review),
        "reason": found.called(review.reason),
        "made_by": names.get(found.called(review.made_by), found.called(review.made_by)),
        "made_at": review.made_at.astimezone(ZoneInfo(review.zone)),
    }


def _sections(found: Frozen, findings: Sequence[Finding], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    sections = []
    for kind in Kind:
        rows = [
            {
                "finding": one,
                "text": found.said(one.text, one),
                "todo": found.said(one.todo, one),
                "owner": found.owner(one),
                "severity": SEVERITIES[one.severity],
                "articles": [(name, titles[name]) for name in one.articles if name in titles] if len(one.articles) > 1 else [],
            }
            for one in findings
            if one.kind is kind
        ]
        if rows and kind is not Kind.MEASURE:
            sections.append({"heading": HEADINGS[kind], "id": kind.value, "rows": rows})
    return sections


def _check(found: Frozen, one: Check, names: Mapping[str, str]) -> dict[str, Any]:
    owner = found.called(one.owner)
    return {"check": one, "what": found.called(one.what), "owner": names.get(owner, owner)}


def _decision(one: Decision, names: Mapping[str, str], today: date, found: Frozen) -> dict[str, Any]:
    finding = found.review.finding(one.finding) if one.finding else None
    answers = found.said(finding.text, finding) if finding is not None else ""
    return {
        "decision": one,
        "owner": names.get(one.owner, one.owner),
        "standing": standing(one, today),
        "late": one.overdue(today),
        "answers": answers,
    }


def _trends(review: WeeklyReview) -> list[Markup]:
    """Return the twelve weeks as plots: how many conversations ended, and how many of them were confirmed as solved."""
    return trends(review.inputs.weeks)


def trends(weeks: Sequence[Line], links: Sequence[str] = ()) -> list[Markup]:
    """Return demand and confirmed resolution over weeks, from the first one on in which something ended; the interval is drawn around each rate."""
    before = next((place for place, one in enumerate(weeks) if sum(one.counts)), len(weeks))
    weeks, links = weeks[before:], links[before:]
    if not weeks:
        return []
    labels = [f"{int(one.keys[0][-2:])}" for one in weeks]
    rates = [Rate(one.counts[CONFIRMED], sum(one.counts)) for one in weeks]
    demand = plots.Line("Conversations that ended", [rate.total for rate in rates])
    ends = ([rate.low if rate.total else None for rate in rates], [rate.high if rate.total else None for rate in rates])
    confirmed = plots.Line("Confirmed as solved", [rate.share for rate in rates], *ends)
    return [
        plots.trend("Demand by week", "conversations", labels, [demand], across="week", links=links),
        plots.trend("Confirmed resolution by week", plots.PERCENT, labels, [confirmed], across="week", links=links),
    ]


@cache
def style() -> str:
    """Return the style sheets of the console as one text."""
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)


@cache
def document_policy() -> str:
    """Return the content security policy of the document: nothing but its own style, by its hash."""
    mark = base64.b64encode(sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{mark}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def document(
    found: Frozen,
    decisions: Sequence[Decision],
    names: Mapping[str, str],
    url: str,
    now: datetime,
    seen: Seen = everything,
    titles: Mapping[str, str] = NO_TITLES,
) -> str:
    """Return a review as one HTML file without a script: style and drawings are in it, and its links lead to the console at ``url``."""
    view = view_of(found, decisions, names, now, seen, url, titles)
    return TEMPLATES.env.get_template("review_document.html").render(**view, style=Markup(style()))  # noqa: S704
