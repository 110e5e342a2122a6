"""Sums for pages, made by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from assistant.adapters.store.tables import judged
from assistant.ports.glance import BINS, OF_POLICY, Certainty


@dataclass(frozen=True, slots=True)
class SqlGlance:
    """The ``Glance`` protocol on a connection whose owner commits."""

    connection: Connection

    def certainty(self, step: str, since: datetime, until: datetime) -> list[Certainty]:
        """See the port. Databases round differently when they cut a number off, so the tenths are compared with."""
        c = judged.c
        tenth = case(*((c.confidence < (number + 1) / BINS, number) for number in range(BINS - 1)), else_=BINS - 1)
        right = func.sum(case((c.right.is_(True), 1), else_=0))
        mine = (c.at >= since, c.at < until, c.step == step, c.right.is_not(None), c.decision.startswith(OF_POLICY, autoescape=True))
        query = select(tenth, func.avg(c.confidence), right, func.count()).where(*mine)
        rows = self.connection.execute(query.group_by(tenth).order_by(tenth))
        return [Certainty(float(mean), int(good), int(number)) for _, mean, good, number in rows]
