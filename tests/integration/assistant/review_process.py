"""Run as a script: makes the review of the last week by the schedule, and may be killed, as by a power cut, at a named moment.

Arguments: the folder, the database, DBOS's database, the name of the holder, and ``making`` (nothing is frozen), ``frozen`` (nobody knows of it yet),
``mailed`` (the mail is out) to die there, or ``-``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.adapters.clock import SystemClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.domain.configuration import Company, Organisation, Person
from assistant.ports.notify import Notice
from assistant.ports.store import UnitOfWork
from assistant.workflows.carrying import Carrier
from assistant.workflows.durable import Durable
from assistant.workflows.errands import Call, Errands
from assistant.workflows.review_errands import Listeners, MakeReview, review_errands
from assistant.workflows.reviewing import MAKE, Reviewer, Schedule
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from kb.model import Article

PATIENCE_SECONDS = 40.0
MADE = Organisation(Company("Example", "x.example"), people=(Person("ann", "Ann Berg", "ann@x.example", groups=frozenset({"kb-authors"})),))


def die() -> None:
    """End as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Lines:
    """The ``Notifier`` port: a line in a file for each delivery, and perhaps death after it."""

    file: Path
    moment: str

    def send(self, notice: Notice, key: str) -> None:
        """See the port."""
        with self.file.open("a") as out:
            out.write(f"{key} {notice.subject}\n")
            out.flush()
            os.fsync(out.fileno())
        if self.moment == "mailed":
            die()


@dataclass(frozen=True, slots=True)
class Mortal(MakeReview):
    """The errand, which may end with its process between what it froze and anybody's knowledge of it."""

    moment: str = "-"

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        made = MakeReview.call(self, call)
        if self.moment == "frozen":
            die()
        return made


def main(folder: Path, database: str, workflows: str, holder: str, moment: str) -> None:
    """Carry out everything that is due, or die."""
    engine = open_engine(database)
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    store, clock, directory = SqlStore(engine, 0.78), SystemClock(), MemoryDirectory(MADE)

    def articles() -> list[Article]:
        if moment == "making":
            die()
        return []

    def versions(_unit: UnitOfWork) -> Mapping[str, str]:
        return {}

    reviewer = Reviewer(store, clock, lambda: "Europe/Stockholm", articles, versions, Schedule("monday", 0))
    kinds = review_errands(reviewer, directory, Lines(folder / "sent", moment), {}, Listeners(["kb-authors"]), "http://x")
    carrier = Carrier(store, Errands({**kinds, MAKE: Mortal(reviewer, moment=moment)}), clock, lambda _events: None, holder=holder)
    (folder / f"ready-{holder}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    reviewer.hasten(reviewer.last_week())
    durable = Durable(carrier, workflows)
    durable.start()
    end = time.monotonic() + PATIENCE_SECONDS
    while _waits(store, clock) and time.monotonic() < end:
        time.sleep(0.05)
    left = _waits(store, clock)
    durable.stop()
    engine.dispose()
    sys.exit(1 if left else 0)


def _waits(store: SqlStore, clock: SystemClock) -> bool:
    with store.read() as unit:
        return any(entry.due_at <= clock.now() for entry in unit.outbox.waiting())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:6])
