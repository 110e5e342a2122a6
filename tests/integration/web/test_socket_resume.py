"""Lost connections: what was said before, during and after is seen exactly once, in order, by every socket."""

from __future__ import annotations

import contextlib
import json
import random
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from assistant.entrypoints.web import chat as chat_module
from tests.support.chat import PATIENCE, Chat, opened
from tests.support.service import Service, served_here

SCRIPT = [
    ("say", "hello"),
    ("say", "How do I add a printer?"),
    ("choice", "no"),
    ("say", "what is the status of my ticket?"),
    ("choice", "yes"),
    ("say", "thanks"),
    ("say", "How do I set up my mailbox on my phone?"),
    ("choice", "yes"),
]
DROPS = 40


def test_forty_lost_connections_in_a_conversation_lose_and_double_nothing(web: Service) -> None:
    """After each message the line breaks after a random number of frames; the unanswered message is then sent again."""
    chance = random.Random(20_261_122)
    chat = Chat(web, "fiona.baxter")
    chat.connect()
    sent: list[str] = []
    drops = 0
    while drops < DROPS:
        for kind, words in SCRIPT:
            message = secrets.token_hex(6)
            sent.append(message)
            for last_try in (False, False, True):
                (chat.say if kind == "say" else chat.choose)(words, message)
                if last_try:
                    break
                with contextlib.suppress(TimeoutError):
                    for _ in range(chance.randrange(4)):
                        chat.frame(0.1)
                (chat.cut if chance.random() < 0.5 else chat.drop)()
                drops += 1
                chat.connect()
            chat.reply_to(message)
    chat.drop()
    with web.client("fiona.baxter") as fiona:
        stored = fiona.get(f"/v1/conversations/{chat.conversation}/events").json()
    assert [event["id"] for event in stored] == list(range(1, len(stored) + 1))
    seen = [(event["id"], event["event"]) for event in chat.events]
    assert seen == [(event["id"], event["event"]) for event in stored], "the client saw what is stored, once, in order"
    said = [event["event"]["message"] for event in stored if event["event"]["type"] == "message"]
    answered = [event["event"]["reply"]["message"] for event in stored if event["event"]["type"] == "reply"]
    assert said == answered == sent, "and everything that was sent is in this one conversation, with its one reply"
    assert drops >= DROPS


def test_resuming_brings_exactly_the_events_after_the_last_one(web: Service) -> None:
    with Chat(web, "johan.ekstrom") as chat:
        for _ in range(3):
            chat.ask("hello")
        complete = list(chat.events)
    for last in range(7):
        with opened(web) as socket:
            hello = {"v": 1, "type": "hello", "token": web.token("johan.ekstrom"), "conversation": chat.conversation, "last_event_id": last}
            socket.send(json.dumps(hello))
            socket.send(json.dumps({"v": 1, "type": "ping"}))
            frames = []
            while not frames or frames[-1]["type"] != "pong":
                frames.append(json.loads(socket.recv(10)))
        assert frames[0]["type"] == "welcome"
        assert (frames[0]["conversation"], frames[0]["last_event_id"]) == (chat.conversation, 6), "it says how far the past goes"
        assert frames[1:-1] == complete[last:]


def test_a_last_event_that_was_never_sent_brings_nothing_old_and_everything_new(web: Service) -> None:
    with Chat(web, "yusuf.karim") as chat:
        chat.ask("hello")
        late = Chat(web, "yusuf.karim", chat.conversation)
        late.last_event = 2
        with late:
            chat.ask("hello again")
            assert [late.frame()["id"], late.frame()["id"]] == [3, 4]


def test_two_sockets_on_one_conversation_both_get_every_event(web: Service) -> None:
    with Chat(web, "rachel.thornton") as laptop:
        laptop.ask("hello")
        with Chat(web, "rachel.thornton", laptop.conversation) as phone:
            assert [phone.frame()["id"], phone.frame()["id"]] == [1, 2]
            for turn in range(6):
                (laptop if turn % 2 else phone).ask(f"hello {'again ' * turn}")
            while laptop.last_event < 14:
                laptop.frame()
            while phone.last_event < 14:
                phone.frame()
        with web.client("rachel.thornton") as rest:
            rest.post(f"/v1/conversations/{laptop.conversation}/messages", json={"text": "hello from REST"})
        assert laptop.frame()["event"]["text"] == "hello from REST"
    assert laptop.events[:14] == phone.events
    assert [event["id"] for event in phone.events] == list(range(1, 15))


def test_coming_back_again_and_again_while_others_write_shows_each_event_once(web: Service) -> None:
    """An event that falls between joining and reading the past is in both; it must be sent once."""
    with Chat(web, "marcus.reed") as writing:
        writing.ask("hello")
        last = 2 + 2 * 60
        writer = threading.Thread(target=lambda: [writing.ask("hello") for _ in range(60)])
        writer.start()
        back = Chat(web, "marcus.reed", writing.conversation)
        while back.last_event < last:
            back.connect()
            with contextlib.suppress(TimeoutError):
                while back.last_event < last:
                    back.frame(0.005)
            back.drop()
        writer.join(PATIENCE)
    assert [event["id"] for event in back.events] == list(range(1, last + 1))


def test_a_message_sent_while_its_sender_is_gone_is_answered_and_waits(web: Service) -> None:
    with Chat(web, "daniel.ortega") as chat:
        chat.ask("hello")
        message = chat.say("How do I reset my password?")
        chat.cut()
        chat.connect()
        assert chat.reply_to(message)["kind"] == "answer"
    assert [event["id"] for event in chat.events] == [1, 2, 3, 4]


def test_a_reader_that_stalls_holds_nobody_up_and_is_told_to_come_back(demo_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """One socket of a conversation stops reading; the other goes on, and the first resumes without a loss."""
    monkeypatch.setattr(chat_module, "QUEUE_LIMIT", 8)
    much = "\U0001f422" * 95_000
    with served_here(demo_home("home"), messages_per_minute=100_000) as service, Chat(service, "maria.santos") as reading:
        reading.ask("hello")
        with opened(service, max_queue=1) as stalled:
            hello = {"v": 1, "type": "hello", "token": service.token("maria.santos"), "conversation": reading.conversation, "last_event_id": 2}
            stalled.send(json.dumps(hello))
            stalled.recv(10)
            slowest = 0.0
            for _ in range(40):
                began = time.monotonic()
                reading.ask(much)
                slowest = max(slowest, time.monotonic() - began)
            assert slowest < 2.0
            last = 2
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    frame = json.loads(stalled.recv(10))
                    assert frame["id"] == last + 1, "what it gets before it is cut off has no hole"
                    last = frame["id"]
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1012, "too slow; come back")
        assert last < reading.last_event, "it was cut off in the middle"
        back = Chat(service, "maria.santos", reading.conversation)
        back.last_event = last
        with back:
            while back.last_event < reading.last_event:
                back.frame()
        assert back.events == [event for event in reading.events if event["id"] > last]


def test_many_people_at_once_each_get_their_own_replies_only(web: Service) -> None:
    people = ["maria.santos", "jonas.weber", "priya.nair", "wei.zhang", "sofie.dahl", "tomas.lind", "agnes.noren", "hannah.lewis"]
    found: dict[str, list[str]] = {}

    def talk(person: str) -> None:
        with Chat(web, person) as chat:
            for turn in range(5):
                chat.ask(f"hello {person} {turn}")
            found[person] = [event["event"]["text"] for event in chat.events if event["event"]["type"] == "message"]

    threads = [threading.Thread(target=talk, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {person: [f"hello {person} {turn}" for turn in range(5)] for person in people}
