"""Weeks of questions in several topics, stored as turns leave them, with the gaps that they belong to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.outcome import Asked
from assistant.ports.store import Store, UnitOfWork
from kb.model import Gap, GapState

WIDTH = 32
WEEK = timedelta(days=7)


def centre(topic: int) -> tuple[float, ...]:
    """Return the vector that the questions of a topic lie around."""
    return tuple(float(place == topic) for place in range(WIDTH))


def add_gaps(store: Store, count: int, at: datetime) -> list[str]:
    """Store gaps ``g_0`` and so on, one for each topic, taken up, so that a service leaves them without members; return their ids."""
    ids = [f"g_{topic}" for topic in range(count)]
    with store.write() as unit:
        for topic, gap_id in enumerate(ids):
            unit.gaps.save(Gap(gap_id, f"topic number {topic}", at, GapState.PUBLISHED, centroid=centre(topic)))
    return ids


def ask(unit: UnitOfWork, name: str, topic: int, at: datetime, outcome: Outcome, person: str = "maria.santos") -> None:
    """Store one question of a topic whose episode came to an outcome; a topic beyond the gaps is near to none."""
    ended = at + timedelta(hours=1)
    begun = Conversation(name, person, "test", State.OPEN, State.OPEN, at, at, 0, Episode(1, at), {})
    state = State.RESOLVED if outcome is Outcome.RESOLVED_CONFIRMED else State.ABANDONED
    unit.conversations.begin(begun)
    vector = np.array(centre(topic)) + np.random.default_rng(len(name)).normal(0, 0.05, WIDTH)
    unit.outcomes.ask(Asked(name, 1, f"question {name}", tuple((vector / np.linalg.norm(vector)).tolist()), "", person, at))
    over = Conversation(name, person, "test", state, State.OPEN, at, ended, 0, Episode(1, at, ended, outcome), {})
    unit.conversations.save(over)


def ask_for_weeks(store: Store, topics: int, start: datetime, weeks: int, share: Callable[[int, int], float], each: int = 10) -> None:
    """Store ``each`` questions a week in every topic; ``share(topic, week)`` of them are confirmed as resolved."""
    with store.write() as unit:
        for topic in range(topics):
            for week in range(weeks):
                for number in range(each):
                    solved = number < round(share(topic, week) * each)
                    at = start + week * WEEK + (number + 1) * WEEK / (each + 1)
                    outcome = Outcome.RESOLVED_CONFIRMED if solved else Outcome.ABANDONED
                    ask(unit, f"c_{topic}_{week}_{number}", topic, at, outcome, f"person.{(topic * 31 + week * 7 + number) % 97}")
