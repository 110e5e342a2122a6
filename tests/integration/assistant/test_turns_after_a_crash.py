"""The process is killed in the middle of a turn; after a restart the conversation goes on from the last accepted message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from assistant.agent.state import Inbound
from assistant.domain.conversation import State
from assistant.domain.reply import ReplyKind
from tests.support.service import clean_environment
from tests.support.world import MONDAY, Talk, World, cited, opened_world

VPN = "I can't connect to the VPN"
SCRIPT = Path(__file__).with_name("killed_turn.py")


@pytest.mark.parametrize(("moment", "unanswered"), [("accepted", 1), ("answering", 1), ("answered", 0)])
def test_a_killed_turn_is_finished_once(demo_home: Path, moment: str, unanswered: int) -> None:
    command = [sys.executable, str(SCRIPT), str(demo_home), moment, "maria.santos", "m-killed", VPN]
    done = subprocess.run(command, env=clean_environment(demo_home), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -9, done.stderr
    with opened_world(demo_home, MONDAY) as world:
        with world.assistant.store.read() as unit:
            (conversation,) = unit.conversations.of_person("maria.santos")
            assert len(unit.conversations.pending()) == unanswered
        assert len(world.tickets_of("maria.santos")) == 1 - unanswered
        assert world.assistant.turns.recover() == unanswered
        assert world.assistant.turns.recover() == 0
        again = world.assistant.turns.take("maria.santos", None, Inbound("m-killed", VPN), "test")
        assert (again.kind, cited(again), again.conversation) == (ReplyKind.ANSWER, {"vpn-install-windows"}, conversation.id)
        assert len(world.tickets_of("maria.santos")) == 1
        with world.assistant.store.read() as unit:
            assert [event.body["type"] for event in unit.conversations.events(conversation.id)] == ["message", "reply"]
        talk = Talk(world, "maria.santos", conversation.id)
        talk.replies.append(again)
        assert talk.press("yes").state == State.RESOLVED
        assert world.audit_faults() == []


def test_the_next_message_answers_the_one_that_was_left_behind_first(demo_home: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(demo_home), "accepted", "maria.santos", "m-killed", VPN]
    subprocess.run(command, env=clean_environment(demo_home), capture_output=True, timeout=120, check=False)
    with opened_world(demo_home) as world:
        with world.assistant.store.read() as unit:
            (conversation,) = unit.conversations.of_person("maria.santos")
        assert conversation.state is State.ANSWERING
        reply = world.assistant.turns.take("maria.santos", conversation.id, Inbound("m-next", "and on my phone?"), "test")
        assert cited(reply) == {"vpn-install-ios"}
        with world.assistant.store.read() as unit:
            events = unit.conversations.events(conversation.id)
        assert [event.body["type"] for event in events] == ["message", "reply", "message", "reply"]
        assert [event.body["reply"]["message"] for event in events[1::2]] == ["m-killed", "m-next"]


def test_a_first_message_that_is_under_way_is_not_answered_by_the_recovery_too(world: World) -> None:
    """At start the service answers what a crash left; what came in just before is no such message."""
    counted: list[str] = []
    understanding = world.assistant.parts.understanding
    recovered: list[int] = []

    def accepted(_conversation: str) -> None:
        thread = Thread(target=lambda: recovered.append(world.assistant.turns.recover()))
        thread.start()
        threads.append(thread)

    threads: list[Thread] = []
    real = type(understanding).understand

    def counting(*args: Any, **kwargs: Any) -> Any:
        counted.append(str(args))
        return real(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(understanding), "understand", counting)
        reply = world.assistant.turns.take("maria.santos", None, Inbound("first", "I can't connect to the VPN"), "test", accepted)
        for thread in threads:
            thread.join(20)
    assert reply.kind == "answer"
    assert len(counted) == 1, "two turns over one message"
