"""Findings as text for a terminal and as JSON, one list for each owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from kb.lint.findings import NOBODY, Duplicate, Findings, Overdue, Ownerless, Quote, by_owner

QUOTED = 300
NO_OWNER = "no owner"


def finding_facts(findings: Findings, articles: int, today: date, owner: str = "") -> dict[str, Any]:
    """Return findings for programs: counts, then a list for each owner, or for one; a pair with two owners stands in both lists."""
    shown = _of(findings, owner)
    return {
        "as_of": today.isoformat(),
        "articles": articles,
        "findings": len(shown),
        "counts": _counts(shown),
        "owners": [_owned(one, findings.of(one)) for one in _owners(findings, owner)],
    }


def _of(findings: Findings, owner: str) -> Findings:
    return findings.of(_plain(owner)) if owner else findings


def _owners(findings: Findings, owner: str) -> list[str]:
    return [one for one in findings.owners if not owner or one == _plain(owner)]


def _plain(owner: str) -> str:
    return NOBODY if owner == NO_OWNER else owner


def _counts(findings: Findings) -> dict[str, int]:
    return {
        "overdue": len(findings.overdue),
        "ownerless": len(findings.ownerless),
        "contradictions": len(findings.contradictions),
        "duplicates": len(findings.duplicates),
    }


def _owned(owner: str, findings: Findings) -> dict[str, Any]:
    return {
        "owner": owner,
        "overdue": [{**asdict(one), "review_by": one.review_by.isoformat()} for one in findings.overdue],
        "ownerless": [asdict(one) for one in findings.ownerless],
        "contradictions": [asdict(one) for one in findings.contradictions],
        "duplicates": [{**asdict(one), "quotes": [asdict(quote) for quote in one.quotes]} for one in findings.duplicates],
    }


def finding_text(findings: Findings, articles: int, today: date, owner: str = "") -> str:
    """Return findings for a terminal, of all owners or of one."""
    shown = _of(findings, owner)
    counts = ", ".join(f"{name} {count}" for name, count in _counts(shown).items())
    lines = [f"{articles} articles as of {today}{f', those of {owner}' if owner else ''}: {counts}"]
    if not len(shown):
        lines.append("Nothing to put right.")
    for one in _owners(findings, owner):
        lines += ["", f"== {one or NO_OWNER} ==", *_lines(findings.of(one))]
    return "\n".join(lines)


def _lines(findings: Findings) -> Iterator[str]:
    if findings.overdue:
        yield "Past their review date:"
        yield from (f"  {_late(one)}" for one in findings.overdue)
    if findings.ownerless:
        yield "Without an owner:"
        yield from (f"  {_nameless(one)}" for one in findings.ownerless)
    if findings.contradictions:
        yield "Contradict each other:"
        for pair in findings.contradictions:
            yield f"  {pair.reason} (both read by: {pair.readers})"
            yield from _quoted(pair.first)
            yield from _quoted(pair.second)
    if findings.duplicates:
        yield "Say the same:"
        for one in findings.duplicates:
            yield from _doubled(one)


def _late(one: Overdue) -> str:
    return f"{one.article}: {one.title} (review by {one.review_by}, {one.days} {'day' if one.days == 1 else 'days'} ago)"


def _nameless(one: Ownerless) -> str:
    return f"{one.article}: {one.title} ({one.path})"


def _quoted(quote: Quote) -> Iterator[str]:
    words = " ".join(quote.text.split())
    shown = words if len(words) <= QUOTED else f"{words[: QUOTED - 1].rstrip()}…"
    yield f"    {quote.article}, {quote.heading or quote.title} [{quote.start}-{quote.end}]: “{shown}”"


def _doubled(one: Duplicate) -> Iterator[str]:
    passages = "a passage" if one.passages == 1 else f"{one.passages} passages"
    yield f"  {passages} in {len(one.quotes)} articles, {one.likeness:.0%} alike (all read by: {one.readers})"
    for quote in one.quotes[:2]:
        yield from _quoted(quote)
    yield from (f"    {quote.article}, {quote.heading or quote.title} [{quote.start}-{quote.end}]" for quote in one.quotes[2:])


def overdue_text(late: tuple[Overdue, ...]) -> list[str]:
    """Return the lines of a list of overdue articles by owner; none when nothing is overdue."""
    lines = ["", "Articles past their review date, by owner"] if late else []
    for owner, mine in by_owner(late):
        lines += [owner or NO_OWNER, *(f"   - {_late(one)}" for one in mine)]
    return lines


def overdue_facts(late: tuple[Overdue, ...]) -> list[dict[str, Any]]:
    """Return overdue articles by owner for programs."""
    return [
        {"owner": owner, "articles": [{"article": o.article, "title": o.title, "review_by": o.review_by.isoformat(), "days": o.days} for o in mine]}
        for owner, mine in by_owner(late)
    ]
