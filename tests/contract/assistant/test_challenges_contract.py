"""What every store promises about questions for one-time codes and second factors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.domain.step_up import Challenge, Channel, SecondFactor
from assistant.ports.store import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASKED = Challenge("act_1", "a" * 64, "d" * 64, Channel.NOTICE, NOON + timedelta(minutes=10))
APP = SecondFactor("ann", "f" * 40, NOON)


def kept(store: Store, action: str = "act_1") -> Challenge | None:
    with store.read() as unit:
        return unit.challenges.challenge(action)


def test_a_challenge_comes_back_whole_and_for_its_action_only(store: Store) -> None:
    with store.write() as unit:
        unit.challenges.open(ASKED)
        unit.challenges.open(replace(ASKED, action="act_2", digest="", channel=Channel.TOTP))
    assert kept(store) == ASKED
    assert kept(store, "act_2") == replace(ASKED, action="act_2", digest="", channel=Channel.TOTP)
    assert kept(store, "act_3") is None


def test_a_judgement_is_kept(store: Store) -> None:
    with store.write() as unit:
        unit.challenges.open(ASKED)
    with store.write() as unit:
        unit.challenges.judged(replace(ASKED, tries=3))
    assert kept(store) == replace(ASKED, tries=3)
    with store.write() as unit:
        unit.challenges.judged(replace(ASKED, tries=3, used_at=NOON))
    assert kept(store) == replace(ASKED, tries=3, used_at=NOON)


def test_a_new_code_gives_no_new_tries_and_no_second_use(store: Store) -> None:
    again = replace(ASKED, hash="b" * 64, digest="e" * 64, channel=Channel.TOTP, expires_at=NOON + timedelta(hours=1))
    with store.write() as unit:
        unit.challenges.open(ASKED)
        unit.challenges.judged(replace(ASKED, tries=4, used_at=NOON))
    with store.write() as unit:
        unit.challenges.open(again)
    assert kept(store) == replace(again, tries=4, used_at=NOON)


def test_a_judgement_over_nothing_stores_nothing(store: Store) -> None:
    with store.write() as unit:
        unit.challenges.judged(ASKED)
    assert kept(store) is None


def test_a_block_that_raises_leaves_no_challenge_and_no_factor(store: Store) -> None:
    def broken() -> None:
        with store.write() as unit:
            unit.challenges.open(ASKED)
            unit.second_factors.register(APP)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        broken()
    assert kept(store) is None
    with store.read() as unit:
        assert unit.second_factors.factor("ann") is None


def test_a_factor_is_registered_replaced_and_removed(store: Store) -> None:
    later = SecondFactor("ann", "0" * 40, NOON + timedelta(days=1))
    with store.write() as unit:
        unit.second_factors.register(APP)
        unit.second_factors.register(replace(APP, person="bo"))
        assert unit.second_factors.factor("ann") == APP
        unit.second_factors.register(later)
    with store.write() as unit:
        assert unit.second_factors.factor("ann") == later
        assert unit.second_factors.remove("ann")
        assert not unit.second_factors.remove("ann")
        assert unit.second_factors.factor("ann") is None
        assert unit.second_factors.factor("bo") == replace(APP, person="bo")


def test_the_last_step_only_grows_and_only_for_the_same_registration(store: Store) -> None:
    with store.write() as unit:
        unit.second_factors.register(APP)
        unit.second_factors.used(replace(APP, last_step=20))
        unit.second_factors.used(replace(APP, last_step=10))
        unit.second_factors.used(replace(APP, secret="9" * 40, last_step=99))
    with store.read() as unit:
        assert unit.second_factors.factor("ann") == replace(APP, last_step=20)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def test_tries_at_the_same_time_are_all_counted(kind: str, engine_of: Callable[[str], Engine]) -> None:
    store = SqlStore(engine_of(kind), 0.7)
    with store.write() as unit:
        unit.challenges.open(ASKED)
    ready = threading.Barrier(4)

    def guess() -> None:
        ready.wait()
        for _ in range(5):
            with store.write() as unit:
                found = unit.challenges.challenge("act_1")
                assert found is not None
                unit.challenges.judged(replace(found, tries=found.tries + 1))

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = kept(store)
    assert found is not None
    assert found.tries == 20
