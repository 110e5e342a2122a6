"""Whatever happens to conversations, the ledger counts each episode once, where and as it ended, and takes out what was reopened."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.adapters.store.outcomes import SqlOutcomes
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.domain.conversation import Conversation, Outcome
from assistant.domain.measures import measures_of
from kb.adapters.store.engine import open_engine
from tests.support.ledger_plays import KINDS, Play, Step
from tests.support.workshop import MADE

STOCKHOLM = "Europe/Stockholm"
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 11)), min_size=1, max_size=22)


@contextmanager
def sqlite(empty: Path) -> Iterator[SqlStore]:
    """A store of its own whose organisation lives by another time zone than UTC."""
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "ledger.db"
        path.write_bytes(empty.read_bytes())
        engine = open_engine(f"sqlite:///{path}")
        BuiltinDirectory(engine).replace(replace(MADE, company=replace(MADE.company, timezone=STOCKHOLM)))
        try:
            yield SqlStore(engine, 0.72)
        finally:
            engine.dispose()


@settings(max_examples=150, deadline=None)
@given(steps)
def test_in_memory_every_cell_holds_what_ended_there(sequence: list[Step]) -> None:
    play = Play(MemoryStore(0.72))
    assert play.run(sequence) == []


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_in_tables_every_cell_holds_what_ended_there_on_the_organisations_day(empty_sqlite: Path, sequence: list[Step]) -> None:
    with sqlite(empty_sqlite) as store:
        play = Play(store, STOCKHOLM)
        assert play.run(sequence) == []
        for cell in play.cells():
            for name, rate in measures_of(cell).items():
                assert 0 <= rate.hits <= rate.total, name


def drawn(number: int) -> list[Step]:
    draw = random.Random(number)
    return [(draw.choice(KINDS), draw.randrange(4), draw.randrange(12)) for _ in range(26)]


def test_the_sequences_reach_every_outcome_and_reopenings_in_more_than_one_cell(empty_sqlite: Path) -> None:
    ended: Counter[Outcome] = Counter()
    reopened: set[tuple[str, ...]] = set()
    for number in range(30):
        with sqlite(empty_sqlite) as store:
            play = Play(store, STOCKHOLM)
            assert play.run(drawn(number)) == []
            ended.update(one.outcome for one in play.seen.values())
            reopened |= {one.cell[1:] for one in play.seen.values() if one.reopened}
    assert set(ended) == set(Outcome), ended
    assert len(reopened) > 3


def _never_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlOutcomes, "reopen", lambda *_: None)


def _taken_out_of_the_present_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is reopened leaves no trace: it is deleted where it was counted."""
    from sqlalchemy import delete

    from assistant.adapters.store.tables import outcomes

    def forget(self: SqlOutcomes, conversation: str, episode: int, at: datetime) -> None:
        del at
        self.connection.execute(delete(outcomes).where(outcomes.c.conversation == conversation, outcomes.c.episode == episode))

    monkeypatch.setattr(SqlOutcomes, "reopen", forget)


def _in_another_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlOutcomes, "_zone", lambda _: "UTC")


def _silence_is_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    count: Callable[..., Any] = SqlOutcomes.count

    def rosy(self: SqlOutcomes, conversation: Conversation) -> None:
        if conversation.episode.outcome is Outcome.RESOLVED_ASSUMED:
            conversation = replace(conversation, episode=replace(conversation.episode, outcome=Outcome.RESOLVED_CONFIRMED))
        count(self, conversation)

    monkeypatch.setattr(SqlOutcomes, "count", rosy)


def _only_first_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    count: Callable[..., Any] = SqlOutcomes.count
    monkeypatch.setattr(SqlOutcomes, "count", lambda self, one: count(self, one) if one.episode.number == 1 else None)


FAULTS = (_never_taken_out, _taken_out_of_the_present_cell, _in_another_zone, _silence_is_confirmation, _only_first_episodes)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.__name__.strip("_").replace("_", " "))
def test_a_ledger_with_a_seeded_fault_is_found_out(fault: Callable[..., None], empty_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)
    for number in range(60):
        with sqlite(empty_sqlite) as store:
            if Play(store, STOCKHOLM).run(drawn(number)):
                return
    raise AssertionError("sixty sequences did not find it")
