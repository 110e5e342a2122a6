"""Writing blocks that queue up share a durable commit, and nobody can tell otherwise."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from kb.adapters.store import group_commit
from kb.adapters.store.engine import GROUP, open_engine, reading, writing
from kb.adapters.store.group_commit import BATCH_BLOCKS, GroupCommit, NestedWriting, sharing_pays

TABLES = (
    "CREATE TABLE rows (id INTEGER PRIMARY KEY)",
    "CREATE TABLE child (parent INTEGER REFERENCES rows (id) DEFERRABLE INITIALLY DEFERRED)",
)
SLACK = 20.0


class Refused(RuntimeError):
    """What a test's block raises."""


def add(connection: Connection, number: int) -> None:
    connection.execute(text("INSERT INTO rows VALUES (:id)"), {"id": number})


def rows(engine: Engine) -> set[int]:
    with reading(engine) as connection:
        return set(connection.execute(text("SELECT id FROM rows")).scalars())


def write(engine: Engine, number: int) -> None:
    with writing(engine) as connection:
        add(connection, number)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database with two tables."""
    opened = open_engine(f"sqlite:///{tmp_path / 'group.db'}")
    with writing(opened) as connection:
        for statement in TABLES:
            connection.execute(text(statement))
    yield opened
    opened.dispose()


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine and quick its disk, blocks have the time to queue up, and commits are worth sharing."""
    monkeypatch.setattr(group_commit, "BATCH_SECONDS", SLACK)
    monkeypatch.setattr(group_commit, "sharing_pays", lambda *_: True)


@pytest.fixture
def commits(engine: Engine) -> list[int]:
    """Fills with the number of rows that each commit is about to make durable."""
    made: list[int] = []
    event.listen(engine, "commit", lambda connection: made.append(len(connection.execute(text("SELECT id FROM rows")).all())))
    return made


@contextmanager
def queue(engine: Engine, *blocks: Callable[[], None]) -> Iterator[list[Future[None]]]:
    """Let blocks queue up, in this order, behind a first one that writes row 0 and is kept open until all of them wait.

    Yields the futures of all, the first one's first, while the first is still open.
    """
    group: GroupCommit = engine.get_execution_options()[GROUP]
    begun, release = Event(), Event()

    def first() -> None:
        with writing(engine) as connection:
            add(connection, 0)
            begun.set()
            assert release.wait(SLACK)

    with ThreadPoolExecutor(len(blocks) + 1) as pool:
        futures = [pool.submit(first)]
        assert begun.wait(SLACK)
        for number, block in enumerate(blocks, 1):
            futures.append(pool.submit(block))
            until = time.monotonic() + SLACK
            while len(group._queue) < number and time.monotonic() < until:
                time.sleep(0.001)
        try:
            yield futures
        finally:
            release.set()


def test_blocks_that_queue_up_share_one_commit_and_return_after_it(engine: Engine, commits: list[int]) -> None:
    returned_before: list[bool] = []
    with queue(engine, *(lambda number=number: write(engine, number) for number in range(1, 8))) as futures:
        event.listen(engine, "commit", lambda _: returned_before.append(any(future.done() for future in futures)))
    for future in futures:
        future.result(SLACK)
    assert commits == [8]
    assert returned_before == [False]
    assert rows(engine) == set(range(8))


def test_a_writer_that_nobody_waits_behind_commits_at_once(engine: Engine, commits: list[int]) -> None:
    for number in range(3):
        write(engine, number)
        assert rows(engine) == set(range(number + 1))
    assert commits == [1, 2, 3]


def test_others_see_nothing_of_a_batch_before_its_commit_and_its_later_blocks_see_the_earlier(engine: Engine) -> None:
    seen: dict[str, set[int]] = {}

    def look() -> None:
        with writing(engine) as connection:
            seen["inside"] = set(connection.execute(text("SELECT id FROM rows")).scalars())
            seen["outside"] = rows(engine)

    with queue(engine, look) as futures:
        pass
    for future in futures:
        future.result(SLACK)
    assert seen == {"inside": {0}, "outside": set()}


def test_a_block_that_raises_takes_back_its_own_rows_only(engine: Engine, commits: list[int]) -> None:
    def refuse() -> None:
        with writing(engine) as connection:
            add(connection, 100)
            raise Refused

    with queue(engine, lambda: write(engine, 1), refuse, lambda: write(engine, 2), refuse) as futures:
        pass
    assert [type(future.exception(SLACK)) for future in futures] == [type(None), type(None), Refused, type(None), Refused]
    assert rows(engine) == {0, 1, 2}
    assert commits == [3]


def test_when_the_commit_fails_every_block_of_the_batch_raises_and_the_next_batch_works(engine: Engine) -> None:
    def orphan() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO child VALUES (77)"))

    with queue(engine, lambda: write(engine, 1), orphan, lambda: write(engine, 2)) as futures:
        pass
    errors = [future.exception(SLACK) for future in futures]
    assert [type(error) for error in errors] == [OperationalError] * 4
    assert all("FOREIGN KEY" in str(error) for error in errors)
    assert len({id(error) for error in errors}) == 4, "an exception belongs to one thread"
    assert rows(engine) == set()
    write(engine, 3)
    assert rows(engine) == {3}


def test_a_transaction_that_the_database_itself_ended_fails_the_whole_batch(engine: Engine) -> None:
    def clash() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT OR ROLLBACK INTO rows VALUES (0)"))

    def careless_clash() -> None:
        with writing(engine) as connection:
            with pytest.raises(IntegrityError):
                connection.execute(text("INSERT OR ROLLBACK INTO rows VALUES (0)"))
            add(connection, 5)

    for block, expected in ((clash, IntegrityError), (careless_clash, OperationalError)):
        with queue(engine, block) as futures:
            pass
        assert isinstance(futures[0].exception(SLACK), OperationalError)
        assert isinstance(futures[1].exception(SLACK), expected)
    assert 0 not in rows(engine)
    write(engine, 1)
    assert 1 in rows(engine)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_statement_fails_the_whole_batch_and_the_next_one_works(engine: Engine, interruption: type[BaseException]) -> None:
    def interrupted() -> None:
        with writing(engine) as connection:
            add(connection, 100)
            connection.invalidate()  # what the driver's wrapper does with an interruption inside a statement
            raise interruption

    with queue(engine, interrupted, lambda: write(engine, 2)) as futures:
        pass
    assert isinstance(futures[0].exception(SLACK), OperationalError)
    assert isinstance(futures[1].exception(SLACK), interruption)
    assert futures[2].exception(SLACK) is None
    assert rows(engine) == {2}


def test_an_interruption_between_statements_takes_back_its_own_rows_only(engine: Engine) -> None:
    def interrupted() -> None:
        with writing(engine) as connection:
            add(connection, 100)
            raise KeyboardInterrupt

    with queue(engine, interrupted) as futures:
        pass
    assert [type(future.exception(SLACK)) for future in futures] == [type(None), KeyboardInterrupt]
    assert rows(engine) == {0}


def test_a_block_inside_a_block_is_refused_at_once_and_the_outer_one_goes_on(engine: Engine) -> None:
    with writing(engine) as connection:
        add(connection, 1)
        with pytest.raises(NestedWriting, match="inside another"), writing(engine):
            pass
        add(connection, 2)
    assert rows(engine) == {1, 2}


@pytest.mark.parametrize(("block", "commit", "shared"), [(0.0, 0.2, True), (0.2, 0.0, False)])
def test_commits_are_shared_where_they_take_longer_than_blocks(
    engine: Engine, commits: list[int], monkeypatch: pytest.MonkeyPatch, block: float, commit: float, shared: bool
) -> None:
    monkeypatch.setattr(group_commit, "sharing_pays", sharing_pays)
    monkeypatch.setattr(group_commit, "NEWEST_WEIGHT", 1.0)
    event.listen(engine, "commit", lambda _: time.sleep(commit))

    def slow(number: int) -> None:
        with writing(engine) as connection:
            add(connection, number)
            time.sleep(block)

    slow(1)
    threads = ThreadPoolExecutor(8)
    for future in [threads.submit(slow, number) for number in range(2, 11)]:
        future.result(SLACK)
    threads.shutdown()
    assert rows(engine) == set(range(1, 11))
    assert (len(commits) < 7) == shared, commits


def test_a_batch_takes_no_more_than_its_bound(engine: Engine, commits: list[int]) -> None:
    with queue(engine, *(lambda number=number: write(engine, number) for number in range(1, BATCH_BLOCKS + 9))) as futures:
        pass
    for future in futures:
        future.result(SLACK)
    assert rows(engine) == set(range(BATCH_BLOCKS + 9))
    assert len(commits) >= 2
    assert max(after - before for before, after in zip([0, *commits], commits, strict=False)) <= BATCH_BLOCKS


def test_a_batch_that_lasts_takes_no_further_block(engine: Engine, commits: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "BATCH_SECONDS", 0.02)
    with queue(engine, lambda: write(engine, 1), lambda: write(engine, 2)) as futures:
        time.sleep(0.05)
    for future in futures:
        future.result(SLACK)
    assert commits[0] == 1


def test_whoever_waits_too_long_for_a_turn_is_told_that_the_database_is_locked_and_leaves_the_queue(engine: Engine) -> None:
    hurried = engine.execution_options(**{GROUP: GroupCommit(0.2)})
    waited: list[float] = []

    def hopeless() -> None:
        began = time.monotonic()
        try:
            write(hurried, 1)
        finally:
            waited.append(time.monotonic() - began)

    with queue(hurried, hopeless) as futures:
        assert isinstance(futures[1].exception(SLACK), OperationalError)
        assert "database is locked" in str(futures[1].exception())
    assert waited[0] >= 0.2
    assert futures[0].exception(SLACK) is None
    write(hurried, 2)
    assert rows(engine) == {0, 2}


def test_a_lock_that_another_process_holds_for_a_while_is_waited_for(engine: Engine, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "group.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO rows VALUES (50)")
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(write, engine, number) for number in range(3)]
        time.sleep(0.3)
        assert not any(future.done() for future in futures)
        other.execute("COMMIT")
        for future in futures:
            future.result(SLACK)
    other.close()
    assert rows(engine) == {0, 1, 2, 50}


def test_a_lock_that_another_process_keeps_fails_the_block_and_leaves_no_turn_taken(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.adapters.store.engine.BUSY_TIMEOUT_MS", 200)
    other = sqlite3.connect(tmp_path / "group.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"):
        write(engine, 1)
    other.execute("ROLLBACK")
    other.close()
    write(engine, 2)
    assert rows(engine) == {2}


def test_whoever_waits_too_long_for_the_commit_raises_and_the_commit_never_comes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "OUTCOME_SECONDS", 0.2)
    told = Event()

    def long_block() -> None:
        with writing(engine) as connection:
            add(connection, 1)
            assert told.wait(SLACK)

    with queue(engine, long_block) as futures:
        futures[0].add_done_callback(lambda _: told.set())
    errors = [future.exception(SLACK) for future in futures]
    assert [type(error) for error in errors] == [OperationalError, OperationalError]
    assert "still open" in str(errors[0])
    assert rows(engine) == set()
    write(engine, 2)
    assert rows(engine) == {2}
