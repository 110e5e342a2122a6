"""The measure of tampering: every manipulation changes something and is reported, and the run fails when it says nothing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.adapters.anchors import FileAnchors
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.domain.audit import AuditEntry
from assistant.governance.anchoring import anchor_head, examine
from evals.tampering.book import Book, only_the_audit
from evals.tampering.manipulations import BEYOND, KINDS, Manipulation
from evals.tampering.measure import Tally, failings, measure, tampered
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = b"installation key"
RECORDS, AN_ANCHOR, PEOPLE = 240, 20, 6


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """An audit of a few people, anchored every twenty records; one of them was erased."""
    folder = tmp_path_factory.mktemp("book")
    engine = open_engine(f"sqlite:///{folder / 'whole.db'}")
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    store, anchors = SqlStore(engine, 0.5), FileAnchors(folder / "anchors.jsonl")
    for number in range(RECORDS):
        at = NOON + timedelta(minutes=number)
        entry = AuditEntry(at, f"person{number % PEOPLE}", "answer", "auto", f"c_{number}", f"m{number}", number / 999, model="local", verdict="auto")
        with store.write() as unit:
            unit.audit.append([entry])
            if number == RECORDS // 2:
                unit.audit.forget("person0", at)
        if number % AN_ANCHOR == 0:
            anchor_head(store, anchors, KEY, at)
    anchor_head(store, anchors, KEY, NOON)
    engine.dispose()
    only_the_audit(folder / "whole.db", folder / "book.db")
    return Book(folder / "book.db", anchors.path, KEY, RECORDS + 1)


@pytest.mark.parametrize("manipulation", KINDS, ids=lambda kind: kind.__name__)
def test_each_manipulation_is_reported(book: Book, manipulation: Manipulation, tmp_path: Path) -> None:
    for seed in range(3):
        with tampered(book, manipulation, random.Random(seed), tmp_path) as (store, anchors):
            assert examine(store, anchors, KEY).faults, seed


def test_a_record_added_at_the_end_is_beyond_what_can_show(book: Book, tmp_path: Path) -> None:
    added = next(kind for kind in BEYOND if kind.__name__ == "add_at_the_end")
    with tampered(book, added, random.Random(1), tmp_path) as (store, anchors):
        found = examine(store, anchors, KEY)
        assert (found.faults, found.unanchored) == ([], 1)


def test_a_run_counts_each_kind_and_worse_verifiers_miss_some(book: Book, tmp_path: Path) -> None:
    told: list[str] = []
    tally = measure(book, len(KINDS) + 1, 7, tmp_path, told.append)
    assert sorted(tally.made.values()) == [1] * (len(KINDS) - 1) + [2]
    assert (tally.missed.total(), tally.false_alarms) == (0, 0)
    assert tally.missed_by_chain > tally.missed_by_file > 0
    assert failings(tally) == []
    assert list(tmp_path.iterdir()) == []


def test_a_manipulation_that_changes_nothing_is_an_error(book: Book, tmp_path: Path) -> None:
    def idle(_: object) -> None:
        """Do nothing."""

    with pytest.raises(RuntimeError, match="idle changes nothing"), tampered(book, idle, random.Random(1), tmp_path):
        pass


def test_a_run_fails_on_a_miss_on_a_false_alarm_and_when_worse_verifiers_miss_nothing() -> None:
    good = {"made": Counter(swap_two=2), "controls": 9, "missed_by_chain": 1, "missed_by_file": 1}
    assert failings(Tally(**good)) == []
    assert failings(Tally(**good, missed=Counter(swap_two=1))) == ["1 of 2 were not reported: swap_two"]
    assert failings(Tally(**good, false_alarms=1)) == ["1 of 9 untouched copies were reported"]
    for worse in ("missed_by_chain", "missed_by_file"):
        assert len(failings(Tally(**{**good, worse: 0}))) == 1
