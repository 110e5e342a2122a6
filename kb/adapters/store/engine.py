"""Database engines, with the settings that durable data needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.types import TypeDecorator

from kb.adapters.store.group_commit import GroupCommit

BUSY_TIMEOUT_MS = 5_000
LOOK_SECONDS = 0.001
PRIMARY_CODE = 0xFF
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "secure_delete=ON")
GROUP = "group_commit"
"""Execution option of an engine: what its writing blocks share commits through; None when each commits by itself."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware in Python, stored in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse naive times and store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)  # type: ignore[no-any-return]


def open_engine(url: str) -> Engine:
    """Open the database at an SQLAlchemy URL.

    SQLite runs in WAL mode with ``synchronous=FULL``, so that what was committed survives a power cut, waits five
    seconds for a lock, enforces foreign keys, and overwrites what is deleted. Writing transactions take the write lock when they begin; those of one
    process that wait at the same time share a commit (``GroupCommit``). PostgreSQL groups commits by itself. Errors do not
    repeat the values of a statement: they hold what people wrote and what articles say, and errors are logged.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    options = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    group = {GROUP: GroupCommit(BUSY_TIMEOUT_MS / 1000)}
    engine = create_engine(url, connect_args=options, pool_size=8, max_overflow=32, hide_parameters=True, execution_options=group)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", *PRAGMAS):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        _take_write_lock(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _take_write_lock(connection: Connection) -> None:
    """Wait for the database's one write lock; SQLite's own waiting looks every 100 ms, and a busy process leaves gaps shorter than that."""
    driver: Any = connection.connection.driver_connection
    until = monotonic() + BUSY_TIMEOUT_MS / 1000
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY:
                    break
                sleep(LOOK_SECONDS)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One writing transaction: durable when the block ends, rolled back when it raises.

    A block sees what earlier blocks wrote, also through the connection alone what is about to be committed together with it;
    what it reads through another connection is what was committed before. A block must not open another one: that would wait
    for itself.

    Raises:
        OperationalError: the database stayed locked for five seconds, or could not commit; nothing of the block is left.
        NestedWriting: the thread is inside a block of this engine already (SQLite).
    """
    group: GroupCommit | None = engine.get_execution_options().get(GROUP)
    if group is not None:
        with group.block(engine) as connection:
            yield connection
        return
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent read: every query in the block sees the same moment, and nothing is committed."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection
