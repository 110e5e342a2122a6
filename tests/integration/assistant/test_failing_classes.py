"""Each class of failure is what really happened: a turn for each, and what is found out later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.agent.opinions import Opinions
from assistant.desk.opinions import Reason
from kb.model import FailureClass, UnresolvedIntent
from tests.support.world import Talk, World, cited

CAR = "How do I book a pool car for a visit to a customer?"
MORE = "The booking page shows no cars at all this week"
VPN = "How do I connect to the VPN from home on my laptop?"
MARIA, PRIYA = "maria.santos", "priya.nair"


def classes(world: World) -> list[FailureClass]:
    """Return the classes of everything unresolved as the gaps know them."""
    world.assistant.gathering.gather()
    with world.assistant.store.read() as unit:
        return [member.failure for gap in unit.gaps.all() for member in unit.gaps.members(gap.id)]


def rejected(world: World) -> Talk:
    """Let somebody reject answers until a ticket is filed."""
    talk = world.talk(MARIA)
    assert cited(talk.say(VPN))
    while "no" in [choice.id for choice in talk.last.choices]:
        talk.press("no")
    assert talk.last.ticket is not None
    return talk


def test_a_question_for_which_there_is_no_article(world: World) -> None:
    talk = world.talk(MARIA)
    talk.say(CAR)
    talk.say(MORE)
    talk.press("file")
    assert classes(world) == [FailureClass.NO_ARTICLE]


def test_an_article_was_found_but_rejected(world: World) -> None:
    rejected(world)
    assert classes(world) == [FailureClass.REJECTED]


def test_stale_when_the_article_is_past_its_review_date(world: World) -> None:
    world.clock.set(world.clock.now() + timedelta(days=3_000))
    rejected(world)
    assert classes(world) == [FailureClass.STALE]


def test_stale_when_the_person_says_so_afterwards(world: World) -> None:
    talk = rejected(world)
    assert classes(world) == [FailureClass.REJECTED]
    opinions = Opinions(world.assistant.store, world.clock, world.assistant.parts.notify)
    opinions.give(MARIA, str(talk.conversation), talk.replies[0].message, False, Reason.UNCLEAR, "")
    assert classes(world) == [FailureClass.REJECTED]
    opinions.give(MARIA, str(talk.conversation), talk.replies[0].message, False, Reason.OUTDATED, "")
    assert classes(world) == [FailureClass.STALE]


@pytest.mark.parametrize("words", ["Can you install Visio Professional on my laptop?", "Please order a standing desk for my room on the third floor"])
def test_tool_missing_when_nothing_here_does_what_is_wanted(world: World, words: str) -> None:
    talk = world.talk(PRIYA)
    talk.say(words)
    talk.say("It has to be there by the end of the month")
    talk.press("file")
    assert classes(world) == [FailureClass.TOOL_MISSING]


def test_a_question_how_something_is_done_misses_no_tool(world: World) -> None:
    talk = world.talk(PRIYA)
    talk.say("How can people order a standing desk for the third floor?")
    talk.say("I did not find it anywhere")
    talk.press("file")
    assert classes(world) == [FailureClass.NO_ARTICLE]


def test_not_found_when_an_article_answers_it_after_all(world: World) -> None:
    at = world.clock.now()
    asked = UnresolvedIntent("u_1", VPN, FailureClass.NO_ARTICLE, (), "", "", "c_1", MARIA, at)
    heads = {head.updated_at for head in world.assistant.knowledge_base.store.articles()}
    with world.assistant.store.write() as unit:
        unit.intents.record(replace(asked, asked_at=max(heads) + timedelta(hours=1)))
        unit.intents.record(replace(asked, id="u_2", asked_at=min(heads) - timedelta(days=1)))
        unit.intents.record(replace(asked, id="u_3", asker="nobody.here"))
    world.clock.set(max(heads) + timedelta(hours=2))
    world.assistant.gathering.gather()
    with world.assistant.store.read() as unit:
        (gap,) = unit.gaps.all()
        known = {member.id: member.failure for member in unit.gaps.members(gap.id)}
    assert known["u_1"] is FailureClass.NOT_RETRIEVED
    assert known["u_2"] is FailureClass.NO_ARTICLE, "the article came later"
    assert known["u_3"] is FailureClass.NO_ARTICLE, "nobody whose rights are known asked"


def test_what_only_came_near_is_no_article_that_was_not_found(world: World) -> None:
    at = max(head.updated_at for head in world.assistant.knowledge_base.store.articles()) + timedelta(hours=1)
    near = UnresolvedIntent("u_1", CAR, FailureClass.NOT_RETRIEVED, ("vpn-slow-or-drops",), "", "windows", "c_1", MARIA, at)
    with world.assistant.store.write() as unit:
        unit.intents.record(near)
        unit.intents.record(replace(near, id="u_2", question=VPN))
    world.clock.set(at + timedelta(hours=1))
    world.assistant.gathering.gather()
    with world.assistant.store.read() as unit:
        known = {member.id: member.failure for gap in unit.gaps.all() for member in unit.gaps.members(gap.id)}
    assert known == {"u_1": FailureClass.NO_ARTICLE, "u_2": FailureClass.NOT_RETRIEVED}
