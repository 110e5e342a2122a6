"""The record of synchronisations in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, insert, select, update

from kb.adapters.store.engine import reading, writing
from kb.adapters.store.tables import ingest_runs
from kb.model import IngestFailure, IngestRun

COUNTS = ("seen", "added", "changed", "renamed", "removed", "unchanged")


@dataclass(frozen=True, slots=True)
class SqlIngestLog:
    """The ``IngestLog`` port over SQLAlchemy."""

    engine: Engine

    def begin(self, source: str, at: datetime) -> int:
        """See the port."""
        with writing(self.engine) as connection:
            row = {"source": source, "started_at": at, "state": "running", "counts": {}, "failures": []}
            key = connection.execute(insert(ingest_runs).values(**row)).inserted_primary_key
            assert key is not None
            return int(key[0])

    def finish(self, number: int, run: IngestRun, failures: Sequence[IngestFailure]) -> None:
        """See the port."""
        counts = {name: getattr(run, name) for name in COUNTS}
        values = {"finished_at": run.finished_at, "state": run.state, "counts": counts, "failures": [asdict(failure) for failure in failures]}
        with writing(self.engine) as connection:
            connection.execute(update(ingest_runs).where(ingest_runs.c.number == number).values(**values))

    def latest(self) -> list[IngestRun]:
        """See the port."""
        last = select(func.max(ingest_runs.c.number)).group_by(ingest_runs.c.source)
        with reading(self.engine) as connection:
            rows = connection.execute(select(ingest_runs).where(ingest_runs.c.number.in_(last)).order_by(ingest_runs.c.source)).mappings()
            return [_run(row) for row in rows]


def _run(row: Any) -> IngestRun:
    failures = tuple(IngestFailure(item["path"], item["reason"]) for item in row["failures"])
    return IngestRun(row["source"], row["started_at"], row["finished_at"], failures=failures, state=row["state"], **row["counts"])
