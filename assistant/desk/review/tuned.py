"""What a review says of calibration, of thresholds that could be moved, of those that were, and of what published articles changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from assistant.desk.review.found import Found, Subject, quoted
from assistant.domain.experiment import ExperimentFinding, Finding
from assistant.domain.figure import POINTS, Figure
from assistant.domain.local_time import day_of
from assistant.domain.review import ABOUT, Kind, Severity
from assistant.domain.tuning import Calibration, Came, Checked, Proposal
from kb.model import Article

TUNING, EXPERIMENTS = "/console/tuning", "/console/experiments"
RUNS = "operators"


def find_calibration(found: Found, steps: Sequence[Calibration]) -> None:
    """Add how far the confidence of each step can be believed; the bins of its curve stand behind the error."""
    for one in [step for step in steps if step.judged or step.silent]:
        error, low, high = ((None if value is None else 100 * value) for value in (one.error, one.low, one.high))
        bins = [Figure.rate(f"confidence {curve.confidence:.2f}", curve.right, TUNING) for curve in one.bins]
        # Without a sign: an error has none.
        figure = Figure(name="calibration error", value=error, low=low, high=high, unit="points on average", href=TUNING)
        found.add(Kind.CALIBRATION, Severity.KNOW, f"{one.text}", (figure, *bins), Subject(one.step, role=RUNS, href=TUNING))


def find_thresholds(found: Found, proposals: Sequence[Proposal], checked: Sequence[Checked], span: timedelta, zone: str) -> None:
    """Add the thresholds that could be moved, with what is expected, and what came of those that were, as predicted or otherwise."""
    for one in proposals:
        if one.proposed is None or one.expected is None or one.now is None:
            continue
        expected = (("wrong now", one.now.wrong), ("wrong then", one.expected.wrong), ("automatic then", one.expected.automatic))
        figures = tuple(Figure.rate(name, rate, TUNING) for name, rate in expected)
        concerned = abs(one.expected.automatic.hits - one.now.automatic.hits) * (timedelta(weeks=1) / span)
        todo = f"Accept the threshold that is proposed for {one.where}, or leave it: {one.why}."
        found.add(Kind.THRESHOLD, Severity.WEEK, one.text, figures, Subject(one.where, role=RUNS, href=TUNING), todo, round(concerned, 1))
    for past in checked:
        decision, otherwise = past.decision, past.came is Came.OTHERWISE
        happened = (Figure.rate("wrong since", past.happened.wrong, TUNING),) if past.happened is not None else ()
        todo = f"Look again at what was accepted for {decision.where}: it went otherwise than predicted." if otherwise else ""
        text = f"{decision.where}, accepted on {day_of(decision.at, zone)} ({past.held}): {past.came}. {past.text[0].upper()}{past.text[1:]}."
        about = Subject(f"{decision.where}/{decision.number}", role=RUNS, href=TUNING)
        severity = Severity.WEEK if otherwise else Severity.KNOW
        found.add(Kind.THRESHOLD, severity, text, happened, about, todo, past.happened.wrong.hits if otherwise and past.happened else 0.0)


def find_effects(found: Found, experiments: Sequence[ExperimentFinding], heads: Mapping[str, Article], zone: str) -> None:
    """Add what each published article changed, against the topics that nobody touched."""
    for one in experiments:
        experiment, effect = one.experiment, one.look.effect if one.look is not None else None
        head = heads.get(experiment.article)
        worse = one.finding is Finding.LESS
        where = f"{EXPERIMENTS}/{experiment.id}"
        figures: tuple[Figure, ...] = ()
        if effect is not None and one.finding is not Finding.NOT_ENOUGH:
            ends = (100 * effect.effect, 100 * effect.low, 100 * effect.high)
            figures = (Figure(name="effect", value=ends[0], low=ends[1], high=ends[2], unit=POINTS, href=where),)
            asked = (("questions a week before", effect.demand_before), ("questions a week since", effect.demand_after))
            figures += tuple(Figure(name=name, value=round(value, 1), unit="questions a week", href=where) for name, value in asked)
        title, owner = (head.title, head.owner.strip()) if head is not None else ("", "")
        about = Subject(experiment.id, quoted(title or experiment.article), owner, "authors", where, experiment.article)
        todo = f"Look at {ABOUT}: fewer people are helped since it was published." if worse else ""
        weight = effect.after[1] / max(effect.week, 1) if worse and effect is not None else 0.0
        text = f"{ABOUT}, published on {day_of(experiment.published_at, zone)}: {one.text[0].lower()}{one.text[1:]}"
        found.add(Kind.EFFECT, Severity.WEEK if worse else Severity.KNOW, text, figures, about, todo, weight)
