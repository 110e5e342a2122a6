"""A seeded bad build: whoever cuts the ledger reads every message first. Its pages grow with all that was ever said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def plant() -> None:
    """Put the fault into this process."""
    from sqlalchemy import select

    from assistant.adapters.store.outcomes import SqlOutcomes
    from assistant.adapters.store.tables import messages

    cells: Callable[..., Any] = SqlOutcomes.cells

    def hungry(self: SqlOutcomes, *arguments: Any, **named: Any) -> Any:
        assert sum(1 for _ in self.connection.execute(select(messages)).mappings()) >= 0
        return cells(self, *arguments, **named)

    setattr(SqlOutcomes, "cells", hungry)  # noqa: B010


def main() -> None:
    """Run Firstline with the fault in it."""
    from assistant.cli import main as firstline

    plant()
    firstline()
