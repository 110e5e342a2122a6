"""Zero persistence: conversations work as always and live in memory only; what people asked to be filed is kept."""

from __future__ import annotations

import json
import resource
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.agent.state import Inbound
from assistant.agent.turn import UnknownConversation
from assistant.domain.reply import ReplyKind
from assistant.domain.ticket import TicketStatus
from assistant.privacy import erase, retain_daily
from tests.support.service import running
from tests.support.world import Talk, World, cited, opened_world

WORD = "ibis-7305-canary"


def stands_in(home: Path, word: str = WORD) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and "models" not in path.parts and word.encode() in path.read_bytes()]


def answered(world: World) -> Talk:
    talk = world.talk("maria.santos")
    reply = talk.say(f"How do I add a printer? {WORD}")
    assert reply.kind is ReplyKind.ANSWER
    return talk


def test_a_solved_conversation_leaves_no_word_on_the_disk(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        talk = answered(world)
        assert cited(talk.last)
        assert talk.last.ticket is not None
        assert talk.last.ticket.id.startswith("D-"), "only the assistant works on it"
        assert talk.press("yes").state == "resolved"
        with world.assistant.store.read() as unit:
            assert [event.body["type"] for event in unit.conversations.events(talk.conversation or "")] == ["message", "reply"] * 2
            ticket = unit.tickets.ticket(talk.last.ticket.id if talk.last.ticket else "")
        assert ticket is not None
        assert ticket.status is TicketStatus.CLOSED
        assert stands_in(demo_home) == []
    assert stands_in(demo_home) == []


def test_what_stays_unresolved_is_counted_without_its_words(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        talk = world.talk("maria.santos")
        talk.say(f"my flux capacitor {WORD} hums")
        talk.say(f"it hums louder {WORD}")
        talk.press("not_now")
        (intent,) = world.unresolved()
        assert (intent.question, intent.nearest, intent.vector) == ("(not kept)", (), ())
        assert stands_in(demo_home) == []


def test_a_ticket_that_somebody_asks_for_is_kept_whole_under_a_number(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        talk = answered(world)
        filed = talk.press("person")
        assert filed.ticket is not None
        assert filed.ticket.id.startswith("T-")
        assert WORD in json.dumps(world.ticket(filed.ticket.id).body.transcript)
        again = world.talk("maria.santos")
        again.say(f"How do I add a printer? {WORD}")
        assert again.press("person").ticket is not None
        assert len([ticket for ticket in world.tickets_of("maria.santos") if WORD in ticket.subject]) == 1, "the same issue goes to the same ticket"


def test_a_turn_that_is_rolled_back_leaves_nothing_in_memory_either(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        talk = answered(world)
        with world.assistant.store.read() as unit:
            before = unit.conversations.load(talk.conversation or ""), unit.conversations.events(talk.conversation or "")
        with pytest.raises(RuntimeError), world.assistant.store.write() as unit:
            unit.conversations.emit(talk.conversation or "", world.clock.now(), {"type": "message"})
            raise RuntimeError("power cut")
        with world.assistant.store.read() as unit:
            assert (unit.conversations.load(talk.conversation or ""), unit.conversations.events(talk.conversation or "")) == before


def test_ids_and_choices_that_a_client_makes_up_do_not_reach_the_audit(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        reply = world.assistant.turns.take("maria.santos", None, Inbound(f"id {WORD}", "hello"), "test")
        world.assistant.turns.take("maria.santos", reply.conversation, Inbound(f"id2 {WORD}", choice=f"topic {WORD}"), "test")
        with world.assistant.store.read() as unit:
            assert unit.audit.count() > 0
    assert stands_in(demo_home) == []


def test_silent_conversations_leave_the_memory_and_erased_people_at_once(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        answered(world)
        other = world.talk("priya.nair")
        other.say("hello")
        erase(world.assistant, "priya.nair")
        retain_daily(world.assistant)
        with world.assistant.store.read() as unit:
            assert unit.conversations.of_person("priya.nair") == []
            assert len(unit.conversations.of_person("maria.santos")) == 1
        world.clock.advance(timedelta(hours=25))
        retain_daily(world.assistant)
        with world.assistant.store.read() as unit:
            assert unit.conversations.of_person("maria.santos") == []


def test_no_image_of_the_memory_is_written_in_a_crash(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True):
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_after_a_restart_the_earlier_conversation_is_gone_and_a_new_one_begins(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        old = answered(world).conversation
    with opened_world(demo_home, zero_persistence=True) as world:
        with pytest.raises(UnknownConversation):
            world.assistant.turns.take("maria.santos", old, Inbound("m-new", "hello"), "test")
        assert world.talk("maria.santos").say("hello").conversation != old


def test_the_real_service_keeps_no_word(demo_home: Path) -> None:
    with running(demo_home, zero_persistence="true") as service, service.client("maria.santos") as maria:
        begun = maria.post("/v1/conversations", json={"text": f"How do I add a printer? {WORD}"}).json()
        assert WORD in maria.get(f"/v1/conversations/{begun['conversation']}/events").text
        service.stop()
        assert WORD.encode() not in service.log.read_bytes()
    assert stands_in(demo_home) == []
