"""How the outbox stands is seen: by the doctor, on /healthz, and in numbers that timers do not disturb."""

from __future__ import annotations

from datetime import timedelta

from assistant.adapters.memory.store import MemoryStore
from assistant.doctor import examine
from assistant.domain.action import Status
from assistant.ports.store import OutboxEntry
from assistant.service import Service
from assistant.workflows.standing import LATE, standing
from tests.support.workshop import Workshop
from tests.support.world import MONDAY, World

MINUTE = timedelta(minutes=1)


def entry(key: str, kind: str = "action.run", due: timedelta = timedelta(0)) -> OutboxEntry:
    return OutboxEntry(key, kind, {"action": "a"}, MONDAY, MONDAY + due)


def put(world: World, *entries: OutboxEntry) -> None:
    with world.assistant.store.write() as unit:
        for one in entries:
            unit.outbox.put(one)


def test_timers_are_no_trouble_and_what_is_due_or_tried_again_is() -> None:
    workshop = Workshop(MemoryStore(0.78))
    with workshop.store.write() as unit:
        unit.outbox.put(entry("timer:1", "silence", timedelta(hours=72)))
        unit.outbox.put(entry("timer:2", "silence", timedelta(minutes=5)))
        unit.outbox.put(entry("due:1", due=-2 * MINUTE))
        unit.outbox.put(entry("again:1"))
        unit.outbox.postpone("again:1", MONDAY + 50 * MINUTE, {"first": (MONDAY - 20 * MINUTE).isoformat()})
        unit.outbox.put(entry("over:1"))
        unit.outbox.finish("over:1", "unknown", MONDAY - timedelta(days=13), {})
        unit.outbox.put(entry("over:2"))
        unit.outbox.finish("over:2", "failed", MONDAY - timedelta(days=15), {})
    found = standing(workshop.store, MONDAY)
    assert (found.waiting, found.oldest, found.unsettled, found.late) == (2, 20 * MINUTE, 1, True)
    assert found.facts() == {"waiting": 2, "oldest_seconds": 1_200, "to_look_at": 1}
    workshop.close()


def test_the_doctor_and_healthz_say_when_something_waits_too_long(world: World) -> None:
    service = Service(world.assistant, "http://127.0.0.1")
    assert service.health()["outbox"] == {"waiting": 0, "oldest_seconds": 0, "to_look_at": 0}
    assert _doctor(world) == ("ok", "0 entries wait; 0 of the last 14 days failed or are uncertain")
    put(world, entry("code:1"))
    before = service.health()["status"]
    world.clock.advance(LATE + MINUTE)
    after = service.health()
    assert (before, after["status"]) == ("ready", "degraded")
    assert after["outbox"] == {"waiting": 1, "oldest_seconds": 960, "to_look_at": 0}
    assert _doctor(world) == ("bad", "1 entries wait, the oldest for 16 minutes; 0 of the last 14 days failed or are uncertain")


def test_what_is_uncertain_is_a_note_of_the_doctor(world: World) -> None:
    put(world, entry("odd:1", "odd"))
    world.assistant.carrier.drain()
    assert _doctor(world) == ("note", "0 entries wait; 1 of the last 14 days failed or are uncertain")


def test_a_turn_without_a_service_carries_out_what_it_began(world: World) -> None:
    talk = world.talk("priya.nair")
    world.assistant.directory.lock("priya.nair")
    reply = talk.say("My account is locked, please unlock it")
    assert reply.action is not None
    talk.press(f"do:{reply.action.id}")
    world.assistant.carrier.drain()
    assert not world.assistant.directory.account("priya.nair").locked
    with world.assistant.store.read() as unit:
        action = unit.actions.load(reply.action.id)
    assert action is not None
    assert action.status is Status.DONE


def _doctor(world: World) -> tuple[str, str]:
    return next((check.state, check.says) for check in examine(world.assistant, owned_here=False) if check.name == "outbox")
