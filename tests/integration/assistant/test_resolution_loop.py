"""After an answer: No, silence, coming back, and what counts as resolved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from assistant.agent.silence import settle_silence
from assistant.domain.conversation import Outcome, State
from assistant.domain.reply import Reply, ReplyKind
from assistant.domain.ticket import TicketStatus
from kb.model import FailureClass
from tests.support.world import Talk, World, cited, offered, opened_world

VPN = "I can't connect to the VPN"
CAR = "How do I book a pool car for a customer visit?"


def silence(world: World, hours: float) -> int:
    world.clock.advance(timedelta(hours=hours))
    return settle_silence(world.assistant.parts)


def answered(talk: Talk, question: str = VPN) -> Reply:
    reply = talk.say(question)
    assert reply.kind is ReplyKind.ANSWER
    return reply


class TestNo:
    def test_a_different_source_is_tried_once_and_then_a_ticket_is_filed(self, world: World) -> None:
        priya = world.talk("priya.nair")
        first = answered(priya)
        second = priya.press("no")
        assert second.kind is ReplyKind.ANSWER
        assert cited(second)
        assert not cited(second) & cited(first)
        assert offered(second) == ["yes", "no", "person"]
        third = priya.press("no")
        assert (third.kind, third.state) == (ReplyKind.ACTION, State.FILED)
        assert third.ticket is not None
        assert first.ticket is not None
        assert third.ticket.id == first.ticket.id
        ticket = world.ticket(third.ticket.id)
        assert (ticket.status, ticket.assignee, ticket.queue) == (TicketStatus.OPEN, "", "network")
        assert [(item.article, item.verdict) for item in ticket.body.tried] == [
            (cited(first).pop(), "did not solve it"),
            (cited(second).pop(), "did not solve it"),
        ]
        assert [words for who, words, _ in ticket.body.transcript if who != "Firstline"] == [VPN, "No", "No"], "buttons as the person saw them"
        assert [intent.failure for intent in world.unresolved()] == [FailureClass.REJECTED]
        assert world.episodes(third.conversation)[0].outcome is Outcome.TICKET_FILED

    def test_words_do_what_the_button_does(self, world: World) -> None:
        maria = world.talk("maria.santos")
        first = answered(maria)
        second = maria.say("it did not work")
        assert second.kind in (ReplyKind.ANSWER, ReplyKind.ACTION)
        assert not cited(second) & cited(first)
        if second.kind is ReplyKind.ANSWER:
            assert maria.say("that didn't help either").state == State.FILED

    def test_without_a_second_source_it_files_at_once(self, world: World) -> None:
        maria = world.talk("maria.santos")
        answer = answered(maria)
        store = world.assistant.knowledge_base.store
        store.withdraw([article.id for article in store.articles() if article.id not in cited(answer)])
        world.assistant.knowledge_base.keeper.catch_up()
        assert maria.press("no").state == State.FILED

    def test_yes_to_the_second_source_closes(self, world: World) -> None:
        priya = world.talk("priya.nair")
        answered(priya)
        assert priya.press("no").kind is ReplyKind.ANSWER
        closed = priya.press("yes")
        assert closed.state == State.RESOLVED
        (episode,) = world.episodes(closed.conversation)
        assert (episode.outcome, episode.reopened) == (Outcome.RESOLVED_CONFIRMED, False)
        assert world.ticket(episode.ticket).status is TicketStatus.CLOSED


class TestTalkToAPerson:
    def test_hands_over_with_everything(self, world: World) -> None:
        maria = world.talk("maria.santos")
        answer = answered(maria)
        handed = maria.press("person")
        assert (handed.kind, handed.state) == (ReplyKind.HANDOFF, State.HANDED_OFF)
        assert handed.ticket is not None
        assert answer.ticket is not None
        ticket = world.ticket(handed.ticket.id)
        assert (ticket.id, ticket.assignee, ticket.queue) == (answer.ticket.id, "", "network")
        assert [item.article for item in ticket.body.tried] == sorted(cited(answer))
        assert world.episodes(handed.conversation)[0].outcome is Outcome.HANDED_OFF

    def test_works_before_anything_was_asked(self, world: World) -> None:
        handed = world.talk("maria.santos").say("I want to talk to a person")
        assert (handed.kind, handed.state) == (ReplyKind.HANDOFF, State.HANDED_OFF)
        assert world.unresolved() == []

    def test_what_is_written_then_goes_to_the_ticket(self, world: World) -> None:
        maria = world.talk("maria.santos")
        answered(maria)
        handed = maria.press("person")
        noted = maria.say("It also happens on the train")
        assert handed.ticket is not None
        assert noted.kind is ReplyKind.ACTION
        assert noted.state == State.HANDED_OFF
        last = world.ticket(handed.ticket.id).notes[-1]
        assert (last.author, last.text) == ("maria.santos", "It also happens on the train")


class TestSilence:
    def test_after_an_answer_is_assumed_never_confirmed(self, world: World) -> None:
        answer = answered(world.talk("maria.santos"))
        assert silence(world, 23.9) == 0
        assert silence(world, 0.2) == 1
        (episode,) = world.episodes(answer.conversation)
        assert episode.outcome is Outcome.RESOLVED_ASSUMED
        assert world.conversation(answer.conversation).state is State.RESOLVED
        ticket = world.ticket(episode.ticket)
        assert ticket.status is TicketStatus.CLOSED
        assert "RESOLVED_ASSUMED" in ticket.notes[-1].text
        with world.assistant.store.read() as unit:
            last = unit.conversations.events(answer.conversation)[-1]
        assert last.body["reply"]["kind"] == "status"
        assert "24 hours" in last.body["reply"]["text"]
        assert silence(world, 100) == 0

    @pytest.mark.parametrize("after_offer", [False, True], ids=["clarifying", "offering a ticket"])
    def test_after_a_question_of_ours_is_abandoned(self, world: World, after_offer: bool) -> None:
        maria = world.talk("maria.santos")
        reply = maria.say(CAR)
        reply = maria.say("the page says that no vehicle is free") if after_offer else reply
        assert silence(world, 25) == 1
        (episode,) = world.episodes(reply.conversation)
        assert episode.outcome is Outcome.ABANDONED
        assert world.conversation(reply.conversation).state is State.ABANDONED
        assert [intent.failure for intent in world.unresolved()] == [FailureClass.NO_ARTICLE]
        assert world.tickets_of("maria.santos") == []

    def test_a_new_word_starts_the_wait_anew(self, world: World) -> None:
        maria = world.talk("maria.santos")
        answer = answered(maria)
        assert silence(world, 20) == 0
        maria.say("thanks, I will try that at home")
        assert silence(world, 20) == 0
        assert world.conversation(answer.conversation).state is State.AWAITING_CONFIRMATION
        assert silence(world, 5) == 1

    def test_the_configured_times_count(self, demo_home: Path) -> None:
        with opened_world(demo_home, assume_after_hours=2.0, abandon_after_hours=72.0) as world:
            answer, asked = answered(world.talk("maria.santos")), world.talk("priya.nair").say(CAR)
            assert silence(world, 3) == 1
            assert world.conversation(answer.conversation).state is State.RESOLVED
            assert world.conversation(asked.conversation).state is State.CLARIFYING
            assert silence(world, 70) == 1


class TestComingBack:
    def test_the_same_issue_reopens_a_new_episode_and_deducts_the_old_outcome(self, world: World) -> None:
        maria = world.talk("maria.santos")
        answer = answered(maria)
        maria.press("yes")
        world.clock.advance(timedelta(days=3))
        back = maria.say("it stopped working again")
        assert back.conversation == answer.conversation
        assert not cited(back) & cited(answer)
        first, second = world.episodes(answer.conversation)
        assert (first.outcome, first.reopened) == (Outcome.RESOLVED_CONFIRMED, True)
        assert (second.number, second.reopened) == (2, False)
        assert VPN in second.summary
        assert answer.ticket is not None
        assert world.ticket(answer.ticket.id).status is TicketStatus.OPEN, "the ticket is open again"
        assert len(world.tickets_of("maria.santos")) == 1

    def test_after_assumed_success_too(self, world: World) -> None:
        maria = world.talk("maria.santos")
        answer = answered(maria)
        silence(world, 25)
        maria.say("the VPN still does not connect")
        first, second = world.episodes(answer.conversation)
        assert (first.outcome, first.reopened, second.number) == (Outcome.RESOLVED_ASSUMED, True, 2)

    @pytest.mark.parametrize("question", ["My mailbox is full", CAR], ids=["with an article", "without one"])
    def test_another_issue_is_a_new_episode_that_deducts_nothing(self, world: World, question: str) -> None:
        maria = world.talk("maria.santos")
        answer = answered(maria)
        maria.press("yes")
        assert answer.ticket is not None
        other = maria.say(question)
        assert other.conversation == answer.conversation
        first, second = world.episodes(answer.conversation)
        assert (first.outcome, first.reopened) == (Outcome.RESOLVED_CONFIRMED, False)
        assert second.number == 2
        assert world.ticket(answer.ticket.id).status is TicketStatus.CLOSED
        assert other.ticket is None or other.ticket.id != answer.ticket.id

    def test_thanks_after_the_end_reopens_nothing(self, world: World) -> None:
        maria = world.talk("maria.santos")
        answered(maria)
        maria.press("yes")
        said = maria.say("thank you!")
        assert (said.kind, said.state) == (ReplyKind.SMALLTALK, State.RESOLVED)
        assert len(world.episodes(said.conversation)) == 1

    @pytest.mark.parametrize(("days", "goes_on"), [(13.9, True), (14.1, False)])
    def test_after_the_configured_days_it_is_a_new_conversation(self, world: World, days: float, goes_on: bool) -> None:
        maria = world.talk("maria.santos")
        answer = answered(maria)
        maria.press("yes")
        world.clock.advance(timedelta(days=days))
        back = maria.say(VPN)
        assert (back.conversation == answer.conversation) is goes_on
        assert world.episodes(answer.conversation)[0].reopened is goes_on

    def test_after_filing_more_words_go_to_the_ticket(self, world: World) -> None:
        maria = world.talk("maria.santos")
        maria.say(CAR)
        maria.say("the page says that no vehicle is free")
        filed = maria.press("file")
        added = maria.say("My colleague sees the same page")
        assert filed.ticket is not None
        assert (added.kind, added.state) == (ReplyKind.ACTION, State.FILED)
        assert world.ticket(filed.ticket.id).notes[-1].text == "My colleague sees the same page"
        assert len(world.episodes(filed.conversation)) == 1

    def test_after_filing_another_question_that_has_an_answer_begins_anew(self, world: World) -> None:
        maria = world.talk("maria.santos")
        maria.say(CAR)
        maria.say("the page says that no vehicle is free")
        filed = maria.press("file")
        other = maria.say(VPN)
        assert other.kind is ReplyKind.ANSWER
        first, second = world.episodes(filed.conversation)
        assert (first.outcome, first.reopened, second.number) == (Outcome.TICKET_FILED, False, 2)
        assert other.ticket is not None
        assert filed.ticket is not None
        assert other.ticket.id != filed.ticket.id


class TestStatus:
    def test_a_persons_own_tickets_are_listed_and_nobody_elses(self, world: World) -> None:
        listed = world.talk("jonas.weber").say("What is the status of my ticket?")
        assert listed.kind is ReplyKind.STATUS
        assert "T-1002" in listed.text
        assert "T-1001" not in listed.text
        assert listed.ticket is not None
        assert listed.ticket.id == "T-1002"
        assert "no open tickets" in world.talk("priya.nair").say("What is the status of my ticket?").text

    def test_one_ticket_by_its_number_only_for_its_requester(self, world: World) -> None:
        mine = world.talk("claire.whitfield").say("any update on T-1001?")
        assert mine.ticket is not None
        assert "HC-610" in mine.text
        theirs = world.talk("maria.santos").say("any update on T-1001?")
        assert theirs.ticket is None
        assert "HC-610" not in theirs.text
        assert "cannot find" in theirs.text

    def test_notes_of_the_desk_stay_inside(self, world: World) -> None:
        with world.assistant.store.write() as unit:
            unit.tickets.comment("T-1001", "tomas.lind", "The user is annoying", world.clock.now(), public=False)
        assert "annoying" not in world.talk("claire.whitfield").say("any update on T-1001?").text


def test_pressing_an_old_button_changes_nothing(world: World) -> None:
    maria = world.talk("maria.santos")
    answered(maria)
    maria.press("yes")
    maria.replies.append(maria.replies[0])
    again = maria.press("yes")
    assert again.state == State.RESOLVED
    (episode,) = world.episodes(again.conversation)
    assert (episode.outcome, episode.reopened) == (Outcome.RESOLVED_CONFIRMED, False)
    assert world.unresolved() == []
