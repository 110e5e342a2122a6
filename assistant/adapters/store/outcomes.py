"""The outcome ledger in tables. What is cut and summed is cut and summed by the database, from one covering index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, case, func, insert, select, update

from assistant.adapters.store.tables import asked, handoffs, judged, organisation, outcomes
from assistant.domain.conversation import Conversation, Outcome
from assistant.domain.measures import RESOLVED, Cell
from assistant.domain.outcome import Asked, Judged, Settled, Wanted, settled
from assistant.domain.week import Week
from assistant.ports.outcomes import AXES

WENT = (Outcome.HANDED_OFF, Outcome.TICKET_FILED)
"""The outcomes that have a reason."""
RESOLVED_VALUES = [outcome.value for outcome in RESOLVED]
_SETTLED = [column for column in outcomes.c if column.name not in ("day", "week", "hour")]


@dataclass(frozen=True, slots=True)
class SqlOutcomes:
    """The ``Outcomes`` port on a connection whose owner commits; ``count``, ``reopen`` and ``explain`` are for the repositories beside it."""

    connection: Connection

    def count(self, conversation: Conversation) -> None:
        """Count the current episode if it has ended; an episode that ends again counts as it ended last."""
        row = settled(conversation)
        if row is None:
            return
        mine = (outcomes.c.conversation == row.conversation) & (outcomes.c.episode == row.episode)
        known = self.connection.execute(select(outcomes.c.closed_at).where(mine)).scalar()
        if known == row.closed_at:
            return
        values = self._values(row)
        self.connection.execute(insert(outcomes).values(**values) if known is None else update(outcomes).where(mine).values(**values))

    def _values(self, row: Settled) -> dict[str, Any]:
        local = ZoneInfo(self._zone())
        day = row.closed_at.astimezone(local).date()
        return asdict(row) | {
            "outcome": row.outcome.value,
            "reason": self._reason(row),
            "day": day.isoformat(),
            "week": str(Week.of_day(day)),
            "hour": f"{row.opened_at.astimezone(local).hour:02}",
        }

    def _zone(self) -> str:
        facts = self.connection.execute(select(organisation.c.facts).where(organisation.c.kind == "company")).scalar() or {}
        return str(facts.get("timezone") or "UTC")

    def _reason(self, row: Settled) -> str:
        if row.outcome not in WENT:
            return ""
        mine = (handoffs.c.conversation == row.conversation) & (handoffs.c.episode == row.episode)
        return self.connection.execute(select(handoffs.c.reason).where(mine).order_by(handoffs.c.number).limit(1)).scalar() or ""

    def reopen(self, conversation: str, episode: int, at: datetime) -> None:
        """Take an episode out of the count."""
        mine = (outcomes.c.conversation == conversation) & (outcomes.c.episode == episode)
        self.connection.execute(update(outcomes).where(mine, outcomes.c.reopened_at.is_(None)).values(reopened_at=at))

    def explain(self, conversation: str, episode: int, reason: str) -> None:
        """Note why an episode that is counted went to people, unless that is known: the first reason stays."""
        mine = (outcomes.c.conversation == conversation) & (outcomes.c.episode == episode)
        self.connection.execute(
            update(outcomes).where(mine, outcomes.c.reason == "", outcomes.c.outcome.in_([one.value for one in WENT])).values(reason=reason)
        )

    def cells(self, start: date, end: date, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Cell]:
        """See the port."""
        axes = [_axis(name) for name in by]
        stands, back = outcomes.c.reopened_at.is_(None), outcomes.c.reopened_at.is_not(None)
        resolved = back & outcomes.c.outcome.in_(RESOLVED_VALUES)
        sums = [func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in (stands, back, resolved)]
        kinds = (outcomes.c.outcome, outcomes.c.reason)
        query = select(
            *axes, *(kind.label(f"_{kind.name}") for kind in kinds), *(s.label(n) for s, n in zip(sums, ("_stand", "_back", "_res"), strict=True))
        )
        query = query.where(*_within(start, end, where)).group_by(*axes, *kinds).order_by(*axes)
        grouped: dict[tuple[str, ...], list[Any]] = {} if by else {(): []}
        for row in self.connection.execute(query).mappings():
            grouped.setdefault(tuple(row[name] for name in by), []).append(row)
        return [_cell(dict(zip(by, key, strict=True)), rows) for key, rows in grouped.items()]

    def rows(
        self, start: date, end: date, where: Mapping[str, str] | None = None, limit: int = 50, skip: int = 0, reopened: bool = False
    ) -> list[Settled]:
        """See the port."""
        stands = outcomes.c.reopened_at.is_not(None) if reopened else outcomes.c.reopened_at.is_(None)
        query = select(*_SETTLED).where(*_within(start, end, where), stands)
        query = query.order_by(outcomes.c.day.desc(), outcomes.c.closed_at.desc(), outcomes.c.conversation, outcomes.c.episode)
        return self._settled(query.limit(limit).offset(skip))

    def _settled(self, query: Select[Any]) -> list[Settled]:
        return [Settled(**{**row, "outcome": Outcome(row["outcome"])}) for row in self.connection.execute(query).mappings()]

    def ask(self, asked_: Asked) -> None:
        """See the port."""
        mine = (asked.c.conversation == asked_.conversation) & (asked.c.episode == asked_.episode)
        if self.connection.execute(select(asked.c.at).where(mine)).scalar() is None:
            row = {name: getattr(asked_, name) for name in ("conversation", "episode", "question", "platform", "person", "at")}
            self.connection.execute(insert(asked).values(**row, vector=np.asarray(asked_.vector, dtype=np.float16).tobytes()))

    def asked(self, start: datetime, end: datetime) -> list[Asked]:
        """See the port."""
        same = (outcomes.c.conversation == asked.c.conversation) & (outcomes.c.episode == asked.c.episode)
        query = select(asked, outcomes.c.outcome, outcomes.c.reopened_at).join(outcomes, same, isouter=True)
        query = query.where(asked.c.at >= start, asked.c.at < end).order_by(asked.c.at, asked.c.conversation, asked.c.episode)
        return [_asked(row) for row in self.connection.execute(query).mappings()]

    def judge(self, judged_: Judged) -> None:
        """See the port."""
        row = asdict(judged_) | {"articles": list(judged_.articles)}
        keys = ("conversation", "episode", "message", "step")
        mine = [judged.c[name] == row[name] for name in keys]
        if self.connection.execute(select(judged.c.at).where(*mine)).scalar() is None:
            self.connection.execute(insert(judged).values(**row))

    def decide(self, conversation: str, episode: int, step: str, right: bool, article: str = "") -> None:
        """See the port."""
        open_ = (judged.c.conversation == conversation) & (judged.c.episode == episode) & (judged.c.step == step) & judged.c.right.is_(None)
        for row in self.connection.execute(select(judged.c.message, judged.c.articles).where(open_)).all():
            if not article or row.articles[:1] == [article]:
                self.connection.execute(update(judged).where(open_, judged.c.message == row.message).values(right=right))

    def judged(self, start: datetime, end: datetime) -> list[Judged]:
        """See the port."""
        query = (
            select(judged)
            .where(judged.c.at >= start, judged.c.at < end)
            .order_by(judged.c.at, judged.c.conversation, judged.c.message, judged.c.step)
        )
        return [Judged(**{**row, "articles": tuple(row["articles"])}) for row in self.connection.execute(query).mappings()]

    def decisions_like(self, wanted: Wanted, start: datetime, end: datetime, limit: int = 50, skip: int = 0) -> list[Judged]:
        """See the port."""
        c = judged.c
        verdicts = {"right": c.right.is_(True), "wrong": c.right.is_(False), "said": c.right.is_not(None), "silent": c.right.is_(None)}
        query = select(judged).where(c.at >= start, c.at < end, c.step == wanted.step, c.confidence >= wanted.least)
        query = query.where(c.decision.startswith(f"{wanted.band}:", autoescape=True)) if wanted.band else query
        query = query.where(verdicts[wanted.verdict]) if wanted.verdict else query
        rows = self.connection.execute(query.order_by(c.at.desc(), c.conversation, c.message).limit(limit).offset(skip)).mappings()
        return [Judged(**{**row, "articles": tuple(row["articles"])}) for row in rows]


def _axis(name: str) -> ColumnElement[Any]:
    if name not in AXES:
        raise ValueError(f"the ledger is not cut by {name}; it knows {', '.join(AXES)}")
    return outcomes.c[name]


def _within(start: date, end: date, where: Mapping[str, str] | None) -> list[ColumnElement[bool]]:
    days = [outcomes.c.day >= start.isoformat(), outcomes.c.day < end.isoformat()]
    return days + [_axis(name) == value for name, value in (where or {}).items()]


def _cell(keys: dict[str, str], rows: Sequence[Any]) -> Cell:
    counts = dict.fromkeys(Outcome, 0)
    reasons: dict[str, int] = {}
    for row in rows:
        outcome = Outcome(row["_outcome"])
        counts[outcome] += row["_stand"]
        if outcome is Outcome.HANDED_OFF and row["_stand"]:
            reasons[row["_reason"]] = reasons.get(row["_reason"], 0) + row["_stand"]
    return Cell(keys, counts, reasons, sum(row["_back"] for row in rows), sum(row["_res"] for row in rows))


def _asked(row: Any) -> Asked:
    return Asked(
        conversation=row["conversation"],
        episode=row["episode"],
        question=row["question"],
        vector=tuple(np.frombuffer(row["vector"], dtype=np.float16).astype(np.float32).tolist()),
        platform=row["platform"],
        person=row["person"],
        at=row["at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        reopened=row["reopened_at"] is not None,
    )
