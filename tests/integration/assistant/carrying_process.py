"""Run as a script: asks for access once, and carries out the outbox durably; may be killed, as by a power cut, at a named moment of a sending.

Arguments: the folder, the database, DBOS's database, the name of the holder, and ``before`` or ``after`` (a sending) to die there, or ``-``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from assistant.adapters.clock import SystemClock
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.ports.notify import Notice
from assistant.workflows.durable import Durable
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support.workshop import Workshop

PATIENCE_SECONDS = 40.0


@dataclass(frozen=True)
class Lines:
    """The ``Notifier`` port: a line in a file for each delivery, and death around it."""

    file: Path
    die: str

    def send(self, notice: Notice, key: str) -> None:
        """See the port."""
        if self.die == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        with self.file.open("a") as out:
            out.write(f"{key} {notice.address} {os.getpid()}\n")
            out.flush()
            os.fsync(out.fileno())
        if self.die == "after":
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, database: str, workflows: str, holder: str, die: str) -> None:
    """Carry out everything that is due, or die."""
    engine = open_engine(database)
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    workshop = Workshop(SqlStore(engine, 0.78), at=datetime.now(UTC), notifier=Lines(folder / "sent", die))
    if not (folder / "asked").exists():
        workshop.press(workshop.wants("grant_access", group="Ledger", days="7"))
        (folder / "asked").touch()
    durable = Durable(replace(workshop.carrier, clock=SystemClock(), holder=holder), workflows)
    (folder / f"ready-{holder}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    durable.start()
    end = time.monotonic() + PATIENCE_SECONDS
    while workshop.entries("notice") and time.monotonic() < end:
        time.sleep(0.05)
    left = len(workshop.entries("notice"))
    durable.stop()
    workshop.close()
    engine.dispose()
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:6])
