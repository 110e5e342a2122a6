"""Unresolved intents in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, insert, select, update

from kb.adapters.store.tables import unresolved_intents
from kb.model import FailureClass, UnresolvedIntent


@dataclass(frozen=True, slots=True)
class SqlIntentLog:
    """The ``IntentLog`` port on a connection whose owner commits."""

    connection: Connection

    def record(self, intent: UnresolvedIntent) -> None:
        """See the port."""
        row = {
            "id": intent.id,
            "question": intent.question,
            "failure": intent.failure.value,
            "nearest": list(intent.nearest),
            "category": intent.category,
            "platform": intent.platform,
            "origin": intent.origin,
            "asker": intent.asker,
            "asked_at": intent.asked_at,
            "ticket": intent.ticket,
            "vector": np.asarray(intent.vector, dtype=np.float32).tobytes(),
        }
        self.connection.execute(insert(unresolved_intents).values(**row))

    def between(self, start: datetime, end: datetime) -> list[UnresolvedIntent]:
        """See the port."""
        asked = unresolved_intents.c.asked_at
        query = select(unresolved_intents).where(asked >= start, asked < end).order_by(asked, unresolved_intents.c.id)
        return [intent_of(row) for row in self.connection.execute(query).mappings()]

    def first_asked(self) -> datetime | None:
        """See the port."""
        return self.connection.execute(select(func.min(unresolved_intents.c.asked_at))).scalar()

    def learn_vector(self, intent_id: str, vector: Sequence[float]) -> None:
        """See the port."""
        stored = np.asarray(vector, dtype=np.float32).tobytes()
        self.connection.execute(update(unresolved_intents).where(unresolved_intents.c.id == intent_id).values(vector=stored))


def intent_of(row: Any) -> UnresolvedIntent:
    """Return the intent of a row of the table."""
    return UnresolvedIntent(
        id=row["id"],
        question=row["question"],
        failure=FailureClass(row["failure"]),
        nearest=tuple(row["nearest"]),
        category=row["category"],
        platform=row["platform"],
        origin=row["origin"],
        asker=row["asker"],
        asked_at=row["asked_at"],
        ticket=row["ticket"],
        vector=tuple(np.frombuffer(row["vector"], dtype=np.float32).tolist()),
    )
