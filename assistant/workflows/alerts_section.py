"""What a weekly review says of alerts: how right their correlation was, as far as operators said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from assistant.desk.review.found import Found, Subject, many
from assistant.desk.review.making import Period
from assistant.domain.alert import Judgement, Verdict
from assistant.domain.figure import Figure
from assistant.domain.measures import Rate, Z
from assistant.domain.outcome import Judged
from assistant.domain.review import Kind, Severity
from assistant.ports.store import UnitOfWork

LEAST = 5
"""Fewer groups that were judged say nothing of a share."""
ABOUT = Subject("correlation", href="/console/alerts?show=over", role="operators")
FALSE_ALARMS = Subject("false-incidents", href="/console/alerts?show=over", role="operators")
POOR = 0.9


@dataclass(frozen=True, slots=True)
class Precision:
    """The share of judged pairs of alerts that belong together, with its 95 % interval over groups.

    Pairs of one group stand or fall together, so the interval is that of a ratio of sums over groups (Cochran 1977, 6.3), within [0, 1].
    """

    kept: int
    judged: int
    groups: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share."""
        return self.kept / self.judged


def precision_of(judgements: Sequence[Judgement]) -> Precision | None:
    """Return how many of the judged pairs were kept; None when too few groups were judged."""
    found = [one for one in judgements if one.stands and one.pairs_judged]
    judged, kept, groups = sum(one.pairs_judged for one in found), sum(one.pairs_kept for one in found), len(found)
    if groups < LEAST:
        return None
    share = kept / judged
    spread = sum((one.pairs_kept - share * one.pairs_judged) ** 2 for one in found) * groups / (groups - 1)
    half = Z * sqrt(spread) / judged
    low, high = max(0.0, share - half), min(1.0, share + half)
    return Precision(kept, judged, groups, low, high)


@dataclass(frozen=True, slots=True)
class AlertSection:
    """Correlation precision and false positives of the week, and what was learned."""

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        start, end = period.edges
        made = unit.alerts.made_incidents(start, end)
        judgements = [one for one in unit.alerts.judgements(start, end) if one.stands]
        if made or judgements:
            _find_precision(found, judgements, made)
            _find_false(found, judgements)
        return 0


def _find_precision(found: Found, judgements: Sequence[Judgement], made: int) -> None:
    told = precision_of(judgements)
    groups = sum(bool(one.pairs_judged) for one in judgements)
    if told is None:
        text = f"How often alerts were rightly put together: not enough yet. {many(groups, 'group was', 'groups were')} confirmed or split"
        text += f" in the week, of {many(made, 'incident', 'incidents')} that alerts made; {LEAST} are needed."
        found.add(Kind.MEASURE, Severity.KNOW, text, (Figure(name="groups judged", value=groups),), ABOUT)
        return
    between = f"95 %: {100 * told.low:.0f} to {100 * told.high:.0f} %"
    text = f"Of {told.judged:,} pairs of alerts in {told.groups} groups that people judged, {100 * told.share:.0f} % belong together ({between})."
    figure = Figure(name="pairs kept", value=100 * told.share, low=100 * told.low, high=100 * told.high, unit="%")
    poor = told.high < POOR
    todo = "Look at the groups that were split: the rules that joined them are named on their pages." if poor else ""
    found.add(Kind.MEASURE, Severity.WEEK if poor else Severity.KNOW, text, (figure,), ABOUT, todo, float(told.groups))


def _find_false(found: Found, judgements: Sequence[Judgement]) -> None:
    about = [one for one in judgements if one.verdict in (Verdict.CONFIRM, Verdict.DISMISS)]
    if not about:
        return
    rate = Rate(sum(one.verdict is Verdict.DISMISS for one in about), len(about))
    alone = sum(one.verdict is Verdict.DISMISS and one.alone for one in about)
    text = f"Groups of alerts that people dismissed as no incident, of those confirmed or dismissed: {rate.text}."
    text += f" {many(alone, 'had a ticket', 'had tickets')} that was opened without asking." if alone == 1 else ""
    text += f" {alone} had tickets that were opened without asking." if alone > 1 else ""
    if rate.total < LEAST:
        text += " That is not enough yet to say more."
    figure = Figure(name="dismissed", value=100 * (rate.share or 0.0), low=100 * rate.low, high=100 * rate.high, unit="%")
    found.add(Kind.MEASURE, Severity.KNOW, text, (figure,), FALSE_ALARMS)
