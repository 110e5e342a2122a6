"""Employees write and agents take, answer and give back, all at once: the assistant never speaks while somebody has the conversation."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant.agent.handover import Handover
from assistant.agent.state import Inbound
from assistant.desk.handoff import HeldByAnother, NotHeld
from assistant.ports.store import Event
from tests.support.world import World

ROUNDS = 300
SAM, LAURA = "sam.oduya", "laura.keane"
EMPLOYEES = ("maria.santos", "jonas.weber", "priya.nair")
WORDS = (
    *("hello", "I cannot connect to the VPN", "How do I book a pool car for a customer visit?", "It still does not work", "thanks"),
    *("I want to talk to a person", "What about my phone?", "what is the status of my ticket?"),
)


@dataclass
class Crowd:
    """Three employees and two agents, each on a thread of their own."""

    world: World
    sent: dict[str, list[str]] = field(default_factory=dict)
    crashes: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def begin(self, person: str) -> str:
        """Begin a conversation and return its id."""
        first = Inbound(f"{person}-first", "I want to talk to a person")
        conversation = self.world.assistant.turns.take(person, None, first, "test").conversation
        self.sent[conversation] = [first.id]
        return conversation

    def write(self, person: str, conversation: str) -> None:
        """Send a third of the rounds, one message after the other."""
        chance = random.Random(person)
        for number in range(ROUNDS // len(EMPLOYEES)):
            message = f"{person}-{number}"
            self.sent[conversation].append(message)
            inbound = Inbound(message, choice="person") if chance.random() < 0.15 else Inbound(message, chance.choice(WORDS))
            self.world.assistant.turns.take(person, conversation, inbound, "test")

    def work(self, agent: str) -> None:
        """Take, answer and give back at random until the employees are done."""
        chance, number, conversations = random.Random(agent), 0, sorted(self.sent)
        while not self.over.wait(chance.random() * 0.02):
            number += 1
            self.act(agent, chance.choice(conversations), chance.random(), f"{agent}-{number}")

    def act(self, agent: str, conversation: str, kind: float, message: str) -> None:
        """Do one thing; that somebody else has the conversation is nothing unusual."""
        handover = Handover(self.world.assistant.parts)
        try:
            if kind < 0.5:
                handover.take(agent, conversation)
            elif kind < 0.7:
                handover.say(agent, conversation, message, "I am here.")
            else:
                handover.give_back(agent, conversation, solved=kind > 0.9)
        except (HeldByAnother, NotHeld):
            pass

    def guarded(self, work: Callable[..., None], *arguments: str) -> threading.Thread:
        """Return a started thread that keeps what it raises."""

        def run() -> None:
            try:
                work(*arguments)
            except BaseException as error:
                self.crashes.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def run(self) -> None:
        """Let all of them act until everything is sent."""
        conversations = {person: self.begin(person) for person in EMPLOYEES}
        writers = [self.guarded(self.write, person, conversation) for person, conversation in conversations.items()]
        agents = [self.guarded(self.work, agent) for agent in (SAM, LAURA)]
        for thread in writers:
            thread.join(200)
        self.over.set()
        for thread in agents:
            thread.join(20)


def messages_of_people(seen: Sequence[Event]) -> int:
    """Check that no reply stands between a taking and a giving back; return how many messages somebody of the desk got."""
    holder, theirs = "", 0
    for event in seen:
        kind, body = event.body["type"], event.body
        if kind == "holding":
            assert bool(holder) is not body["holds"]
            holder = body["person"]["id"] if body["holds"] else ""
        elif kind == "reply":
            assert not holder, f"the assistant spoke while {holder} had the conversation: {body['reply']['text']}"
        elif kind == "person":
            assert body["person"]["id"] == holder
        else:
            theirs += bool(holder)
    return theirs


def test_three_hundred_rounds_of_writing_taking_and_giving_back_at_once(world: World) -> None:
    crowd = Crowd(world)
    crowd.run()
    assert crowd.crashes == []
    theirs = 0
    with world.assistant.store.read() as unit:
        assert unit.conversations.pending() == []
        for conversation, sent in crowd.sent.items():
            seen = unit.conversations.events(conversation)
            assert [event.body["message"] for event in seen if event.body["type"] == "message"] == sent, "all of it is there, once, in order"
            theirs += messages_of_people(seen)
            assert all((stored := unit.conversations.message(conversation, message)) and stored.reply for message in sent)
    assert ROUNDS // 10 < theirs < ROUNDS, "too few or too many messages met a person for this to say anything"
