"""More questions of a kind within an hour than its past explains.

The hour that ends now is compared with the same hour of the weekday in the weeks before, and the hour on either side of each, because habits drift.
With m the mean of those counts and s^2 their variance, counts follow a negative binomial law with mean m' and size r:

    m' = (sum of counts + 1/2) / (number of hours + 1)             a kind that was never asked before is not impossible
    1/r = 1/r' + 1/(sum of counts + 1/2)                           what is not known of the mean counts as spread, as in a gamma-Poisson mixture
    r' = m^2 / (s^2 - m), kept between 2 and 10                    counts that vary more than chance alone (Poisson) would, need more to alarm
    P(X >= c) = sum over x >= c of C(x + r - 1, x) (r / (r + m'))^r (m' / (r + m'))^x

so that a kind whose counts jump about anyway needs more to be remarkable. Of at least three weeks the one with the most is left out: an outage a
week ago does not hide the one today. A spike is a count of at least ``FEWEST`` whose chance P is at most ``A_WEEK`` / (168 n), n being the number of
kinds that are asked: about ``A_WEEK`` false alarms a week, were every hour looked at once. Looking every few minutes raises that; it is measured.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, lgamma, log

from kb.model import Asking, Spike

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
WEEKS = 4
HISTORY = WEEKS * WEEK + 2 * HOUR
"""How far back is looked."""
FEWEST = 5
A_WEEK = 0.1
HOURS_OF_A_WEEK = 168
ENOUGH_WEEKS = 3
"""From so many weeks on the busiest one is left out."""
SIZE_UNKNOWN, SIZE_LEAST, SIZE_MOST = 4.0, 2.0, 10.0
SOFT = 0.5
PRECISE = 1e-12
YOUNG = timedelta(days=2)
"""Before there is as much history as this nothing is a spike: nothing is known of what is usual."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How many are usual in an hour like this one, and the size of the law: the larger, the nearer to chance alone."""

    mean: float
    size: float

    def chance(self, count: int) -> float:
        """Return the probability of at least so many; 1 for what is no more than the mean."""
        r, m = self.size, self.mean
        if count <= m:
            return 1.0  # as many as usual; nothing below is remarkable
        term = exp(lgamma(count + r) - lgamma(r) - lgamma(count + 1) + r * (log(r) - log(r + m)) + count * (log(m) - log(r + m)))
        total, x = 0.0, count
        while term > total * PRECISE:  # the terms fall from here on, faster than a geometric series
            total += term
            term *= (x + r) / (x + 1) * m / (r + m)
            x += 1
        return min(1.0, total)


def usual(times: Sequence[datetime], now: datetime, begun: datetime) -> Usual:
    """Return what is usual in the hour before ``now``; ``times`` are sorted, ``begun`` is when counting began at all."""
    weeks: list[list[int]] = []
    for back in range(1, WEEKS + 1):
        end = now - back * WEEK
        if end - 2 * HOUR >= begun:
            weeks.append([_count(times, end + shift - HOUR, end + shift) for shift in (-HOUR, timedelta(0), HOUR)])
    if len(weeks) >= ENOUGH_WEEKS:
        weeks.remove(max(weeks, key=sum))
    counts = [count for week in weeks for count in week]
    if not counts:  # not a week yet: the hours of the days there are
        hours = int((now - HOUR - begun) / HOUR)
        counts = [_count(times, now - (i + 2) * HOUR, now - (i + 1) * HOUR) for i in range(hours)]
        return _law(counts, SIZE_LEAST)
    mean = sum(counts) / len(counts)
    spread = sum((count - mean) ** 2 for count in counts) / max(1, len(counts) - 1)
    size = mean * mean / (spread - mean) if spread > mean > 0 else SIZE_UNKNOWN if mean < 1 else SIZE_MOST
    return _law(counts, min(SIZE_MOST, max(SIZE_LEAST, size)))


def _law(counts: Sequence[int], size: float) -> Usual:
    known = sum(counts) + SOFT
    return Usual(known / (len(counts) + 1), 1 / (1 / size + 1 / known))


def spikes(askings: Sequence[Asking], now: datetime, begun: datetime, label: Callable[[str], str]) -> list[Spike]:
    """Return what spikes in the hour that ends now, by gap and by category, the most improbable first.

    ``askings`` are those since ``now`` - ``HISTORY``, oldest first; ``begun`` is when the first question of all was asked.
    """
    if now - begun < YOUNG:
        return []
    kinds: dict[str, list[datetime]] = {}
    for one in askings:
        for subject in (f"gap:{one.gap}", f"category:{one.category}" if one.category else ""):
            if subject and one.at <= now:
                kinds.setdefault(subject, []).append(one.at)
    found = [spike for subject, times in kinds.items() if (spike := _spike(subject, times, now, begun, len(kinds), label))]
    return sorted(found, key=lambda one: (one.chance, one.subject))


def _spike(subject: str, times: Sequence[datetime], now: datetime, begun: datetime, kinds: int, label: Callable[[str], str]) -> Spike | None:
    count = len(times) - bisect_left(times, now - HOUR)
    if count < FEWEST:
        return None
    before = usual(times, now, begun)
    chance = before.chance(count)
    if chance > A_WEEK / (HOURS_OF_A_WEEK * kinds):
        return None
    return Spike(subject, label(subject), times[-count], now, count, before.mean, chance)


def _count(times: Sequence[datetime], start: datetime, end: datetime) -> int:
    return bisect_left(times, end) - bisect_left(times, start)


def labels(names: Mapping[str, str]) -> Callable[[str], str]:
    """Return what a subject is called: a gap by its name, a category by its own."""

    def label(subject: str) -> str:
        kind, _, key = subject.partition(":")
        return names.get(key, key) if kind == "gap" else key

    return label
