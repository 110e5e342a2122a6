"""The service is killed and started again: what was accepted is answered, and conversations go on."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from assistant.agent.state import Inbound
from assistant.bootstrap import open_assistant
from assistant.governance.audit import verify
from assistant.settings import Settings
from tests.support.chat import Chat
from tests.support.service import Service, firstline, running, served_here

ORDERLY = (0, -signal.SIGTERM)


def audit_faults(service: Service) -> list[str]:
    """Check the audit of a service that does not run."""
    assistant = open_assistant(Settings(home=service.home))
    try:
        with assistant.store.read() as unit:
            return verify(unit.audit.read(0, 10_000), [])
    finally:
        assistant.close()


def test_killed_between_and_within_messages_the_conversation_goes_on(demo_home: Callable[[str], Path]) -> None:
    """The first kill falls between two messages, the second the moment a message is accepted; the stop at the end is orderly."""
    with running(demo_home("home"), messages_per_minute="100000") as service:
        chat = Chat(service, "maria.santos")
        chat.connect()
        sent = [ask(chat, "My dock does not charge the laptop")]
        service.kill()
        chat.drop()
        service.start()
        chat.connect()
        sent.append(ask(chat, "How do I add a printer?"))
        accepted = chat.say("and on my phone?")
        while chat.frame()["type"] != "event":
            pass
        service.kill()
        with pytest.raises(ConnectionClosed):
            while True:
                chat.frame()
        chat.drop()
        service.start()
        chat.connect()
        assert chat.reply_to(accepted)["kind"] != "error", "nobody sent it again"
        sent += [accepted, ask(chat, "thanks")]
        with service.client("maria.santos") as maria:
            (kept,) = maria.get("/v1/conversations").json()
            stored = maria.get(f"/v1/conversations/{kept['conversation']}/events").json()
        began = time.monotonic()
        assert service.stop() in ORDERLY
        assert time.monotonic() - began < 8
        with pytest.raises(ConnectionClosed) as closed:
            chat.frame()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012, "come back"
    assert not (service.home / "service.json").exists(), "no address is left behind"
    assert [(e["id"], e["event"]) for e in chat.events] == [(e["id"], e["event"]) for e in stored]
    said = [event["event"]["message"] for event in stored if event["event"]["type"] == "message"]
    answered = [event["event"]["reply"]["message"] for event in stored if event["event"]["type"] == "reply"]
    assert said == answered == sent
    assert audit_faults(service) == []


def ask(chat: Chat, text: str) -> str:
    """Ask, wait for a reply that is no error, and return the message's id."""
    reply = chat.ask(text)
    assert reply["kind"] != "error"
    return str(reply["message"])


def test_a_message_accepted_before_a_crash_is_answered_after_the_start_without_anybody_asking(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("home")
    conversation = accepted_and_never_answered(home)
    with served_here(home) as service, service.client("maria.santos") as maria:
        while not maria.get("/healthz").json()["caught_up"]:
            time.sleep(0.05)
        events = maria.get(f"/v1/conversations/{conversation}/events").json()
        again = maria.post(f"/v1/conversations/{conversation}/messages", json={"text": "I cannot connect to the VPN", "id": "before"})
        assert again.json() == events[1]["event"]["reply"]
        assert maria.post(f"/v1/conversations/{conversation}/messages", json={"choice": "yes"}).json()["state"] == "resolved"
    assert [event["event"]["type"] for event in events] == ["message", "reply"]
    assert events[1]["event"]["reply"]["kind"] == "answer"


def accepted_and_never_answered(home: Path) -> str:
    """Leave a state folder as a crash between acceptance and reply leaves it; return the conversation."""
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


def test_a_taken_port_is_a_plain_message_and_status_two(web: Service, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = firstline(home, "serve", "--port", str(web.port))
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{web.port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(home.iterdir()) == [], "nothing was touched"
