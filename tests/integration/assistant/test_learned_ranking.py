"""The ranking learns from what people confirmed: once a week, only what holds, and no text is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.outcome import Asked, Judged
from assistant.governance.retuning import CannotTune
from assistant.learning import follow_ranking, harvested, learn_ranking, learn_weekly, learned_text, retuning_of, take_ranking
from assistant.operations import ranking_text
from kb.learn import Learned
from kb.ranking import shipped
from tests.support.world import MONDAY, World

HOUR = timedelta(hours=1)


def asked(number: int, question: str) -> Asked:
    at = MONDAY - timedelta(days=1) - number * HOUR
    return Asked(f"c_{number}", 1, question, (), "", "maria.santos", at, Outcome.RESOLVED_CONFIRMED)


def shown(number: int, *articles: tuple[str, bool | None], decision: str = "steps.answer:auto") -> list[Judged]:
    """The answers of a conversation in order, each with what the person said of it."""
    at = MONDAY - timedelta(days=1) - number * HOUR
    return [
        Judged(f"c_{number}", 1, f"m_{place}", at + timedelta(minutes=place), "answer", 0.6, decision, (article,), right)
        for place, (article, right) in enumerate(articles)
    ]


def store(world: World, *solved: tuple[str, str]) -> None:
    """Store conversations in which an article solved a question."""
    with world.assistant.store.write() as unit:
        for number, (question, article) in enumerate(solved):
            one = asked(number, question)
            episode = Episode(1, one.at, one.at, Outcome.RESOLVED_CONFIRMED)
            begun = Conversation(one.conversation, one.person, "rest", State.RESOLVED, State.OPEN, one.at, one.at, 0, episode, {})
            unit.conversations.begin(begun)
            unit.conversations.save(begun)
            unit.outcomes.ask(one)
            for judged in shown(number, (article, True)):
                unit.outcomes.judge(judged)


def test_what_was_confirmed_and_what_was_rejected_teaches_and_silence_does_not() -> None:
    said = [asked(1, "vpn"), asked(2, "wifi"), asked(3, "mail"), replace(asked(4, "again"), reopened=True), asked(5, "nothing shown")]
    judged = [
        *shown(1, ("vpn-windows", True)),
        *shown(2, ("wifi-slow", False)),
        *shown(3, ("mail-full", None)),
        *shown(4, ("vpn-windows", True)),
    ]
    found, _ = harvested(said, judged)
    assert [(one.question, one.articles, one.rejected) for one in found] == [
        ("vpn", frozenset({"vpn-windows"}), frozenset()),
        ("wifi", frozenset(), frozenset({"wifi-slow"})),
    ]


def test_what_helped_at_a_place_where_few_look_counts_more() -> None:
    judged = [*shown(1, ("a", True)), *shown(2, ("a", False), ("b", True)), *shown(3, ("a", False)), *shown(4, ("a", False))]
    found, places = harvested([asked(number, f"q{number}") for number in range(1, 5)], judged)
    assert places == (1.0, pytest.approx(1 / 3))
    assert [(one.question, one.weight) for one in found] == [("q1", 1.0), ("q2", pytest.approx(3.0)), ("q3", 1.0), ("q4", 1.0)]
    assert found[1].rejected == {"a"}


def test_an_article_that_was_picked_from_a_list_counts_once_whatever_its_place() -> None:
    picked = shown(2, ("a", False), ("b", True), decision="chosen by the person:auto")
    found, _ = harvested([asked(1, "q1"), asked(2, "q2")], [*shown(1, ("a", False)), *picked])
    assert found[1].weight == 1.0


def test_a_few_confirmed_answers_leave_the_shipped_ranking_and_say_so(world: World) -> None:
    store(world, ("my mailbox is full", "email-quota-full"))
    learned = learn_ranking(world.assistant)
    assert learned.weights is None
    assert world.assistant.knowledge_base.learned.current() is None
    assert "1 confirmed answers are too few" in ranking_text(world.assistant)


def test_people_who_confirm_something_else_than_ranks_first_change_the_ranking(world: World) -> None:
    base = world.assistant.knowledge_base
    articles = base.store.articles()
    longest = sorted(articles, key=lambda article: -len(article.title))[:60]
    store(world, *((" ".join(article.title.split()[-2:]), article.id) for article in longest))
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


def better(world: World, monkeypatch: pytest.MonkeyPatch, gain: float = 0.1) -> None:
    """Learn a ranking that is another one and surely ranks better."""
    weights = replace(shipped()[0], features=shipped()[0].features + gain)
    monkeypatch.setattr("assistant.learning.learn", lambda examples, start: Learned(weights, 50, 0.1, 0.05, 0.2))
    learn_ranking(world.assistant)


def in_use(world: World) -> dict[str, object] | None:
    current = world.assistant.knowledge_base.learned.current()
    return current.facts() if current is not None else None


def test_a_ranking_that_is_taken_is_a_decision_on_the_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    better(world, monkeypatch)
    better(world, monkeypatch)
    with world.assistant.store.read() as unit:
        (decision,) = unit.tuning.all()
        noted = [line.facts for line in unit.audit.lines() if line.facts["step"] == "tune"]
    assert decision.after["weights"] == in_use(world)
    assert (decision.by, decision.predicted["low"]) == ("firstline", 0.05)
    assert [(facts["decision"], facts["detail"]["decision"]) for facts in noted] == [("taken", decision.id)]


def test_undone_the_shipped_ranking_is_back_and_the_next_one_waits_for_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    better(world, monkeypatch)
    retuning = retuning_of(world.assistant)
    retuning.undo(retuning.report().checked[0].decision.id, "dana.whitlock")
    assert in_use(world) is None
    better(world, monkeypatch, gain=0.2)
    assert in_use(world) is None
    assert "waits to be taken" in ranking_text(world.assistant)
    taken = retuning.take_ranking("dana.whitlock")
    assert in_use(world) == taken.after["weights"]
    assert (taken.by, taken.number) == ("dana.whitlock", 2)
    with pytest.raises(CannotTune):
        take_ranking(world.assistant, "dana.whitlock")


def test_undone_the_ranking_before_stands_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    better(world, monkeypatch)
    first = in_use(world)
    better(world, monkeypatch, gain=0.2)
    retuning = retuning_of(world.assistant)
    retuning.undo(max(retuning.report().checked, key=lambda one: one.decision.number).decision.id, "dana.whitlock")
    assert in_use(world) == first


def test_a_ranking_that_was_decided_elsewhere_is_followed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    better(world, monkeypatch)
    weights = in_use(world)
    assert not follow_ranking(world.assistant)
    world.assistant.knowledge_base.learned.write({}, None)
    assert follow_ranking(world.assistant)
    assert in_use(world) == weights
    assert "learned from 50 confirmed answers" in ranking_text(world.assistant)


def test_a_ranking_of_an_earlier_version_is_taken_over_and_stays_while_too_little_is_known(world: World) -> None:
    """An upgraded installation has its ranking in the file, and no judged answers in the ledger yet."""
    weights = replace(shipped()[0], features=shipped()[0].features + 0.1)
    facts = {"week": "2026-11-09", "questions": 80, "kept": True, "difference": 0.05, "low": 0.01, "high": 0.09}
    world.assistant.knowledge_base.learned.write(facts, weights)
    assert not follow_ranking(world.assistant)
    learn_ranking(world.assistant)
    assert in_use(world) == weights.facts()
    assert "learned from 80 confirmed answers" in ranking_text(world.assistant)
    with world.assistant.store.read() as unit:
        (decision,) = unit.tuning.all()
    assert (decision.by, decision.predicted["questions"]) == ("firstline", 80)
    learn_ranking(world.assistant)
    with world.assistant.store.read() as unit:
        assert len(unit.tuning.all()) == 1
