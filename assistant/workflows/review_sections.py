"""What other practices of the desk have to say in a weekly review."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from assistant.desk.experiments import experiments_report
from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.desk.review.topics import find_gaps, find_spikes
from assistant.desk.review.tuned import find_calibration, find_effects, find_thresholds
from assistant.desk.tuning import calibration_report, check_of_decisions, threshold_proposals
from assistant.domain.outcome import Judged
from assistant.governance.policy import Policy
from assistant.ports.identity import Directory
from assistant.ports.store import UnitOfWork
from kb.gaps import ranked
from kb.model import Article

CHECKED = timedelta(weeks=5)
"""Decisions about thresholds are checked in the reviews of the month after them."""


@dataclass(frozen=True, slots=True)
class TuningSection:
    """Calibration, proposals of thresholds, and what came of those that were accepted."""

    file: Policy
    in_force: Callable[[UnitOfWork], Policy]

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        find_calibration(found, calibration_report(judged))
        end = period.known_until
        decisions = [one for one in unit.tuning.all() if one.at < end]
        checked = check_of_decisions(decisions, judged, self.file, end, end - CHECKED)
        span = max(end - judged[0].at, timedelta(weeks=1)) if judged else timedelta(weeks=1)
        find_thresholds(found, threshold_proposals(judged, self.in_force(unit)), checked, span, period.zone)
        return 0


@dataclass(frozen=True, slots=True)
class GapSection:
    """The gaps of the week and what broke out in it."""

    directory: Directory
    agent_minutes: Mapping[str, float]

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        start, end = period.edges
        gaps = unit.gaps.all(start, end)
        before = {gap.id: gap.demand for gap in unit.gaps.all(period.week.later(-1).bounds(period.zone)[0], start)}
        find_gaps(found, ranked(gaps, self.agent_minutes), before, self._name)
        spikes = [one for one in unit.gaps.spikes(start) if one.since < end]
        find_spikes(found, spikes, {gap.id: gap for gap in gaps}, period.zone, period.at)
        return sum(bool(gap.demand) for gap in gaps)

    def _name(self, person: str) -> str:
        known = self.directory.person(person) if person else None
        return known.name if known is not None else ""


@dataclass(frozen=True, slots=True)
class EffectSection:
    """What published articles changed: those that are still looked at, and those whose experiment ended in the week."""

    articles: Callable[[], Sequence[Article]]

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        start, until = period.edges[0], period.known_until
        known = experiments_report(unit, until)
        heads = {article.id: article for article in self.articles()}
        find_effects(found, [one for one in known if one.experiment.ended_at is None or one.experiment.ended_at >= start], heads, period.zone)
        return 0
