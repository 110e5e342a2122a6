"""What arrives is handled once, tried again as long as that may help, and never lost in silence."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.store import MemoryStore
from assistant.entrypoints.inbox import TRIES, Inbox
from assistant.ports.channels import Received
from assistant.ports.outside import Refused, Unavailable

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Recording:
    """Handles by raising what it is told to, once each, then by remembering."""

    fails: list[Exception] = field(default_factory=list)
    handled: list[str] = field(default_factory=list)
    tried: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)
    tells: bool = True

    def handle(self, received: Received) -> None:
        self.tried += 1
        if self.fails:
            raise self.fails.pop(0)
        self.handled.append(received.id)

    def give_up(self, received: Received, why: str) -> None:
        self.told.append((received.id, why))
        if not self.tells:
            raise OSError("the line is dead")


def inbox_of(handler: Recording, clock: FixedClock | None = None) -> Inbox:
    return Inbox(MemoryStore(0.7), clock or FixedClock(NOON), {"slack": handler}, holder="here")


def test_the_same_thing_four_times_is_handled_once() -> None:
    handler = Recording()
    inbox = inbox_of(handler)
    assert [inbox.put(Received("slack", "Ev1", NOON)) for _ in range(4)] == [True, False, False, False]
    assert inbox.drain() == 1
    assert not inbox.put(Received("slack", "Ev1", NOON))
    assert inbox.drain() == 0
    assert handler.handled == ["Ev1"]


def test_what_cannot_be_handled_now_is_tried_again_when_the_other_side_says_and_not_before() -> None:
    handler, clock = Recording(fails=[Unavailable("busy", 30.0), RuntimeError("a mistake")]), FixedClock(NOON)
    inbox = inbox_of(handler, clock)
    inbox.put(Received("slack", "Ev1", NOON))
    assert inbox.drain() == 1
    clock.set(NOON + timedelta(seconds=29))
    assert inbox.drain() == 0
    clock.set(NOON + timedelta(seconds=31))
    assert inbox.drain() == 1
    clock.set(NOON + timedelta(seconds=60))
    assert inbox.drain() == 1
    assert handler.handled == ["Ev1"]
    assert handler.told == []


def test_what_is_refused_is_given_up_at_once_and_its_sender_is_told_a_reference() -> None:
    handler = Recording(fails=[Refused("never")], tells=False)
    inbox = inbox_of(handler)
    inbox.put(Received("slack", "Ev1", NOON))
    inbox.drain()
    ((name, reference),) = handler.told
    assert (name, reference[:2]) == ("Ev1", "E-")
    with inbox.store.read() as unit:
        assert unit.inbox.standing() == (0, 1)
    assert inbox.drain() == 0


def test_what_fails_every_time_ends_after_a_number_of_tries() -> None:
    handler, clock = Recording(fails=[RuntimeError("always")] * 100), FixedClock(NOON)
    inbox = inbox_of(handler, clock)
    inbox.put(Received("slack", "Ev1", NOON))
    for hours in range(TRIES + 5):
        clock.set(NOON + timedelta(hours=hours))
        inbox.drain()
    assert handler.tried == TRIES
    assert [name for name, _ in handler.told] == ["Ev1"]


def test_what_a_crash_interrupted_is_handled_by_the_next_process_of_the_same_name() -> None:
    handler = Recording()
    before = inbox_of(handler)
    before.put(Received("slack", "Ev1", NOON))
    with before.store.write() as unit:
        assert unit.inbox.hold(Received("slack", "Ev1", NOON), "here", NOON, NOON + timedelta(minutes=2)) == 0
    again = Inbox(before.store, FixedClock(NOON), {"slack": handler}, holder="here")
    assert again.drain() == 1
    assert handler.handled == ["Ev1"]


def test_it_follows_by_itself_and_stops_after_what_is_under_way() -> None:
    began, go_on = threading.Event(), threading.Event()

    @dataclass
    class Slow(Recording):
        def handle(self, received: Received) -> None:
            began.set()
            go_on.wait(5)
            super().handle(received)

    handler = Slow()
    inbox = inbox_of(handler)
    inbox.start()
    inbox.put(Received("slack", "Ev1", NOON))
    assert began.wait(5)
    stopping = threading.Thread(target=inbox.stop)
    stopping.start()
    go_on.set()
    stopping.join(10)
    assert handler.handled == ["Ev1"]
    assert not stopping.is_alive()
    with inbox.store.read() as unit:
        assert unit.inbox.standing() == (0, 0)


def test_what_is_of_a_channel_that_is_not_served_waits() -> None:
    inbox = inbox_of(Recording())
    inbox.put(Received("mail", "<1@x>", NOON))
    assert inbox.drain() == 0
    with inbox.store.read() as unit:
        assert unit.inbox.standing() == (1, 0)
