"""What every ``IntentLog`` and ``IngestLog`` promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine

from kb.adapters.store.engine import writing
from kb.adapters.store.intents import SqlIntentLog
from kb.model import FailureClass, IngestFailure, IngestRun
from kb.ports import IngestLog
from tests.support.kb_samples import MONDAY, intent

OpenLog = Callable[[bool], Any]
HOUR = timedelta(hours=1)


def test_an_unresolved_intent_comes_back_as_it_was_recorded(intent_log: OpenLog) -> None:
    one = intent(1, "Kann ich drucken? 🙂", FailureClass.REJECTED, nearest=("a", "b"), platform="ios", ticket="INC-7", vector=(0.25, -0.5, 1.0))
    with intent_log(True) as log:
        log.record(one)
    with intent_log(False) as log:
        assert log.between(MONDAY, MONDAY + HOUR) == [one]


def test_an_intent_without_a_vector_comes_back_without_one(intent_log: OpenLog) -> None:
    with intent_log(True) as log:
        log.record(intent(1, "No model was there"))
        assert [one.vector for one in log.between(MONDAY, MONDAY + HOUR)] == [()]


@pytest.mark.parametrize("failure", list(FailureClass))
def test_every_class_of_failure_is_kept(intent_log: OpenLog, failure: FailureClass) -> None:
    with intent_log(True) as log:
        log.record(intent(1, "Why", failure))
        assert [one.failure for one in log.between(MONDAY, MONDAY + HOUR)] == [failure]


def test_a_span_holds_its_start_and_not_its_end_and_is_ordered_by_time(intent_log: OpenLog) -> None:
    with intent_log(True) as log:
        for number in (5, 0, 59, 30):
            log.record(intent(number, f"question {number}"))
        found = log.between(MONDAY, MONDAY + timedelta(minutes=59))
        assert [one.id for one in found] == ["intent-000", "intent-005", "intent-030"]
        assert log.between(MONDAY + HOUR, MONDAY + 2 * HOUR) == []


def test_a_time_in_another_zone_is_the_same_moment(intent_log: OpenLog) -> None:
    stockholm = timezone(timedelta(hours=1))
    with intent_log(True) as log:
        log.record(intent(1, "early", asked_at=datetime(2026, 11, 16, 0, 30, tzinfo=stockholm)))
        sunday = log.between(datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
        monday = log.between(datetime(2026, 11, 16, tzinfo=stockholm), datetime(2026, 11, 17, tzinfo=stockholm))
    assert [one.question for one in sunday] == [one.question for one in monday] == ["early"]


def test_an_intent_is_gone_when_its_transaction_fails(engine: Engine) -> None:
    with pytest.raises(RuntimeError), writing(engine) as connection:
        SqlIntentLog(connection).record(intent(1, "lost with its turn"))
        raise RuntimeError
    with writing(engine) as connection:
        assert SqlIntentLog(connection).between(MONDAY, MONDAY + HOUR) == []


def test_a_run_comes_back_with_its_counts_and_failures(ingest_log: IngestLog) -> None:
    failures = (IngestFailure("a.pdf", "is no PDF"), IngestFailure("b.md", "har fel tecken å"))
    run = IngestRun("handbook", MONDAY, MONDAY + HOUR, 9, 1, 2, 1, 1, 4, failures, "complete")
    number = ingest_log.begin("handbook", MONDAY)
    ingest_log.finish(number, run, failures)
    assert ingest_log.latest() == [run]


def test_a_run_that_was_killed_is_shown_as_running(ingest_log: IngestLog) -> None:
    ingest_log.begin("handbook", MONDAY)
    [run] = ingest_log.latest()
    assert (run.state, run.finished_at, run.started_at, run.failures, run.seen) == ("running", None, MONDAY, (), 0)


def test_the_latest_run_of_each_source_is_shown(ingest_log: IngestLog) -> None:
    for at, source in enumerate(["wiki", "handbook", "wiki"]):
        number = ingest_log.begin(source, MONDAY + at * HOUR)
        ingest_log.finish(number, IngestRun(source, MONDAY + at * HOUR, MONDAY + at * HOUR, seen=at, state="complete"), ())
    assert [(run.source, run.seen) for run in ingest_log.latest()] == [("handbook", 1), ("wiki", 2)]


def test_without_any_run_nothing_is_shown(ingest_log: IngestLog) -> None:
    assert ingest_log.latest() == []


def test_two_runs_of_one_source_have_different_numbers(ingest_log: IngestLog) -> None:
    assert ingest_log.begin("wiki", MONDAY) < ingest_log.begin("wiki", MONDAY)


def test_a_time_without_a_zone_is_refused(ingest_log: IngestLog) -> None:
    with pytest.raises(Exception, match="zone"):
        ingest_log.begin("wiki", MONDAY.replace(tzinfo=None))
