"""The ranking learns from what people confirmed and rejected: once a week with the review, or when somebody asks for it.

Taking a ranking, giving one up and undoing either is a tuning decision: it stands in the tables with the weights, and every process ranks by the
one that stands.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from assistant.agent.tuning import Ranking, Retuning
from assistant.bootstrap import Assistant
from assistant.desk.experiments import look_at_all, taken_back
from assistant.domain.experiment import Experiment
from assistant.domain.outcome import Asked, Judged
from assistant.domain.tuning import Kind, TuningDecision
from assistant.domain.week import Week
from assistant.governance.retuning import RANKING, CannotTune, next_number, note
from assistant.ports.store import UnitOfWork
from kb.learn import FEWEST, Answered, Learned, examined, examples_of, learn
from kb.model import Platform
from kb.ranking import Weights, shipped

NEWEST = 5_000
"""Older questions are not looked at: articles change, and a year of a large desk fits in."""
LOOK_BACK = timedelta(weeks=52)
WEEK = timedelta(days=7)
SERVICE = "firstline"
NUMBERS = ("difference", "low", "high", "questions")
"""Of the facts of learning those that a decision keeps."""
CHOSEN = "chosen"
"""Begins what was decided where the person picked the article from a list: its place in the ranking hid it from nobody."""


def harvested(asked: Iterable[Asked], judged: Iterable[Judged]) -> tuple[list[Answered], tuple[float, ...]]:
    """Return the questions of which somebody said what helped or what did not, newest first, and how likely each place is looked at.

    Silence says nothing. A solved question counts by one over the chance that its article would have been looked at where it was shown; what came
    of an episode that was opened again does not count.
    """
    shown: dict[tuple[str, int], list[Judged]] = {}
    for one in judged:
        if one.step == "answer" and one.articles:
            shown.setdefault((one.conversation, one.episode), []).append(one)
    tries = {key: sorted(rows, key=lambda one: one.at) for key, rows in shown.items()}
    places = examined([[one.right for one in rows] for rows in tries.values() if not rows[0].decision.startswith(CHOSEN)])
    about = sorted((one for one in asked if not one.reopened and one.question), key=lambda one: one.at, reverse=True)
    found = [_answered(one, tries.get((one.conversation, one.episode), []), places) for one in about]
    return [one for one in found if one is not None][:NEWEST], places


def _answered(asked: Asked, tries: Sequence[Judged], places: Sequence[float]) -> Answered | None:
    solved = next((place for place, one in enumerate(tries) if one.right), None)
    rejected = frozenset(one.articles[0] for one in tries if one.right is False)
    if solved is None and not rejected:
        return None
    platform = Platform(asked.platform) if asked.platform else None
    if solved is None:
        return Answered(asked.question, frozenset(), platform=platform, rejected=rejected)
    chance = 1.0 if tries[solved].decision.startswith(CHOSEN) else places[min(solved, len(places) - 1)]
    return Answered(asked.question, frozenset({tries[solved].articles[0]}), platform=platform, rejected=rejected, weight=1 / chance)


def learn_ranking(assistant: Assistant) -> Learned:
    """Learn the ranking from all that was confirmed and rejected and take what holds; a ranking that holds no more is given up, and one that too
    little is known of by now stays.

    After an operator has undone a ranking none is taken by itself: what was learned waits for ``take_ranking``. What came of it is written beside
    the weights, with the week; the running service ranks by it from its next question.
    """
    base, now = assistant.knowledge_base, assistant.clock.now()
    _adopt(assistant, now)
    with assistant.store.read() as unit:
        answered, places = harvested(_asked(unit, now), unit.outcomes.judged(now - LOOK_BACK, now))
    learned = learn(examples_of(base.retriever, answered, base.store.groups()), shipped()[0])
    facts = _facts(learned, places, now, _week(assistant, now))
    with assistant.store.write() as unit:
        facts = _settled(unit, learned, facts, now)
        write_ranking(assistant, unit, facts)
    return learned


def _settled(unit: UnitOfWork, learned: Learned, facts: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Decide about what was learned; return its facts with what came of it."""
    about = [one for one in unit.tuning.all() if one.kind is Kind.RANKING]
    held = bool(about) and not max(about, key=lambda one: one.number).stands
    standing = standing_ranking(unit)
    in_use = standing.after["weights"] if standing is not None else None
    if learned.weights is not None and held:
        return facts | {"kept": bool(in_use), "waiting": learned.weights.facts()}
    if standing is not None and in_use and learned.questions < FEWEST:
        return facts | standing.predicted | {"kept": True}
    if (learned.weights.facts() if learned.weights is not None else None) != in_use:
        _decide(unit, learned.weights, facts, SERVICE, now)
    return facts


def _adopt(assistant: Assistant, now: datetime) -> None:
    """Take over a ranking that an earlier version learned, which stands in the file and in no decision."""
    learned = assistant.knowledge_base.learned
    weights, facts = learned.current(), learned.facts()
    if weights is None:
        return
    with assistant.store.write() as unit:
        if not any(one.kind is Kind.RANKING for one in unit.tuning.all()):
            _decide(unit, weights, dict.fromkeys(NUMBERS, 0) | facts, SERVICE, now)


def _asked(unit: UnitOfWork, now: datetime) -> list[Asked]:
    """Return what was asked, without vectors, a week at a time: no year of vectors is held at once."""
    made: list[Asked] = []
    for weeks in range(LOOK_BACK // WEEK, 0, -1):
        made += [replace(one, vector=()) for one in unit.outcomes.asked(now - weeks * WEEK, now - (weeks - 1) * WEEK)]
    return made


def take_ranking(assistant: Assistant, by: str) -> TuningDecision:
    """Take the learned ranking that waits since one was undone.

    Raises:
        CannotTune: none waits.
        AlreadyDecided: somebody took one meanwhile.
    """
    facts, now = assistant.knowledge_base.learned.facts(), assistant.clock.now()
    if not facts.get("waiting"):
        raise CannotTune("no learned ranking waits to be taken")
    with assistant.store.write() as unit:
        decision = _decide(unit, Weights.of(facts["waiting"]), facts, by, now)
        write_ranking(assistant, unit, {**facts, "kept": True, "waiting": None})
    return decision


def _decide(unit: UnitOfWork, weights: Weights | None, facts: dict[str, Any], by: str, at: datetime) -> TuningDecision:
    before = standing_ranking(unit)
    numbers = {name: facts[name] for name in NUMBERS}
    decision = TuningDecision(
        id=f"t_{secrets.token_hex(8)}",
        kind=Kind.RANKING,
        where=RANKING,
        number=next_number(unit, RANKING),
        at=at,
        by=by,
        before={"decision": before.id if before is not None else ""},
        after={"weights": weights.facts() if weights is not None else None},
        predicted=numbers,
    )
    unit.tuning.add(decision)
    note(unit, decision, "taken" if weights is not None else "given up", by, at, "")
    return decision


def standing_ranking(unit: UnitOfWork) -> TuningDecision | None:
    """Return the last decision about the ranking that was not undone, None where the shipped one was never left."""
    return max(unit.tuning.standing(Kind.RANKING), key=lambda one: one.number, default=None)


def write_ranking(assistant: Assistant, unit: UnitOfWork, facts: dict[str, Any]) -> None:
    """Write the ranking that stands, with these facts of learning, where the service ranks by it."""
    standing = standing_ranking(unit)
    weights = Weights.of(standing.after["weights"]) if standing is not None and standing.after["weights"] else None
    assistant.knowledge_base.learned.write({**facts, "decision": standing.id if standing is not None else ""}, weights)


def follow_ranking(assistant: Assistant) -> bool:
    """Rank by what stands in the tables, whoever decided it in whichever process; return whether something had changed."""
    facts = assistant.knowledge_base.learned.facts()
    with assistant.store.read() as unit:
        standing = standing_ranking(unit)
        if facts.get("decision", "") == (standing.id if standing is not None else ""):
            return False
        if standing is not None:
            facts |= {**standing.predicted, "week": _week(assistant, standing.at), "at": standing.at.isoformat(), "waiting": None}
        write_ranking(assistant, unit, {**facts, "kept": bool(standing is not None and standing.after["weights"])})
    return True


def look_at_experiments(assistant: Assistant) -> int:
    """Make the weekly looks at what published articles changed that are due; return how many."""
    articles = assistant.knowledge_base.store

    def ended(experiment: Experiment) -> str:
        return taken_back(experiment, articles.article(experiment.article), articles.revisions(experiment.article))

    silence = max(assistant.timings.assume_after_hours, assistant.timings.abandon_after_hours)
    return look_at_all(assistant.store, assistant.clock.now(), timedelta(hours=silence), ended)


def retuning_of(assistant: Assistant) -> Retuning:
    """Return what shows and takes tuning decisions."""
    base = assistant.knowledge_base
    ranking = Ranking(base.learned.facts, lambda by: take_ranking(assistant, by), lambda: follow_ranking(assistant))
    return Retuning(assistant.store, assistant.in_force, assistant.clock, ranking)


def learn_weekly(assistant: Assistant) -> Learned | None:
    """Learn the ranking if that was not done in this week; return what came of it, or None."""
    if assistant.knowledge_base.learned.facts().get("week") == _week(assistant, assistant.clock.now()):
        return None
    return learn_ranking(assistant)


def _facts(learned: Learned, places: Sequence[float], now: datetime, week: str) -> dict[str, Any]:
    """Return what came of learning, for a file or a program."""
    return {
        "week": week,
        "at": now.isoformat(),
        "questions": learned.questions,
        "unsolved": learned.unsolved,
        "examined": [round(place, 3) for place in places],
        "kept": learned.weights is not None,
        "difference": round(learned.difference, 4),
        "low": round(learned.low, 4),
        "high": round(learned.high, 4),
    }


def learned_text(facts: dict[str, Any]) -> str:
    """Say in a sentence what came of learning."""
    if not facts.get("week"):
        return "The ranking has not been looked at yet; the running service does so once a week."
    count = f"{facts['questions']} confirmed answers"
    if not facts["questions"] or (not facts["difference"] and not facts["kept"]):
        return f"The ranking is the shipped one: {count} are too few to learn from."
    change = f"reciprocal rank {facts['difference']:+.3f}, 95 % interval {facts['low']:+.3f} to {facts['high']:+.3f}"
    if facts.get("waiting"):
        return f"A ranking learned from {count} waits to be taken, because the last one was undone ({change})."
    return f"The ranking is {'learned from' if facts['kept'] else 'the shipped one: no sure gain from'} {count} ({change})."


def _week(assistant: Assistant, now: datetime) -> str:
    return Week.of(now, assistant.workplace.company().timezone).monday.isoformat()
