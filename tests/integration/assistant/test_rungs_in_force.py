"""A category's rung is in force in whole turns of the real assistant, from the decision on and until it is undone."""

from __future__ import annotations

import pytest

from assistant.domain.conversation import State
from assistant.domain.reply import ReplyKind
from assistant.domain.rollout import Rung
from assistant.governance.replay import Comparison, replay
from assistant.privacy import erase
from tests.support.world import World, cited, offered

ASKED = "How do I set up the VPN on my laptop?"


@pytest.fixture
def category(world: World) -> str:
    """The category in which the question is answered while everything is automatic."""
    reply = world.talk("maria.santos").say(ASKED)
    assert reply.kind is ReplyKind.ANSWER
    return str(world.conversation(reply.conversation).memory["category"])


def put(world: World, category: str, rung: Rung) -> str:
    return world.assistant.practices.rollout.move(category, rung, "anders.nyqvist", "we begin carefully").id


def test_triage_only_files_the_question_without_an_answer_and_without_a_gap(world: World, category: str) -> None:
    put(world, category, Rung.TRIAGE)
    reply = world.talk("jonas.weber").say(ASKED)
    assert (reply.kind, reply.state) == (ReplyKind.ACTION, State.FILED.value)
    assert not cited(reply) and reply.ticket is not None
    assert world.ticket(reply.ticket.id).category == category
    with world.assistant.store.read() as unit:
        held = next(line for line in unit.audit.lines() if line.facts["decision"] == "held: triage only")
    assert world.unresolved() == []
    assert held.facts["detail"]["category"] == category
    assert replay(held, world.assistant.policies).comparison is Comparison.SAME


def test_suggest_names_articles_and_shows_the_one_that_is_chosen(world: World, category: str) -> None:
    put(world, category, Rung.SUGGEST)
    talk = world.talk("jonas.weber")
    first = talk.say(ASKED)
    assert (first.kind, first.state) == (ReplyKind.CLARIFICATION, State.CLARIFYING.value)
    assert not cited(first) and "file" in offered(first) and first.text.startswith("These articles may help")
    assert 1 <= len([one for one in offered(first) if one.startswith("topic:")]) <= 3
    second = talk.press("topic:0")
    assert second.kind is ReplyKind.ANSWER and cited(second)


def test_confirm_asks_before_it_shows_the_one_article(world: World, category: str) -> None:
    put(world, category, Rung.CONFIRM)
    talk = world.talk("jonas.weber")
    first = talk.say(ASKED)
    assert [one for one in offered(first) if one.startswith("topic:")] == ["topic:0"]
    assert "Shall I show it to you?" in first.text and not cited(first)
    assert talk.press("topic:0").kind is ReplyKind.ANSWER


def test_whoever_says_more_instead_of_choosing_is_offered_the_desk_and_not_asked_again(world: World, category: str) -> None:
    put(world, category, Rung.SUGGEST)
    talk = world.talk("jonas.weber")
    talk.say(ASKED)
    second = talk.say("I really want to set up the VPN on my laptop")
    assert second.state == State.OFFERING_TICKET.value and "file" in offered(second)


def test_another_category_is_answered_as_before_and_undoing_brings_the_answer_back(world: World, category: str) -> None:
    decision = put(world, category, Rung.TRIAGE)
    other = world.talk("priya.nair").say("my mailbox is full")
    assert other.kind is ReplyKind.ANSWER
    world.assistant.practices.rollout.undo(decision, "anders.nyqvist")
    assert world.talk("jonas.weber").say(ASKED).kind is ReplyKind.ANSWER


@pytest.mark.parametrize(("rung", "card"), [(Rung.SUGGEST, False), (Rung.CONFIRM, True)])
def test_on_the_lower_rungs_nothing_is_offered_to_be_done(world: World, rung: Rung, card: bool) -> None:
    put(world, "password", rung)
    reply = world.talk("jonas.weber").say("Please unlock my account")
    assert (reply.action is not None) is card
    if not card:
        assert reply.state == State.OFFERING_TICKET.value


def test_a_new_question_after_the_end_is_filed_as_a_ticket_of_its_own(world: World, category: str) -> None:
    talk = world.talk("jonas.weber")
    talk.say("my mailbox is full")
    solved = talk.press("yes")
    assert solved.state == State.RESOLVED.value and solved.ticket is not None
    put(world, category, Rung.TRIAGE)
    filed = talk.say(ASKED)
    assert filed.state == State.FILED.value and filed.ticket is not None and filed.ticket.id != solved.ticket.id
    assert world.ticket(solved.ticket.id).status.is_open is False


def test_who_decided_is_forgotten_when_they_are_erased_and_the_rung_stays(world: World, category: str) -> None:
    put(world, category, Rung.SUGGEST)
    erase(world.assistant, "anders.nyqvist")
    with world.assistant.store.read() as unit:
        assert [one.by for one in unit.rollout.decisions()] != ["anders.nyqvist"]
        assert world.assistant.practices.rollout.rung(unit, category) is Rung.SUGGEST


def test_a_ticket_can_always_be_opened_and_a_person_always_be_reached(world: World, category: str) -> None:
    put(world, category, Rung.TRIAGE)
    assert world.talk("jonas.weber").say("I want to talk to a person").state == State.HANDED_OFF.value
