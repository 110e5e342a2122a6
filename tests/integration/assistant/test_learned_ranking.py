"""The ranking learns from what people confirmed: once a week, only what holds, and no text is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.agent.state import Memory, Offered
from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.learning import confirmed, learn_ranking, learn_weekly, learned_text
from assistant.operations import ranking_text
from kb.learn import Learned
from kb.ranking import shipped
from tests.support.world import MONDAY, World


def solved(number: int, question: str, article: str, outcome: Outcome = Outcome.RESOLVED_CONFIRMED, verdict: str = "solved") -> Conversation:
    memory = Memory(issue=question, offered=(Offered(article, "A title", 1, verdict),))
    episode = Episode(1, MONDAY, MONDAY, outcome)
    return Conversation(f"c_{number}", "maria.santos", "rest", State.RESOLVED, State.OPEN, MONDAY, MONDAY, 1, episode, memory.dump())


def store(world: World, *conversations: Conversation) -> None:
    with world.assistant.store.write() as unit:
        for conversation in conversations:
            unit.conversations.begin(replace(conversation, changed_at=MONDAY - timedelta(days=1)))


def test_only_what_its_asker_confirmed_teaches_anything() -> None:
    said = [
        solved(1, "vpn", "vpn-windows"),
        solved(2, "vpn", "vpn-windows", outcome=Outcome.RESOLVED_ASSUMED),
        solved(3, "vpn", "vpn-windows", verdict="did not solve it"),
        replace(solved(4, "vpn", "vpn-windows"), episode=Episode(1, MONDAY, MONDAY, Outcome.RESOLVED_CONFIRMED, reopened=True)),
    ]
    assert [(one.question, one.articles) for one in confirmed(said)] == [("vpn", frozenset({"vpn-windows"}))]


def test_a_few_confirmed_answers_leave_the_shipped_ranking_and_say_so(world: World) -> None:
    store(world, solved(1, "my mailbox is full", "email-quota-full"))
    learned = learn_ranking(world.assistant)
    assert learned.weights is None
    assert world.assistant.knowledge_base.learned.current() is None
    assert "1 confirmed answers are too few" in ranking_text(world.assistant)


def test_people_who_confirm_something_else_than_ranks_first_change_the_ranking(world: World) -> None:
    base = world.assistant.knowledge_base
    articles = base.store.articles()
    longest = sorted(articles, key=lambda article: -len(article.title))[:60]
    asked = [solved(i, " ".join(article.title.split()[-2:]), article.id) for i, article in enumerate(longest)]
    store(world, *asked)
    learned = learn_ranking(world.assistant)
    assert learned.questions > 40
    assert (learned.weights is not None) == (learned.low > 0)
    facts = base.learned.facts()
    assert facts["questions"] == learned.questions
    assert not any(article.title in str(facts) for article in articles)


def test_the_running_service_learns_once_in_a_week(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr("assistant.learning.learn", lambda examples, start: made.append(1) or Learned(start, 50, 0.1, 0.05, 0.2))  # type: ignore[func-returns-value]
    assert learn_weekly(world.assistant) is not None
    assert learn_weekly(world.assistant) is None
    world.clock.advance(timedelta(days=7))
    assert learn_weekly(world.assistant) is not None
    assert len(made) == 2
    current = world.assistant.knowledge_base.learned.current()
    assert current is not None
    assert current.facts() == shipped()[0].facts()
    assert "learned from 50 confirmed answers (reciprocal rank +0.100" in ranking_text(world.assistant)


def test_a_ranking_that_holds_no_more_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.learning.learn", lambda examples, start: Learned(start, 50, 0.1, 0.05, 0.2))
    learn_ranking(world.assistant)
    monkeypatch.setattr("assistant.learning.learn", lambda examples, start: Learned(None, 60, 0.0, -0.1, 0.1))
    learn_ranking(world.assistant)
    assert world.assistant.knowledge_base.learned.current() is None
    assert "shipped" in ranking_text(world.assistant)


def test_before_the_first_look_the_report_says_so() -> None:
    assert "not been looked at" in learned_text({})
