"""An experiment opens when its article is published, looks once a week, and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.desk.experiments import experiments_report, look_at_all, nearest, opened, taken_back
from assistant.domain.conversation import Outcome
from assistant.domain.experiment import HORIZON, SELECTION, WEEK, WEEKS_BEFORE, Experiment, Finding, Standing
from assistant.domain.outcome import Asked
from assistant.ports.store import Store
from kb.drafts import Content, Draft
from kb.model import Article, Audience, Gap, Revision
from tests.support.topics import add_gaps, ask, ask_for_weeks, centre

START = datetime(2026, 1, 5, tzinfo=UTC)
PUBLISHED = START + WEEKS_BEFORE * WEEK + SELECTION
SETTLE = timedelta(hours=24)
TOPICS = 8


def good(_: Experiment) -> str:
    return ""


def helped(topic: int, week: int) -> float:
    """Half is resolved everywhere; since it was published, nine in ten in the first topic; and a bad fortnight before."""
    if topic == 0 and week >= WEEKS_BEFORE + 2:
        return 0.9
    return 0.2 if topic == 0 and week >= WEEKS_BEFORE else 0.5


@pytest.fixture
def store() -> Store:
    """Half a year of questions in eight topics, of which the first got an article."""
    made = MemoryStore(0.7)
    add_gaps(made, TOPICS, START)
    ask_for_weeks(made, TOPICS, START, WEEKS_BEFORE + 2 + HORIZON, helped)
    with made.write() as unit:
        opened(unit, "g_0", "vpn", 3, PUBLISHED)
    return made


def look(store: Store, weeks: float, ended: Callable[[Experiment], str] = good) -> int:
    return look_at_all(store, PUBLISHED + weeks * WEEK + SETTLE, SETTLE, ended)


def test_the_effect_is_found_once_there_is_enough_and_is_as_large_as_it_is(store: Store) -> None:
    findings = []
    for week in range(1, HORIZON + 1):
        assert look(store, week) == 1
        with store.read() as unit:
            (found,) = experiments_report(unit)
        findings.append(found.finding)
    assert findings[0] is Finding.NOT_ENOUGH
    assert findings[-1] is Finding.MORE
    assert found.look is not None
    assert found.look.effect.effect == pytest.approx(0.4, abs=0.02)
    assert found.look.effect.before == (60, 120)
    assert found.look.effect.after == (108, 120)
    assert (found.look.effect.demand_before, found.look.effect.demand_after) == (10, 10)


def test_the_bad_weeks_that_a_gap_was_chosen_by_are_neither_before_nor_after(store: Store) -> None:
    look(store, 3)
    with store.read() as unit:
        (found,) = unit.experiments.all()
        weeks = {row.week for row in unit.experiments.rows(found.id)}
        bad = PUBLISHED - SELECTION
        asked = {one.conversation for one in unit.outcomes.asked(bad, PUBLISHED)}
        counted = {row.conversation for row in unit.experiments.rows(found.id)}
    assert weeks == {*range(-WEEKS_BEFORE, 0), 0, 1, 2}
    assert not asked & counted


def test_a_look_is_made_once_and_waits_until_silence_has_an_outcome(store: Store) -> None:
    assert look_at_all(store, PUBLISHED + WEEK + SETTLE - timedelta(minutes=1), SETTLE, good) == 0
    assert look(store, 1) == 1
    assert look(store, 1.5) == 0
    assert look(store, 2) == 1


def test_looks_that_were_missed_are_made_as_one_and_earlier_ones_stay_as_they_were(store: Store) -> None:
    look(store, 2)
    with store.read() as unit:
        (found,) = unit.experiments.all()
        first = unit.experiments.looks(found.id)
    assert look(store, 7) == 1
    with store.read() as unit:
        looks = unit.experiments.looks(found.id)
    assert [one.number for one in looks] == [2, 7]
    assert looks[:1] == first


def test_after_the_last_look_it_has_ended(store: Store) -> None:
    look(store, 20)
    with store.read() as unit:
        (found,) = unit.experiments.all()
    assert found.standing is Standing.ENDED
    assert look(store, 30) == 0


def test_an_article_that_was_taken_back_ends_its_experiment_and_says_why(store: Store) -> None:
    look(store, 2)
    assert look(store, 3, lambda _: "the article was withdrawn") == 0
    with store.read() as unit:
        (found,) = unit.experiments.all()
    assert (found.standing, found.why) == (Standing.WITHDRAWN, "the article was withdrawn")
    assert found.ended_at == PUBLISHED + 3 * WEEK + SETTLE


def test_another_article_for_the_gap_ends_the_experiment_of_the_first(store: Store) -> None:
    with store.write() as unit:
        opened(unit, "g_0", "vpn-2", 1, PUBLISHED + 3 * WEEK)
    with store.read() as unit:
        newer, older = unit.experiments.all()
    assert (newer.standing, older.standing) == (Standing.RUNNING, Standing.ENDED)
    assert "another article" in older.why


def test_topics_that_got_an_article_too_leave_the_comparison(store: Store) -> None:
    look(store, 6)
    with store.write() as unit:
        for number in (1, 2, 3):
            opened(unit, f"g_{number}", f"other-{number}", 1, PUBLISHED - timedelta(days=30))
    look(store, 8)
    with store.read() as unit:
        first = next(one for one in unit.experiments.all() if one.gap == "g_0")
        looks = unit.experiments.looks(first.id)
    assert [one.effect.controls for one in looks] == [7, 4]


def test_the_gap_counts_as_taken_up_when_its_first_draft_was_begun() -> None:
    store, begun = MemoryStore(0.7), PUBLISHED - timedelta(days=9)
    add_gaps(store, 1, START)
    content = Content("VPN", "text", "elin.berg", Audience(), frozenset(), None, ())
    with store.write() as unit:
        unit.drafts.add(Draft("d_1", content, "elin.berg", begun, begun, gap="g_0"))
        assert opened(unit, "g_0", "vpn", 1, PUBLISHED).chosen_at == begun


def test_a_gap_that_is_gone_leaves_an_experiment_without_questions(store: Store) -> None:
    with store.write() as unit:
        unit.gaps.remove("g_0")
    assert look(store, 2) == 1
    with store.read() as unit:
        (found,) = experiments_report(unit)
    assert found.finding is Finding.NOT_ENOUGH
    assert "0 questions before" in found.text


def test_a_question_belongs_to_the_nearest_gap_or_to_the_rest() -> None:
    gaps = [Gap(f"g_{topic}", "", START, centroid=centre(topic)) for topic in range(3)]

    def asked(vector: tuple[float, ...]) -> Asked:
        return Asked("c", 1, "q", vector, "", "p", START)

    far, short = asked(centre(9)), asked((1.0, 0.0))
    assert nearest([asked(centre(2)), asked(centre(0)), far, short], gaps).tolist() == [2, 0, 3, 3]
    assert nearest([far], []).tolist() == [0]
    assert nearest([], gaps).tolist() == []


def test_questions_without_an_outcome_and_reopened_ones_do_not_count(store: Store) -> None:
    with store.write() as unit:
        ask(unit, "c_reopened", 0, PUBLISHED + timedelta(days=1), Outcome.RESOLVED_CONFIRMED)
        unit.conversations.mark_reopened("c_reopened", 1, PUBLISHED + timedelta(days=2))
        unit.outcomes.ask(Asked("c_open", 1, "still talking", centre(0), "", "maria.santos", PUBLISHED + timedelta(days=1)))
    look(store, 1)
    with store.read() as unit:
        (found,) = unit.experiments.all()
        counted = {row.conversation for row in unit.experiments.rows(found.id)}
    assert not counted & {"c_reopened", "c_open"}


def test_a_report_of_an_earlier_day_knows_nothing_of_later_looks(store: Store) -> None:
    look(store, 2)
    look(store, 5)
    with store.read() as unit:
        assert experiments_report(unit, PUBLISHED - timedelta(days=1)) == []
        (then,) = experiments_report(unit, PUBLISHED + 4 * WEEK)
        (now,) = experiments_report(unit)
    assert then.look is not None
    assert now.look is not None
    assert (then.look.number, now.look.number) == (2, 5)


def revision(number: int, digest: str) -> Revision:
    return Revision("vpn", number, "VPN", "text", digest, START)


def test_what_an_article_went_back_to_is_told_from_what_it_went_on_to() -> None:
    experiment = Experiment("x_1", "g_0", "vpn", 2, PUBLISHED, PUBLISHED)
    live = Article("vpn", "VPN", "", Audience(), frozenset(), None, (), "built-in", "", 3, "", START)
    before, published = revision(1, "a"), revision(2, "b")
    assert taken_back(experiment, None, [published, before]) == "the article was withdrawn"
    assert taken_back(experiment, live, [revision(3, "a"), published, before]) == "the article went back to revision 1"
    assert taken_back(experiment, live, [revision(3, "c"), published, before]) == ""
    assert taken_back(experiment, replace(live, revision=2), [published, before]) == ""
