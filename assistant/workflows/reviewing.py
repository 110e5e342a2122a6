"""The weekly review as a sequence: read, made, frozen, told. It is made once for a week, whoever asks and however often that is broken off."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from assistant.desk.opinions import LOOK_BACK as OPINIONS_OF
from assistant.desk.opinions import doubted
from assistant.desk.review.articles import UNUSED_AFTER, Showings, find_doubted, showings
from assistant.desk.review.deciding import froze
from assistant.desk.review.found import Found
from assistant.desk.review.making import CELLS, HOURS, TREND, WEEKS, Counted, Decided, Desk, Period, made
from assistant.domain.measures import Cell
from assistant.domain.outcome import Judged
from assistant.domain.review import Finding, Frozen
from assistant.domain.week import Week
from assistant.ports.clock import Clock
from assistant.ports.reviews import ReviewExists
from assistant.ports.store import OutboxEntry, Store, UnitOfWork
from kb.model import Article, Reader

log = logging.getLogger("firstline.workflows")
MAKE, TELL, MAIL, POST = "review.make", "review.tell", "review.mail", "review.post"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CAUGHT_UP = 8
"""As many weeks are made afterwards when the service was off."""
ONE_WEEK = timedelta(weeks=1)
SCHEDULE = "firstline"


class NoSuchReview(ValueError):
    """That week cannot be reviewed, or not again; the message says why."""


Section = Callable[[UnitOfWork, Period, Sequence[Judged], Found], int]
"""Adds what a practice found in a week, also by the decisions of 97 days; returns how many gaps it knows of, 0 where that is not its subject."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the review of a week is made: at an hour of a day of the week after it, where the organisation is."""

    day: str
    hour: int

    def due(self, week: Week, zone: str) -> datetime:
        """Return the moment. An hour that a change of clocks leaves out is that hour by the clocks before it."""
        day = week.later().monday + timedelta(days=DAYS.index(self.day))
        return datetime.combine(day, time(self.hour), ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Makes and freezes reviews over ready parts. Reading and counting happen outside of the transaction that freezes."""

    store: Store
    clock: Clock
    zone: Callable[[], str]
    articles: Callable[[], Sequence[Article]]
    versions: Callable[[UnitOfWork], Mapping[str, str]]
    schedule: Schedule
    sections: Sequence[Section] = field(default=())
    gather: Callable[[], object] = lambda: None
    """Puts what could not be resolved into its gap, as far as nobody has done so yet."""

    # -- which week -----------------------------------------------------------------------------------------------------

    def last_week(self) -> Week:
        """Return the last week that is over."""
        return Week.of(self.clock.now(), self.zone()).later(-1)

    def _refuse_unfinished(self, week: Week) -> None:
        end = week.bounds(self.zone())[1]
        if self.clock.now() < end:
            begun = self.clock.now() >= week.bounds(self.zone())[0]
            why = f"is not over before {end:%A %d %B %Y}" if begun else f"begins on {week.monday:%A %d %B %Y}"
            raise NoSuchReview(f"the week {week} {why}; a review is made of a week that is over")

    def seen_by(self, reader: Reader) -> Callable[[Finding], bool]:
        """Return which findings somebody may see: those that are about no article, or one that is gone, or that they may read now."""
        closed = {article.id for article in self.articles() if not article.audience.admits(reader)}
        return lambda finding: finding.article not in closed

    # -- making ---------------------------------------------------------------------------------------------------------

    def review(self, week: Week, by: str = SCHEDULE, again: str = "") -> tuple[Frozen, bool]:
        """Return a week's frozen review, made now if there is none, and whether it was made now.

        With ``again``, the reason, a new version is made beside the earlier ones. Of two that make it at once, one is kept.

        Raises:
            NoSuchReview: the week is not over.
        """
        self._refuse_unfinished(week)
        with self.store.read() as unit:
            known = unit.reviews.latest(str(week))
        if known is not None and not again:
            return known, False
        period = Period(week, self.zone(), self.clock.now(), known.version + 1 if known is not None else 1, by, again if known is not None else "")
        found = self._made(period)
        try:
            with self.store.write() as unit:
                froze(unit, found, by, period.at)
                if week == self.last_week():
                    unit.outbox.put(OutboxEntry(f"{TELL}:{week}", TELL, {"week": str(week)}, period.at, period.at))
        except ReviewExists:
            return self.review(week, by) if not again else self.review(week, by, again)
        return found, True

    def _made(self, period: Period) -> Frozen:
        found = Found()
        try:
            self.gather()
        except Exception:
            log.exception("what could not be resolved was not gathered anew; the review has the gaps that there are")
        with self.store.read() as unit:
            counted, desk, decided = self._counted(unit, period), _desk(unit, period), _decided(unit, period.week)
        articles = list(self.articles())
        with self.store.read() as unit:
            judged = _judged(unit, period)
            _find_doubted(unit, articles, period, found)
        shown = _shown(judged, articles, period)
        gaps = 0
        for section in self.sections:
            with self.store.read() as unit:
                gaps += section(unit, period, judged, found)
        return made(period, counted, desk, articles, shown, decided, found, gaps)

    def _counted(self, unit: UnitOfWork, period: Period) -> Counted:
        monday, end = period.week.monday, period.week.later().monday
        before = period.week.later(-1).monday
        start, until = period.edges
        weeks = {str(cell.keys["week"]): cell for cell in unit.outcomes.cells(period.week.later(1 - TREND).monday, end, WEEKS)}
        names = [str(period.week.later(n - TREND + 1)) for n in range(TREND)]
        return Counted(
            cells=unit.outcomes.cells(monday, end, CELLS),
            now=unit.outcomes.cells(monday, end)[0],
            before=unit.outcomes.cells(before, monday)[0],
            weeks=[weeks.get(name, Cell({"week": name})) for name in names],
            hours=unit.outcomes.cells(monday, end, HOURS),
            still_open=unit.conversations.under_way(until),
            asked=len(unit.outcomes.asked(start, until)),
            versions=self.versions(unit),
        )

    # -- the schedule ---------------------------------------------------------------------------------------------------

    def errand(self, week: Week) -> OutboxEntry:
        """Return the errand that makes a week's review when it is due."""
        now = self.clock.now()
        return OutboxEntry(f"{MAKE}:{week}", MAKE, {"week": str(week)}, now, max(now, self.schedule.due(week, self.zone())))

    def follow_schedule(self) -> list[Week]:
        """Put the errands of this week and of the weeks that were missed; called at each start. Returns the weeks that wait to be made.

        Missed is what came after the last review, at most eight weeks back. Where none was made yet it is the last week, if anything
        was asked in it.
        """
        current = Week.of(self.clock.now(), self.zone())
        with self.store.write() as unit:
            weeks = [week for week in [*self._missed(unit, current), current] if unit.reviews.latest(str(week)) is None]
            for week in weeks:
                self._put(unit, self.errand(week))
        return weeks

    def _put(self, unit: UnitOfWork, entry: OutboxEntry) -> None:
        """Put an errand; one that waits moves to where the settings want it now. One that failed is left to ``firstline review run``."""
        known = unit.outbox.load(entry.key)
        if known is None:
            unit.outbox.put(entry)
        elif known.state == "waiting" and "first" not in known.result and known.due_at != entry.due_at:
            unit.outbox.postpone(entry.key, entry.due_at, known.result)

    def hasten(self, week: Week) -> None:
        """Have a week's review made as soon as possible, by its errand; one that failed is left to ``firstline review run``."""
        now = self.clock.now()
        with self.store.write() as unit:
            unit.outbox.put(replace(self.errand(week), due_at=now))
            known = unit.outbox.load(f"{MAKE}:{week}")
            if known is not None and known.state == "waiting" and known.due_at > now:
                unit.outbox.postpone(known.key, now, known.result)

    def standing(self, unit: UnitOfWork, week: Week) -> str:
        """Return how the making of a review stands: "" while it is not due, "making", "failed" or "made"."""
        if unit.reviews.latest(str(week)) is not None:
            return "made"
        entry = unit.outbox.load(f"{MAKE}:{week}")
        if entry is None or entry.state == "waiting":
            begun = entry is not None and (entry.due_at <= self.clock.now() or "first" in entry.result)
            return "making" if begun else ""
        return "failed"

    def _missed(self, unit: UnitOfWork, current: Week) -> list[Week]:
        heads = unit.reviews.heads(1)
        if heads:
            first = max(Week.parse(heads[0].week).later(), current.later(-CAUGHT_UP))
        else:
            last = current.later(-1)
            asked = unit.outcomes.cells(last.monday, current.monday)[0].demand
            first = last if asked else current
        weeks = []
        while first < current:
            weeks.append(first)
            first = first.later()
        return weeks


def _desk(unit: UnitOfWork, period: Period) -> Desk:
    start, end = period.edges
    before = period.week.later(-1).bounds(period.zone)[0]
    return Desk(
        waiting=[one for one in unit.handoffs.waiting() if one.at < end],
        handed=unit.handoffs.between(start, end),
        handed_before=unit.handoffs.between(before, start),
        spent=unit.model_calls.lines(start, end),
        spent_before=unit.model_calls.lines(before, start),
    )


def _decided(unit: UnitOfWork, week: Week) -> Decided:
    """Return what was decided on the last review, and what of earlier weeks is still open, with the reviews that it was decided on."""
    last = str(week.later(-1))
    rows = [one for one in unit.reviews.open_decisions() if one.week < last] + unit.reviews.decisions(last)
    rows.sort(key=lambda one: (one.week, one.made_at, one.id))
    reviews = {}
    for key in {(one.week, one.review) for one in rows}:
        known = unit.reviews.load(*key)
        if known is not None and known.legible:
            reviews[key] = known
    return Decided(rows, reviews)


def _judged(unit: UnitOfWork, period: Period) -> list[Judged]:
    """Return the decisions of 97 days up to the end of the week, read a week at a time."""
    moment = period.known_until - UNUSED_AFTER - ONE_WEEK
    found: list[Judged] = []
    while moment < period.known_until:
        until = min(moment + ONE_WEEK, period.known_until)
        found += unit.outcomes.judged(moment, until)
        moment = until
    return found


def _shown(judged: Sequence[Judged], articles: Sequence[Article], period: Period) -> Showings:
    end = period.known_until
    return showings(judged, {article.id: article.updated_at for article in articles}, end, judged[0].at if judged else end)


def _find_doubted(unit: UnitOfWork, articles: Sequence[Article], period: Period, found: Found) -> None:
    heads = {article.id: article for article in articles}
    said = [one for one in unit.feedback.since(period.known_until - OPINIONS_OF) if one.at < period.known_until]
    for row in doubted(said, heads.get):
        find_doubted(found, heads[row.article], row.against, row.helpful)
