"""Durable execution of the outbox with DBOS: on SQLite beside the tables, or in the same PostgreSQL.

The outbox is the truth; DBOS remembers how far each attempt came. After a crash an attempt goes on behind its last finished step, and
whatever DBOS does not know (its database may be lost) is begun again from the outbox under the same workflow id.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
from dbos._serialization import DefaultSerializer
from sqlalchemy import make_url

from assistant.ports.store import OutboxEntry
from assistant.workflows.carrying import Carrier

log = logging.getLogger("firstline.workflows")
TIMERS = "firstline-timers"
VERSION = "2"
"""Part of what DBOS recovers by: raised only when an attempt that was begun by an older version could not go on."""
POLL_SECONDS = 0.5
LOOK_SECONDS = 5.0
LOST_SECONDS = 300.0
"""After which an attempt that another process began, and does not end, is begun anew here. Calls end long before that."""
UNDER_WAY_SECONDS = 60
NOW = timedelta(milliseconds=50)
UNDER_WAY = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
_serving: list[Carrier] = []
_File = tuple[int, int]
"""Device and inode."""
DAMAGED = ".damaged"


def _refuse_pickle(_serializer: DefaultSerializer, _stored: str) -> Any:
    """Stand in for reading pickles, which runs whatever they say: DBOS reads one from each row that says it is one."""
    raise ValueError("a row of the workflows' database holds a pickle, which is not read")


DefaultSerializer.deserialize = _refuse_pickle  # type: ignore[assignment, method-assign]


def _carrier() -> Carrier:
    if not _serving:
        raise RuntimeError("no workflows are served in this process")
    return _serving[-1]


@DBOS.step()
def _begin(key: str) -> bool:
    return _carrier().begin(key)


@DBOS.step()
def _call(key: str) -> dict[str, Any]:
    return _carrier().call(key)


@DBOS.step()
def _end(key: str, called: dict[str, Any]) -> None:
    _carrier().end(key, called)


@DBOS.workflow(name="firstline.errand")
def errand(key: str) -> None:
    """One attempt at one outbox entry. How it goes on after a failed attempt stands in the outbox."""
    if _begin(key):
        _end(key, _call(key))


class Durable:
    """Serves workflows in this process; there can be one at a time."""

    def __init__(self, carrier: Carrier, url: str, *, ahead: bool = True) -> None:
        """Serve this carrier's outbox; DBOS keeps its state at ``url``.

        With ``ahead`` DBOS wakes what is due within a minute; without, because the clock may be set, nothing is begun before it is due.
        """
        self._carrier = carrier
        self._url = url
        self._ahead = ahead
        self._begun: dict[str, _Begun] = {}
        place = make_url(url)
        self._path = Path(str(place.database)).absolute() if place.get_backend_name() == "sqlite" else None
        self._file: _File | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._dispatch, name="outbox", daemon=True)

    def start(self) -> None:
        """Recover what a crash interrupted, and begin to follow the outbox.

        Raises:
            RuntimeError: this process serves workflows already.
        """
        if _serving:
            raise RuntimeError("this process serves workflows already")
        _serving.append(self._carrier)
        self._launch()
        self._thread.start()

    def _launch(self) -> None:
        if self._path is not None:
            _set_aside(self._path)
        config = DBOSConfig(
            name="firstline",
            system_database_url=self._url,
            application_version=VERSION,
            executor_id=self._carrier.holder,
            serializer=DBOSPortableJSONSerializer(),
            log_level="ERROR",
            enable_otlp=False,
            max_executor_threads=32,
        )
        DBOS(config=config)
        DBOS.launch()
        DBOS.register_queue(TIMERS, worker_concurrency=8)
        self._file = _file_of(self._path) if self._path is not None else None

    def kick(self) -> None:
        """Look at the outbox now; safe from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Take on nothing new and let go; what is under way goes on at the next start."""
        self._stopping = True
        self._wake.set()
        self._thread.join(10)
        DBOS.destroy(workflow_completion_timeout_sec=5)
        if self._carrier in _serving:
            _serving.remove(self._carrier)

    def _dispatch(self) -> None:
        pause = POLL_SECONDS
        while not self._stopping:
            self._wake.wait(pause)
            self._wake.clear()
            try:
                self._begin_waiting()
                pause = POLL_SECONDS
            except Exception:
                pause = min(2 * pause, LOOK_SECONDS)
                log.exception("the outbox could not be carried out; it will be tried again")
                self._replace_lost()

    def _replace_lost(self) -> None:
        """Begin a new file when DBOS's was taken away under it: it would go on failing, and everything it needs stands in the outbox.

        Whoever connects in between makes an empty file in its place.
        """
        if self._stopping or self._path is None or self._file == _file_of(self._path):
            return
        log.error("the workflows' database %s is gone; a new one is begun", self._path)
        try:
            DBOS.destroy(workflow_completion_timeout_sec=UNDER_WAY_SECONDS)
            self._launch()
        except Exception:
            log.exception("a new workflows' database could not be begun; it will be tried again")
        self._begun.clear()

    def _begin_waiting(self) -> None:
        now, waiting = self._carrier.clock.now(), self._carrier.due()
        for entry in waiting:
            attempt = f"{entry.key}#{entry.result.get('attempt', 0)}@{entry.due_at.timestamp():.3f}"
            if self._stopping:
                return
            if attempt in self._begun:
                self._look_after(entry, self._begun[attempt], now)
                continue
            if entry.due_at - now > NOW:
                if not self._ahead:
                    continue
                with SetWorkflowID(attempt), SetEnqueueOptions(delay_seconds=(entry.due_at - now).total_seconds()):
                    DBOS.enqueue_workflow(TIMERS, errand, entry.key)
            else:
                with SetWorkflowID(attempt):
                    DBOS.start_workflow(errand, entry.key)
            self._begun[attempt] = _Begun(attempt)
        if len(self._begun) > 4 * len(waiting) + 1_000:
            self._begun.clear()

    def _look_after(self, entry: OutboxEntry, begun: _Begun, now: datetime) -> None:
        """Begin an attempt anew that ended without an end: a step raised, or its process is gone. Whatever it did is found again by its key."""
        moment = time.monotonic()
        if now < entry.due_at or moment < begun.looked_at + LOOK_SECONDS:
            return
        begun.looked_at = moment
        status = DBOS.get_workflow_status(begun.workflow)
        if status is not None and status.status in UNDER_WAY and moment < begun.at + LOST_SECONDS:
            return
        log.warning("an attempt at %s has to be begun anew", entry.kind)
        begun.workflow, begun.at = f"{begun.workflow.partition('~')[0]}~{now.timestamp():.0f}", moment
        with SetWorkflowID(begun.workflow):
            DBOS.start_workflow(errand, entry.key)


@dataclass(slots=True)
class _Begun:
    """An attempt, by the workflow that carries it, and when that was begun and looked after here."""

    workflow: str
    at: float = field(default_factory=time.monotonic)
    looked_at: float = field(default_factory=time.monotonic)


def _holds_workflows(path: Path) -> bool:
    """Say whether DBOS's tables are in a file; one that cannot be opened now is taken for whole.

    Raises:
        sqlite3.DatabaseError: it is no database.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
            return file.execute("SELECT 1 FROM sqlite_master WHERE name = 'workflow_status'").fetchone() is not None
    except sqlite3.OperationalError:
        return True


def _file_of(path: Path) -> _File | None:
    """Return which file DBOS's database is; None when there is none, or nothing of DBOS in it."""
    try:
        found = path.stat()
        return (found.st_dev, found.st_ino) if _holds_workflows(path) else None
    except (OSError, sqlite3.DatabaseError):
        return None


def _set_aside(path: Path) -> None:
    """Give a file that is no database, and what SQLite keeps beside it, another name."""
    try:
        _holds_workflows(path)
    except sqlite3.DatabaseError as error:
        log.error("the workflows' database %s cannot be read (%s); it is kept as %s%s", path, error, path, DAMAGED)
        for part in ("", "-wal", "-shm"):
            if Path(f"{path}{part}").exists():
                Path(f"{path}{part}").replace(f"{path}{DAMAGED}{part}")
