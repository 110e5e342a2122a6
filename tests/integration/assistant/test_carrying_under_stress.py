"""The outbox when it grows, when two carry it, and when the workflows' database is not what it was."""

from __future__ import annotations

import base64
import pickle
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event

import pytest
from sqlalchemy import insert

from assistant.adapters.clock import SystemClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.store.tables import outbox
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.fulfilment import NOTICE, RUN
from assistant.domain.action import Action, Status
from assistant.ports.store import OutboxEntry
from assistant.workflows.carrying import HELD, Carrier
from assistant.workflows.durable import Durable
from kb.adapters.store.engine import open_engine, writing
from kb.adapters.store.migrate import migrate
from tests.support.workshop import MADE, MONDAY, Workshop

ROWS = 10_000
SECONDS = 20.0
NO_DATABASE = b"no database at all, but as long as the head of one would be" * 3


class Counting(MemoryDirectory):
    """Counts the unlockings, each of which takes a while."""

    calls = 0
    seconds = 0.3

    def unlock(self, person_id: str) -> bool:
        self.calls += 1
        time.sleep(self.seconds)
        return super().unlock(person_id)


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    engine = open_engine(f"sqlite:///{tmp_path / 'firstline.db'}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    return SqlStore(engine, 0.78)


@pytest.fixture
def directory() -> Counting:
    return Counting(MADE)


@pytest.fixture
def workshop(store: SqlStore, directory: Counting) -> Iterator[Workshop]:
    made = Workshop(store, directory)
    yield made
    made.close()


def pressed(workshop: Workshop) -> Action:
    workshop.directory.lock("ann")
    action = workshop.wants("unlock_account")
    workshop.press(action)
    return action


def elsewhere(carrier: Carrier) -> Carrier:
    """Return what another process that serves the same database would carry with."""
    return replace(carrier, holder="somewhere else")


class TestTwoThatCarry:
    def test_an_entry_is_carried_out_by_one_of_them(self, workshop: Workshop, directory: Counting) -> None:
        action, start = pressed(workshop), Barrier(4)

        def carry(carrier: Carrier) -> None:
            start.wait()
            carrier.drain()

        carriers = [replace(workshop.carrier, holder=f"process {number}") for number in range(4)]
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(carry, one) for one in carriers]:
                done.result()
        assert (workshop.action(action.id).status, directory.calls) == (Status.DONE, 1)

    def test_what_one_began_and_never_ended_the_other_goes_on_with_after_a_while(self, workshop: Workshop, directory: Counting) -> None:
        action, other = pressed(workshop), elsewhere(workshop.carrier)
        assert workshop.carrier.begin(f"{RUN}:{action.id}")
        other.drain()
        assert (workshop.action(action.id).status, directory.calls) == (Status.RUNNING, 0)
        workshop.clock.advance(HELD)
        other.drain()
        assert (workshop.action(action.id).status, directory.calls) == (Status.DONE, 1)
        assert workshop.carrier.call(f"{RUN}:{action.id}")["over"], "who was gone too long does nothing any more"

    def test_what_was_begun_before_a_crash_goes_on_at_once_under_the_same_name(self, workshop: Workshop, directory: Counting) -> None:
        action = pressed(workshop)
        assert workshop.carrier.begin(f"{RUN}:{action.id}")
        replace(workshop.carrier).drain()
        assert (workshop.action(action.id).status, directory.calls) == (Status.DONE, 1)


class TestManyThatWait:
    def test_ten_thousand_that_wait_for_their_time_cost_nothing(self, workshop: Workshop, store: SqlStore) -> None:
        self._fill(store, lambda number: OutboxEntry(f"t{number}", NOTICE, {"action": "a"}, MONDAY, MONDAY + timedelta(days=1)))
        began = time.perf_counter()
        for _ in range(10):
            assert workshop.carrier.due() == []
        assert (time.perf_counter() - began) / 10 < 0.05

    def test_ten_thousand_about_tickets_that_cannot_be_reached_leave_time_for_others(self, workshop: Workshop, store: SqlStore) -> None:
        def word(number: int) -> OutboxEntry:
            due = MONDAY + timedelta(minutes=5) if number < 100 else MONDAY
            return OutboxEntry(f"desk.comment:{number}", "desk.comment", {"ticket": f"T-{number % 100}", "text": "x" * 200}, MONDAY, due)

        self._fill(store, word)
        action = pressed(workshop)
        began = time.perf_counter()
        assert [entry.key for entry in workshop.carrier.due()] == [f"{RUN}:{action.id}"]
        assert time.perf_counter() - began < 0.5

    def test_of_many_that_are_due_some_are_taken_at_a_time(self, workshop: Workshop, store: SqlStore) -> None:
        self._fill(store, lambda number: OutboxEntry(f"t{number}", NOTICE, {"action": "a"}, MONDAY, MONDAY))
        assert [entry.key for entry in workshop.carrier.due()] == [f"t{number}" for number in range(500)]

    def _fill(self, store: SqlStore, make: Callable[[int], OutboxEntry]) -> None:
        entries = [asdict(make(number)) for number in range(ROWS)]
        with writing(store.engine) as connection:
            connection.execute(insert(outbox), entries)


class TestWorkflowsDatabase:
    @pytest.fixture
    def served(self, workshop: Workshop, directory: Counting, tmp_path: Path) -> Iterator[Callable[[], Durable]]:
        """Serves the outbox, as often as it is asked for, with its database in ``workflows.db``."""
        directory.seconds = 0.0
        workshop.clock.advance(datetime.now(UTC) - workshop.clock.now())
        carrier, begun = replace(workshop.carrier, clock=SystemClock()), list[Durable]()

        def serve() -> Durable:
            begun.append(Durable(carrier, f"sqlite:///{tmp_path / 'workflows.db'}"))
            begun[-1].start()
            return begun[-1]

        yield serve
        begun[-1].stop()

    def unlocked(self, workshop: Workshop) -> bool:
        """Press once more and wait for the end."""
        action, end = pressed(workshop), time.monotonic() + SECONDS
        while not workshop.action(action.id).status.is_over and time.monotonic() < end:
            time.sleep(0.02)
        return workshop.action(action.id).status is Status.DONE

    @pytest.mark.parametrize("instead", [None, b"", NO_DATABASE])
    def test_a_file_that_is_taken_away_while_it_is_used_is_begun_anew(
        self, workshop: Workshop, served: Callable[[], Durable], tmp_path: Path, instead: bytes | None
    ) -> None:
        served()
        assert self.unlocked(workshop)
        for file in tmp_path.glob("workflows.db*"):
            file.unlink()
        if instead is not None:
            (tmp_path / "workflows.db").write_bytes(instead)  # as a connection that opens at that moment does
        assert self.unlocked(workshop)
        with closing(sqlite3.connect(tmp_path / "workflows.db")) as file:
            assert file.execute("SELECT count(*) FROM workflow_status").fetchone()[0] > 0

    def test_one_that_cannot_be_read_is_set_aside_at_the_start(self, workshop: Workshop, served: Callable[[], Durable], tmp_path: Path) -> None:
        (tmp_path / "workflows.db").write_bytes(NO_DATABASE)
        served()
        assert self.unlocked(workshop)
        assert (tmp_path / "workflows.db.damaged").read_bytes() == NO_DATABASE

    def test_no_pickle_is_written_to_it_or_read_from_it(self, workshop: Workshop, served: Callable[[], Durable], tmp_path: Path) -> None:
        first = served()
        assert self.unlocked(workshop)
        first.stop()
        ran = tmp_path / "ran"
        planted = base64.b64encode(pickle.dumps(Planted(ran))).decode()
        with closing(sqlite3.connect(tmp_path / "workflows.db")) as file:
            kinds = {row[0] for row in file.execute("SELECT serialization FROM workflow_status UNION SELECT serialization FROM operation_outputs")}
            file.execute("UPDATE workflow_status SET status = 'PENDING', serialization = 'py_pickle', output = NULL")
            file.execute("UPDATE workflow_input SET inputs = ?", (planted,))
            file.commit()
        assert "py_pickle" not in kinds
        served()
        assert self.unlocked(workshop)
        time.sleep(3.0)  # DBOS looks for what it has to recover once a second
        assert not ran.exists()

    def test_a_database_that_was_locked_for_a_while_holds_nothing_up_for_good(
        self, workshop: Workshop, served: Callable[[], Durable], store: SqlStore
    ) -> None:
        served()
        action, release = pressed(workshop), Event()

        def lock() -> None:
            with closing(sqlite3.connect(str(store.engine.url.database), isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                release.wait(6.5)
                other.execute("ROLLBACK")

        with ThreadPoolExecutor(1) as pool:
            pool.submit(lock).result()
        end = time.monotonic() + SECONDS
        while not workshop.action(action.id).status.is_over and time.monotonic() < end:
            time.sleep(0.05)
        assert workshop.action(action.id).status is Status.DONE


class Planted:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)
