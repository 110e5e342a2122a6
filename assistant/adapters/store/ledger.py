"""The ledger of calls to language models, and the turns of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from assistant.adapters.store.tables import model_calls, shadow_turns
from assistant.domain.model_use import LedgerLine, ModelCall, Spent
from assistant.domain.shadow import ShadowTurn

_TOKENS = model_calls.c.read + model_calls.c.written
_SPENT = (func.count(), func.coalesce(func.sum(_TOKENS), 0), func.coalesce(func.sum(model_calls.c.cost), 0.0))


@dataclass(frozen=True, slots=True)
class SqlModelLedger:
    """The ``ModelLedger`` protocol over one transaction."""

    connection: Connection

    def record(self, conversation: str, message: str, calls: Sequence[ModelCall]) -> None:
        """See the port."""
        if calls:
            self.connection.execute(insert(model_calls), [asdict(call) | {"conversation": conversation, "message": message} for call in calls])

    def spent(self, conversation: str) -> Spent:
        """See the port."""
        return _spent(self.connection.execute(select(*_SPENT).where(model_calls.c.conversation == conversation)).one()._tuple())

    def spent_since(self, moment: datetime) -> Spent:
        """See the port."""
        return _spent(self.connection.execute(select(*_SPENT).where(model_calls.c.at >= moment)).one()._tuple())

    def lines(self, since: datetime, until: datetime) -> list[LedgerLine]:
        """See the port."""
        c = model_calls.c
        unusable = func.count().filter(c.trouble != "")
        sums = [func.sum(column) for column in (c.read, c.written, c.cost, c.seconds)]
        asked = select(c.step, c.model, func.count(), unusable, *sums).where(c.at >= since, c.at < until).group_by(c.step, c.model)
        found = [LedgerLine(*row) for row in self.connection.execute(asked)]
        return sorted(found, key=lambda line: (-line.cost, line.step, line.model))

    def by_conversation(self, since: datetime, until: datetime) -> dict[str, Spent]:
        """See the port."""
        c = model_calls.c
        asked = select(c.conversation, *_SPENT).where(c.at >= since, c.at < until).group_by(c.conversation)
        found = {row[0]: _spent(row[1:]) for row in self.connection.execute(asked)}
        return dict(sorted(found.items(), key=lambda item: (-item[1].cost, item[0])))


@dataclass(frozen=True, slots=True)
class SqlShadows:
    """The ``Shadows`` protocol over one transaction."""

    connection: Connection

    def record(self, turn: ShadowTurn) -> None:
        """See the port."""
        c = shadow_turns.c
        same = c.candidate == turn.candidate, c.conversation == turn.conversation, c.message == turn.message
        self.connection.execute(delete(shadow_turns).where(*same))
        self.connection.execute(insert(shadow_turns), asdict(turn) | {"live": list(turn.live), "shadow": list(turn.shadow)})

    def of_candidate(self, candidate: str) -> list[ShadowTurn]:
        """See the port."""
        rows = self.connection.execute(
            select(shadow_turns).where(shadow_turns.c.candidate == candidate).order_by(shadow_turns.c.at, shadow_turns.c.message)
        )
        return [ShadowTurn(**{**row._mapping, "live": tuple(row.live), "shadow": tuple(row.shadow)}) for row in rows]

    def candidates(self) -> list[str]:
        """See the port."""
        return sorted(self.connection.execute(select(shadow_turns.c.candidate).distinct()).scalars())

    def forget(self, candidate: str) -> int:
        """See the port."""
        return self.connection.execute(delete(shadow_turns).where(shadow_turns.c.candidate == candidate)).rowcount


def _spent(row: Sequence[Any]) -> Spent:
    calls, tokens, cost = row
    return Spent(int(calls), int(tokens), float(cost))
