"""The ranking learns from confirmed answers: once a week with the review, or when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from assistant.agent.state import Memory
from assistant.bootstrap import Assistant
from assistant.desk.review import week_of
from assistant.domain.conversation import Conversation, Outcome, State
from kb.learn import Answered, Learned, examples_of, learn
from kb.model import Platform
from kb.ranking import shipped

SOLVED = "solved"
NEWEST = 5_000
"""Older confirmed answers are not looked at: articles change, and a year of a large desk fits in."""


def confirmed(conversations: Iterable[Conversation]) -> list[Answered]:
    """Return the questions whose asker said that an article solved it, newest first; silence confirms nothing."""
    made = []
    for conversation in sorted(conversations, key=lambda one: one.changed_at, reverse=True):
        memory = Memory.load(conversation.memory)
        solved = [offered.article for offered in memory.offered if offered.verdict == SOLVED]
        if conversation.episode.outcome is Outcome.RESOLVED_CONFIRMED and not conversation.episode.reopened and solved and memory.issue:
            platform = Platform(memory.platform) if memory.platform else None
            made.append(Answered(memory.question, frozenset(solved), platform=platform))
    return made[:NEWEST]


def learn_ranking(assistant: Assistant) -> Learned:
    """Learn the ranking from all confirmed answers and keep what holds; a ranking that holds no more is given up.

    What came of it is written beside the weights, with the week; the running service ranks by it from its next question.
    """
    base, now = assistant.knowledge_base, assistant.clock.now()
    with assistant.store.read() as unit:
        answered = confirmed(unit.conversations.silent_since(State.RESOLVED, now))
    learned = learn(examples_of(base.retriever, answered, base.store.groups()), shipped()[0])
    base.learned.write(_facts(learned, now, _week(assistant, now)), learned.weights)
    return learned


def learn_weekly(assistant: Assistant) -> Learned | None:
    """Learn the ranking if that was not done in this week; return what came of it, or None."""
    if assistant.knowledge_base.learned.facts().get("week") == _week(assistant, assistant.clock.now()):
        return None
    return learn_ranking(assistant)


def _facts(learned: Learned, now: datetime, week: str) -> dict[str, Any]:
    """Return what came of learning, for a file or a program."""
    return {
        "week": week,
        "at": now.isoformat(),
        "questions": learned.questions,
        "kept": learned.weights is not None,
        "difference": round(learned.difference, 4),
        "low": round(learned.low, 4),
        "high": round(learned.high, 4),
    }


def learned_text(facts: dict[str, Any]) -> str:
    """Say in a sentence what came of learning."""
    if not facts:
        return "The ranking has not been looked at yet; the running service does so once a week."
    count = f"{facts['questions']} confirmed answers"
    if not facts["questions"] or (not facts["difference"] and not facts["kept"]):
        return f"The ranking is the shipped one: {count} are too few to learn from."
    change = f"reciprocal rank {facts['difference']:+.3f}, 95 % interval {facts['low']:+.3f} to {facts['high']:+.3f}"
    return f"The ranking is {'learned from' if facts['kept'] else 'the shipped one: no sure gain from'} {count} ({change})."


def _week(assistant: Assistant, now: datetime) -> str:
    return week_of(now, assistant.workplace.company().timezone)[0].date().isoformat()
