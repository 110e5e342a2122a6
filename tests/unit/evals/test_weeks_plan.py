"""The plan of simulated weeks: who asks what and when, and how working time passes."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant.domain.configuration import Person
from evals.weeks.arriving import SEASONS, Plan, arrivals
from evals.weeks.clock import Agenda, PlayedClock, working
from evals.weeks.topics import LANGUAGES, read_topics, worded
from evals.world import DEMO_ARTICLES

ZONE = "Europe/Stockholm"
END = datetime(2026, 11, 20, 15, tzinfo=UTC)
PEOPLE = [
    Person("a.one", "A One", location="Gothenburg", department="Sales"),
    Person("b.two", "B Two", location="Austin", department="Engineering", groups=frozenset({"finance"})),
    Person("c.three", "C Three", location="Gothenburg", department="IT"),
]
TOPICS = read_topics()


def plan(weeks: int = 12, seed: int = 1, per_week: int = 100) -> Plan:
    return Plan(weeks, seed, END, per_week, ZONE)


def test_the_same_seed_plans_the_same_weeks_and_another_seed_plans_others() -> None:
    assert arrivals(plan(), TOPICS, PEOPLE) == arrivals(plan(), TOPICS, PEOPLE)
    assert arrivals(plan(), TOPICS, PEOPLE) != arrivals(plan(seed=2), TOPICS, PEOPLE)


def test_the_weeks_begin_on_mondays_of_the_company_and_the_last_one_is_broken_off_at_the_end() -> None:
    planned = arrivals(plan(), TOPICS, PEOPLE)
    first = plan().start.astimezone(ZoneInfo(ZONE))
    assert (first.date(), first.hour) == (date(2026, 8, 31), 0)
    assert first <= planned[0].at <= planned[-1].at < END
    assert END - planned[-1].at < timedelta(days=2)
    assert [one.number for one in planned] == list(range(1, len(planned) + 1))


def test_a_week_has_about_as_many_conversations_as_were_wanted_and_most_of_them_in_office_hours() -> None:
    planned = [one for one in arrivals(plan(per_week=200), TOPICS, PEOPLE) if not one.topic.incident]
    weeks = Counter(one.at.isocalendar().week for one in planned)
    assert 150 < weeks[38] < 270
    weekend = sum(one.at.weekday() > 4 for one in planned) / len(planned)
    assert weekend < 0.06
    local = [one.at.astimezone(ZoneInfo(ZONE)).hour for one in planned if one.person.location == "Gothenburg"]
    assert sum(7 <= hour < 18 for hour in local) / len(local) > 0.9
    far = [one.at.astimezone(ZoneInfo("America/Chicago")).hour for one in planned if one.person.location == "Austin"]
    assert sum(7 <= hour < 18 for hour in far) / len(far) > 0.9


def test_people_of_it_ask_less_than_others() -> None:
    asked = Counter(one.person.id for one in arrivals(plan(per_week=200), TOPICS, PEOPLE))
    assert asked["c.three"] < 0.5 * asked["a.one"]


def test_the_incident_is_one_hour_of_alike_questions_at_a_third_of_a_week() -> None:
    outage = [one for one in arrivals(plan(), TOPICS, PEOPLE) if one.topic.incident]
    began = plan().incident
    assert began is not None
    assert len(outage) == 32
    assert all(timedelta(0) < one.at - began <= timedelta(minutes=61) for one in outage)
    assert plan(weeks=3).incident is None


def test_nobody_asks_for_what_they_may_read_themselves() -> None:
    planned = arrivals(plan(per_week=400), TOPICS, PEOPLE)
    assert any(one.topic.id == "bank-token" for one in planned)
    assert not any(one.topic.id == "bank-token" and "finance" in one.person.groups for one in planned)


def test_a_season_makes_a_topic_more_frequent_and_every_named_season_is_one() -> None:
    assert {one.season for one in TOPICS} <= SEASONS.keys()
    assert SEASONS["clock_change"](date(2026, 10, 26)) > SEASONS["clock_change"](date(2026, 10, 20))
    assert SEASONS["clock_change"](date(2026, 3, 30)) > SEASONS["clock_change"](date(2026, 2, 20))
    assert SEASONS["month_end"](date(2026, 9, 29)) > SEASONS["month_end"](date(2026, 9, 15))


def test_topics_name_articles_that_exist_and_no_wording_is_the_title_of_one() -> None:
    files = list(Path(DEMO_ARTICLES).rglob("*.md"))
    assert {article for one in TOPICS for article in one.solves} <= {path.stem for path in files}
    lines = [line for path in files for line in path.read_text().splitlines() if line.startswith("title: ")]
    titles = {line.removeprefix("title: ").strip().casefold() for line in lines}
    draw = random.Random(1)
    wordings = [text for one in TOPICS for texts in (one.says, *one.others.values()) for text in texts]
    said = {worded(text, draw).casefold() for text in wordings for _ in range(20)}
    assert not said & titles
    assert len(said) > 300
    assert not any(mark in text for text in said for mark in "[]|")


def test_topics_cover_every_way_in_which_a_question_can_stay_open() -> None:
    assert any(not one.solves and one.notes and not one.wants for one in TOPICS), "no article, and the desk knows how"
    assert any(one.not_of for one in TOPICS), "not permitted"
    assert any(one.outdated for one in TOPICS), "stale"
    assert any(one.wants == "missing" for one in TOPICS), "no tool for it"
    assert sum(bool(one.publishes) for one in TOPICS) == 2
    assert {language for one in TOPICS for language in one.others} == set(LANGUAGES)


@pytest.mark.parametrize(
    ("at", "hours", "then"),
    [
        ((2026, 11, 16, 9, 0), 2, (2026, 11, 16, 11, 0)),
        ((2026, 11, 16, 6, 0), 1, (2026, 11, 16, 9, 0)),
        ((2026, 11, 16, 16, 30), 1, (2026, 11, 17, 8, 30)),
        ((2026, 11, 20, 16, 0), 2, (2026, 11, 23, 9, 0)),
        ((2026, 11, 21, 12, 0), 10, (2026, 11, 24, 9, 0)),
        ((2026, 10, 23, 16, 0), 2, (2026, 10, 26, 9, 0)),
    ],
    ids=["in the day", "before it", "over night", "over a weekend", "more than a day", "over the change of the clock"],
)
def test_working_hours_pass_only_while_the_desk_works(at: tuple[int, ...], hours: float, then: tuple[int, ...]) -> None:
    zone = ZoneInfo(ZONE)
    assert working(datetime(*at, tzinfo=zone), ZONE, hours) == datetime(*then, tzinfo=zone)  # type: ignore[arg-type]


def test_the_agenda_keeps_the_order_of_time_and_then_of_coming_and_the_clock_never_goes_back() -> None:
    agenda, said = Agenda(), list[str]()
    for minutes, word in ((5, "later"), (1, "first"), (5, "last"), (9, "never")):
        agenda.put(END + timedelta(minutes=minutes), lambda word=word: said.append(word))  # type: ignore[misc]
    while (following := agenda.next_before(END + timedelta(minutes=9))) is not None:
        following[1]()
    assert said == ["first", "later", "last"]
    clock = PlayedClock(END)
    clock.move(END - timedelta(hours=1))
    assert clock.now() == END
