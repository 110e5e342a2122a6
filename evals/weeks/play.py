"""Plays the weeks: opens the demo company at their beginning and lets everything happen until their end."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.weeks.arriving import WEEK, Plan, arrivals
from evals.weeks.authors import WRITTEN, Authors
from evals.weeks.clock import PlayedClock
from evals.weeks.company import Company, facts
from evals.weeks.topics import read_topics

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.settings import Settings

DAY = timedelta(days=1)
DEADLINE_SECONDS = 120.0
"""Of a turn: a busy machine must not change what happens."""
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What was played, and how long that took in seconds."""

    counts: dict[str, Any]
    seconds: float
    articles: tuple[str, ...] = ()
    """Those that were written in the course of the weeks."""

    @property
    def per_second(self) -> float:
        """Conversations played in a second."""
        return self.counts.get("conversations", 0) / self.seconds if self.seconds else 0.0


@contextmanager
def opened(settings: Settings, clock: PlayedClock, note: Note) -> Iterator[Assistant]:
    """Open the demo company at the moment of the clock, its articles taken in by the real ingestion."""
    from assistant.bootstrap import open_assistant
    from evals.world import DEMO_ARTICLES
    from ingest.report import LineReport
    from ingest.sync import sync

    played = settings.model_copy(update={"deadline_seconds": DEADLINE_SECONDS, "demo": True})
    assistant = open_assistant(played, clock)
    try:
        sync(DEMO_ARTICLES, assistant.knowledge_base, played, LineReport(lambda _: None))
        people(assistant)
        note(f"{len(assistant.knowledge_base.store.articles())} articles and {len(assistant.directory.people())} people are ready")
        yield assistant
    finally:
        assistant.close()


def people(assistant: Assistant) -> None:
    """Load the company's people without the tickets that are open at the end."""
    from assistant.adapters.store.organisation import read_people_file
    from evals.world import DEMO_ARTICLES

    made, _ = read_people_file(DEMO_ARTICLES / "company.toml")
    assistant.workplace.replace(made)


def tickets(company: Company) -> None:
    """Create the tickets of the people file, at the moment when the last of them was opened or at the end."""
    from assistant.adapters.store.organisation import read_people_file
    from assistant.bootstrap import load_people
    from evals.world import DEMO_ARTICLES

    _, waiting = read_people_file(DEMO_ARTICLES / "company.toml")
    latest = max((one.opened for one in waiting), default=company.plan.end)
    at = min(max(latest, company.plan.start), company.plan.end - timedelta(minutes=1))
    company.agenda.put(at, lambda: load_people(company.assistant, DEMO_ARTICLES / "company.toml") and None)


def play(settings: Settings, plan: Plan, note: Note, written: Mapping[int, str] = WRITTEN) -> Played:
    """Play a plan into the state folder of the settings, empty but for its model. ``written`` names articles by the week that gets them."""
    from assistant.service import Service

    began, clock = time.perf_counter(), PlayedClock(plan.start - 2 * DAY)
    logging.getLogger("firstline").setLevel(logging.ERROR)
    with opened(settings, clock, note) as assistant:
        service = Service(assistant, settings.url)
        assistant.knowledge_base.keeper.own()
        service.follow()
        company = Company(assistant, service, clock, plan)
        company.expect(arrivals(plan, read_topics(), _askers(assistant)))
        tickets(company)
        clock.move(plan.start)
        assistant.reviewer.follow_schedule()
        Authors(company, random.Random(f"{plan.seed}/authors"), written).plan()
        company.keep_up()
        for week in range(1, plan.weeks + 1):
            company.run(min(plan.monday(week) + WEEK, plan.end))
            spent = time.perf_counter() - began
            done = company.counts["conversations"]
            note(f"week {week} of {plan.weeks}: {done} conversations, {company.counts['turns']} turns, {done / spent:.1f} conversations a second")
        service.settle()
        found = facts(company)
    return Played(found, time.perf_counter() - began, tuple(company.published.values()))


def _askers(assistant: Assistant) -> list[Any]:
    return sorted(assistant.directory.people(), key=lambda one: one.id)


def plan_of(weeks: int, seed: int, per_week: int, end: datetime) -> Plan:
    """Return the plan of the demo company's weeks."""
    from assistant.adapters.store.organisation import read_people_file
    from evals.world import DEMO_ARTICLES

    made, _ = read_people_file(DEMO_ARTICLES / "company.toml")
    return Plan(weeks, seed, end, per_week, made.company.timezone)


def company_ids() -> frozenset[str]:
    """Return the ids of the demo company's articles and people."""
    from assistant.adapters.store.organisation import read_people_file
    from evals.world import DEMO_ARTICLES

    made, _ = read_people_file(DEMO_ARTICLES / "company.toml")
    return frozenset({*(path.stem for path in Path(DEMO_ARTICLES).rglob("*.md")), *(one.id for one in made.people)})
