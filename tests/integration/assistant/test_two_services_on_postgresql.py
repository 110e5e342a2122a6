"""Two services over one PostgreSQL: whoever comes second finds it done. Needs a server: FIRSTLINE_TEST_POSTGRESQL names its database."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.fulfilment import RUN
from assistant.domain.action import Action, Status
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support.workshop import MADE, Workshop

POSTGRESQL = os.environ.get("FIRSTLINE_TEST_POSTGRESQL", "")
pytestmark = [pytest.mark.real, pytest.mark.skipif(not POSTGRESQL, reason="FIRSTLINE_TEST_POSTGRESQL names no database")]


@pytest.fixture
def two() -> Iterator[tuple[Workshop, Workshop]]:
    schema, plain = f"two_{secrets.token_hex(4)}", open_engine(POSTGRESQL)
    with plain.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    separator = "&" if "?" in POSTGRESQL else "?"
    engine = open_engine(f"{POSTGRESQL}{separator}options=-csearch_path%3D{schema}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    first = Workshop(SqlStore(engine, 0.78))
    second = Workshop(SqlStore(engine, 0.78), first.workplace, made=MADE)
    second._numbers = count(1_000_000)  # the messages of two services have ids of their own
    yield first, second
    for one in (first, second):
        one.close()
    engine.dispose()
    with plain.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    plain.dispose()


def at_once(calls: Sequence[Callable[[], Any]]) -> list[BaseException | None]:
    """Call everything at the same moment and return what each raised."""
    start = Barrier(len(calls))

    def called(call: Callable[[], Any]) -> None:
        start.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.exception() for one in [pool.submit(called, call) for call in calls]]


def begun(workshop: Workshop, action: Action) -> int:
    return sum(entry.body["action"] == action.id for entry in workshop.entries(RUN))


def test_a_code_that_reaches_both_at_once_acts_once(two: tuple[Workshop, Workshop]) -> None:
    action = two[0].wants("reset_password")
    two[0].press(action)
    two[0].carry()
    code = two[0].code(action)
    assert at_once([partial(one.enter, action, code) for one in two * 3]) == [None] * 6
    assert (two[0].action(action.id).status, begun(two[0], action)) == (Status.READY, 1)


def test_five_tries_are_five_however_they_are_spread(two: tuple[Workshop, Workshop]) -> None:
    action = two[0].wants("reset_password")
    two[0].press(action)
    two[0].carry()
    wrong = f"{(int(two[0].code(action)) + 1) % 1_000_000:06}"
    said: list[str] = []

    def tried(one: Workshop) -> None:
        said.append(one.enter(action, wrong).text)

    assert at_once([partial(tried, one) for one in two * 6]) == [None] * 12
    assert (two[0].action(action.id).status, sum("is not right" in text for text in said)) == (Status.CANCELLED, 4)


def test_a_vote_counts_once_and_an_approved_action_runs_once(two: tuple[Workshop, Workshop]) -> None:
    action = two[0].wants("grant_access", group="Ledger", days="7")
    two[0].press(action)
    for approver in ("bo", "cy"):
        refused = at_once([partial(one.approve, action, approver) for one in two * 2])
        assert sum(error is None for error in refused) == 1
    carriers = [replace(one.carrier, holder=f"process {number}") for number, one in enumerate(two * 2)]
    assert at_once([one.drain for one in carriers]) == [None] * 4
    assert two[0].action(action.id).status is Status.DONE
    with two[0].store.read() as unit:
        decisions = [line.facts["decision"] for line in unit.audit.lines(0, 1_000, action.id)]
    assert (decisions.count("begun"), decisions.count("done")) == (1, 1)


def test_an_undo_that_both_are_asked_for_is_one(two: tuple[Workshop, Workshop]) -> None:
    action = two[0].does("grant_access", group="Ledger", days="7")
    agent = two[0].person("fay")
    assert at_once([partial(one.deciding.undo, action.id, agent) for one in two * 2]) == [None] * 4
    with two[0].store.read() as unit:
        assert [one.reverts for one in unit.actions.of_conversation(action.conversation)].count(action.id) == 1
    two[1].carry()
    assert "ledger" not in two[0].directory.account("ann").groups
