"""People of the desk in conversations: why they got them, what they got, and that the assistant keeps quiet while they have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.agent import lookup as lookup_module
from assistant.agent import turn as turn_module
from assistant.agent.handover import Handover
from assistant.agent.silence import settle_silence
from assistant.agent.state import Inbound
from assistant.agent.turn import UnknownConversation, UnknownPerson
from assistant.desk.handoff import HeldByAnother, NotForYou, NotHeld
from assistant.domain.conversation import Outcome, State
from assistant.domain.handoff import Handoff, HandoffReason
from assistant.domain.reply import ReplyKind
from assistant.domain.ticket import TicketStatus
from assistant.ports.store import Event
from tests.support.world import Talk, World, cited, offered, opened_world

VPN, CAR = "I cannot connect to the VPN", "How do I book a pool car for a customer visit?"
SAM, LAURA, MARIA = "sam.oduya", "laura.keane", "maria.santos"


def handover(world: World) -> Handover:
    return Handover(world.assistant.parts)


def events(world: World, conversation: str) -> list[Event]:
    with world.assistant.store.read() as unit:
        return unit.conversations.events(conversation)


def handoffs(world: World, conversation: str) -> list[Handoff]:
    with world.assistant.store.read() as unit:
        return unit.handoffs.of_conversation(conversation)


def audited(world: World, step: str = "hand_off") -> list[dict[str, object]]:
    with world.assistant.store.read() as unit:
        entries = [json.loads(record.body) for record in unit.audit.read()]
    return [entry for entry in entries if entry["step"] == step]


def handed_off(world: World, person: str = MARIA) -> Talk:
    talk = world.talk(person)
    talk.say("I want to talk to a person")
    return talk


def conversation_of(talk: Talk) -> str:
    assert talk.conversation is not None
    return talk.conversation


class TestReasons:
    def reason(self, world: World, talk: Talk) -> HandoffReason:
        """Return the reason of the last handoff, which the ticket and the audit must give as well."""
        last = handoffs(world, conversation_of(talk))[-1]
        assert dict(world.ticket(last.ticket).body.facts)["Why it came to people"] == last.reason.label
        entry = (audited(world, "hand_off") + audited(world, "file"))[-1] if last.waits else audited(world, "file")[-1]
        entry = audited(world, "hand_off")[-1] if last.waits else entry
        assert entry["detail"]["reason"] == last.reason.value  # type: ignore[index]
        return last.reason

    def test_a_person_who_was_asked_for(self, world: World) -> None:
        talk = world.talk(MARIA)
        talk.say(VPN)
        talk.press("person")
        assert self.reason(world, talk) is HandoffReason.REQUESTED
        assert [one.waits for one in handoffs(world, conversation_of(talk))] == [True]

    def test_a_ticket_because_no_article_answers(self, world: World) -> None:
        talk = world.talk(MARIA)
        talk.say(CAR)
        talk.press("file")
        assert self.reason(world, talk) is HandoffReason.NO_ARTICLE
        assert [one.waits for one in handoffs(world, conversation_of(talk))] == [False]

    def test_a_ticket_because_the_answers_did_not_help(self, world: World) -> None:
        talk = world.talk(MARIA)
        talk.say(VPN)
        while talk.last.kind is ReplyKind.ANSWER:
            talk.press("no")
        assert self.reason(world, talk) is HandoffReason.REJECTED

    def test_an_article_that_is_not_open_to_the_person(self, world: World) -> None:
        talk = world.talk(MARIA)
        talk.say("How do I rotate the break-glass administrator credentials?")
        talk.press("file" if "file" in offered(talk.last) else "person")
        assert self.reason(world, talk) in (HandoffReason.NOT_PERMITTED, HandoffReason.NO_ARTICLE)

    def test_anger_goes_to_people_instead_of_another_question(self, world: World) -> None:
        talk = world.talk(MARIA)
        reply = talk.say("This is ridiculous, the pool car booking has lost my booking for the third time")
        assert (reply.kind, reply.state) == (ReplyKind.HANDOFF, State.HANDED_OFF)
        assert self.reason(world, talk) is HandoffReason.DISTRESS

    def test_an_angry_question_that_an_article_answers_is_answered(self, world: World) -> None:
        assert world.talk(MARIA).say("I cannot connect to the VPN, this is ridiculous").kind is ReplyKind.ANSWER

    def test_anger_about_an_answer_goes_to_people(self, world: World) -> None:
        talk = world.talk(MARIA)
        answer = talk.say(VPN)
        assert talk.say("It did not work and I have had enough of this, it is useless").kind is ReplyKind.HANDOFF
        assert self.reason(world, talk) is HandoffReason.DISTRESS
        ticket = world.ticket(handoffs(world, conversation_of(talk))[-1].ticket)
        assert [(tried.article, tried.verdict) for tried in ticket.body.tried] == [(article, "did not solve it") for article in cited(answer)]

    def test_a_person_after_an_error(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        talk = world.talk(MARIA)
        with monkeypatch.context() as broken:
            broken.setattr(turn_module, "look_up", lambda *_: 1 / 0)
            assert talk.say(VPN).kind is ReplyKind.ERROR
        talk.press("person")
        assert self.reason(world, talk) is HandoffReason.FAILURE

    def test_they_are_counted(self, world: World) -> None:
        handed_off(world)
        handed_off(world, "jonas.weber")
        talk = world.talk("priya.nair")
        talk.say(CAR)
        talk.press("file")
        now = world.clock.now()
        with world.assistant.store.read() as unit:
            counts = unit.handoffs.counts(now, now + timedelta(seconds=1))
        assert counts == {HandoffReason.REQUESTED: 2, HandoffReason.NO_ARTICLE: 1}


def test_a_person_can_be_had_while_everything_about_knowledge_is_broken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("broken")

    for name in ("embed", "passages_for", "passages_of", "standing", "still_true", "exists_for_others"):
        monkeypatch.setattr(type(world.assistant.knowledge), name, broken)
    talk = world.talk(MARIA)
    assert (talk.say(VPN).kind, offered(talk.last)) == (ReplyKind.ERROR, ["retry", "person"])
    assert talk.press("person").state == State.HANDED_OFF


class TestTakingOver:
    def test_the_ticket_holds_everything_that_was_said_and_tried(self, world: World) -> None:
        talk = world.talk(MARIA)
        answer = talk.say("I cannot connect to the VPN on Windows, error 0x800704C9 in Outlook as well")
        handed = talk.press("person")
        assert handed.ticket is not None
        body = world.ticket(handed.ticket.id).body
        facts = dict(body.facts)
        assert (facts["Applications"], facts["Error codes"], facts["Suggested team"]) == ("Outlook, VPN", "0x800704C9", "Network")
        assert [(tried.article, tried.verdict) for tried in body.tried] == [(article, "no verdict") for article in cited(answer)]
        assert body.confidence is not None
        assert [who for who, _, _ in body.transcript] == ["Maria Santos", "Firstline", "Maria Santos"]
        assert body.device == "Dell Latitude 5450 (LT-2417), Windows 11"

    def test_taking_ends_the_wait_and_is_told(self, world: World) -> None:
        talk = handed_off(world)
        world.clock.advance(timedelta(minutes=3))
        handover(world).take(SAM, conversation_of(talk))
        (handoff,) = handoffs(world, conversation_of(talk))
        assert (handoff.taken_by, handoff.ended_at) == (SAM, world.clock.now())
        assert world.conversation(conversation_of(talk)).state is State.WITH_PERSON
        told = events(world, conversation_of(talk))[-1].body
        assert (told["type"], told["holds"], told["person"]) == ("holding", True, {"id": SAM, "name": "Sam Oduya"})
        assert world.ticket(handoff.ticket).status is TicketStatus.IN_PROGRESS
        assert audited(world)[-1]["decision"] == "taken"

    def test_one_of_two_has_it_and_the_other_is_told_who(self, world: World) -> None:
        talk = handed_off(world)
        handover(world).take(SAM, conversation_of(talk))
        with pytest.raises(HeldByAnother) as refused:
            handover(world).take(LAURA, conversation_of(talk))
        assert refused.value.holding.person == SAM
        before = len(events(world, conversation_of(talk)))
        handover(world).take(SAM, conversation_of(talk))
        assert len(events(world, conversation_of(talk))) == before, "who has it already takes nothing"

    @pytest.mark.parametrize("person", [MARIA, "jonas.weber", "elin.berg"])
    def test_only_people_of_the_desk_take(self, world: World, person: str) -> None:
        talk = handed_off(world)
        with pytest.raises(NotForYou):
            handover(world).take(person, conversation_of(talk))
        assert world.conversation(conversation_of(talk)).state is State.HANDED_OFF

    def test_nobody_takes_their_own(self, world: World) -> None:
        talk = handed_off(world, SAM)
        with pytest.raises(NotForYou, match="your own"):
            handover(world).take(SAM, conversation_of(talk))

    def test_nobody_answers_or_gives_back_what_another_has(self, world: World) -> None:
        talk = handed_off(world)
        with pytest.raises(NotHeld):
            handover(world).say(SAM, conversation_of(talk), "a1", "hello")
        handover(world).take(SAM, conversation_of(talk))
        with pytest.raises(NotHeld):
            handover(world).say(LAURA, conversation_of(talk), "a1", "hello")
        with pytest.raises(NotHeld):
            handover(world).give_back(LAURA, conversation_of(talk), solved=False)
        assert [event for event in events(world, conversation_of(talk)) if event.body["type"] == "person"] == []

    def test_what_does_not_exist_cannot_be_taken(self, world: World) -> None:
        with pytest.raises(UnknownConversation):
            handover(world).take(SAM, "c_nothing")
        with pytest.raises(UnknownPerson):
            handover(world).take("nobody.here", "c_nothing")

    def test_stepping_into_an_answer_files_its_ticket(self, world: World) -> None:
        talk = world.talk(MARIA)
        answer = talk.say(VPN)
        handover(world).take(SAM, conversation_of(talk))
        (handoff,) = handoffs(world, conversation_of(talk))
        assert (handoff.reason, handoff.taken_by) == (HandoffReason.STEPPED_IN, SAM)
        assert answer.ticket is not None
        ticket = world.ticket(answer.ticket.id)
        assert (ticket.id, ticket.assignee, ticket.queue) == (handoff.ticket, "", "network")
        assert world.episodes(conversation_of(talk))[0].outcome is Outcome.HANDED_OFF


class TestWhileAPersonHasIt:
    @pytest.fixture
    def talk(self, world: World) -> Talk:
        talk = handed_off(world)
        handover(world).take(SAM, conversation_of(talk))
        return talk

    @pytest.mark.parametrize("words", [VPN, "hello", CAR, "what is the status of my ticket?", "thanks", "yes", "", "I want to talk to a person"])
    def test_nothing_that_is_written_gets_a_reply(self, world: World, talk: Talk, words: str) -> None:
        before = events(world, conversation_of(talk))
        accepted = talk.say(words)
        assert (accepted.kind, accepted.state, accepted.text, accepted.choices) == (ReplyKind.HANDOFF, State.WITH_PERSON, "", ())
        (event,) = events(world, conversation_of(talk))[len(before) :]
        assert (event.body["type"], event.body["text"]) == ("message", words)
        last = world.ticket(handoffs(world, conversation_of(talk))[-1].ticket).notes[-1]
        assert (last.author, last.text) == (MARIA, words)

    def test_the_same_message_is_taken_in_once(self, world: World, talk: Talk) -> None:
        turns, inbound = world.assistant.turns, Inbound("twice", "It beeps")
        first = turns.take(MARIA, talk.conversation, inbound, "test")
        count, notes = len(events(world, conversation_of(talk))), len(world.ticket(handoffs(world, conversation_of(talk))[-1].ticket).notes)
        assert turns.take(MARIA, talk.conversation, inbound, "test") == first
        assert len(events(world, conversation_of(talk))) == count
        assert len(world.ticket(handoffs(world, conversation_of(talk))[-1].ticket).notes) == notes

    def test_recovery_and_silence_leave_it_alone(self, world: World, talk: Talk) -> None:
        talk.say("still there?")
        before = events(world, conversation_of(talk))
        assert world.assistant.turns.recover() == 0
        world.clock.advance(timedelta(days=3))
        settle_silence(world.assistant.parts)
        assert events(world, conversation_of(talk)) == before
        assert world.conversation(conversation_of(talk)).state is State.WITH_PERSON

    def test_words_of_a_person_are_words_and_nothing_else(self, world: World, talk: Talk) -> None:
        text = "<img src=x onerror=alert(1)>\n**[here](https://evil.example)**\n\n![](https://evil.example/x.png) & done"
        for _ in range(2):
            handover(world).say(SAM, conversation_of(talk), "a1", text)
        (said,) = [event for event in events(world, conversation_of(talk)) if event.body["type"] == "person"]
        assert said.body["text"] == text
        assert said.body["html"] == (
            "<p>&lt;img src=x onerror=alert(1)&gt;<br>**[here](https://evil.example)**</p><p>![](https://evil.example/x.png) &amp; done</p>"
        )
        assert world.ticket(handoffs(world, conversation_of(talk))[-1].ticket).notes[-1].text == text
        assert [entry["decision"] for entry in audited(world)][-2:] == ["taken", "said"]

    def test_given_back_the_assistant_answers_the_next_message(self, world: World, talk: Talk) -> None:
        handover(world).give_back(SAM, conversation_of(talk), solved=True)
        assert world.ticket(handoffs(world, conversation_of(talk))[-1].ticket).status is TicketStatus.RESOLVED
        assert (events(world, conversation_of(talk))[-1].body["why"], audited(world)[-1]["decision"]) == ("given back", "given back")
        answer = talk.say(VPN)
        assert (answer.kind, cited(answer)) == (ReplyKind.ANSWER, {"vpn-install-windows"})
        assert [episode.outcome for episode in world.episodes(conversation_of(talk))] == [Outcome.HANDED_OFF, None]
        talk.press("yes")
        assert [episode.outcome for episode in world.episodes(conversation_of(talk))] == [Outcome.HANDED_OFF, Outcome.RESOLVED_CONFIRMED]

    def test_a_person_can_be_asked_for_again_after_giving_back(self, world: World, talk: Talk) -> None:
        handover(world).give_back(SAM, conversation_of(talk), solved=False)
        assert talk.say("I want to talk to a person").state == State.HANDED_OFF
        with world.assistant.store.read() as unit:
            assert [one.conversation for one in unit.handoffs.waiting()] == [talk.conversation]

    def test_whoever_falls_silent_no_longer_has_it(self, world: World, talk: Talk) -> None:
        world.clock.advance(timedelta(minutes=40))
        handover(world).say(SAM, conversation_of(talk), "a1", "one moment")
        world.clock.advance(timedelta(minutes=59))
        assert handover(world).release_silent() == 0
        world.clock.advance(timedelta(minutes=1))
        assert handover(world).release_silent() == 1
        assert handover(world).release_silent() == 0
        told = events(world, conversation_of(talk))[-1].body
        assert (told["holds"], told["why"]) == (False, "lapsed")
        assert "60 minutes" in told["text"]
        with world.assistant.store.read() as unit:
            assert [(one.conversation, one.reason) for one in unit.handoffs.waiting()] == [(talk.conversation, HandoffReason.LAPSED)]
        assert talk.say("hello?").kind is ReplyKind.SMALLTALK or talk.last.kind is ReplyKind.ACTION
        handover(world).take(LAURA, conversation_of(talk))
        with pytest.raises(NotHeld):
            handover(world).say(SAM, conversation_of(talk), "a2", "I am back")

    def test_whoever_leaves_the_desk_no_longer_has_it(self, world: World, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        directory = world.assistant.directory
        people = {person.id: person for person in directory.people() if person.id != SAM}
        monkeypatch.setattr(type(directory), "person", lambda _, person_id: people.get(person_id))
        assert handover(world).release_silent() == 1
        assert world.conversation(conversation_of(talk)).state is State.HANDED_OFF


class TestTurnsUnderWay:
    def test_a_turn_that_is_overtaken_says_nothing_and_its_message_is_the_persons(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        talk = handed_off(world)
        handover(world).take(SAM, conversation_of(talk))
        handover(world).give_back(SAM, conversation_of(talk), solved=False)
        real, taken = lookup_module.look_up, list[bool]()

        def overtaken(*arguments: object) -> object:
            if not taken:
                taken.append(True)
                handover(world).take(SAM, conversation_of(talk))
            return real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(turn_module, "look_up", overtaken)
        accepted = talk.say(VPN)
        assert (accepted.kind, accepted.state, accepted.text) == (ReplyKind.HANDOFF, State.WITH_PERSON, "")
        assert [event.body["type"] for event in events(world, conversation_of(talk))][-2:] == ["message", "holding"]
        assert world.assistant.turns.recover() == 0
        handover(world).give_back(SAM, conversation_of(talk), solved=False)
        assert world.assistant.turns.recover() == 0, "what the person was there for is not answered afterwards"
        assert events(world, conversation_of(talk))[-1].body["type"] == "holding"

    def test_taken_and_given_back_meanwhile_it_is_not_answered_either(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        talk = world.talk(MARIA)
        talk.say("hello")
        real, done = lookup_module.look_up, list[bool]()

        def overtaken(*arguments: object) -> object:
            if not done:
                done.append(True)
                handover(world).take(SAM, conversation_of(talk))
                handover(world).give_back(SAM, conversation_of(talk), solved=False)
            return real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(turn_module, "look_up", overtaken)
        talk.say(VPN)
        assert [event.body["type"] for event in events(world, conversation_of(talk))][-3:] == ["message", "holding", "holding"]

    def test_a_failing_turn_that_is_overtaken_says_nothing(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        talk = world.talk(MARIA)
        talk.say("hello")

        def overtaken(*_: object) -> object:
            handover(world).take(SAM, conversation_of(talk))
            raise RuntimeError("broken")

        monkeypatch.setattr(turn_module, "look_up", overtaken)
        assert talk.say(VPN).kind is ReplyKind.HANDOFF
        assert events(world, conversation_of(talk))[-1].body["type"] == "holding"


class TestPeopleFirst:
    @pytest.fixture
    def people_first(self, demo_home: Path) -> Iterator[World]:
        with opened_world(demo_home, handoff_first=True) as opened:
            yield opened

    @pytest.mark.parametrize("words", [VPN, "hello", CAR, "what is the status of my ticket?"])
    def test_the_first_message_goes_to_people_at_once(self, people_first: World, words: str) -> None:
        talk = people_first.talk(MARIA)
        reply = talk.say(words)
        assert (reply.kind, reply.state, reply.citations) == (ReplyKind.HANDOFF, State.HANDED_OFF, ())
        assert handoffs(people_first, reply.conversation)[0].reason is HandoffReason.PEOPLE_FIRST
        assert people_first.unresolved() == [], "nothing was tried, so nothing failed"

    def test_the_assistant_answers_when_it_is_given_back(self, people_first: World) -> None:
        talk = people_first.talk(MARIA)
        talk.say("hello")
        handover(people_first).take(SAM, conversation_of(talk))
        handover(people_first).give_back(SAM, conversation_of(talk), solved=False)
        assert talk.say(VPN).kind is ReplyKind.ANSWER
