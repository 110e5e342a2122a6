"""How much one person may send, and how pushes reach those who listen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from assistant.entrypoints.web import limits as limits_module
from assistant.entrypoints.web.limits import PEOPLE_REMEMBERED, Limits
from assistant.entrypoints.web.live import QUEUE_LIMIT, Live
from assistant.ports.store import Event


class Clock:
    """A clock that only moves when told."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(limits_module, "time", made)
    return made


def test_a_minutes_worth_may_come_at_once_and_no_more(clock: Clock) -> None:
    limits = Limits(60)
    assert [limits.admit("maria") for _ in range(200)] == [True] * 60 + [False] * 140


def test_the_allowance_comes_back_steadily_and_never_exceeds_a_minutes_worth(clock: Clock) -> None:
    limits = Limits(60)
    for _ in range(60):
        limits.admit("maria")
    clock.now += 2.5
    assert [limits.admit("maria") for _ in range(3)] == [True, True, False]
    clock.now += 3_600
    assert sum(limits.admit("maria") for _ in range(200)) == 60


def test_one_persons_flood_takes_nothing_from_another(clock: Clock) -> None:
    limits = Limits(5)
    assert sum(limits.admit("maria") for _ in range(50)) == 5
    assert sum(limits.admit("jonas") for _ in range(50)) == 5


def test_the_people_remembered_are_bounded_and_the_latest_stay(clock: Clock) -> None:
    limits = Limits(1)
    limits.admit("maria")
    for number in range(PEOPLE_REMEMBERED - 1):
        limits.admit(f"person-{number}")
        if number % 1_000 == 0:
            assert not limits.admit("maria")
    assert not limits.admit("maria")
    assert len(limits._buckets) == PEOPLE_REMEMBERED


def event(number: int, conversation: str = "c_1") -> Event:
    return Event(number, conversation, datetime.now(UTC), {"type": "message"})


def test_every_listener_of_a_conversation_gets_every_event_and_no_other_does() -> None:
    async def scene() -> None:
        live = Live()
        live.attach(asyncio.get_running_loop())
        one, two, stranger = (asyncio.Queue[Event | None](QUEUE_LIMIT) for _ in range(3))
        with live.listening("c_1", one), live.listening("c_1", two), live.listening("c_2", stranger):
            await asyncio.to_thread(live.publish, [event(1), event(2)])
            await asyncio.sleep(0)
            assert [(await queue.get()).number for queue in (one, two) for _ in range(2)] == [1, 2, 1, 2]  # type: ignore[union-attr]
            assert stranger.empty()
        live.publish([event(3)])
        await asyncio.sleep(0)
        assert one.empty(), "whoever has left gets nothing more"

    asyncio.run(scene())


def test_a_listener_that_does_not_read_is_cut_off_and_the_others_get_everything() -> None:
    async def scene() -> None:
        live = Live()
        live.attach(asyncio.get_running_loop())
        stalled, reading = asyncio.Queue[Event | None](QUEUE_LIMIT), asyncio.Queue[Event | None](QUEUE_LIMIT)
        got = []
        with live.listening("c_1", stalled), live.listening("c_1", reading):
            for number in range(QUEUE_LIMIT + 1):
                live.publish([event(number)])
                await asyncio.sleep(0)
                got.append((await reading.get()).number)  # type: ignore[union-attr]
        assert got == list(range(QUEUE_LIMIT + 1))
        assert stalled.get_nowait() is None, "the stalled listener is told to come back"
        assert stalled.empty()

    asyncio.run(scene())


def test_publishing_before_the_service_runs_or_after_it_stopped_is_harmless() -> None:
    live = Live()
    live.publish([event(1)])

    async def attach() -> None:
        live.attach(asyncio.get_running_loop())

    asyncio.run(attach())
    live.publish([event(2)])
