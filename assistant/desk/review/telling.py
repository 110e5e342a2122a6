"""A frozen review in words: Markdown for a file, and the few lines of a mail or a post with the three things to do first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assistant.desk.review.making import standing
from assistant.domain.figure import Figure
from assistant.domain.measures import DEFINITIONS
from assistant.domain.review import Decision, Finding, Frozen, Kind, WeeklyReview, first_things

TITLES = {definition.name: definition.title for definition in DEFINITIONS}
HEADINGS = {
    Kind.WAITING: "Who is waiting",
    Kind.SPIKE: "What broke out",
    Kind.PROBLEM: "What hit several people",
    Kind.MEASURE: "The week beside the week before",
    Kind.TRIAGE: "Where tickets were sent",
    Kind.GAP: "What to write first",
    Kind.EFFECT: "What published articles changed",
    Kind.HARMFUL: "Articles that mislead",
    Kind.DOUBTED: "Articles that people doubt",
    Kind.CALIBRATION: "How sure is sure",
    Kind.ROLLOUT: "The rollout ladder",
    Kind.THRESHOLD: "Thresholds that could be moved",
    Kind.OVERDUE: "Articles that need their owner",
    Kind.UNUSED: "Articles that nobody was shown",
    Kind.SLOW: "How long people waited",
    Kind.COST: "What models cost",
}
NOTHING_FIRST = "Nothing has to be done first: nobody waits, no gap and no article asks for it."
_MARKED = re.compile(r"([\\`*_\[\]<>#|~])")


@dataclass(frozen=True, slots=True)
class Thing:
    """One of the three things to do first: the sentence, who does it, and where."""

    text: str
    owner: str
    href: str


Seen = Callable[[Finding], bool]
"""Whether a reader may see a finding: those about an article that they may not read are not theirs."""


def everything(_finding: Finding) -> bool:
    """Let a reader see every finding: whoever runs the service."""
    return True


def things(made: Frozen, review: WeeklyReview, seen: Seen = everything) -> list[Thing]:
    """Return the three things to do first, or fewer, of those that a reader may see."""
    names = first_things([one for one in review.findings if seen(one)])
    found = [one for one in (review.finding(name) for name in names) if one is not None]
    return [Thing(made.said(one.todo, one), made.owner(one), one.href) for one in found]


def dates(review: WeeklyReview) -> str:
    """Return the days of the week in words."""
    first, last = (moment.astimezone(ZoneInfo(review.zone)).date() for moment in (review.start, review.end))
    last -= timedelta(days=1)
    begin = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{begin if first.month != last.month else first.day} to {last.day} {last:%B %Y}"


def headline(review: WeeklyReview) -> str:
    """Say in a sentence how the week went."""
    known = {figure.name: figure for figure in review.figures}
    demand, confirmed = known.get("demand"), known.get("confirmed_resolution")
    if demand is None or not demand.value or confirmed is None:
        return "No conversation ended in this week."
    return f"{int(demand.value):,} conversations ended. Confirmed as solved: {confirmed.text}."


def summary(made: Frozen, url: str, seen: Seen = everything) -> tuple[str, str]:
    """Return subject and text of the mail about a review: the three things first, then how the week went."""
    review = made.review
    lines = [f"{number}. {thing.text}\n   {thing.owner}: {url}{thing.href}" for number, thing in enumerate(things(made, review, seen), 1)]
    whole = [*(lines or [NOTHING_FIRST]), "", headline(review), "", f"The whole review: {url}/console/reviews/{review.week}"]
    return f"Week {review.week[-2:]}: what to do first", "\n".join([f"{dates(review)}.", "", *whole])


# -- Markdown -----------------------------------------------------------------------------------------------------------


def markdown(made: Frozen, decisions: Sequence[Decision], names: Mapping[str, str], url: str, now: datetime) -> str:
    """Return a review as Markdown; ``names`` are people's names by their ids, ``url`` is where the console is."""
    review = made.review
    lines = [f"# Weekly review {review.week}", "", f"{dates(review)}. {headline(review)}", "", "## First", ""]
    lines += [f"{n}. {_plain(one.text)} ({_plain(one.owner)}, [rows]({url}{one.href}))" for n, one in enumerate(things(made, review), 1)]
    lines += [] if review.first else [NOTHING_FIRST]
    lines += ["", "## Measures", "", "| measure | this week | the week before |", "|---|---|---|"]
    lines += [f"| {TITLES.get(now_.name, now_.name)} | {now_.text} | {then.text} |" for now_, then in zip(review.figures, review.before, strict=True)]
    lines += _findings(made, review, url) + _checks(made, review, names) + _decisions(review, decisions, names, now)
    return "\n".join([*lines, *_foot(made, review), ""])


def _findings(made: Frozen, review: WeeklyReview, url: str) -> list[str]:
    lines: list[str] = []
    for kind in Kind:
        mine = [one for one in review.findings if one.kind is kind]
        if mine and kind is not Kind.MEASURE:
            lines += ["", f"## {HEADINGS[kind]}", ""]
            lines += [f"- {_plain(made.said(one.text, one))}{f' ([rows]({url}{one.href}))' if one.href else ''}" for one in mine]
    return lines


def _checks(made: Frozen, review: WeeklyReview, names: Mapping[str, str]) -> list[str]:
    if not review.checks:
        return []
    lines = ["", "## What became of earlier decisions", "", "| decided | who | stands | then | now | so |", "|---|---|---|---|---|---|"]
    for one in review.checks:
        owner = made.called(one.owner)
        cells = (f"{one.week}: {made.called(one.what)}", names.get(owner, owner), one.status, _number(one.before), _number(one.now), one.verdict)
        lines.append(f"| {' | '.join(_plain(cell) for cell in cells)} |")
    return lines


def _number(figure: Figure | None) -> str:
    return figure.text if figure is not None else ""


def _decisions(review: WeeklyReview, decisions: Sequence[Decision], names: Mapping[str, str], now: datetime) -> list[str]:
    today = now.astimezone(ZoneInfo(review.zone)).date()
    if not decisions:
        return ["", "## Decisions", "", "Nothing was decided yet."]
    rows = [f"| {_plain(one.what)} | {_plain(names.get(one.owner, one.owner) or 'nobody')} | {standing(one, today)} |" for one in decisions]
    return ["", "## Decisions", "", "| what | who | stands |", "|---|---|---|", *rows]


def _foot(made: Frozen, review: WeeklyReview) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in review.inputs.versions)
    again = f" Made again: {_plain(made.called(review.reason))}." if review.version > 1 else ""
    at = review.made_at.astimezone(ZoneInfo(review.zone))
    return [
        "",
        "---",
        f"Frozen {at:%Y-%m-%d %H:%M} ({review.zone}), version {review.version}, SHA-256 `{made.hash}`.{again}",
        f"{review.inputs.still_open:,} conversations were still open and are counted in the week in which they end.",
        f"Made with {versions}." if versions else "",
    ]


def _plain(text: str) -> str:
    """Return words that mean nothing in Markdown, on one line."""
    return _MARKED.sub(r"\\\1", " ".join(text.split()))
