"""The service is killed and started again: what was accepted is answered, and conversations go on."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from assistant.bootstrap import open_assistant
from assistant.governance.audit import verify
from assistant.settings import Settings
from tests.support.chat import Chat
from tests.support.service import Service, free_port, running

QUESTIONS = ["hello", "How do I add a printer?", "and on my phone?", "My laptop is slow", "How do I record a Teams meeting?"]


def wait_for_start(service: Service) -> float:
    began = time.monotonic()
    service.start()
    return time.monotonic() - began


def audit_faults(service: Service) -> list[str]:
    """Check the audit of a service that does not run."""
    assistant = open_assistant(Settings(home=service.home))
    try:
        with assistant.store.read() as unit:
            return verify(unit.audit.read(0, 10_000), [])
    finally:
        assistant.close()


def test_killed_between_and_within_messages_the_conversation_goes_on(demo_home: Callable[[str], Path]) -> None:
    """The kill falls before a message, the moment it is accepted, or at a random moment of its turn."""
    chance = random.Random(5)
    with running(demo_home("home"), messages_per_minute="100000") as service:
        chat = Chat(service, "maria.santos")
        chat.connect()
        chat.ask("My dock does not charge the laptop")
        sent = [event["event"]["message"] for event in chat.events if event["event"]["type"] == "message"]
        for number, when in enumerate(("between", "accepted", "random")):
            message = secrets.token_hex(6)
            sent.append(message)
            if when == "between":
                service.kill()
                chat.drop()
                service.start()
                chat.connect()
            chat.say(QUESTIONS[number], message)
            if when != "between":
                if when == "accepted":
                    while chat.frame()["type"] != "event":
                        pass
                else:
                    time.sleep(chance.random() * 0.05)
                service.kill()
                with pytest.raises(ConnectionClosed):
                    while True:
                        chat.frame()
                chat.drop()
                service.start()
                chat.connect()
                if when == "random":
                    chat.say(QUESTIONS[number], message)
            assert chat.reply_to(message)["kind"] != "error"
        assert chat.ask("thanks")["conversation"] == chat.conversation
        chat.drop()
        with service.client("maria.santos") as maria:
            (kept,) = maria.get("/v1/conversations").json()
            stored = maria.get(f"/v1/conversations/{kept['conversation']}/events").json()
        assert service.stop() == 0
    assert [(e["id"], e["event"]) for e in chat.events] == [(e["id"], e["event"]) for e in stored]
    said = [event["event"]["message"] for event in stored if event["event"]["type"] == "message"]
    answered = [event["event"]["reply"]["message"] for event in stored if event["event"]["type"] == "reply"]
    assert said[:-1] == sent
    assert sorted(said) == sorted(answered), "each message has its one reply"
    assert audit_faults(service) == []


def test_a_message_accepted_before_a_crash_is_answered_after_the_start_without_anybody_asking(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("home")
    conversation = accepted_and_never_answered(home)
    with running(home) as service, service.client("maria.santos") as maria:
        events = maria.get(f"/v1/conversations/{conversation}/events").json()
        again = maria.post(f"/v1/conversations/{conversation}/messages", json={"text": "I cannot connect to the VPN", "id": "before"})
        assert again.json() == events[1]["event"]["reply"]
        assert maria.post(f"/v1/conversations/{conversation}/messages", json={"choice": "yes"}).json()["state"] == "resolved"
    assert [event["event"]["type"] for event in events] == ["message", "reply"]
    assert events[1]["event"]["reply"]["kind"] == "answer"


def accepted_and_never_answered(home: Path) -> str:
    """Leave a state folder as a crash between acceptance and reply leaves it; return the conversation."""
    from assistant.agent.state import Inbound

    assistant = open_assistant(Settings(home=home, demo=True))
    turns = assistant.turns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(turns), "_within_deadline", lambda _self, _message: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            turns.take("maria.santos", None, Inbound("before", "I cannot connect to the VPN"), "widget")
    with assistant.store.read() as unit:
        (waiting,) = unit.conversations.pending()
    assistant.close()
    return waiting.conversation


def test_a_stop_says_goodbye_and_leaves_no_address_behind(demo_home: Callable[[str], Path]) -> None:
    with running(demo_home("home")) as service:
        assert (service.home / "service.json").exists()
        with Chat(service, "maria.santos") as chat:
            chat.ask("hello")
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < 8
            with pytest.raises(ConnectionClosed) as closed:
                chat.frame()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012, "come back"
    assert not (service.home / "service.json").exists()


def test_a_taken_port_is_a_plain_message_and_status_two(web: Service, tmp_path: Path) -> None:
    from tests.support.service import firstline

    home = tmp_path / "home"
    home.mkdir()
    done = firstline(home, "serve", "--port", str(web.port))
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{web.port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(home.iterdir()) == [], "nothing was touched"


def test_the_port_of_a_service_that_was_killed_can_be_used_again_at_once(demo_home: Callable[[str], Path]) -> None:
    service = Service(demo_home("home"), free_port())
    try:
        service.start()
        service.kill()
        assert wait_for_start(service) < 15
    finally:
        service.close()
