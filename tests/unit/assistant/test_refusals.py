"""What was refused is in the audit, each with its count, and no flood can fill the disk or hold up a request."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.store import MemoryStore
from assistant.governance import refusals as refusals_module
from assistant.governance.refusals import FURTHER, KINDS_WAITING, RECORDS_AT_ONCE, RECORDS_PER_MINUTE, Refusal, Refusals

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


class Ticking:
    """A clock that only moves when told."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Ticking:
    made = Ticking()
    monkeypatch.setattr(refusals_module, "time", made)
    return made


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(0.72)


@pytest.fixture
def refusals(store: MemoryStore, ticking: Ticking) -> Refusals:
    made = Refusals(store, FixedClock(NOW))
    for allowance in (made._records, made._lines):
        allowance.counted = ticking.now
    return made


def entries(store: MemoryStore) -> list[dict[str, Any]]:
    with store.read() as unit:
        return [line.facts for line in unit.audit.lines(0, 100_000)]


def test_a_refusal_says_what_was_asked_when_why_and_by_whom(refusals: Refusals, store: MemoryStore) -> None:
    refusals.note(Refusal("GET /v1/me", 401, "the token has expired", "maria.santos"))
    assert entries(store) == [], "nothing is written while a request waits"
    refusals.write()
    (entry,) = entries(store)
    assert (entry["step"], entry["decision"], entry["actor"], entry["at"]) == ("refuse", "refused", "maria.santos", NOW.isoformat())
    assert entry["detail"] == {"asked": "GET /v1/me", "status": 401, "reason": "the token has expired", "times": 1}


def test_the_same_refusal_again_raises_a_count(refusals: Refusals, store: MemoryStore) -> None:
    for _ in range(10_000):
        refusals.note(Refusal("socket /v1/chat", 4429, "too many messages; wait a minute", "maria.santos"))
    refusals.write()
    refusals.write()
    assert [entry["detail"]["times"] for entry in entries(store)] == [10_000]


def test_a_flood_of_different_refusals_is_counted_in_few_records(refusals: Refusals, store: MemoryStore, ticking: Ticking) -> None:
    for number in range(50_000):
        refusals.note(Refusal(f"GET /{number}", 404, "Not Found"))
        if number % 5_000 == 0:
            refusals.write()
    for _ in range(20):
        ticking.now += 60
        refusals.write()
    written = entries(store)
    assert sum(entry["detail"]["times"] for entry in written) == 50_000, "none is lost"
    assert len(written) <= RECORDS_AT_ONCE + 20 * RECORDS_PER_MINUTE
    assert {entry["detail"]["asked"] for entry in written if entry["detail"]["times"] > 1} == {FURTHER}


def test_records_come_back_at_their_rate_and_what_waits_is_bounded(refusals: Refusals, store: MemoryStore, ticking: Ticking) -> None:
    def flood() -> None:
        for number in range(KINDS_WAITING * 3):
            refusals.note(Refusal(f"GET /{len(entries(store))}/{number}", 404, "Not Found"))

    flood()
    refusals.write()
    assert len(entries(store)) == RECORDS_AT_ONCE
    flood()
    refusals.write()
    assert len(entries(store)) == RECORDS_AT_ONCE
    ticking.now += 60
    refusals.write()
    assert len(entries(store)) == RECORDS_AT_ONCE + RECORDS_PER_MINUTE


def test_the_log_is_not_filled_either_and_names_each_kind_once(refusals: Refusals, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "firstline.security"):
        for number in range(5_000):
            refusals.note(Refusal(f"GET /{number % 1_000}", 404, "Not Found"))
    assert 0 < len(caplog.records) <= RECORDS_AT_ONCE
    assert len({record.getMessage() for record in caplog.records}) == len(caplog.records)


def test_nothing_that_looks_like_a_secret_is_kept_and_nothing_is_long(refusals: Refusals, store: MemoryStore) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJpYSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    refusals.note(Refusal(f"GET /v1/articles/{token}", 404, f"password: hunter2secret {'x' * 10_000}"))
    refusals.note(Refusal("GET /\udcff\x00", 404, "Not Found"))
    refusals.write()
    text = json.dumps(entries(store))
    assert token not in text and "hunter2secret" not in text
    assert len(text) < 2_000


def test_a_store_that_fails_loses_no_refusal(refusals: Refusals, store: MemoryStore, ticking: Ticking, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals.note(Refusal("GET /v1/me", 401, "a token is required"))

    @contextmanager
    def broken() -> Iterator[None]:
        refusals.note(Refusal("GET /v1/me", 401, "a token is required"))
        raise OSError("the disk is full")
        yield

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk is full"):
        patch.setattr(store, "write", broken)
        refusals.write()
    refusals.write()
    assert [entry["detail"]["times"] for entry in entries(store)] == [2]
