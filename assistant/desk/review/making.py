"""Makes a review of what was read: pure, and in the same order whatever order things were read in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from assistant.desk.review.articles import Showings, find_harmful, find_overdue, find_unused
from assistant.desk.review.found import Found, compared
from assistant.desk.review.people import find_waiting, find_waits
from assistant.desk.review.weeks import find_costs, find_measures, line, measured
from assistant.domain.conversation import Outcome
from assistant.domain.figure import Figure
from assistant.domain.handoff import Handoff
from assistant.domain.measures import Cell
from assistant.domain.model_use import LedgerLine
from assistant.domain.review import Check, Decision, Frozen, Inputs, Kind, Status, WeeklyReview, first_things, frozen
from assistant.domain.week import Week
from kb.model import Article

CELLS, HOURS, WEEKS = ("day", "channel", "category", "intent"), ("category", "hour"), ("week",)
TREND = 12
"""How many weeks the trend shows."""
GONE = frozenset({Kind.WAITING, Kind.SPIKE, Kind.PROBLEM, Kind.GAP, Kind.DOUBTED, Kind.OVERDUE})
"""Kinds whose number is 0 when the week has no such finding."""


@dataclass(frozen=True, slots=True)
class Period:
    """The week that is reviewed, and when that is done."""

    week: Week
    zone: str
    at: datetime
    version: int = 1
    by: str = ""
    """Who had it made, "" for the schedule."""
    reason: str = ""
    """Why it is made again."""

    @property
    def edges(self) -> tuple[datetime, datetime]:
        """Its first moment, and the first after it."""
        return self.week.bounds(self.zone)

    @property
    def known_until(self) -> datetime:
        """The moment up to which it is known: its end, or now where it is still under way."""
        return min(self.at, self.edges[1])


@dataclass(frozen=True, slots=True)
class Counted:
    """What the ledger says."""

    cells: Sequence[Cell]
    now: Cell
    before: Cell
    weeks: Sequence[Cell]
    hours: Sequence[Cell]
    still_open: int
    asked: int
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """What people of the desk did, and what models cost."""

    waiting: Sequence[Handoff] = ()
    handed: Sequence[Handoff] = ()
    handed_before: Sequence[Handoff] = ()
    spent: Sequence[LedgerLine] = ()
    spent_before: Sequence[LedgerLine] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided before, with the reviews that it was decided on."""

    decisions: Sequence[Decision] = ()
    reviews: Mapping[tuple[str, int], Frozen] = field(default_factory=dict)


def made(
    period: Period, counted: Counted, desk: Desk, articles: Sequence[Article], shown: Showings, decided: Decided, found: Found, gaps: int = 0
) -> Frozen:
    """Return the frozen review of a week. ``found`` holds what other practices have found already."""
    find_measures(found, period.week, counted.now, counted.before)
    heads = {article.id: article for article in articles}
    find_harmful(found, shown, heads)
    find_overdue(found, articles, period.known_until.astimezone(ZoneInfo(period.zone)), shown)
    find_unused(found, articles, period.known_until, shown)
    find_waiting(found, desk.waiting, period.at)
    find_waits(found, desk.handed, desk.handed_before)
    find_costs(found, period.week, desk.spent, desk.spent_before, counted.now.of(Outcome.RESOLVED_CONFIRMED))
    kinds = list(Kind)
    findings = tuple(sorted(found.findings, key=lambda one: kinds.index(one.kind)))
    checks = tuple(_check(one, decided.reviews, found, period) for one in decided.decisions)
    start, end = period.edges
    review = WeeklyReview(
        week=str(period.week),
        version=period.version,
        zone=period.zone,
        start=start,
        end=end,
        made_at=period.at,
        made_by=found.names.key(period.by),
        reason=found.names.key(period.reason),
        inputs=_inputs(counted, gaps),
        figures=measured(counted.now, period.week),
        before=measured(counted.before, period.week.later(-1)),
        findings=findings,
        first=first_things(findings),
        checks=checks,
    )
    return frozen(review, found.names)


def _inputs(counted: Counted, gaps: int) -> Inputs:
    return Inputs(
        axes=CELLS,
        cells=tuple(line(cell, CELLS) for cell in counted.cells),
        weeks=tuple(line(cell, WEEKS) for cell in counted.weeks),
        hours=tuple(line(cell, HOURS) for cell in counted.hours),
        reasons=tuple(sorted(counted.now.reasons.items(), key=lambda one: (-one[1], one[0]))),
        still_open=counted.still_open,
        asked=counted.asked,
        gaps=gaps,
        versions=tuple(sorted(counted.versions.items())),
    )


def _check(decision: Decision, reviews: Mapping[tuple[str, int], Frozen], found: Found, period: Period) -> Check:
    """Return what became of a decision; its number then is the one of the finding that it answers."""
    origin = reviews.get((decision.week, decision.review))
    finding = origin.review.finding(decision.finding) if origin is not None and decision.finding else None
    before = finding.figures[0] if finding is not None and finding.figures else None
    now = found.gauges.get(decision.finding) or _gone(before, decision.finding)
    return Check(
        decision=decision.id,
        week=decision.week,
        finding=decision.finding,
        what=found.names.key(decision.what),
        owner=found.names.key(decision.owner),
        due=decision.due.isoformat() if decision.due is not None else "",
        status=standing(decision, period.at.astimezone(ZoneInfo(period.zone)).date()),
        before=before,
        now=now,
        verdict=compared(before, now) if decision.finding else "it answers no finding, so nothing is measured",
    )


def _gone(before: Figure | None, finding: str) -> Figure | None:
    kind = finding.partition(":")[0]
    if before is None or before.as_rate is not None or kind not in GONE:
        return None
    return before.model_copy(update={"value": 0.0, "low": None, "high": None})


def standing(decision: Decision, today: date) -> str:
    """Say how a decision stands, in words."""
    if decision.overdue(today) and decision.due is not None:
        late = (today - decision.due).days
        return f"open, {late} {'day' if late == 1 else 'days'} late"
    return decision.status.value if decision.status is not Status.OPEN or decision.due is None else f"open, due {decision.due.isoformat()}"
