"""Group commit for SQLite: writing blocks of one process that queue up share one durable commit."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, get_ident
from time import monotonic

from sqlalchemy import Connection, Engine, NestedTransaction
from sqlalchemy.exc import OperationalError

log = logging.getLogger("firstline.store")
BATCH_BLOCKS = 32
BATCH_SECONDS = 0.02
OUTCOME_SECONDS = 30.0
NEWEST_WEIGHT = 0.2


class NestedWriting(RuntimeError):
    """A writing block was opened inside another one of the same thread; it would wait for itself."""


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """A place in the queue."""

    thread: int
    come: Event = field(default_factory=Event)


@dataclass(slots=True)
class _Usual:
    """How long something usually takes, in seconds: a mean that forgets, of values up to the length of a batch."""

    seconds: float

    def note(self, seconds: float) -> None:
        """Take one more into account."""
        self.seconds += NEWEST_WEIGHT * (min(seconds, BATCH_SECONDS) - self.seconds)


def sharing_pays(block_seconds: float, commit_seconds: float) -> bool:
    """Say whether a commit is worth sharing: the next block begins earlier by a commit, this one waits longer by a block."""
    return block_seconds <= commit_seconds


class GroupCommit:
    """Runs the writing blocks of one engine one after another, in the order in which they came.

    A block that finds others waiting behind it leaves its changes in the open transaction and lets the next one go on there;
    the last of a batch commits for all. Every block returns after that commit, so what it wrote is durable then; when the
    commit fails, every block of the batch raises. A block that raises takes back its own changes only. A batch takes no
    more blocks after 32 of them or 20 ms. A block commits at once when nobody waits behind it, or when blocks usually take
    longer than commits.
    """

    def __init__(self, patience: float) -> None:
        """Let a block wait so many seconds for its turn."""
        self._patience = patience
        self._guard = Lock()
        self._queue: deque[_Turn] = deque()
        self._thread: int | None = None
        self._batch: _Batch | None = None
        self._usual_block, self._usual_commit = _Usual(0.0), _Usual(BATCH_SECONDS)

    @contextmanager
    def block(self, engine: Engine) -> Iterator[Connection]:
        """One writing block, durable when it returns; what it raises leaves nothing.

        Raises:
            NestedWriting: this thread is inside a block already.
            OperationalError: the database stayed locked, or the commit of the batch failed; nothing is left.
        """
        self._take_turn()
        try:
            batch = self._batch = self._batch or _Batch(engine)
            began = monotonic()
            with batch.block() as connection:
                yield connection
            self._usual_block.note(monotonic() - began)
        finally:
            self._leave()
        batch.outcome()

    def _take_turn(self) -> None:
        turn = _Turn(get_ident())
        with self._guard:
            if self._thread == turn.thread:
                raise NestedWriting("a writing block was opened inside another one; end the first, or pass its connection on")
            if self._thread is None:
                self._thread = turn.thread
                return
            self._queue.append(turn)
        try:
            came = turn.come.wait(self._patience)
        except BaseException:
            if not self._withdrawn(turn):
                self._leave()
            raise
        if not came and self._withdrawn(turn):
            raise _failure("BEGIN IMMEDIATE", sqlite3.OperationalError("database is locked"))

    def _withdrawn(self, turn: _Turn) -> bool:
        """Leave the queue; say False when the turn came meanwhile."""
        with self._guard:
            if turn.come.is_set():
                return False
            self._queue.remove(turn)
            return True

    def _leave(self) -> None:
        """End this thread's turn: pass the open batch on, or end it and pass on the turn alone."""
        batch = self._batch
        with self._guard:
            pays = sharing_pays(self._usual_block.seconds, self._usual_commit.seconds)
            if batch is not None and self._queue and pays and batch.takes_more():
                self._next()
                return
        began = monotonic()
        try:
            if batch is not None and batch.end():
                self._usual_commit.note(monotonic() - began)
        finally:
            self._batch = None
            with self._guard:
                self._next()

    def _next(self) -> None:
        turn = self._queue.popleft() if self._queue else None
        self._thread = turn.thread if turn else None
        if turn:
            turn.come.set()


class _Batch:
    """One transaction of several blocks. Whoever has the turn uses it; the others wait for its outcome."""

    def __init__(self, engine: Engine) -> None:
        """Take the database's write lock.

        Raises:
            OperationalError: another process kept it too long.
        """
        self._connection = engine.connect().execution_options(writes=True)
        try:
            self._transaction = self._connection.begin()
        except BaseException:
            self._connection.close()
            raise
        self._began = monotonic()
        self._blocks = self._kept = 0
        self._guard = Lock()
        self._ending = False
        self._ended = Event()
        self._lost: BaseException | None = None

    def takes_more(self) -> bool:
        """Say whether another block may join."""
        return self._lost is None and self._blocks < BATCH_BLOCKS and monotonic() - self._began < BATCH_SECONDS

    @contextmanager
    def block(self) -> Iterator[Connection]:
        """Keep what the block does, or take it back when the block raises; what cannot be taken back alone is lost for all."""
        self._blocks += 1
        with self._or_lost():
            savepoint = self._connection.begin_nested()
        try:
            yield self._connection
        except BaseException:
            self._take_back(savepoint)
            raise
        with self._or_lost():
            savepoint.commit()
        self._kept += 1

    def _take_back(self, savepoint: NestedTransaction) -> None:
        with suppress(Exception), self._or_lost():  # what the block raised says more
            savepoint.rollback()
            if self._connection.invalidated:
                raise sqlite3.OperationalError("a block was interrupted and took the connection with it")

    @contextmanager
    def _or_lost(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._lost = self._lost or error
            raise

    def end(self) -> bool:
        """Commit what was kept, or give everything up; say whether anything was committed. Nobody uses the batch afterwards."""
        with self._guard:
            self._ending = True
        try:
            if self._lost is None:
                with suppress(Exception), self._or_lost():  # whoever waits for the outcome raises it
                    self._transaction.commit() if self._kept else self._transaction.rollback()
        finally:
            self._let_go()
        return self._kept > 0 and self._lost is None

    def _let_go(self) -> None:
        try:
            if self._lost is not None:
                self._connection.invalidate()
            self._connection.close()
        except Exception:
            log.exception("a connection could not be closed after its transaction")
        finally:
            self._ended.set()

    def outcome(self) -> None:
        """Wait until the batch is committed.

        Raises:
            OperationalError: it could not be; nothing of it is left.
        """
        if not self._ended.wait(OUTCOME_SECONDS):
            self._give_up()
        if self._lost is not None:
            raise _failure("COMMIT", self._lost) from self._lost

    def _give_up(self) -> None:
        """Forbid the commit, unless it is under way: then wait for it."""
        with self._guard:
            if not self._ending:
                self._lost = self._lost or TimeoutError(f"a later writing block was still open after {OUTCOME_SECONDS:g} seconds")
                return
        self._ended.wait()


def _failure(statement: str, cause: BaseException) -> OperationalError:
    """Return a database error of this thread's own: one exception must not be raised in several threads."""
    return OperationalError(statement, None, getattr(cause, "orig", cause), hide_parameters=True)
