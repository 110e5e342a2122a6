"""Clocks that can be set: the demo's over its file, and the one of tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from assistant.adapters.clock import ClockUnreadable, DemoClock
from assistant.adapters.memory.clock import FixedClock
from assistant.ports.clock import SetClock

SIX = datetime(2026, 11, 23, 5, tzinfo=UTC)
REAL = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["demo", "fixed"])
def clock(request: pytest.FixtureRequest, tmp_path: Path) -> SetClock:
    return DemoClock(tmp_path / "clock.json", lambda: REAL) if request.param == "demo" else FixedClock(REAL)


def test_it_shows_what_it_was_set_to_in_utc(clock: SetClock) -> None:
    clock.set(SIX.astimezone(timezone(timedelta(hours=1))))
    assert clock.now() == SIX
    assert clock.now().utcoffset() == timedelta()


def test_a_time_without_a_zone_is_refused_and_changes_nothing(clock: SetClock) -> None:
    clock.set(SIX)
    with pytest.raises(ValueError, match="zone"):
        clock.set(datetime(2026, 11, 24))
    assert clock.now() == SIX


class TestTheDemosClock:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "clock.json"

    @pytest.fixture
    def passes(self) -> Callable[[timedelta], datetime]:
        """The system's clock, which goes on by what it is given."""
        moment = [REAL]

        def system(by: timedelta = timedelta()) -> datetime:
            moment[0] += by
            return moment[0]

        return system

    def test_until_it_is_set_it_is_the_systems(self, file: Path) -> None:
        assert DemoClock(file, lambda: REAL).now() == REAL
        assert not file.exists()

    def test_it_goes_on_at_the_pace_of_the_systems_also_over_a_restart(self, file: Path, passes: Callable[[timedelta], datetime]) -> None:
        clock = DemoClock(file, passes)
        clock.set(SIX)
        passes(timedelta(minutes=5))
        assert clock.now() == SIX + timedelta(minutes=5)
        assert DemoClock(file, passes).now() == SIX + timedelta(minutes=5)

    def test_another_process_sees_the_new_time_at_its_next_look(self, file: Path) -> None:
        here, there = DemoClock(file, lambda: REAL), DemoClock(file, lambda: REAL)
        here.set(SIX)
        assert there.now() == SIX
        for hours in range(1, 4):
            here.set(SIX + timedelta(hours=hours))
            assert there.now() == SIX + timedelta(hours=hours)

    @pytest.mark.parametrize(
        "said", ["", "{}", "[]", '{"at": "soon", "of": "now"}', '{"at": "2026-11-23T05:00", "of": "2026-11-23T05:00"}', '{"at": 1}']
    )
    def test_a_file_without_a_time_is_named(self, file: Path, said: str) -> None:
        file.write_text(said)
        with pytest.raises(ClockUnreadable, match=r"clock\.json holds no time"):
            DemoClock(file).now()
