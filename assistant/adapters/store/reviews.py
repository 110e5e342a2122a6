"""Weekly reviews and decisions in tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.adapters.store.review_tables import review_decisions, review_names, reviews
from assistant.domain.review import Decision, Frozen, Name, Status
from assistant.ports.reviews import DecisionChanged, ReviewExists, ReviewHead


@dataclass(frozen=True, slots=True)
class SqlReviews:
    """The ``Reviews`` protocol on a connection whose owner commits."""

    connection: Connection

    def freeze(self, review: Frozen) -> None:
        """See the port. Of two that freeze at once, PostgreSQL lets the second wait for the first and then refuses it."""
        if self.load(review.week, review.version) is not None:
            raise ReviewExists(review.week)
        row = {name: getattr(review, name) for name in ("week", "version", "made_at", "body", "hash")}
        try:
            self.connection.execute(insert(reviews).values(**row))
        except IntegrityError as error:
            raise ReviewExists(review.week) from error
        names = [{"week": review.week, "version": review.version, "key": key} | asdict(name) for key, name in review.names.items()]
        if names:
            self.connection.execute(insert(review_names), names)

    def latest(self, week: str) -> Frozen | None:
        """See the port."""
        query = select(reviews).where(reviews.c.week == week).order_by(reviews.c.version.desc()).limit(1)
        return self._opened(self.connection.execute(query).mappings().first())

    def load(self, week: str, version: int) -> Frozen | None:
        """See the port."""
        query = select(reviews).where(reviews.c.week == week, reviews.c.version == version)
        return self._opened(self.connection.execute(query).mappings().first())

    def _opened(self, row: Any) -> Frozen | None:
        if row is None:
            return None
        mine = (review_names.c.week == row["week"], review_names.c.version == row["version"])
        names = {
            one["key"]: Name(one["text"], one["salt"], one["words"]) for one in self.connection.execute(select(review_names).where(*mine)).mappings()
        }
        return Frozen(row["week"], row["version"], row["made_at"], row["body"], row["hash"], names)

    def heads(self, limit: int = 60, before: str = "") -> list[ReviewHead]:
        """See the port."""
        c = reviews.c
        query = select(c.week, c.version, c.made_at, c.hash).order_by(c.week.desc(), c.version.desc()).limit(limit)
        return [ReviewHead(*row) for row in self.connection.execute(query.where(c.week < before) if before else query)]

    def add(self, decision: Decision) -> None:
        """See the port."""
        self.connection.execute(insert(review_decisions).values(**_row(decision)))

    def decision(self, decision_id: str) -> Decision | None:
        """See the port."""
        row = self.connection.execute(select(review_decisions).where(review_decisions.c.id == decision_id)).mappings().first()
        return _decision(row) if row else None

    def save(self, decision: Decision) -> None:
        """See the port."""
        same = (review_decisions.c.id == decision.id, review_decisions.c.version == decision.version)
        changed = update(review_decisions).where(*same).values(**_row(replace(decision, version=decision.version + 1)))
        if self.connection.execute(changed).rowcount != 1:
            raise DecisionChanged(decision.id)

    def decisions(self, week: str) -> list[Decision]:
        """See the port."""
        c = review_decisions.c
        query = select(review_decisions).where(c.week == week).order_by(c.made_at, c.id)
        return [_decision(row) for row in self.connection.execute(query).mappings()]

    def open_decisions(self) -> list[Decision]:
        """See the port."""
        c = review_decisions.c
        query = select(review_decisions).where(c.status == Status.OPEN.value).order_by(c.due == "", c.due, c.made_at, c.id)
        return [_decision(row) for row in self.connection.execute(query).mappings()]


def _row(decision: Decision) -> dict[str, Any]:
    return asdict(decision) | {"status": decision.status.value, "due": decision.due.isoformat() if decision.due is not None else ""}


def _decision(row: Any) -> Decision:
    return Decision(**{**row, "status": Status(row["status"]), "due": date.fromisoformat(row["due"]) if row["due"] else None})
