"""A question without an article: the assistant says so, asks once, offers a ticket, files all of it, and the gap report shows it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.agent.silence import settle_silence
from assistant.bootstrap import Assistant
from assistant.domain.configuration import Organisation
from assistant.domain.conversation import Outcome, State
from assistant.domain.reply import Reply, ReplyKind
from assistant.domain.ticket import TicketStatus
from assistant.operations import report_facts, report_of, report_text
from kb.model import FailureClass, Reader
from tests.support.world import Talk, World, cited, offered

CAR = "How do I book a pool car for a customer visit?"
MORE = "It is the booking page of the car pool, it says that no vehicle is free"
TOKEN = "How do I renew my banking portal token?"
PAYROLL = "How do I get access to the payroll system?"


def filed(talk: Talk, question: str = CAR, more: str = MORE) -> Reply:
    """Ask, add what is asked for, and accept the ticket that is offered."""
    talk.say(question)
    talk.say(more)
    return talk.press("file")


def test_it_abstains_asks_once_then_offers_a_ticket(world: World) -> None:
    maria = world.talk("maria.santos")
    first = maria.say(CAR)
    assert (first.kind, first.state, first.citations) == (ReplyKind.ABSTENTION, State.CLARIFYING, ())
    assert first.text.count("?") >= 1
    assert "article" in first.text
    assert first.ticket is None
    second = maria.say(MORE)
    assert (second.kind, second.state, second.citations) == (ReplyKind.ABSTENTION, State.OFFERING_TICKET, ())
    assert offered(second) == ["file", "not_now", "person"]
    assert world.tickets_of("maria.santos") == []
    third = maria.press("file")
    assert (third.kind, third.state) == (ReplyKind.ACTION, State.FILED)
    assert world.episodes(third.conversation)[0].outcome is Outcome.TICKET_FILED


def test_the_filed_ticket_is_complete(world: World) -> None:
    maria = world.talk("maria.santos")
    reply = filed(maria)
    assert reply.ticket is not None
    ticket = world.ticket(reply.ticket.id)
    body, facts = ticket.body, dict(ticket.body.facts)
    assert (ticket.status, ticket.assignee, ticket.requester, ticket.subject) == (TicketStatus.OPEN, "", "maria.santos", CAR)
    assert CAR in body.summary
    assert MORE in body.summary
    said = [(who, words) for who, words, _ in body.transcript]
    assert said[:4] == [("Maria Santos", CAR), ("Firstline", maria.replies[0].text), ("Maria Santos", MORE), ("Firstline", maria.replies[1].text)]
    assert said[4][0] == "Maria Santos"
    assert [at for _, _, at in body.transcript] == sorted(at for _, _, at in body.transcript)
    laptop = world.assistant.workplace.devices_of("maria.santos")[0]
    assert laptop.id in body.device
    assert laptop.os in body.device
    assert facts["Category"]
    assert "Maria Santos" in facts["Requester"]
    assert body.confidence == pytest.approx(maria.replies[1].confidence, abs=1e-3)
    assert body.tried == ()
    queues = {queue.id: queue.name for queue in world.assistant.workplace.queues()}
    assert reply.ticket.queue == queues[ticket.queue]


def test_the_question_is_in_the_gap_report_that_authors_read(world: World) -> None:
    reply = filed(world.talk("maria.santos"))
    (intent,) = world.unresolved()
    assert (intent.failure, intent.asker, intent.origin) == (FailureClass.NO_ARTICLE, "maria.santos", reply.conversation)
    assert reply.ticket is not None
    assert intent.ticket == reply.ticket.id
    assert intent.nearest
    report = report_of(world.assistant)
    facts = report_facts(report)
    assert (facts["week_start"], facts["week_end"], facts["total"], facts["people"]) == ("2026-11-23", "2026-11-29", 1, 1)
    (gap,) = facts["gaps"]
    assert (gap["failure"], gap["demand"], gap["tickets"]) == ("no article", 1, 1)
    assert gap["examples"] == []
    assert CAR not in report_text(report)
    assert gap["name"] in report_text(report)
    assert report_facts(report_of(world.assistant, "2026-11-16"))["total"] == 0


def test_two_people_who_ask_the_same_are_one_gap(world: World) -> None:
    filed(world.talk("maria.santos"))
    filed(world.talk("priya.nair"), "Where can I reserve a pool car to visit a customer?", "The page says no car is available")
    world.talk("jonas.weber").say("What is the weather going to be tomorrow?")
    gaps = report_facts(report_of(world.assistant))["gaps"]
    assert [(gap["demand"], gap["people"], gap["failure"]) for gap in gaps] == [(2, 2, "no article"), (1, 1, "out of scope")]


def test_not_now_files_nothing_and_is_still_counted(world: World) -> None:
    maria = world.talk("maria.santos")
    maria.say(CAR)
    maria.say(MORE)
    declined = maria.press("not_now")
    assert declined.state == State.ABANDONED
    assert world.tickets_of("maria.santos") == []
    assert world.episodes(declined.conversation)[0].outcome is Outcome.UNRESOLVED
    assert [intent.failure for intent in world.unresolved()] == [FailureClass.NO_ARTICLE]


def test_after_not_now_the_ticket_can_still_be_asked_for(world: World) -> None:
    maria = world.talk("maria.santos")
    maria.say(CAR)
    maria.say(MORE)
    maria.press("not_now")
    after = maria.say("please open a ticket")
    assert after.state == State.FILED
    (ticket,) = world.tickets_of("maria.santos")
    assert CAR.split("?")[0].split(".")[0] in ticket.body.summary
    assert [episode.outcome for episode in world.episodes(after.conversation)] == [Outcome.UNRESOLVED, Outcome.TICKET_FILED]


def test_what_is_secret_in_a_question_stays_out_of_the_report(world: World) -> None:
    filed(world.talk("maria.santos"), f"{CAR} My password is Gr0nsakSoppa and my card is 5500 0000 0000 0004")
    (intent,) = world.unresolved()
    assert "Gr0nsakSoppa" not in intent.question
    assert "5500" not in intent.question
    assert "pool car" in intent.question


class TestTheSameIssueAgain:
    def test_goes_to_the_ticket_that_is_open(self, world: World) -> None:
        first = filed(world.talk("maria.santos"))
        world.clock.advance(timedelta(days=3))
        again = filed(world.talk("maria.santos"), CAR, "The car pool page again says that nothing is free")
        assert first.ticket is not None
        assert again.ticket is not None
        assert (again.ticket.id, again.ticket.attached) == (first.ticket.id, True)
        assert len(world.tickets_of("maria.santos")) == 1
        assert first.ticket.id in again.text

    def test_of_somebody_else_gets_a_ticket_of_its_own(self, world: World) -> None:
        first, other = filed(world.talk("maria.santos")), filed(world.talk("priya.nair"))
        assert first.ticket is not None
        assert other.ticket is not None
        assert other.ticket.id != first.ticket.id
        assert not other.ticket.attached

    def test_after_the_window_gets_a_new_one(self, world: World) -> None:
        first = filed(world.talk("maria.santos"))
        world.clock.advance(timedelta(days=14, seconds=1))
        late = filed(world.talk("maria.santos"))
        assert first.ticket is not None
        assert late.ticket is not None
        assert late.ticket.id != first.ticket.id

    def test_of_a_ticket_that_people_work_on_leaves_it_open_when_the_person_goes_silent(self, world: World) -> None:
        claire = world.talk("claire.whitfield")
        answer = claire.say("HC-610 when connecting from home")
        assert answer.ticket is not None
        assert answer.ticket.attached
        before = world.ticket(answer.ticket.id)
        assert before.assignee == "tomas.lind"
        world.clock.advance(timedelta(days=2))
        assert settle_silence(world.assistant.parts) == 1
        after = world.ticket(answer.ticket.id)
        assert (after.status, after.assignee) == (before.status, "tomas.lind")
        assert "RESOLVED_ASSUMED" in after.notes[-1].text
        assert not after.notes[-1].public
        assert world.episodes(answer.conversation)[0].outcome is Outcome.RESOLVED_ASSUMED


class TestRestrictedArticles:
    def test_they_are_cited_to_their_group(self, world: World) -> None:
        assert cited(world.talk("jonas.weber").say(TOKEN)) == {"access-banking-portal-tokens"}

    @pytest.mark.parametrize(
        ("question", "more"),
        [(TOKEN, "the banking portal token has expired"), (PAYROLL, "I need the payroll system for my team")],
    )
    def test_they_are_never_shown_to_others_and_the_reason_is_recorded(self, world: World, question: str, more: str) -> None:
        store = world.assistant.knowledge_base.store
        hidden = [article for article in store.articles() if article.audience.groups]
        assert len(hidden) >= 5
        maria = world.talk("maria.santos")
        filed(maria, question, more)
        (intent,) = world.unresolved()
        assert intent.failure is FailureClass.NOT_PERMITTED
        assert not set(intent.nearest) & {article.id for article in hidden}
        ticket = world.tickets_of("maria.santos")[0]
        shown = "\n".join([*(reply.model_dump_json() for reply in maria.replies), str(ticket.body)])
        for article in hidden:
            assert article.id not in shown
            assert article.title not in shown

    def test_a_lost_group_takes_effect_in_the_next_message(self, world: World) -> None:
        def without_groups(assistant: Assistant) -> Organisation:
            directory = assistant.directory
            people = tuple(replace(person, groups=frozenset()) for person in directory.people())
            devices = tuple(device for person in people for device in directory.devices_of(person.id))
            return Organisation(directory.company(), people, devices, tuple(directory.services()), directory.queues())

        jonas = world.talk("jonas.weber")
        assert cited(jonas.say(TOKEN)) == {"access-banking-portal-tokens"}
        world.assistant.workplace.replace(without_groups(world.assistant))
        again = jonas.say(TOKEN)
        assert "access-banking-portal-tokens" not in cited(again)
        assert again.kind is not ReplyKind.ANSWER or cited(again)

    def test_random_readers_never_find_what_they_may_not_read(self, world: World) -> None:
        dice = random.Random(7)
        store, knowledge = world.assistant.knowledge_base.store, world.assistant.knowledge
        articles = {article.id: article for article in store.articles()}
        groups = sorted(store.groups())
        titles = [article.title for article in articles.values() if article.audience.groups] + [CAR, "VPN"]
        vectors = {title: knowledge.embed(title) for title in titles}
        for _ in range(80):
            reader = Reader(frozenset(dice.sample(groups, dice.randrange(len(groups) + 1))))
            title = dice.choice(titles)
            found = knowledge.passages_for(title, reader, None, vector=vectors[title])
            assert all(articles[item.passage.article.id].audience.admits(reader) for item in found.ranked), (reader, title)


def test_the_audit_says_why_no_answer_was_given(world: World) -> None:
    talk = world.talk("maria.santos")
    talk.say("The coffee machine on floor 3 shows error 12")
    with world.assistant.store.read() as unit:
        entries = [json.loads(record.body) for record in unit.audit.read()]
    (entry,) = [entry for entry in entries if entry["step"] == "answer" and entry["conversation"] == talk.conversation]
    assert entry["detail"]["abstained"] == "no article"
    assert entry["confidence"] < world.assistant.policy.bands["answer"].auto
