"""What could not be resolved in a week: the gaps that cost most, with what to do about each, and what broke out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assistant.desk.review.found import Found, Subject, counted, many, quoted
from assistant.domain.figure import Figure
from assistant.domain.review import ABOUT, Kind, Severity
from kb.gaps import MINUTES_LOST, K
from kb.model import FailureClass, Gap, GapState, Spike

MOST = 12
"""Gaps that a review names, the costliest first; the board lists them all."""
GOES_ON = timedelta(hours=1)
REMEDY = {
    FailureClass.NO_ARTICLE: f"Write the article on {ABOUT}.",
    FailureClass.NOT_RETRIEVED: f"Make the article on {ABOUT} easier to find: say in it what people say.",
    FailureClass.REJECTED: f"Correct the article on {ABOUT}: people found it and it did not help.",
    FailureClass.STALE: f"Bring the article on {ABOUT} up to date.",
    FailureClass.NOT_PERMITTED: f"Check who may read the article on {ABOUT}.",
    FailureClass.TOOL_MISSING: f"Decide whether the assistant may do what people ask for: {ABOUT}.",
    FailureClass.ERROR: f"Find the fault behind {ABOUT}.",
}
FOR_OPERATORS = frozenset({FailureClass.TOOL_MISSING, FailureClass.ERROR})
LOST = MINUTES_LOST[FailureClass.NO_ARTICLE]
"""Minutes of one question that nobody could answer: costs count in these, so that they can be compared with numbers of conversations."""


def find_gaps(found: Found, priced: Sequence[tuple[Gap, float]], before: Mapping[str, int], name_of: Callable[[str], str]) -> None:
    """Add the gaps of a week, the costliest first, those that somebody still has to do something about; ``before`` is the week before's demand.

    ``priced`` are all gaps with the week's counts and what they cost in minutes of people. A gap that fewer than five people asked for has no name.
    """
    for gap, _ in priced:
        found.gauges[f"{Kind.GAP}:{gap.id}"] = _demand(gap)
    for gap, minutes in [one for one in priced if one[0].state.waits and one[0].demand][:MOST]:
        asked = f"{ABOUT}: asked {many(gap.demand, 'time', 'times')} by {many(gap.people, 'person', 'people')}, "
        what = f"mostly because: {gap.failure.label}" if len(gap.failures) > 1 else f"because: {gap.failure.label}"
        cost = f"It cost people about {many(round(minutes), 'minute', 'minutes')}, with {many(gap.tickets, 'ticket', 'tickets')}."
        text = f"{asked}{counted(before.get(gap.id, 0), gap.demand)}; {what}. {cost}"
        todo = f"Finish the draft on {ABOUT}." if gap.state is GapState.DRAFTED else REMEDY.get(gap.failure, "")
        figures = (_demand(gap), Figure(name="cost in minutes of people", value=round(minutes), unit="minutes", href=_href(gap)))
        role = "operators" if gap.failure in FOR_OPERATORS else "authors"
        about = Subject(gap.id, called(gap), name_of(gap.assigned_to), role, _href(gap), words=gap.named and gap.people >= K)
        found.add(Kind.GAP, Severity.WEEK if todo else Severity.KNOW, text, figures, about, todo, round(minutes / LOST, 1))


def called(gap: Gap) -> str:
    """Return what a gap is called in a review: by its own words only where at least five people asked for it in the week."""
    if gap.named and gap.people >= K:
        return quoted(gap.name)
    return f"a gap in {gap.category}" if gap.category else "a gap without a category"


def find_spikes(found: Found, spikes: Sequence[Spike], gaps: Mapping[str, Gap], zone: str, at: datetime) -> None:
    """Add what broke out in a week, the earliest first; one that goes on cannot wait."""
    for one in sorted(spikes, key=lambda spike: (spike.since, spike.subject)):
        kind, _, name = one.subject.partition(":")
        gap = gaps.get(name) if kind == "gap" else None
        label, words = (called(gap), gap.named and gap.people >= K) if gap is not None else (one.label if kind != "gap" else "a gap", False)
        goes_on = at - one.seen_at <= GOES_ON
        begun = one.since.astimezone(ZoneInfo(zone))
        until = "it goes on" if goes_on else f"seen last at {one.seen_at.astimezone(ZoneInfo(zone)):%H:%M}"
        usual = f"{one.expected:.1f} are usual then"
        text = f"{many(one.count, 'question', 'questions')} about {ABOUT} within an hour from {begun:%A %H:%M}; {usual}; {until}."
        href = f"/console/gaps/{name}" if gap is not None else "/console/gaps"
        figure = Figure(name="questions within an hour", value=one.count, unit="questions", href=href)
        todo = f"Find out what is wrong with {ABOUT}, and say so where people ask." if goes_on else ""
        about = Subject(f"{one.subject}@{one.since:%Y%m%dT%H%M}", label, "", "operators", href, words=words)
        found.add(Kind.SPIKE, Severity.NOW if goes_on else Severity.KNOW, text, (figure,), about, todo, one.count)


def _demand(gap: Gap) -> Figure:
    return Figure(name="asked without an answer", value=gap.demand, unit="time" if gap.demand == 1 else "times", href=_href(gap))


def _href(gap: Gap) -> str:
    return f"/console/gaps/{gap.id}"
