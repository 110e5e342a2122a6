"""Experiments: one opens when an article is published for a gap, and looks once a week at what it changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from assistant.desk.effect import Past, Trials, measured
from assistant.domain.conversation import Outcome
from assistant.domain.experiment import HORIZON, WEEK, WEEKS_BEFORE, Experiment, ExperimentFinding, ExperimentRow, Look, Standing
from assistant.domain.outcome import Asked
from assistant.ports.store import Store, UnitOfWork
from kb.model import Article, Gap, Revision

NEAR = 0.58
"""Cosine from which a question belongs to the topic of the gap that it is nearest to; less near ones belong to no topic."""


def opened(unit: UnitOfWork, gap_id: str, article_id: str, revision: int, at: datetime) -> Experiment:
    """Open the experiment of an article in the transaction that publishes it for a gap.

    The gap counts as taken up when its first draft was begun: the weeks that made somebody do so are not "before". An experiment of an earlier
    article for the same gap ends: from here on nobody could tell the two apart.
    """
    for earlier in unit.experiments.all():
        if earlier.gap == gap_id and earlier.standing is Standing.RUNNING:
            unit.experiments.save(replace(earlier, standing=Standing.ENDED, ended_at=at, why="another article was published for the gap"))
    taken_up = [draft.created_at for draft in unit.drafts.of_gap(gap_id)]
    experiment = Experiment(f"x_{secrets.token_hex(8)}", gap_id, article_id, revision, at, min([at, *taken_up]))
    unit.experiments.open(experiment)
    return experiment


def taken_back(experiment: Experiment, live: Article | None, revisions: Sequence[Revision]) -> str:
    """Return why an article is not what its experiment measures any more, "" while it is: withdrawn, or back to what it was before."""
    if live is None:
        return "the article was withdrawn"
    content = {one.number: one.content_hash for one in revisions}
    now = content.get(live.revision)
    before = [number for number, made in content.items() if number < experiment.revision and made == now]
    return f"the article went back to revision {max(before)}" if before and now != content.get(experiment.revision) else ""


def experiments_report(unit: UnitOfWork, at: datetime | None = None) -> list[ExperimentFinding]:
    """Return all experiments with their latest look, those published last first; with ``at`` as it stood then."""
    made = []
    for one in unit.experiments.all():
        if at is not None and one.published_at > at:
            continue
        looks = [look for look in unit.experiments.looks(one.id) if at is None or look.at <= at]
        made.append(ExperimentFinding(one, looks[-1] if looks else None))
    return made


def look_at_all(store: Store, now: datetime, settle: timedelta, ended: Callable[[Experiment], str]) -> int:
    """Make the looks that are due, each stored for good; return how many. A look waits for ``settle`` after its week, until silence has an outcome.

    ``ended`` says why an experiment looks no more, "" while it does. With nothing due this reads two small tables. A look that was missed is made
    late under the number of its week: what was not looked at costs no error.
    """
    with store.read() as unit:
        everything = unit.experiments.all()
        running = [one for one in everything if one.standing is Standing.RUNNING]
        due = [one for one in running if _is_due(unit, one, now, settle)]
    over = {one.id: why for one in running if (why := ended(one))}
    for one in running:
        if one.id in over:
            with store.write() as unit:
                unit.experiments.save(replace(one, standing=Standing.WITHDRAWN, ended_at=now, why=over[one.id]))
    due = [one for one in due if one.id not in over]
    if not due:
        return 0
    with store.read() as unit:
        topics = read_topics(unit, min(one.begins() for one in due), now)
    return sum(_look(store, one, topics, everything, now, settle) for one in due)


def _look(store: Store, experiment: Experiment, topics: Topics, everything: Sequence[Experiment], now: datetime, settle: timedelta) -> bool:
    week = experiment.weeks_over(now, settle)
    with store.write() as unit:
        look = topics.look(experiment, week, unit.experiments.looks(experiment.id), everything, now)
        fresh = unit.experiments.add_look(look)
        if fresh:
            unit.experiments.keep_rows(experiment.id, topics.rows_of(experiment, week))
        if week >= HORIZON:
            unit.experiments.save(replace(experiment, standing=Standing.ENDED, ended_at=now))
    return fresh


def _is_due(unit: UnitOfWork, experiment: Experiment, now: datetime, settle: timedelta) -> bool:
    looks = unit.experiments.looks(experiment.id)
    return experiment.weeks_over(now, settle) > (looks[-1].number if looks else 0)


def read_topics(unit: UnitOfWork, start: datetime, end: datetime) -> Topics:
    """Sort what was asked in [start, end) by topic: the nearest gap, or the rest. A week at a time, so that no year of vectors is held at once.

    Only questions with a vector whose episode came to an outcome count; of a reopened one the new episode does.
    """
    gaps = [gap for gap in unit.gaps.heads() if len(gap.centroid)]
    topics = Topics(tuple(gap.id for gap in gaps))
    while start < end:
        until = min(start + WEEK, end)
        ended = [one for one in unit.outcomes.asked(start, until) if one.outcome is not None and not one.reopened and len(one.vector)]
        topics.add(ended, nearest(ended, gaps))
        start = until
    return topics


@dataclass(slots=True)
class Topics:
    """Questions by topic. ``names`` are the gaps; the number after the last of them is the rest: what is near to no gap."""

    names: tuple[str, ...]
    _topic: list[NDArray[np.int64]] = field(default_factory=list)
    _at: list[float] = field(default_factory=list)
    _person: list[int] = field(default_factory=list)
    _resolved: list[bool] = field(default_factory=list)
    _ids: list[tuple[str, int]] = field(default_factory=list)
    _people: dict[str, int] = field(default_factory=dict)

    def add(self, asked: Sequence[Asked], topic: NDArray[np.int64]) -> None:
        """Add questions with the number of each one's topic."""
        self._topic.append(topic)
        for one in asked:
            self._at.append(one.at.timestamp())
            self._person.append(self._people.setdefault(one.person, len(self._people)))
            self._resolved.append(one.outcome is Outcome.RESOLVED_CONFIRMED)
            self._ids.append((one.conversation, one.episode))

    def look(self, experiment: Experiment, week: int, looks: Sequence[Look], everything: Sequence[Experiment], at: datetime) -> Look:
        """Return the look after a number of weeks, corrected for the earlier ones."""
        past = [Past(look.number, look.effect.deviation) for look in looks if look.effect.deviation]
        effect = measured(self._trials(experiment), self._number(experiment.gap), self._touched(experiment, everything), week, past)
        return Look(experiment.id, week, at, effect)

    def rows_of(self, experiment: Experiment, week: int) -> list[ExperimentRow]:
        """Return the questions that a look counts in the experiment's topic."""
        weeks, topic = self._weeks(experiment), self._topics()
        mine = np.flatnonzero((topic == self._number(experiment.gap)) & (weeks >= 0) & (weeks < WEEKS_BEFORE + week))
        return [ExperimentRow(*self._ids[row], int(weeks[row]) - WEEKS_BEFORE, self._resolved[row]) for row in mine.tolist()]

    def _number(self, gap: str) -> int:
        """Return the number of a gap's topic; one without questions stands for a gap that is gone."""
        return self.names.index(gap) if gap in self.names else len(self.names) + 1

    def _topics(self) -> NDArray[np.int64]:
        return np.concatenate(self._topic) if self._topic else np.zeros(0, dtype=np.int64)

    def _weeks(self, experiment: Experiment) -> NDArray[np.int64]:
        """Return each question's week of the experiment as ``Trials`` counts them, -1 where it has none."""
        at, span = np.array(self._at), WEEK.total_seconds()
        begin, since = experiment.begins().timestamp(), experiment.published_at.timestamp()
        after = at >= since
        week = np.floor(np.where(after, WEEKS_BEFORE + (at - since) / span, (at - begin) / span)).astype(np.int64)
        counted = np.where(after, week < WEEKS_BEFORE + HORIZON, (week >= 0) & (week < WEEKS_BEFORE))
        return np.where(counted, week, -1)

    def _trials(self, experiment: Experiment) -> Trials:
        week = self._weeks(experiment)
        rows = week >= 0
        return Trials(self._topics()[rows], week[rows], np.array(self._person)[rows], np.array(self._resolved, dtype=bool)[rows], len(self.names) + 2)

    def _touched(self, experiment: Experiment, everything: Sequence[Experiment]) -> dict[int, int]:
        """Return from which week on topics are no longer untouched, because an article was published for them too."""
        touched: dict[int, int] = {}
        for other in everything:
            if other.gap == experiment.gap or other.gap not in self.names or other.published_at < experiment.begins():
                continue
            later = (other.published_at - experiment.published_at) // WEEK
            week, number = (WEEKS_BEFORE + later if later >= 0 else 0), self.names.index(other.gap)
            touched[number] = min(week, touched.get(number, week))
        return touched


def nearest(asked: Sequence[Asked], gaps: Sequence[Gap]) -> NDArray[np.int64]:
    """Return for each question the number of the gap whose centre is nearest, and the number after the last where none is near enough."""
    found = np.full(len(asked), len(gaps), dtype=np.int64)
    if not gaps or not asked:
        return found
    centres = np.array([gap.centroid for gap in gaps], dtype=np.float32)
    width = centres.shape[1]
    vectors = np.array([one.vector if len(one.vector) == width else np.zeros(width) for one in asked], dtype=np.float32)
    closeness = vectors @ centres.T
    best = closeness.argmax(axis=1)
    near = closeness[np.arange(len(asked)), best] >= NEAR
    return np.where(near, best, len(gaps)).astype(np.int64)
