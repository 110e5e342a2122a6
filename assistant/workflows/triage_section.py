"""What triage has to say in a weekly review: misroutes, and how long tickets wait to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.desk.review.found import Found, Subject, changed, many
from assistant.desk.review.making import Period
from assistant.desk.triage.measures import misroutes
from assistant.domain.figure import Figure
from assistant.domain.measures import Change
from assistant.domain.outcome import Judged
from assistant.domain.review import Kind, Severity
from assistant.governance.policy import Policy
from assistant.governance.triage_rules import rules_of
from assistant.ports.store import UnitOfWork

PAGE = "/console/triage"
FEWEST_ROUTED = 20
"""With fewer routed tickets a share says nothing yet."""
WAITS_LONG_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class TriageSection:
    """Misroutes of the last week in which every correction could still count, and the review queue as it is."""

    policy: Callable[[UnitOfWork], Policy]

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        self._misroutes(unit, period, found)
        self._waiting(unit, period, found)
        return 0

    def _misroutes(self, unit: UnitOfWork, period: Period, found: Found) -> None:
        days = rules_of(self.policy(unit)).misroute_days
        week = period.week
        while (period.known_until - week.bounds(period.zone)[1]).days < days:
            week = week.later(-1)
        start, end = week.bounds(period.zone)
        now = unit.triage.between(start, end, days)
        if not now.auto + now.review + now.escalate:
            return
        before = unit.triage.between(week.later(-1).bounds(period.zone)[0], start, days)
        rate, earlier = misroutes(now.corrected, now.auto), misroutes(before.corrected, before.auto)
        about = Subject("triage.misroutes", "Misroutes", href=PAGE)
        head = f"In {week}, the last week whose corrections of {days} days are in, triage routed {many(now.auto, 'ticket', 'tickets')} by itself"
        if now.auto < FEWEST_ROUTED:
            text = f"{head}; that is not enough yet to say how often it is wrong."
            found.add(Kind.TRIAGE, Severity.KNOW, text, (Figure.rate("misrouted", rate, PAGE),), about)
            return
        change = Change(earlier, rate)
        worse = change.difference is not None and change.low > 0
        severity = Severity.WEEK if worse else Severity.KNOW
        text = f"{head}; {rate.text} were corrected, {changed(change)}."
        todo = "Look at what was moved, and learn anew with `firstline triage train --with-corrections`." if worse else ""
        found.add(Kind.TRIAGE, severity, text, (Figure.rate("misrouted", rate, PAGE),), about, todo)

    def _waiting(self, unit: UnitOfWork, period: Period, found: Found) -> None:
        number, since = unit.triage.waiting_count(), unit.triage.waited_since()
        if since is None or since >= period.known_until:
            return
        hours = (period.at - since).total_seconds() / 3_600
        late = hours >= WAITS_LONG_HOURS
        text = f"{many(number, 'ticket waits', 'tickets wait')} for somebody to look at what triage suggests, the oldest for {hours:.0f} hours."
        figures = (Figure(name="waiting in review", value=float(number), unit="tickets", href=PAGE),)
        todo = "Look at the review queue." if late else ""
        severity = Severity.WEEK if late else Severity.KNOW
        found.add(Kind.TRIAGE, severity, text, figures, Subject("triage.waiting", "The review queue of triage", href=PAGE), todo)
