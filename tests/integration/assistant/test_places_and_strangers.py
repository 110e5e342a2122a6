"""Conversations in places: one thread, one conversation for each person; shown there once; strangers get what everybody may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest

from assistant.adapters.memory.channels import CollectingChannel
from assistant.agent.state import Inbound
from assistant.domain.reply import Reply
from assistant.ports.channels import Delivery, Place, Thread
from assistant.ports.outside import Refused, Unavailable, Uncertain
from tests.support.world import World, cited, offered

NUMBERS = count(1)
CHANNEL = Place("collecting", "T1/C1/17.2", public=True)
ALONE = Place("collecting", "T1/D1/17.2")
STRANGER = "guest:collecting:T1/U9"


@pytest.fixture
def channel(world: World) -> CollectingChannel:
    """A channel that is served."""
    world.assistant.channels["collecting"] = made = CollectingChannel()
    return made


def say(world: World, text: str = "", person: str = "maria.santos", place: Place = ALONE, choice: str = "", name: str = "") -> Reply:
    inbound = Inbound(name or f"Ev{next(NUMBERS)}", text, choice, place=place)
    return world.assistant.turns.take(person, None, inbound, place.channel)


def delivered(world: World, channel: CollectingChannel) -> Sequence[Delivery]:
    world.assistant.carrier.drain()
    return channel.delivered


class TestAPlace:
    def test_what_one_person_says_there_goes_on_and_somebody_else_begins_anew(self, world: World) -> None:
        first = say(world, "I can't connect to the VPN", place=CHANNEL)
        assert say(world, "and on my phone?", place=CHANNEL).conversation == first.conversation
        other = say(world, "I can't connect to the VPN", "jonas.weber", CHANNEL)
        assert other.conversation != first.conversation
        assert say(world, "hello", place=ALONE).conversation not in (first.conversation, other.conversation)

    def test_the_same_event_again_is_the_same_turn_also_without_its_conversation(self, world: World, channel: CollectingChannel) -> None:
        replies = [say(world, "I can't connect to the VPN", name="Ev-same") for _ in range(4)]
        assert len({reply.model_dump_json() for reply in replies}) == 1
        assert len(delivered(world, channel)) == 1
        assert len(world.tickets_of("maria.santos")) == len({ticket.id for ticket in world.tickets_of("maria.santos")})

    def test_every_reply_is_shown_there_once_in_order(self, world: World, channel: CollectingChannel) -> None:
        reply = say(world, "I can't connect to the VPN")
        say(world, choice="yes")
        shown = delivered(world, channel)
        assert [one.event.body["reply"]["kind"] for one in shown] == ["answer", "action"]
        assert {one.thread for one in shown} == {Thread(ALONE, "maria.santos", reply.conversation)}
        assert [one.event.number for one in shown] == sorted(one.event.number for one in shown)
        assert delivered(world, channel) == shown, "nothing is left to be shown"
        with world.assistant.store.read() as unit:
            assert [post.post for post in unit.posts.about("collecting", f"{reply.conversation}/{shown[0].event.number}")] == ["post-1"]

    def test_what_is_said_on_the_socket_is_shown_nowhere_else(self, world: World, channel: CollectingChannel) -> None:
        world.talk("maria.santos").say("I can't connect to the VPN")
        assert delivered(world, channel) == []

    def test_a_failed_post_is_tried_again_before_what_comes_after_it(self, world: World, channel: CollectingChannel) -> None:
        channel.fails = [Unavailable("too many", 2.0)]
        say(world, "I can't connect to the VPN")
        say(world, choice="yes")
        assert delivered(world, channel) == []
        world.clock.advance(_seconds(3))
        assert [one.event.body["reply"]["kind"] for one in delivered(world, channel)] == ["answer", "action"]

    def test_a_post_of_which_nobody_knows_whether_it_came_is_looked_for(self, world: World, channel: CollectingChannel) -> None:
        channel.fails = [Uncertain("the line broke"), Unavailable("still broken")]
        say(world, "I can't connect to the VPN")
        for _ in range(3):
            delivered(world, channel)
            world.clock.advance(_seconds(30))
        assert len(channel.delivered) == 1
        assert channel.asked == [False, True, True]

    def test_a_post_that_is_refused_stands_among_what_needs_a_person_and_holds_up_nothing(self, world: World, channel: CollectingChannel) -> None:
        channel.fails = [Refused("channel_not_found")]
        say(world, "I can't connect to the VPN")
        say(world, choice="yes")
        delivered(world, channel)
        world.clock.advance(_seconds(60))
        assert [one.event.body["reply"]["kind"] for one in delivered(world, channel)] == ["action"]
        with world.assistant.store.read() as unit:
            assert [entry.kind for entry in unit.outbox.unsettled()] == ["channel.deliver"]

    def test_a_channel_that_is_not_served_now_is_waited_for_and_not_for_ever(self, world: World) -> None:
        say(world, "I can't connect to the VPN")
        world.assistant.carrier.drain()
        world.assistant.channels["collecting"] = late = CollectingChannel()
        world.clock.advance(_seconds(3_600))
        assert len(delivered(world, late)) == 1
        del world.assistant.channels["collecting"]
        said_at = world.clock.now()
        say(world, "How do I set up my phone?")
        world.clock.advance(_seconds(25 * 3_600))
        world.assistant.carrier.drain()
        with world.assistant.store.read() as unit:
            assert [entry for entry in unit.outbox.waiting() if entry.kind == "channel.deliver" and entry.created_at <= said_at] == []


class TestPublicPlaces:
    def test_a_public_answer_may_stand_there_and_what_is_about_the_person_may_not(self, world: World, channel: CollectingChannel) -> None:
        say(world, "I can't connect to the VPN", place=CHANNEL)
        say(world, "I am locked out of my account", place=CHANNEL)
        say(world, choice="person", place=CHANNEL)
        kinds = {one.event.body["reply"]["kind"]: one.confidential for one in delivered(world, channel)}
        assert kinds["answer"] is False
        assert {kind: secret for kind, secret in kinds.items() if kind != "answer"} == {"action": True, "handoff": True}

    def test_in_a_place_of_their_own_nothing_is_kept_from_them(self, world: World, channel: CollectingChannel) -> None:
        say(world, "I am locked out of my account", place=ALONE)
        assert [one.confidential for one in delivered(world, channel)] == [False]

    def test_an_answer_that_only_some_may_read_is_confidential_there(self, world: World, channel: CollectingChannel) -> None:
        restricted = next(article for article in world.assistant.knowledge_base.store.articles() if article.audience.groups)
        reader = next(person for person in world.assistant.directory.people() if person.groups & restricted.audience.groups)
        reply = say(world, restricted.title, reader.id, CHANNEL)
        assert restricted.id in cited(reply) | {choice.article for choice in reply.choices}
        assert delivered(world, channel)[-1].confidential is True


class TestStrangers:
    def test_they_get_public_articles_without_a_ticket(self, world: World) -> None:
        reply = say(world, "How do I set up the VPN on Windows?", STRANGER)
        assert reply.kind == "answer"
        assert reply.ticket is None
        assert reply.device is None or reply.device.id == ""
        solved = say(world, choice="yes", person=STRANGER)
        assert solved.state == "resolved"
        assert world.tickets_of(STRANGER) == []

    @pytest.mark.parametrize("wish", ["open a ticket please", "I want to talk to a person", "reset my password", "I am locked out of my account"])
    def test_nothing_is_done_or_filed_for_them_and_they_hear_why(self, world: World, wish: str) -> None:
        before = len(world.assistant.workplace.people())
        say(world, "the coffee machine shows error 12", STRANGER)
        reply = say(world, wish, STRANGER)
        assert reply.action is None
        assert reply.ticket is None
        pressed = say(world, choice="file", person=STRANGER)
        assert "could not verify who you are" in pressed.text
        assert "could not verify who you are" in say(world, choice="person", person=STRANGER).text
        with world.assistant.store.read() as unit:
            assert [ticket for ticket in unit.tickets.all() if ticket.requester.startswith("guest:")] == []
            assert unit.actions.latest() == []
            assert unit.handoffs.waiting() == []
        assert len(world.assistant.workplace.people()) == before

    def test_they_read_no_article_that_is_for_some_people_only(self, world: World) -> None:
        for article in world.assistant.knowledge_base.store.articles():
            if article.audience.groups:
                reply = say(world, article.title, STRANGER, Place("collecting", f"T1/D9/{article.id}"))
                assert article.id not in cited(reply) | {choice.article for choice in reply.choices}
                assert article.title not in reply.text

    def test_an_answer_that_did_not_help_twice_ends_without_a_ticket(self, world: World) -> None:
        say(world, "How do I set up the VPN on Windows?", STRANGER)
        for _ in range(3):
            reply = say(world, choice="no", person=STRANGER)
        assert "could not verify who you are" in reply.text
        assert "file" not in offered(reply)
        assert world.tickets_of(STRANGER) == []

    def test_no_token_makes_somebody_a_stranger(self, world: World) -> None:
        assert world.assistant.directory.person(STRANGER) is None


def _seconds(number: float) -> timedelta:

    return timedelta(seconds=number)
