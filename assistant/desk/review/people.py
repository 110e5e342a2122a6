"""Who waits for people: conversations that were handed over and nobody took, and how long the others waited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from math import exp, lgamma, log

from assistant.desk.review.found import Found, Subject, counted, many
from assistant.domain.figure import Figure
from assistant.domain.handoff import Handoff
from assistant.domain.measures import Rate
from assistant.domain.review import Kind, Severity

MINUTE = 60.0
DESK = "/console/conversations"


def find_waiting(found: Found, waiting: Sequence[Handoff], at: datetime) -> None:
    """Add the people for whom nobody has come yet, by why they were handed over."""
    by_reason = Counter(one.reason for one in waiting)
    for reason, number in sorted(by_reason.items(), key=lambda one: (-one[1], one[0])):
        oldest = min(one.at for one in waiting if one.reason is reason)
        hours = (at - oldest).total_seconds() / 3600
        figure = Figure(name="people who wait", value=number, unit="person" if number == 1 else "people", href=DESK)
        since = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
        who = many(number, "person waits", "people wait")
        text = f"{who} for somebody of the desk, the longest for {since}. Why: {reason.label.lower()}."
        todo = f"Answer the {many(number, 'person', 'people')} who {'waits' if number == 1 else 'wait'} for somebody, or say when somebody will."
        found.add(Kind.WAITING, Severity.NOW, text, (figure,), Subject(reason.value, role="agents", href=DESK), todo, number)


def find_waits(found: Found, handed: Sequence[Handoff], before: Sequence[Handoff]) -> None:
    """Add how many of those who waited were taken, and how long that took: the median with its interval, and the tenth that waited longest."""
    waited = [one for one in handed if one.waits]
    if not waited:
        return
    taken = sorted((one.ended_at - one.at).total_seconds() / MINUTE for one in waited if one.taken_by and one.ended_at is not None)
    met = Figure.rate("people who were taken", Rate(len(taken), len(waited)), DESK)
    earlier = len([one for one in before if one.waits])
    who = many(len(waited), "person was", "people were")
    text = f"{who} left waiting for somebody of the desk, {counted(earlier, len(waited))}; taken were {met.text}."
    figures: tuple[Figure, ...] = (met,)
    if taken:
        middle, low, high = median(taken)
        longest = taken[min(len(taken) - 1, (9 * len(taken)) // 10)]
        figures = (met, Figure(name="median wait", value=middle, low=low, high=high, unit="minutes"))
        text += f" Half of them waited {middle:.0f} minutes or less ({low:.0f} to {high:.0f}), one in ten {longest:.0f} or more."
    found.add(Kind.SLOW, Severity.KNOW, text, figures, Subject(role="agents", href=DESK))


def median(ordered: Sequence[float]) -> tuple[float, float, float]:
    """Return the median of ordered values with its 95 % interval between order statistics, which holds for any distribution.

    With fewer than six values no two of them have that coverage, and the interval is the whole range.
    """
    size = len(ordered)
    middle = (ordered[(size - 1) // 2] + ordered[size // 2]) / 2
    tail, below = 0.0, 0
    while below < size // 2:
        tail += exp(lgamma(size + 1) - lgamma(below + 1) - lgamma(size - below + 1) - size * log(2))
        if tail > 0.025:
            break
        below += 1
    rank = max(below - 1, 0)
    return middle, ordered[rank], ordered[size - 1 - rank]
