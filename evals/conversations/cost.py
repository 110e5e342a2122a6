"""What a conversation cost, from the ledger of calls to models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

LEDGER = "model_calls"


def cost_of(engine: Engine, conversation: str) -> float | None:
    """Return the cost of all calls that a conversation made; 0.0 when it made none, None where the installation keeps no ledger."""
    from sqlalchemy import inspect, text

    if not inspect(engine).has_table(LEDGER):
        return None
    with engine.connect() as connection:
        spent = connection.execute(text(f"SELECT COALESCE(SUM(cost), 0) FROM {LEDGER} WHERE conversation = :id"), {"id": conversation})
        return float(spent.scalar_one())
